"""The one error tree. `app.py` maps it to HTTP in one place, by `status_code`.

Messages are written for the person who has to act; payloads hold field names,
limits and allowed values, never SQL, paths or secrets.
"""

from typing import Any


class RingtestError(Exception):
    """Something the caller can act on. `payload` becomes the wire's payload object."""

    status_code = 500

    def __init__(self, message: str, /, **payload: Any) -> None:
        super().__init__(message)
        self.message = message
        self.payload = payload


class BadRequest(RingtestError):
    """The request makes no sense as written; sending it again will not help."""

    status_code = 400


class Unauthorised(RingtestError):
    """Unknown caller, or known and not allowed: the wire format uses 401 for both."""

    status_code = 401

    def __init__(self, message: str = "Operation not authorized.", /, **payload: Any) -> None:
        super().__init__(message, **payload)


class NotFound(RingtestError):
    """Nothing of that id that the caller may see."""

    status_code = 404


class Conflict(RingtestError):
    """It exists already, or changed meanwhile; read it again and decide."""

    status_code = 409


class PreconditionFailed(RingtestError):
    """A required header or a required state is missing."""

    status_code = 412


class TooLarge(RingtestError):
    """The body is over a limit, which the payload names."""

    status_code = 413


class TooManyRequests(RingtestError):
    """Over an allowance; the payload's `retry_after` says how many seconds to wait."""

    status_code = 429


class Unavailable(RingtestError):
    """A part the server needs is down; try again."""

    status_code = 503
