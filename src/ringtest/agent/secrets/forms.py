"""The shapes in which a secret may turn up in a text: as it is, encoded, escaped. Pure."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

LEAST = 4
"""Bytes of a secret at least: fewer cannot be told from other text."""
_LEAST_FORM = 8
"""Bytes of what stands for a part of a secret at least."""
_MOST = 4096
"""Of a longer line the beginning tells."""
_COLUMNS = (64, 76)
"""Where `openssl base64` and `base64` break their lines."""


def all_forms(values: Iterable[tuple[str, str]]) -> dict[bytes, str]:
    """Every shape of every value, and the name of its secret: the first one's of several.

    >>> b"czNjcjN0LXB3" in all_forms([("TOKEN", "s3cr3t-pw")])
    True
    """
    found: dict[bytes, str] = {}
    for name, text in values:
        value = text.encode(errors="surrogateescape").strip()
        for form in _forms(value):
            if len(form) >= LEAST:
                found.setdefault(form[:_MOST], name)
    return found


def _forms(value: bytes) -> Iterator[bytes]:
    text = value.decode(errors="replace")
    if b"\n" not in value:
        yield value
    lines = [line.strip() for line in value.splitlines()]
    yield from (line for line in lines if len(line) >= _LEAST_FORM)
    if len(value) < LEAST:
        return
    escaped = {
        *(quote(value, safe=""), quote(value), quote_plus(value)),
        *(json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]),
        *(escape(text), escape(text, quote=False), text.replace("'", "'\\''")),
        *(value.hex(), value.hex().upper()),
    }
    escaped |= {one.lower() for one in (quote(value, safe=""), quote_plus(value)) if "%" in one}
    for one in escaped:
        if "\n" not in one:
            yield one.encode()
    yield from _in_base64(value)
    for encoding in ("utf-16-le", "utf-16-be"):
        yield text.encode(encoding)


def _in_base64(value: bytes) -> Iterator[bytes]:
    """Alone, and in the middle of something: the letters that are the same whatever is around."""
    for encode in (b64encode, urlsafe_b64encode):
        whole = encode(value).rstrip(b"=")
        if len(whole) >= _LEAST_FORM:
            yield whole
        for columns in _COLUMNS:
            if len(whole) > columns:
                pieces = (whole[at : at + columns] for at in range(0, len(whole), columns))
                yield from (piece for piece in pieces if len(piece) >= 2 * _LEAST_FORM)
        for shift in range(3):
            letters = encode(bytes(shift) + value)
            start = -(-shift * 8 // 6)
            sure = letters[start : (shift + len(value)) * 8 // 6]
            if len(sure) >= _LEAST_FORM:
                yield sure
