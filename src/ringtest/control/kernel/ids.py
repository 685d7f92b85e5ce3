"""Identifiers, etags and secrets, in the forms the wire format prescribes."""

import secrets
import string
from uuid import UUID, uuid4

from ringtest.control.kernel.errors import NotFound

_SECRET_ALPHABET = string.ascii_letters + string.digits


def new_id() -> UUID:
    """A fresh random id (uuid4)."""
    return uuid4()


def new_etag() -> str:
    """32 hex digits, replaced at every update of a row."""
    return secrets.token_hex(16)


def new_secret() -> str:
    """64 letters and digits: the key of a remote CI or feeder."""
    return "".join(secrets.choice(_SECRET_ALPHABET) for _ in range(64))


def parse_id(text: str, noun: str) -> UUID:
    """The id in a path; anything that is not a UUID names nothing, hence 404.

    >>> parse_id("nonsense", "job")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.NotFound: job not found
    """
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"{noun} not found") from None
