"""What a secret looks like in a text: patterns by kind, and two ways to find them. Pure.

Patterns are in the syntax of RE2. Where its library is installed it does the work, in time linear
to the text; else, in a lab's base installation, Python's own `re` does, only where one of `TRACES`
is. Both find the same.
"""

import heapq
import importlib.util
import re
from collections.abc import Callable, Iterable
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


TRACES: tuple[bytes, ...] = (
    *(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"xox", b"npm_"),
    *(b"pypi-", b"hvs.", b"aiza", b"ya29.", b"sk-", b"sha256~", b"rt_", b"eyj", b"bearer"),
    *(b"akia", b"asia", b"aws", b"://", b"passw", b"passphrase", b"secret", b"token", b"api"),
    *(b"access", b"authorization", b"-----begin"),
)
"""In small letters: each match of a rule begins with one of them."""

Search = Callable[[int], Any]
"""From a place on: the first match, None when there is none."""
First = Callable[[int], tuple[int, bytes] | None]
"""From a place on: where the first literal is, and which; of several at one place the longest."""
_FEW = 4
"""So many literals are found faster one by one."""


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
        places = Places(TRACES, buffer.lower(), start, stop)

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
    """Texts to be found as they are: by RE2 in one pass, however many there are."""

    def __init__(self, words: Iterable[bytes], *, by_re2: bool = re2 is not None) -> None:
        self._words = sorted(words, key=len, reverse=True)
        self._pattern: Any = None
        if by_re2 and len(self._words) > _FEW:
            try:
                self._pattern = _compiled_by_re2("|".join(map(_literal, self._words)))
            except PatternError:  # too much for it
                self._pattern = None

    def over(self, buffer: bytes, start: int, stop: int) -> First:
        """Finds them in a part of a buffer. The place asked for must not go back."""
        if self._pattern is None:
            return Places(self._words, buffer, start, stop).first

        def first(at: int) -> tuple[int, bytes] | None:
            match = self._pattern.search(buffer, at, stop)
            return (match.start(), match.group()) if match else None

        return first


def _literal(word: bytes) -> str:
    return "".join(
        chr(one) if chr(one).isalnum() and one < 128 else f"\\x{one:02x}" for one in word
    )


class Places:
    """Where literals are in a part of a buffer, in their order; of those at one place the longest.

    >>> Places([b"ab", b"abc"], b"xx abc", 0, 6).first(1)
    (3, b'abc')
    """

    def __init__(self, literals: Iterable[bytes], buffer: bytes, start: int, stop: int) -> None:
        self._buffer = buffer
        self._stop = stop
        self._heap: list[tuple[int, int, bytes]] = []
        for literal in literals:
            self._add(literal, start)

    def first(self, start: int) -> tuple[int, bytes] | None:
        """The first one that begins at `start` or later; `start` must not go back."""
        while self._heap and self._heap[0][0] < start:
            self._add(heapq.heappop(self._heap)[2], start)
        return (self._heap[0][0], self._heap[0][2]) if self._heap else None

    def _add(self, literal: bytes, start: int) -> None:
        at = self._buffer.find(literal, start, self._stop)
        if at >= 0:
            heapq.heappush(self._heap, (at, -len(literal), literal))
