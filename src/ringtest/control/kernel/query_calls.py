"""The language of lists: `and(eq(name,x),or(like(url,%a%),not(null(tags))))`. Pure.

query      = expression,… (all of them hold: DCI's own client writes some without `and`)
expression = op(field,value) | null(field) | and(expression,…) | or(expression,…) | not(expression)
op         = eq ne lt le gt ge like ilike contains not_contains
field      = letters, digits, _
value      = 'quoted' | "quoted" | characters but , ( and ): a backslash takes any as it is
"""

from typing import get_args

from ringtest.control.kernel.query import (
    Compare,
    Empty,
    Every,
    Node,
    Not,
    Op,
    Reader,
    Some,
    joined,
    quoted,
)

_ELSEWHERE = ("match", "in", "not_in", "is", "find", "ifind")
_COMPARING: dict[str, Op] = {op: op for op in get_args(Op) if op not in _ELSEWHERE}
WORDS = ("and", "or", "not", "null", *_COMPARING)
"""What may stand before a bracket."""
_KNOWN = ", ".join(WORDS)


def parse_calls(text: str) -> Node:
    """The filter that `text` describes; 400 that names the character where it stops to.

    >>> parse_calls("and(eq(name,a b), not(null(tags)))")
    Every(parts=(Compare(field='name', op='eq', values=('a b',), position=7), \
Not(part=Empty(field='tags', position=27))))
    >>> parse_calls("eq(name,x) or")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: error while parsing the query at character 12: \
nothing may follow the expression: eq(name,x) >>or
    """
    reader = Reader(text)
    parts = [read_call(reader)]
    while reader.take(","):
        parts.append(read_call(reader))
    reader.end()
    return joined(Every, parts)


def read_call(reader: Reader) -> Node:
    """The expression that comes next, up to its last bracket."""
    reader.enter()
    reader.skip()
    start = reader.at
    name = reader.word().lower()
    node: Node
    if name in ("and", "or"):
        reader.expect("(")
        parts = [read_call(reader)]
        while reader.take(","):
            parts.append(read_call(reader))
        node = joined(Every if name == "and" else Some, parts)
    elif name == "not":
        reader.expect("(")
        node = Not(read_call(reader))
    elif name == "null":
        reader.expect("(")
        field, position = _field(reader)
        node = Empty(field, position)
    elif name in _COMPARING:
        reader.expect("(")
        field, position = _field(reader)
        reader.expect(",")
        node = Compare(field, _COMPARING[name], (reader.value(",()", spaces=False),), position)
    else:
        raise reader.fail(f"expected one of {_KNOWN}", start)
    if not reader.take(")"):
        hint = "; values with , or brackets go in quotes" if isinstance(node, Compare) else ""
        raise reader.fail(f"expected ')'{hint}")
    reader.leave()
    return node


def _field(reader: Reader) -> tuple[str, int]:
    reader.skip()
    position = reader.at
    field = reader.word()
    if not field:
        raise reader.fail("expected the name of a field")
    return field, position


def write_calls(node: Node) -> str:
    """The filter in this language; reading it gives the same filter.

    >>> write_calls(Not(Compare("name", "eq", ("a,b",))))
    "not(eq(name,'a,b'))"
    """
    match node:
        case Compare(field, op, (value,)) if op in _COMPARING:
            return f"{op}({field},{quoted(value)})"
        case Empty(field):
            return f"null({field})"
        case Not(part):
            return f"not({write_calls(part)})"
        case Every(parts):
            return f"and({','.join(map(write_calls, parts))})"
        case Some(parts):
            return f"or({','.join(map(write_calls, parts))})"
        case _:
            raise ValueError(f"this language has no word for {node}")
