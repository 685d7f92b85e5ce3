"""A large JSON object, member by member, and some of its lists element by element.

So that a file of a million results is never in memory as a whole, and one that breaks off
in the middle still gives what came before.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec

MAX_PART = 4 * 1024 * 1024
"""Characters of one part; a longer one is left out and said to be."""

_OUTSIDE = re.compile(r'["{}\[\],:]')
_INSIDE = re.compile(r'["\\\n]')


class NotJson(ValueError):
    """A part that cannot be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A member of the object, or an element of one of its lists, as text.

    `text` is None when it was longer than MAX_PART.
    """

    key: str
    text: str | None
    is_element: bool

    def load(self) -> Any:
        """The value; NotJson says why there is none."""
        if self.text is None:
            raise NotJson(f"longer than {MAX_PART} characters")
        return load(self.text)


def load(text: str) -> Any:
    """One value, also when strings hold raw control characters; NotJson for anything else.

    >>> load('{"a": 1}')
    {'a': 1}
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


class JsonStream:
    """The parts of an object whose lists named in `lists` are told element by element."""

    def __init__(self, lists: frozenset[str]) -> None:
        self._lists = lists
        self._depth = 0
        self._in_string = self._escaped = False
        self._key: str | None = None
        self._in_list = False
        self._kept: list[str] = []
        self._size = 0
        self.is_object = False
        """Whether an object has begun."""
        self.is_complete = False
        """Whether it has ended."""
        self._found: list[Part] = []

    def feed(self, text: str) -> list[Part]:
        """The parts that end in this text."""
        at = start = 0
        while not self.is_complete:
            if self._escaped and at < len(text):
                at, self._escaped = at + 1, False
            found = (_INSIDE if self._in_string else _OUTSIDE).search(text, at)
            if found is None:
                break
            at = found.end()
            if self._in_string:
                # no string goes on behind the end of a line: a quote was lost
                self._escaped = found[0] == "\\"
                self._in_string = self._escaped
            elif found[0] == '"':
                self._in_string = True
            elif self._is_border(found[0]):
                is_end = self._in_list and self._depth == 2 and found[0] in "}]"
                self._keep(text[start : at if is_end else found.start()])
                start = at
                self._cross("," if is_end else found[0])
        if not self.is_complete:
            self._keep(text[start:])
        parts, self._found = self._found, []
        return parts

    def begun(self) -> tuple[str, str]:
        """Key and text of the part that began and did not end."""
        return self._key or "", "".join(self._kept)

    def _keep(self, text: str) -> None:
        if text and self._size <= MAX_PART:
            self._kept.append(text)
        self._size += len(text)

    def _is_border(self, mark: str) -> bool:
        """Whether a part ends or begins here; minds the depth."""
        if mark in "{[":
            self._depth += 1
            return self._depth == 1 or (
                self._depth == 2 and mark == "[" and self._key in self._lists
            )
        if mark in "}]":
            self._depth -= 1
            return self._depth == 0 or (self._depth <= 2 and self._in_list)
        if mark == ",":
            return self._depth == 1 or (self._depth == 2 and self._in_list)
        return self._depth == 1 and self._key is None

    def _cross(self, mark: str) -> None:
        kept = "".join(self._kept) if self._size <= MAX_PART else None
        self._kept, self._size = [], 0
        if mark in "{[":
            self.is_object = True
            self._in_list = self._depth == 2
        elif mark == ":":
            self._key = _name(kept or "")
        elif self._in_list:
            self._tell(kept, is_element=True)
            self._in_list = self._depth > 1
        else:
            if self._key is not None:
                self._tell(kept, is_element=False)
            self._key = None
            self.is_complete = self._depth <= 0 and self.is_object

    def _tell(self, text: str | None, *, is_element: bool) -> None:
        if text is None or text.strip():
            self._found.append(Part(self._key or "", text, is_element))


def _name(text: str) -> str:
    try:
        return str(load(text))
    except NotJson:
        return text.strip()
