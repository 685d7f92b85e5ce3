"""Identifiers, etags and secrets, in the forms the wire format prescribes."""

import re
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


_TEST_ID = re.compile(r"[0-9a-fA-F]{16}")
_TEST_IDS = 1 << 64


def test_id_text(test_id: int) -> str:
    """A test's id as it stands on the wire: the 16 hex digits of its 64 bits.

    >>> test_id_text(-1), test_id_text(255)
    ('ffffffffffffffff', '00000000000000ff')
    """
    return f"{test_id % _TEST_IDS:016x}"


def parse_test_id(text: str) -> int:
    """The signed 64 bits of a test's id on the wire; anything else names nothing, hence 404.

    >>> parse_test_id("ffffffffffffffff"), parse_test_id("00000000000000FF")
    (-1, 255)
    >>> parse_test_id("255")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.NotFound: test not found
    """
    if _TEST_ID.fullmatch(text) is None:
        raise NotFound("test not found")
    number = int(text, 16)
    return number - _TEST_IDS if number >= _TEST_IDS // 2 else number
