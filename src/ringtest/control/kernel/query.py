"""What a filter means, whichever language it is written in; and the reader of all. Pure.

Languages: `query_words` (`status:failure since:7d`, for people; it recognises the others),
`query_calls` (`and(eq(name,x),not(null(tags)))`, of DCI's lists) and `query_infix`
(`((name=x) and (components.type in ['a']))`, of its analytics). `db.filters` makes SQL of it.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ringtest.control.kernel.errors import BadRequest

Op = Literal[
    "eq", "ne", "lt", "le", "gt", "ge", "like", "ilike", "contains", "not_contains",
    "match", "in", "not_in", "is", "find", "ifind",
]  # fmt: skip

MAX_LENGTH = 8_000
"""Characters of a filter."""
MAX_DEPTH = 30
MAX_VALUES = 200
"""Values that a filter compares with, in all its comparisons."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`field` and `values` (one, but for `in`, `not_in` and `is`) under `op`.

    match: the whole text fits a regular expression; find, ifind: a part of it does (ifind:
    whatever the case). is: what people mean by `field:value`, which depends on the field; of
    a text the case does not matter, and the values are patterns in which `*` is any text and
    a backslash takes `*` or itself as it is. `position` is that of the field, from 0.
    """

    field: str
    op: Op
    values: tuple[str, ...]
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Empty:
    """`field` has no value, or an empty one."""

    field: str
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Anywhere:
    """One of the fields that name the row holds `value`: a pattern as of `is`, or a regular
    expression as of `find` and `ifind`."""

    value: str
    op: Literal["is", "find", "ifind"] = "is"
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Every:
    """All of them hold."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """One of them holds, or several."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    part: "Node"


Node = Compare | Empty | Anywhere | Every | Some | Not


def leaves(node: Node) -> Iterator[Compare | Empty | Anywhere]:
    """Everything in it that is said of a field."""
    match node:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield node


def refusal(what: str, position: int, **payload: object) -> BadRequest:
    """What is wrong with the character at `position` (from 0); the message counts from 1."""
    return BadRequest(
        f"error while parsing the query at character {position + 1}: {what}",
        position=position,
        **payload,
    )


def excerpt(text: str, position: int) -> str:
    """A few characters around a position, which is marked.

    >>> excerpt("eq(name;x)", 7)
    'eq(name>>;x)'
    """
    before, after = text[max(0, position - 20) : position], text[position : position + 20]
    return f"{before}>>{after}"


@dataclass(slots=True)
class Reader:
    """A place in a text, and how much of what is allowed has been used."""

    text: str
    at: int = 0
    depth: int = 0
    values: int = 0

    def __post_init__(self) -> None:
        if len(self.text) > MAX_LENGTH:
            raise refusal(f"a query has at most {MAX_LENGTH} characters", MAX_LENGTH)
        if "\0" in self.text:
            raise refusal("nothing holds a NUL character", self.text.index("\0"))

    def fail(self, what: str, position: int | None = None) -> BadRequest:
        """The error to raise; `position` is where we are unless given."""
        at = self.at if position is None else position
        shown = excerpt(self.text, at) if at < len(self.text) else f"{self.text[-20:]}>>"
        return refusal(f"{what}: {shown}", at)

    def skip(self) -> None:
        """Past white space."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        self.skip()
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> bool:
        """Past `sign` if it comes next."""
        self.skip()
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.fail(f"expected {sign!r}")

    def word(self, more: str = "_") -> str:
        """Letters, digits and characters of `more`; empty if none come next."""
        self.skip()
        start = self.at
        while self.at < len(self.text) and self._is_word(self.text[self.at], more):
            self.at += 1
        return self.text[start : self.at]

    @staticmethod
    def _is_word(sign: str, more: str) -> bool:
        return (sign.isascii() and sign.isalnum()) or sign in more

    def enter(self) -> None:
        """One level deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"a query is nested at most {MAX_DEPTH} deep")

    def leave(self) -> None:
        self.depth -= 1

    def value(self, stops: str, *, spaces: bool) -> str:
        """A value: quoted with ' or ", or everything up to one of `stops` (`spaces`: also up to
        white space). A backslash takes the next character as it is, in both."""
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.fail(f"a query compares with at most {MAX_VALUES} values")
        quote = self.peek()
        start = self.at
        if quote and quote in "'\"":
            return self._quoted(quote)
        found: list[str] = []
        kept = 0  # how much of it stays when white space at the end is dropped
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign in stops or (spaces and sign.isspace()):
                break
            if sign == "\\":
                self.at += 1
                if self.at == len(self.text):
                    raise self.fail("a backslash takes a character after it", self.at - 1)
                sign = self.text[self.at]
                kept = len(found) + 1
            elif not sign.isspace():
                kept = len(found) + 1
            found.append(sign)
            self.at += 1
        if not kept:
            raise self.fail("a value is missing (an empty one is written '')", start)
        return "".join(found[:kept])

    def _quoted(self, quote: str) -> str:
        opened = self.at
        self.at += 1
        found: list[str] = []
        while self.at < len(self.text):
            sign = self.text[self.at]
            self.at += 1
            if sign == quote:
                return "".join(found)
            if sign == "\\" and self.at < len(self.text):
                sign = self.text[self.at]
                self.at += 1
            found.append(sign)
        raise self.fail(f"the quote {quote} is never closed", opened)

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            raise self.fail("nothing may follow the expression")


def joined(kind: "type[Every] | type[Some]", parts: Sequence[Node]) -> Node:
    """`parts` under and/or; one alone stands for itself."""
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def quoted(value: str) -> str:
    r"""A value as both languages read it back.

    >>> quoted("it's")
    "'it\\'s'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
