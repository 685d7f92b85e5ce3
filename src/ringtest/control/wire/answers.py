"""Answers in the wire format: exact content type, raw etags, one error shape."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

_JSON = "application/json"  # exactly: clients compare the whole string
_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """JSON as the wire wants it: ids as text, times as naive ISO 8601."""
    return _encoder.encode(value)


def raw(text: str | bytes, *, etag: str | None = None, status: int = 200) -> Response[bytes]:
    """JSON that PostgreSQL built already, passed on as it is."""
    body = text.encode() if isinstance(text, str) else text
    headers = {"ETag": etag} if etag else None
    return Response(body, status_code=status, media_type=_JSON, headers=headers)


def one(noun: str, text: str, *, etag: str | None = None, status: int = 200) -> Response[bytes]:
    """`{"<noun>": <text>}` around a JSON object that PostgreSQL built."""
    return raw(f'{{"{noun}":{text}}}', etag=etag, status=status)


def many(noun: str, items: str, count: int, **more: Any) -> Response[bytes]:
    """`{"<noun>": [...], "_meta": {"count": N}}`; `items` is a JSON array as text."""
    meta = encode({"count": count, **more}).decode()
    return raw(f'{{"{noun}":{items},"_meta":{meta}}}')


def nothing(*, status: int = 204) -> Response[None]:
    """No body, and the content type all the same."""
    # as JSON, None would be the four letters "null"
    headers = {"Content-Type": _JSON}
    return Response(None, status_code=status, media_type="text/plain", headers=headers)


def error(status: int, message: str, payload: dict[str, Any]) -> Response[bytes]:
    """The one error shape."""
    body = encode({"status_code": status, "message": message, "payload": payload})
    return Response(body, status_code=status, media_type=_JSON)


def iso(moment: datetime | None) -> str | None:
    """The wire's time for values that Python writes."""
    return moment.isoformat() if moment else None


def ids(values: list[UUID]) -> list[str]:
    """Ids as text."""
    return [str(value) for value in values]
