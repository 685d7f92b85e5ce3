"""Cursors of lists: the sort keys of a page's last row, opaque on the wire. Pure.

A cursor grants nothing: its values become parameters of a list that the caller may ask for
anyway. It is bound to the order it was made for, and anything else is a 400.
"""

import base64
import binascii
import zlib
from collections.abc import Sequence

import msgspec

from ringtest.control.kernel.errors import BadRequest

Word = str | int | float | bool | list[str] | None
"""The value of a sort key, as JSON has it."""

MAX_LENGTH = 16_000


def write_cursor(order: str, values: Sequence[Word]) -> str:
    """The cursor after a row whose sort keys under `order` are `values`.

    >>> read_cursor("-created_at,id", write_cursor("-created_at,id", ["2026-01-01", None]))
    ['2026-01-01', None]
    """
    body = msgspec.json.encode(list(values))
    proof = zlib.crc32(body + order.encode()).to_bytes(4, "big")
    return base64.urlsafe_b64encode(proof + body).rstrip(b"=").decode()


def read_cursor(order: str, text: str) -> list[Word]:
    """The sort keys in a cursor that was made for `order`; 400 for any other text."""
    try:
        if len(text) <= MAX_LENGTH and text.isascii():
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            body = raw[4:]
            if raw[:4] == zlib.crc32(body + order.encode()).to_bytes(4, "big"):
                return msgspec.json.decode(body, type=list[Word])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        pass
    raise foreign_cursor()


def foreign_cursor() -> BadRequest:
    """The refusal of a cursor that is not of this list and order."""
    return BadRequest("after: not a cursor of this list; use _meta.next of its last page")
