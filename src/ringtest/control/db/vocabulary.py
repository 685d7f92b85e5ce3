"""What people call the fields of a list: `tag` for tags, `lab` for remoteci, `created`.

A filter is turned into one that says exactly which fields it means, before it becomes SQL.
"""

from collections.abc import Iterator, Mapping

from ringtest.control.db.conditions import Column
from ringtest.control.db.filters import Fields, Nested, names, unknown_field
from ringtest.control.kernel.query import (
    Anywhere,
    Compare,
    Empty,
    Every,
    Node,
    Not,
    Some,
    joined,
    refusal,
)

_CALLED: Mapping[str, str] = {
    "lab": "remoteci", "labs": "remoteci", "kind": "type", "key": "keys_values", "at": "created_at",
    "message": "comment", "test_name": "tests", "mimetype": "mime",
}  # fmt: skip
_EMPTY: Mapping[str, str] = {"tests": "results"}
"""Who has no tests is asked of a cheaper table."""
_SEARCHED = (
    "name", "display_name", "title", "version", "type", "fullname", "email", "subject", "comment",
    "configuration", "topic", "remoteci", "team", "product", "pipeline", "components", "tags",
)  # fmt: skip
"""Fields that bare words are looked for in, as far as a list has them."""


def understood(node: Node, fields: Fields) -> Node:
    """The same filter with the names of `fields`; 400 for a field there is not, with those
    that may have been meant."""
    match node:
        case Every(parts):
            return Every(tuple(understood(part, fields) for part in parts))
        case Some(parts):
            return Some(tuple(understood(part, fields) for part in parts))
        case Not(part):
            return Not(understood(part, fields))
        case Anywhere(value, op, position):
            pattern = f"*{value}*" if op == "is" else value
            places = [_main(name, fields) for name in _SEARCHED if name in fields]
            texts = [place for place in places if _is_text(place, fields)]
            if not texts:
                raise refusal("this list has no names to search in: say field:value", position)
            found = [Compare(place, op, (pattern,), position) for place in texts]
            return joined(Some, found)
        case Empty(name, position):
            known = _find(name, position, fields)
            return Empty(_EMPTY.get(known, known) if known in fields else known, position)
        case Compare(name, op, values, position):
            return Compare(_main(_find(name, position, fields), fields), op, values, position)


def _main(name: str, fields: Fields) -> str:
    """The column that nested rows are known by."""
    nested = fields.get(name)
    return f"{name}.{nested.main}" if isinstance(nested, Nested) and nested.main else name


def _is_text(name: str, fields: Fields) -> bool:
    owner, _, rest = name.partition(".")
    field = fields.get(name) or fields.get(owner)
    column = field.columns.get(rest) if isinstance(field, Nested) else field
    return isinstance(column, Column) and column.kind in ("text", "array", "names")


def _find(name: str, position: int, fields: Fields) -> str:
    for candidate in _candidates(name.lower()):
        if candidate in fields:
            return candidate
    owner, dot, rest = name.lower().partition(".")
    for candidate in _candidates(owner) if dot else ():
        nested = fields.get(candidate)
        for column in _candidates(rest) if isinstance(nested, Nested) else ():
            if isinstance(nested, Nested) and column in nested.columns:
                return f"{candidate}.{column}"
    raise unknown_field(name, position, names(fields))


def _candidates(name: str) -> Iterator[str]:
    """What somebody may mean by a name, the most likely first.

    >>> list(_candidates("lab"))
    ['lab', 'remoteci', 'remoteci_at', 'remoteci_id', 'remotecis']
    """
    yield name
    called = _CALLED.get(name, name)
    if called != name:
        yield called
    yield from (f"{called}_at", f"{called}_id", f"{called}s")
    if called.endswith("s"):
        yield called[:-1]
