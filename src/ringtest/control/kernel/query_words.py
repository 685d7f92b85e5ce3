r"""The language for people: `status:failure topic:"RHEL 9" since:30d -tag:draft`. Pure.

query = conditions; next to each other all of them hold, as with `and` and `,`; `or`, `not`,
        a `-` before a condition and brackets as one expects; `and` binds closer than `or`
condition = field:value,… | field:(value or …) | field op value | field:low..high
          | field in [value,…] | has:field | no:field | since:when | until:when | text
value = characters up to white space , or ) | 'quoted' | "quoted" | /regular expression/ or
        /…/i; `*` is any text; a backslash takes the next character as it is
op    = = != < <= > >= =~ (a `:` may stand before it); these take no `*`
when  = a time of ISO, naive ones are UTC, or a part of one; 90s 10m 12h 7d 2w 3mo 1y ago

`parse_query` recognises the other languages too. `write_words` writes each condition with a
colon, so that what it writes is never taken for one of them.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.moments import is_date, is_relative
from ringtest.control.kernel.query import (
    MAX_VALUES,
    Anywhere,
    Compare,
    Empty,
    Every,
    Node,
    Not,
    Op,
    Reader,
    Some,
    joined,
    leaves,
    quoted,
)
from ringtest.control.kernel.query_calls import WORDS, parse_calls, read_call
from ringtest.control.kernel.query_infix import parse_infix

_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_SIGN = r"=~|!=|>=|<=|==|=|>|<"
_OPS: dict[str, Op] = {
    "=~": "match", "!=": "ne", ">=": "ge", "<=": "le", "==": "eq", "=": "eq", ">": "gt", "<": "lt",
}  # fmt: skip
_WRITTEN: dict[Op, str] = {
    **{op: sign for sign, op in _OPS.items()},
    "in": "=",
    "not_in": "!=",
}
_CONDITION = re.compile(rf"({_NAME})(?:(:)(?!:|//)[ \t]*({_SIGN})?|\s*({_SIGN}))")
_LISTED = re.compile(rf"({_NAME})\s+(in|not_in)\s*\[", re.IGNORECASE)
_KEYWORD = re.compile(r"(and|or|not|&&|\|\|)(?=[\s()\"']|$)", re.IGNORECASE)
_NEXT = re.compile(rf"-?{_NAME}:(?!//|:)")
"""How a condition begins where a value might."""
_RANGE = re.compile(r"([0-9][0-9A-Za-z:.+-]*?)\.\.([0-9][0-9A-Za-z:.+-]*)")
_CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?")
_LOST_PLUS = re.compile(r" ([0-9]{2}:?[0-9]{2})(?=[\s),]|$)")
_SIMPLE = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_.*-]*")
_CALL = re.compile(r"\s*([A-Za-z_]+)(\s*)\(")
_CALLED = re.compile(
    rf"\s*(?:{'|'.join(word for word in WORDS if word != 'not')})\(", re.IGNORECASE
)
"""An expression of DCI's language where a condition may stand; `not (` is ours as well."""
_NOTS = re.compile(r"\s*(?:not\s*\(\s*)+", re.IGNORECASE)
_INFIX = re.compile(rf"\s*\([\s(]*(?:not[\s(]+)*{_NAME}(?:\s*(?:{_SIGN})|\s+(?:not_)?in\b)", re.I)
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.S)
_COLON = re.compile(rf"(?:^|[\s(-]){_NAME}:")


def parse_query(text: str) -> Node:
    """The filter that `text` describes in whichever language; 400 that points at the mistake.

    >>> parse_query("eq(name,x)") == parse_query("((name=x))") == parse_query("name=x")
    True
    """
    call = _CALL.match(_NOTS.sub("", text, count=1) if _NOTS.match(text) else text)
    if call and (not call[2] or call[1].lower() in WORDS):
        return parse_calls(text)
    if _INFIX.match(text) and not _COLON.search(_QUOTED.sub("''", text)):
        return _infix(text)
    return parse_words(text)


def _infix(text: str) -> Node:
    """A text that looks like analytics', or is ours and only begins so: `(a>1 b<2)`."""
    try:
        return parse_infix(text)
    except BadRequest:
        with suppress(BadRequest):
            node = parse_words(text)
            if not any(isinstance(leaf, Anywhere) for leaf in leaves(node)):
                return node
        raise


