"""What can go wrong between a client and the server."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx


class ClientError(Exception):
    """Any failure of a request."""


class Unreachable(ClientError):
    """No answer: the server is down, or something on the way is."""


class ApiError(ClientError):
    """The server answered and refused. `payload` is what it said about the reasons."""

    query: str = ""
    """The filter that was sent, whose character `payload["position"]` may be the reason."""

    def __init__(self, status: int, message: str, payload: dict[str, Any], request: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.payload = payload
        self.request = request
        """Method and path, for messages."""

    def __str__(self) -> str:
        reasons = self.payload.get("errors") or []
        details = "; ".join(str(reason) for reason in reasons) if reasons else self._more()
        return f"{self.message} ({self.status})" + (f": {details}" if details else "")

    def _more(self) -> str:
        return ", ".join(
            f"{name}: {_plain(value)}" for name, value in self.payload.items() if value
        )


def error_from(response: httpx.Response) -> ApiError:
    """The error that a refused response holds; its body must have been read."""
    request = f"{response.request.method} {response.request.url.path}"
    message = response.reason_phrase or "refused"
    payload: dict[str, Any] = {}
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        message = str(body.get("message") or message)
        given = body.get("payload")
        payload = given if isinstance(given, dict) else {}
    if response.status_code == 400 and "expired" in message:
        message += _clock_difference(response)
    error = ApiError(response.status_code, message, payload, request)
    error.query = response.request.url.params.get("query", "")
    return error


def unreachable_from(error: Exception, server: str) -> Unreachable:
    """One line that says which server did not answer, and why."""
    reason = str(error) or type(error).__name__
    return Unreachable(f"{server} does not answer: {reason}")


def _clock_difference(response: httpx.Response) -> str:
    """Signatures expire when clocks differ by 15 minutes: say by how much these do."""
    try:
        there = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return ""
    seconds = round((datetime.now(UTC) - there).total_seconds())
    return f" (this machine's clock is {seconds} s ahead of the server's)" if seconds else ""


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
