"""Answers in the wire format: exact content type, raw etags, one error shape."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from ringtest.control.kernel.errors import BadRequest

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


def one(
    noun: str,
    text: str,
    *,
    etag: str | None = None,
    status: int = 200,
    fields: tuple[str, ...] = (),
) -> Response[bytes]:
    """`{"<noun>": <text>}` around a JSON object that PostgreSQL built; of it only `fields`
    when it names any, 400 for one that there is not."""
    return raw(f'{{"{noun}":{selected(text, fields)}}}', etag=etag, status=status)


def selected(text: str, fields: tuple[str, ...]) -> str:
    """A JSON object with these of its members alone.

    >>> selected('{"id":1,"name":"a","data":{}}', ("name",))
    '{"name":"a"}'
    """
    if not fields:
        return text
    whole = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    unknown = [name[:80] for name in fields if name not in whole]
    if unknown:
        said = f"fields: there is no {unknown[0]!r}"
        raise BadRequest(said, valid_fields=sorted(whole), unknown=unknown[:20])
    return encode({name: one for name, one in whole.items() if name in fields}).decode()


Next = str | msgspec.UnsetType | None


def many(
    noun: str, items: str, count: int | None, next: Next = msgspec.UNSET, **more: Any
) -> Response[bytes]:
    """`{"<noun>": [...], "_meta": {"count": N, "next": …}}`; `items` is a JSON array as text,
    `next` the cursor of the next page of a list that has pages. A count of None is left out."""
    return raw(listed(noun, items, count, next, **more))


def listed(
    noun: str, items: str, count: int | None, next: Next = msgspec.UNSET, **more: Any
) -> str:
    """The body of `many`."""
    meta: dict[str, Any] = {} if count is None else {"count": count}
    if next is not msgspec.UNSET:
        meta["next"] = next
    return f'{{"{noun}":{items},"_meta":{encode(meta | more).decode()}}}'


def not_modified(etag: str) -> Response[bytes]:
    """What the caller has is what there is."""
    headers = {"ETag": etag, "Cache-Control": PRIVATE}
    return Response(b"", status_code=304, headers=headers, media_type=_JSON)


PRIVATE = "private, no-cache"
"""Keep it for yourself, and ask again each time whether it still holds."""


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