def is_moving(node: Node) -> bool:
    """Whether the same filter may find other rows later, though nothing changed.

    >>> is_moving(parse_words("created>=7d")), is_moving(parse_words("created>=2026-10-01"))
    (True, False)
    """
    return any(
        isinstance(leaf, Compare) and any(map(is_relative, leaf.values)) for leaf in leaves(node)
    )


def parse_words(text: str) -> Node:
    """The filter that `text` describes in this language.

    >>> parse_words("status:failure,error -name:ring*")
    Every(parts=(Compare(field='status', op='is', values=('failure', 'error'), position=0), \
Not(part=Compare(field='name', op='is', values=('ring*',), position=22))))
    >>> parse_words("status:failure and")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: error while parsing the query at character 19: \
a condition is missing, such as status:failure: status:failure and>>
    """
    reader = Reader(text)
    node = _alternatives(reader)
    if reader.peek() == ")":
        raise reader.fail("no bracket was opened for this ')'")
    reader.end()
    return node


def _alternatives(reader: Reader) -> Node:
    parts = [_conjunction(reader)]
    while _keyword(reader, "or", "||"):
        parts.append(_conjunction(reader))
    return joined(Some, parts)


def _conjunction(reader: Reader) -> Node:
    parts = [_part(reader)]
    while True:
        linked = _keyword(reader, "and", "&&") or reader.take(",")
        if not linked and (reader.peek() in ("", ")") or _peek_keyword(reader) in ("or", "||")):
            return joined(Every, parts)
        parts.append(_part(reader))


def _peek_keyword(reader: Reader) -> str:
    reader.skip()
    found = _KEYWORD.match(reader.text, reader.at)
    return found[1].lower() if found else ""


def _keyword(reader: Reader, *wanted: str) -> bool:
    found = _peek_keyword(reader)
    if found not in wanted:
        return False
    reader.at += len(found)
    return True


def _part(reader: Reader) -> Node:
    reader.enter()
    node: Node
    if reader.take("("):
        node = _alternatives(reader)
        if not reader.take(")"):
            raise reader.fail("expected ')'")
    elif _CALLED.match(reader.text, reader.at):
        node = read_call(reader)
    elif _keyword(reader, "not"):
        node = Not(_part(reader))
    elif reader.peek() in ("-", "!") and not reader.text[reader.at + 1 : reader.at + 2].isspace():
        reader.at += 1
        node = Not(_part(reader))
    else:
        node = _condition(reader)
    reader.leave()
    return node


def _condition(reader: Reader) -> Node:
    reader.skip()
    at = reader.at
    if not reader.peek() or reader.peek() in "),":
        raise reader.fail("a condition is missing, such as status:failure")
    if _peek_keyword(reader):
        raise reader.fail("a condition is missing before this word; to search for it, quote it")
    listed = _LISTED.match(reader.text, at)
    if listed:
        reader.at = listed.end()
        return Compare(listed[1], _many(listed[2].lower() == "in"), _list(reader), at)
    found = _CONDITION.match(reader.text, at)
    if found is None:
        return _bare(reader, at)
    reader.at = found.end()
    field, sign = found[1], found[3] or found[4]
    return _compared(reader, field, _OPS[sign], at) if sign else _said(reader, field, at)


def _bare(reader: Reader, at: int) -> Node:
    pattern = _regex(reader)
    if pattern is not None:
        return Anywhere(*pattern, position=at)
    text, _ = _value(reader, as_pattern=True)
    return Anywhere(text, position=at)


def _many(is_in: bool) -> Op:
    return "in" if is_in else "not_in"


