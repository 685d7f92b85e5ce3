"""The language of analytics: `((name=x) and (components.type in ['a','b']))`. Pure.

expression = part (and part)… | part (or part)…, and before or; brackets as you like
part       = (expression) | not part | field op value | field in [value, …]
op         = = != < <= > >= =~ in not_in
field      = letters, digits, _ and dots
value      = 'quoted' | "quoted" | characters up to white space , ( ) [ or ]
"""

from ringtest.control.kernel.query import (
    Compare,
    Every,
    Node,
    Not,
    Op,
    Reader,
    Some,
    joined,
    quoted,
)

_SIGNS: dict[str, Op] = {
    "=~": "match", "!=": "ne", "<=": "le", ">=": "ge", "=": "eq", "<": "lt", ">": "gt",
}  # fmt: skip
"""Longer ones first: they begin like shorter ones."""
_WRITTEN = {op: sign for sign, op in _SIGNS.items()}
_STOPS = ",()[]"


def parse_infix(text: str) -> Node:
    """The filter that `text` describes; 400 that names the character where it stops to.

    >>> parse_infix("(name=x) and (components.type in ['a', b])")
    Every(parts=(Compare(field='name', op='eq', values=('x',), position=1), \
Compare(field='components.type', op='in', values=('a', 'b'), position=14)))
    """
    reader = Reader(text)
    node = _alternatives(reader)
    reader.end()
    return node


def _alternatives(reader: Reader) -> Node:
    parts = [_conjunction(reader)]
    while _keyword(reader, "or"):
        parts.append(_conjunction(reader))
    return joined(Some, parts)


def _conjunction(reader: Reader) -> Node:
    parts = [_part(reader)]
    while _keyword(reader, "and"):
        parts.append(_part(reader))
    return joined(Every, parts)


def _keyword(reader: Reader, keyword: str) -> bool:
    """Past `keyword` if it comes next, as a word of its own."""
    reader.skip()
    start = reader.at
    if reader.word("_.").lower() == keyword:
        return True
    reader.at = start
    return False


def _part(reader: Reader) -> Node:
    reader.enter()
    node: Node
    if reader.take("("):
        node = _alternatives(reader)
        if not reader.take(")"):
            raise reader.fail("expected and, or or ')'; values with spaces go in quotes")
    elif _keyword(reader, "not"):
        node = Not(_part(reader))
    else:
        node = _comparison(reader)
    reader.leave()
    return node


def _comparison(reader: Reader) -> Node:
    reader.skip()
    position = reader.at
    field = reader.word("_.")
    if not field:
        raise reader.fail("expected the name of a field or '('")
    for sign, op in _SIGNS.items():
        if reader.take(sign):
            return Compare(field, op, (reader.value(_STOPS, spaces=True),), position)
    if _keyword(reader, "in"):
        return Compare(field, "in", _values(reader), position)
    if _keyword(reader, "not_in"):
        return Compare(field, "not_in", _values(reader), position)
    raise reader.fail("expected one of = != < <= > >= =~ in not_in")


def _values(reader: Reader) -> tuple[str, ...]:
    reader.expect("[")
    values = [reader.value(_STOPS, spaces=True)]
    while reader.take(","):
        values.append(reader.value(_STOPS, spaces=True))
    reader.expect("]")
    return tuple(values)


def write_infix(node: Node) -> str:
    """The filter in this language; reading it gives the same filter.

    >>> write_infix(Every((Compare("a.b", "in", ("x", "y")), Compare("c", "match", ("z.*",)))))
    "((a.b in ['x', 'y']) and (c =~ 'z.*'))"
    """
    match node:
        case Compare(field, ("in" | "not_in") as op, values):
            return f"({field} {op} [{', '.join(map(quoted, values))}])"
        case Compare(field, op, (value,)) if op in _WRITTEN:
            return f"({field} {_WRITTEN[op]} {quoted(value)})"
        case Not(part):
            return f"(not {write_infix(part)})"
        case Every(parts):
            return f"({' and '.join(map(write_infix, parts))})"
        case Some(parts):
            return f"({' or '.join(map(write_infix, parts))})"
        case _:
            raise ValueError(f"this language has no word for {node}")
