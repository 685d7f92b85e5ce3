"""Request bodies: closed on POST (unknown key: 400), open on PUT (unknown key: dropped)."""

from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from ringtest.control.kernel.errors import BadRequest

T = TypeVar("T", bound=msgspec.Struct)

_DEEPEST = 100
"""Levels of lists and objects within a value."""
_MOST = 50
"""Mistakes that are told at once, each in at most `_LONGEST` characters."""
_LONGEST = 300


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


def malformed(errors: list[str]) -> BadRequest:
    """The one refusal of a body. It quotes the body, so it is kept short."""
    short = [f"{one[:_LONGEST]}…" if len(one) > _LONGEST else one for one in errors[:_MOST]]
    return BadRequest("Request malformed", errors=short, error=short[0])


def _read(kind: type[T], body: bytes, *, closed: bool) -> T:
    data = _decode(body)
    fields = _fields(kind)
    errors = [f"{key[:80]}: unknown key" for key in data if closed and key not in fields]
    for name, field in fields.items():
        if name in data:
            errors += (f"{name}: {fault}" for fault in _faults(data[name], field.type))
        elif field.required:
            errors.append(f"{name}: is a required property")
    if errors:
        raise malformed(sorted(errors))
    try:
        return msgspec.convert({k: v for k, v in data.items() if k in fields}, kind)
    except msgspec.ValidationError as error:
        raise malformed([str(error)]) from None


@cache
def _fields(kind: type[msgspec.Struct]) -> Mapping[str, FieldInfo]:
    """The fields of a body by their keys: to read them off the type takes as long as a query."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def _decode(body: bytes) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(body or b"{}")
    except (msgspec.MsgspecError, ValueError) as error:  # of the latter: text that is not UTF-8
        raise malformed([f"not JSON: {error}"]) from None
    except RecursionError:
        raise malformed([f"not JSON: nested deeper than {_DEEPEST} levels"]) from None
    if not isinstance(data, dict):
        raise malformed(["expected a JSON object"])
    return data


def _faults(value: object, kind: Any) -> list[str]:
    """What is wrong with the value of one key."""
    fault = _unstorable(value, _DEEPEST)
    if fault:
        return [fault]
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        choices = _choices(kind) if str(error).startswith("Invalid enum value") else []
        return [f"{str(error)[: _LONGEST // 2]}{_expected(choices)}"]
    return []


def _unstorable(value: object, levels: int) -> str | None:
    """Why PostgreSQL could not keep a JSON value, if so."""
    if isinstance(value, str):
        return "a NUL character cannot be stored" if "\0" in value else None
    if isinstance(value, int):
        is_small = -(2**63) <= value < 2**63
        return None if is_small else "a whole number of more than 64 bits cannot be stored"
    if not isinstance(value, dict | list):
        return None
    if not levels:
        return f"nested deeper than {_DEEPEST} levels"
    parts = chain(value.keys(), value.values()) if isinstance(value, dict) else value
    return next(filter(None, (_unstorable(part, levels - 1) for part in parts)), None)


def _choices(kind: Any) -> list[str]:
    """Every word of the `Literal`s in a type.

    >>> _choices(Literal["a", "b"] | None)
    ['a', 'b']
    """
    if get_origin(kind) is Literal:
        return [str(word) for word in get_args(kind)]
    return [word for part in get_args(kind) for word in _choices(part)]


def _expected(choices: list[str]) -> str:
    return f"; expected one of {', '.join(choices)}" if choices else ""