def _said(reader: Reader, field: str, at: int) -> Node:
    """What `field:` says."""
    pattern = _regex(reader)
    if pattern is not None:
        return Compare(field, pattern[1], (pattern[0],), at)
    if reader.peek() in ("", ",", ")"):
        return Empty(field, at)
    if _NEXT.match(reader.text, reader.at):
        raise reader.fail(f"a value is missing ({field} without one is written no:{field})")
    start, is_group = reader.at, reader.take("(")
    values = list(_group(reader) if is_group else _values(reader, as_pattern=True))
    texts = tuple(text for text, _ in values)
    if field.lower() in ("has", "no", "without"):
        empty: list[Node] = [Empty(text, start) for text in texts]
        return joined(Every, [Not(node) for node in empty] if field.lower() == "has" else empty)
    if len(texts) == 1 and not is_group:
        return _one(field, texts[0], at, is_quoted=values[0][1])
    return Compare(field, "is", texts, at)


def _one(field: str, text: str, at: int, *, is_quoted: bool) -> Node:
    """One value, which may be read for more than it is."""
    match field.lower():
        case "since":
            return Compare("created_at", "ge", (text,), at)
        case "after":
            return _after("created_at", text, at)
        case "before":
            return Compare("created_at", "lt", (text,), at)
        case "until":
            return _until("created_at", text, at)
    if is_quoted:
        return Compare(field, "is", (text,), at)
    bounds = _RANGE.fullmatch(text)
    if bounds:
        return Every((Compare(field, "ge", (bounds[1],), at), _until(field, bounds[2], at)))
    return Not(Empty(field, at)) if text == "*" else Compare(field, "is", (text,), at)


def _until(field: str, text: str, at: int) -> Node:
    """Up to a moment; of a day all of it."""
    bound = Compare(field, "le", (text,), at)
    return Some((bound, Compare(field, "is", (text,), at))) if is_date(text) else bound


def _after(field: str, text: str, at: int) -> Node:
    """After a moment; after all of a day."""
    bound = Compare(field, "gt", (text,), at)
    return Every((bound, Not(Compare(field, "is", (text,), at)))) if is_date(text) else bound


def _compared(reader: Reader, field: str, op: Op, at: int) -> Node:
    if op in ("eq", "ne") and reader.take("["):
        return Compare(field, _many(op == "eq"), _list(reader), at)
    found = list(_values(reader, as_pattern=False))
    values = tuple(text for text, _ in found)
    if len(values) == 1:
        is_quoted = found[0][1]
        if op == "le" and not is_quoted:
            return _until(field, values[0], at)
        if op == "gt" and not is_quoted:
            return _after(field, values[0], at)
        return Compare(field, op, values, at)
    if op not in ("eq", "ne"):
        raise reader.fail("this compares with one value", at)
    return Compare(field, _many(op == "eq"), values, at)


# Values ------------------------------------------------------------------------


def _values(reader: Reader, *, as_pattern: bool) -> Iterator[tuple[str, bool]]:
    """Values and whether each was quoted; a comma is followed by another one, or by a
    condition as in DCI's `where`."""
    yield _value(reader, as_pattern=as_pattern)
    while reader.text.startswith(",", reader.at):
        after = reader.at + 1
        rest = reader.text[after:].lstrip()
        if not rest or rest[0] == ")" or _NEXT.match(rest) or reader.text[after].isspace():
            return
        reader.at = after
        yield _value(reader, as_pattern=as_pattern)


def _group(reader: Reader) -> Iterator[tuple[str, bool]]:
    """The values of `field:(a or b)`."""
    while not reader.take(")"):
        yield _value(reader, as_pattern=True)
        _keyword(reader, "or", "||") or reader.take(",")


def _list(reader: Reader) -> tuple[str, ...]:
    """What stands between `[` and `]`."""
    values = [_value(reader, as_pattern=False, stops="]")[0]]
    while reader.take(","):
        values.append(_value(reader, as_pattern=False, stops="]")[0])
    reader.expect("]")
    return tuple(values)


def _value(reader: Reader, *, as_pattern: bool, stops: str = "") -> tuple[str, bool]:
    """A value, and whether it was quoted. In a pattern `\\*` and `\\\\` stay as they are."""
    reader.values += 1
    if reader.values > MAX_VALUES:
        raise reader.fail(f"a query compares with at most {MAX_VALUES} values")
    quote = reader.peek()
    start = reader.at
    is_quoted = quote != "" and quote in "'\""
    reader.at += is_quoted
    found: list[str] = []
    depth = 0
    while True:
        if reader.at >= len(reader.text):
            if is_quoted:
                raise reader.fail(f"the quote {quote} is never closed", start)
            break
        sign = reader.text[reader.at]
        if sign == quote and is_quoted:
            reader.at += 1
            break
        if not is_quoted and (sign.isspace() or sign in stops + "," or (sign == ")" and not depth)):
            break
        depth += 0 if is_quoted else (sign == "(") - (sign == ")")
        found.append(_taken(reader, sign, as_pattern=as_pattern))
    if not is_quoted and not found:
        raise reader.fail("a value is missing (an empty one is written '')", start)
    text = "".join(found)
    return (text if is_quoted else text + _zone(reader, text)), is_quoted


