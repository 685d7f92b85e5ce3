"""What a secret looks like in a text: patterns by kind, and two ways to find them. Pure.

Patterns are in the syntax of RE2. Where its library is installed it does the work, in time linear
to the text; else, in a lab's base installation, Python's own `re` does, only where one of `SIEVES`
finds something. Both find the same.
"""

import heapq
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

if importlib.util.find_spec("re2"):
    import re2
else:
    re2 = None

_VALUE = r"""(?:"[^"\n]+"|'[^'\n]+'|[^\s"',;&)}\]]+)"""
_KEY = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
KEY_END = r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_IS = r"\\?[\"']?[ \t]*[:=][ \t]*\\?[\"']?"
OPEN_KEY = 1
"""Place in `RULES` of a key whose lines follow."""

RULES: tuple[tuple[str, str], ...] = (
    ("private key", rf"({_KEY}[^\n]*?{KEY_END})"),
    ("private key", rf"({_KEY})[^\n]{{0,4}}$"),
    ("authorization", rf"(?i:\bauthorization{_IS})([^\r\n\"']{{4}}[^\r\n\"']*)"),
    ("AWS key", rf"(?i:aws_?secret_?(?:access_?)?key{_IS})([A-Za-z0-9/+=]{{30}}[A-Za-z0-9/+=]*)"),
    ("AWS key", r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    ("token", r"\b(gh[pousr]_[A-Za-z0-9]{30}[A-Za-z0-9]*)"),
    ("token", r"\b(github_pat_\w{22}\w*)"),
    ("token", r"\b(glpat-[\w-]{20}[\w-]*)"),
    ("token", r"\b(xox[abeoprs]-[\w-]{10}[\w-]*)"),
    ("token", r"\b(npm_[A-Za-z0-9]{36})"),
    ("token", r"\b(pypi-[\w-]{50}[\w-]*)"),
    ("token", r"\b(hvs\.[\w-]{20}[\w-]*)"),
    ("token", r"\b(AIza[\w-]{35})"),
    ("token", r"\b(ya29\.[\w-]{20}[\w-]*)"),
    ("token", r"\b(sk-[\w-]{32}[\w-]*)"),
    ("token", r"\b(sha256~[\w-]{43})"),
    ("token", r"\b(rt_[\w-]{43})"),
    ("token", r"\b(eyJ[\w-]{8}[\w-]*\.eyJ[\w-]{8}[\w-]*\.[\w-]*)"),
    ("token", r"(?i:\bbearer[ \t]+)([A-Za-z0-9._~+/=-]{16}[A-Za-z0-9._~+/=-]*)"),
    ("password", r"://[^\s/:@\"'<>]*:([^\s/@\"'<>]+)@"),
    (
        "password",
        rf"(?i:pass(?:word|wd|phrase)\\?[\"']?[ \t]*(?:=>|[:=])[ \t]*)({_VALUE})",
    ),
    (
        "password",
        rf"(?i:(?:secret|token|api_?key|access_?key)\\?[\"']?[ \t]?=[ \t]?)({_VALUE})",
    ),
)
"""Kind and pattern (RE2): what the pattern's group holds is replaced."""

HARMLESS = (
    r"(?i:[\"']?(?:none|null|nil|true|false|yes|no|undefined|\*+|x{3,}|\.{3}|\[redacted.*|"
    r"[$%<{\\=(].*)?[\"']?)"
)
HINTS = (
    r"(?i:gh[pousr]_|github_|glpat|xox|npm_|pypi-|hvs\.|aiza|ya29|sk-|sha256~|rt_|eyj|bearer|"
    r"akia|asia|aws_?s|://|pass|secret|token|api_?key|access_?key|authorization|-----b)"
)
KEY_BODY = r"[^\n]{0,80}(?:[A-Za-z0-9+/=]{16}|[A-Za-z][\w-]*: )|^[\s\"',]*$"


_ASSIGNED = r"\\?[\"']?[ \t]?="
SIEVES: tuple[tuple[bytes, str], ...] = (
    (b"", r"-----begin "),
    (b"", r"authorization\\?[\"']?[ \t]*[:=]"),
    (b"", r"aws_?secret"),
    (b"", r"akia[a-z0-9]{16}"),
    (b"", r"asia[a-z0-9]{16}"),
    (b"", r"gh[pousr]_[a-z0-9]{30}"),
    (b"", r"github_pat_\w{22}"),
    (b"", r"glpat-[\w-]{20}"),
    (b"", r"xox[abeoprs]-[\w-]{10}"),
    (b"", r"npm_[a-z0-9]{36}"),
    (b"", r"pypi-[\w-]{50}"),
    (b"", r"hvs\.[\w-]{20}"),
    (b"", r"aiza[\w-]{35}"),
    (b"", r"ya29\.[\w-]{20}"),
    (b"", r"sk-[\w-]{32}"),
    (b"~", r"sha256~[\w-]{43}"),
    (b"", r"rt_[\w-]{43}"),
    (b"", r"eyj[\w-]{8}"),
    (b"", r"bearer[ \t]"),
    (b"@", r"://[^\s/:@\"'<>]*:"),
    (b"", r"pass(?:word|wd|phrase)"),
    *((b"=", word + _ASSIGNED) for word in ("secret", "token", "api_?key", "access_?key")),
)
"""Patterns for texts in small letters: where a match of a rule begins, one of these begins too.
Each begins with fixed letters, which `re` looks for quickly; the byte before it, if any, is in the
text of each match."""

Search = Callable[[int], Any]
"""From a place on: the first match, None when there is none."""
First = Callable[[int], tuple[int, bytes] | None]
"""From a place on: where the first literal is, and which; of several at one place the longest."""
_FEW = 4
"""So many literals are found faster one by one."""
_GRAM = 8
_LONG = 2 * _GRAM - 1


class PatternError(ValueError):
    """Not a pattern that is known; the message says what is wrong."""


def compiled(pattern: str) -> Any:
    """A pattern over bytes that never looks across a line's end; PatternError."""
    return _compiled_by_re2(pattern) if re2 else _compiled_by_python(pattern)


def _compiled_by_re2(pattern: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_nl = True
    options.log_errors = False
    try:
        return re2.compile(f"(?m){pattern}".encode(), options)
    except re2.error as error:
        told = error.args[0]
        said = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise PatternError(f"not a pattern that RE2 knows: {said[:200]}") from None


def _compiled_by_python(pattern: str) -> re.Pattern[bytes]:
    try:
        return re.compile(pattern.encode(), re.MULTILINE)
    except (re.error, OverflowError) as error:
        raise PatternError(f"not a pattern that Python knows: {str(error)[:200]}") from None


class Rules:
    """All rules there are, as one pattern. `groups`: of each its kind, its group and its secret's
    group."""

    def __init__(
        self, own: Iterable[tuple[str, str]] = (), *, by_re2: bool = re2 is not None
    ) -> None:
        make = _compiled_by_re2 if by_re2 else _compiled_by_python
        own = tuple(own)
        groups, number, parts = [], 1, []
        for kind, pattern in (*RULES, *own):
            inside = int(make(pattern).groups)
            groups.append((kind, number, number + 1 if inside else number))
            parts.append(f"({pattern})")
            number += 1 + inside
        self.groups = tuple(groups)
        self._pattern = make("|".join(parts))
        self._everywhere = by_re2 or bool(own)

    def over(self, buffer: bytes, start: int, stop: int) -> Search:
        """Finds matches in a part of the buffer."""
        if self._everywhere:
            return lambda at: _within_a_line(self._pattern, buffer, at, stop)
        places = Places(_sieved(buffer.lower(), start, stop), start)

        def search(at: int) -> Any:
            while found := places.first(at):
                at = found[0]
                if match := self._pattern.match(buffer, at, stop):
                    return match
                at += 1
            return None

        return search


def _within_a_line(pattern: Any, buffer: bytes, at: int, stop: int) -> Any:
    """RE2 keeps to lines by itself; what Python matches beyond a line's end is none."""
    while match := pattern.search(buffer, at, stop):
        if b"\n" not in match.group():
            return match
        at = match.start() + 1
    return None


class Literals:
    """Texts to be found as they are: by RE2 in one pass, however many there are; else one by one,
    those of some length only where eight bytes of theirs are."""

    def __init__(self, words: Iterable[bytes], *, by_re2: bool = re2 is not None) -> None:
        self._words = sorted(words, key=len, reverse=True)
        self._pattern: Any = None
        if by_re2 and len(self._words) > _FEW:
            try:
                self._pattern = _compiled_by_re2("|".join(map(_literal, self._words)))
            except PatternError:  # too much for it
                self._pattern = None
        self._short = [word for word in self._words if len(word) < _LONG]
        self._by_gram: dict[int, set[bytes]] = {}
        for word in self._words[: len(self._words) - len(self._short)]:
            for at in range(_GRAM):
                self._by_gram.setdefault(_gram(word[at : at + _GRAM]), set()).add(word)
        self._grams = frozenset(self._by_gram)

    def over(self, buffer: bytes, start: int, stop: int) -> First:
        """Finds them in a part of a buffer. The place asked for must not go back."""
        if self._pattern is None:
            words = self._likely(buffer, start, stop)
            return Places((_literal_in(word, buffer, stop) for word in words), start).first

        def first(at: int) -> tuple[int, bytes] | None:
            match = self._pattern.search(buffer, at, stop)
            return (match.start(), match.group()) if match else None

        return first

    def _likely(self, buffer: bytes, start: int, stop: int) -> list[bytes]:
        """Words that may be there: of each eighth place eight bytes are looked up, and a word of
        at least 15 has eight bytes at such a place wherever it stands."""
        if len(self._words) <= _FEW:
            return self._words
        grams = memoryview(buffer[start : stop - (stop - start) % _GRAM]).cast("Q")
        if self._grams.isdisjoint(grams):
            return self._short
        there = self._grams.intersection(grams)
        return [*self._short, *set().union(*(self._by_gram[gram] for gram in there))]


def _literal(word: bytes) -> str:
    return "".join(
        chr(one) if chr(one).isalnum() and one < 128 else f"\\x{one:02x}" for one in word
    )


def _gram(data: bytes) -> int:
    return int.from_bytes(data, sys.byteorder)


Finder = Callable[[int], int]
"""From a place on: where it is found next, -1 when it is not."""


def _literal_in(word: bytes, buffer: bytes, stop: int) -> tuple[Finder, bytes]:
    return lambda at: buffer.find(word, at, stop), word


def _sieved(lower: bytes, start: int, stop: int) -> Iterator[tuple[Finder, bytes]]:
    """The sieves that may find something in a text of small letters."""
    for needed, pattern in _sieves():
        if not needed or lower.find(needed, start, stop) >= 0:
            yield partial(_next_match, pattern, lower, stop), b""


def _next_match(pattern: re.Pattern[bytes], buffer: bytes, stop: int, at: int) -> int:
    match = pattern.search(buffer, at, stop)
    return match.start() if match else -1


@lru_cache(maxsize=1)
def _sieves() -> tuple[tuple[bytes, re.Pattern[bytes]], ...]:
    return tuple((needed, re.compile(pattern.encode())) for needed, pattern in SIEVES)


class Places:
    """Where literals are, in their order; of those at one place the longest.

    >>> Places([_literal_in(word, b"xx abc", 6) for word in (b"ab", b"abc")], 0).first(1)
    (3, b'abc')
    """

    def __init__(self, finders: Iterable[tuple[Finder, bytes]], start: int) -> None:
        self._finders = list(finders)
        self._heap: list[tuple[int, int, int]] = []
        for number in range(len(self._finders)):
            self._add(number, start)

    def first(self, start: int) -> tuple[int, bytes] | None:
        """The first one that begins at `start` or later; `start` must not go back."""
        while self._heap and self._heap[0][0] < start:
            self._add(heapq.heappop(self._heap)[2], start)
        if not self._heap:
            return None
        at, _, number = self._heap[0]
        return at, self._finders[number][1]

    def _add(self, number: int, start: int) -> None:
        finder, word = self._finders[number]
        at = finder(start)
        if at >= 0:
            heapq.heappush(self._heap, (at, -len(word), number))
