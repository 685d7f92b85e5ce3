"""Request bodies: closed on POST (unknown key: 400), open on PUT (unknown key: dropped)."""

from typing import Any, TypeVar

import msgspec

from ringtest.control.kernel.errors import BadRequest

T = TypeVar("T", bound=msgspec.Struct)


def closed(kind: type[T], body: bytes) -> T:
    """The body as `kind`; every mistake in it is named, not only the first."""
    return _read(kind, body, closed=True)


def open_(kind: type[T], body: bytes) -> T:
    """The body as `kind`, unknown keys dropped: what PUT does in the wire format."""
    return _read(kind, body, closed=False)


def given(body: msgspec.Struct) -> dict[str, Any]:
    """The fields a PUT really sent: structs for PUT default every field to UNSET."""
    values = {name: getattr(body, name) for name in body.__struct_fields__}
    return {name: value for name, value in values.items() if value is not msgspec.UNSET}


def _read(kind: type[T], body: bytes, *, closed: bool) -> T:
    try:
        data = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed([f"not JSON: {error}"]) from None
    if not isinstance(data, dict):
        raise _malformed(["expected a JSON object"])
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    errors = [f"{key}: unknown key" for key in data if closed and key not in fields]
    for name, field in fields.items():
        if name not in data:
            if field.required:
                errors.append(f"{name}: is a required property")
            continue
        try:
            msgspec.convert(data[name], field.type)
        except msgspec.ValidationError as error:
            errors.append(f"{name}: {error}")
    if errors:
        raise _malformed(sorted(errors))
    try:
        return msgspec.convert({k: v for k, v in data.items() if k in fields}, kind)
    except msgspec.ValidationError as error:
        raise _malformed([str(error)]) from None


def _malformed(errors: list[str]) -> BadRequest:
    return BadRequest("Request malformed", errors=errors, error=errors[0])