def _taken(reader: Reader, sign: str, *, as_pattern: bool) -> str:
    """The character that comes next, with a backslash the one after it."""
    reader.at += 1
    if sign != "\\":
        return sign
    if reader.at == len(reader.text):
        raise reader.fail("a backslash takes a character after it", reader.at - 1)
    reader.at += 1
    taken = reader.text[reader.at - 1]
    return f"\\{taken}" if as_pattern and taken in "\\*" else taken


def _zone(reader: Reader, text: str) -> str:
    """What is left of `+02:00` after a time where the plus was read as a blank of an address."""
    lost = _LOST_PLUS.match(reader.text, reader.at) if _CLOCK.fullmatch(text) else None
    reader.at = lost.end() if lost else reader.at
    return f"+{lost[1]}" if lost else ""


_REGEX = re.compile(r"/((?:\\.|[^/\\])+)/(i?)(?=[\s),]|$)", re.S)


def _regex(reader: Reader) -> "tuple[str, Literal['find', 'ifind']] | None":
    """A regular expression, if one comes next, and how to look for it."""
    reader.skip()
    found = _REGEX.match(reader.text, reader.at)
    if found is None:
        return None
    reader.at = found.end()
    text = re.sub(r"\\(.)", lambda pair: "/" if pair[1] == "/" else pair[0], found[1], flags=re.S)
    return text, "ifind" if found[2] else "find"


# Writing -------------------------------------------------------------------------


def write_words(node: Node) -> str:
    r"""The filter in this language; reading it gives the same filter.

    >>> write_words(parse_words("(duration > 600 or no:tags) and 'two words'"))
    '(duration:>\'600\' or no:tags) "two words"'
    """
    match node:
        case Every(parts):
            return " ".join(map(_closed, parts))
        case Some(parts):
            return " or ".join(map(_closed, parts))
        case Not(Empty(field)):
            return f"has:{field}"
        case Not(part):
            return f"-{_closed(part)}"
        case Empty(field):
            return f"no:{field}"
        case Anywhere(value, ("find" | "ifind") as op):
            return _slashed(value, op)
        case Anywhere(value):
            return (
                value if _SIMPLE.fullmatch(value) and not _KEYWORD.match(value) else _marked(value)
            )
        case Compare():
            return _write_comparison(node)
    raise AssertionError(node)


def _closed(node: Node) -> str:
    text = write_words(node)
    is_negated = isinstance(node, Not) and text.startswith("-")
    return f"({text})" if isinstance(node, Every | Some) or is_negated else text


def _write_comparison(node: Compare) -> str:
    field, op, values = node.field, node.op, node.values
    match op:
        case "is":
            return f"{field}:{','.join(map(_pattern, values))}"
        case "find" | "ifind":
            return f"{field}:{_slashed(values[0], op)}"
        case "in" | "not_in":
            return f"{field}:{_WRITTEN[op]}[{', '.join(map(quoted, values))}]"
        case _ if op in _WRITTEN:
            return f"{field}:{_WRITTEN[op]}{quoted(values[0])}"
    raise ValueError(f"this language has no word for {node}")


def _pattern(value: str) -> str:
    is_simple = _SIMPLE.fullmatch(value) and value != "*" and ".." not in value
    return value if is_simple else _marked(value)


def _marked(pattern: str) -> str:
    """A pattern in quotes; its backslashes are part of it."""
    return '"' + pattern.replace('"', '\\"') + '"'


def _slashed(regex: str, op: str) -> str:
    escaped = regex.replace("/", "\\/")
    return f"/{escaped}/{'i' if op == 'ifind' else ''}"
