"""Which bytes of a log are secrets, and their replacement while the log arrives. Pure.

Bytes come in any pieces; what comes out is the same however they were cut. A rule looks at one
line at a time, so a line is let out when it ends. Of a line that does not end all but the last
bytes are let out: a secret has at most `LONGEST`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from ringtest.control.kernel.errors import BadRequest

LONGEST = 8 * 1024
"""Bytes of a secret at most, with what tells that it is one."""
_KEY_LINES = 200
"""Lines of a private key at most."""
_BODY_BYTES = 1000
_TELLING = 4
_LEAST = 8
"""Shorter words of a lab's are too likely to mean something else."""

_VALUE = r"""(?:"[^"\n]+"|'[^'\n]+'|[^\s"',;&)}\]]+)"""
_KEY = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_KEY_END = r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_IS = r"\\?[\"']?[ \t]*[:=][ \t]*\\?[\"']?"
_OPEN_KEY = 1
"""Place in `RULES` of a key whose lines follow."""

RULES: tuple[tuple[str, str], ...] = (
    ("private key", rf"({_KEY}[^\n]*?{_KEY_END})"),
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

_HARMLESS = (
    r"(?i)[\"']?(?:none|null|nil|true|false|yes|no|undefined|\*+|x{3,}|\.{3}|\[redacted.*|"
    r"[$%<{\\=(].*)?[\"']?"
)
_HINTS = (
    r"(?i)gh[pousr]_|github_|glpat|xox|npm_|pypi-|hvs\.|aiza|ya29|sk-|sha256~|rt_|eyj|bearer|"
    r"akia|asia|aws_?s|://|pass|secret|token|api_?key|access_?key|authorization|-----b"
)
_BODY = r"[^\n]{0,80}(?:[A-Za-z0-9+/=]{16}|[A-Za-z][\w-]*: )|^[\s\"',]*$"


def compiled(pattern: str) -> Any:
    """A pattern over bytes, in time linear to them, that never looks across a line's end.

    BadRequest when RE2 does not know it.
    """
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_nl = True
    options.log_errors = False
    try:
        return re2.compile(f"(?m){pattern}".encode(), options)
    except re2.error as error:
        told = error.args[0]
        said = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise BadRequest(f"not a pattern that RE2 knows: {said[:200]}") from None


def read_rules(text: str) -> tuple[tuple[str, str], ...]:
    r"""The setting `redact`: a line `kind: pattern` for each rule of one's own.

    >>> read_rules("lab ticket: LAB-[0-9]{6}")
    (('lab ticket', 'LAB-[0-9]{6}'),)
    """
    rules = []
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, colon, pattern = line.partition(":")
        if not colon or not kind.strip() or not pattern.strip():
            raise BadRequest(f"RINGTEST_REDACT: expected kind: pattern, got {line[:80]!r}")
        compiled(pattern.strip())
        rules.append((kind.strip(), pattern.strip()))
    return tuple(rules)


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept back: the end of an unended line. `seen`: its first byte was let out, and is
    there for what looks back. `key_lines`: so many lines may yet be a private key's."""

    data: bytes = b""
    seen: bool = False
    key_lines: int = 0

    @property
    def text(self) -> bytes:
        """What was not let out yet."""
        return self.data[self.seen :]


@dataclass(frozen=True, slots=True)
class _Found:
    """A secret from `start` to `end`, in a match up to `stop` that began at `first`."""

    first: int
    start: int
    end: int
    stop: int
    kind: str
    opens_key: bool = False


class Redactor:
    """Replaces secrets by `[redacted <kind>]`. `words` are secrets as they are, of the lab."""

    def __init__(self, rules: Sequence[tuple[str, str]] = (), words: Sequence[bytes] = ()) -> None:
        self._own = bool(rules)
        self._pattern, self._groups = _joined(tuple(rules))
        self._words = tuple(word for word in words if len(word) >= _LEAST)

    def feed(self, data: bytes, held: Held) -> tuple[bytes, Held]:
        """What can be let out of the bytes held and those that came, and what is held then."""
        buffer = held.data + data
        start = int(held.seen)
        whole = max(buffer.rfind(b"\n") + 1, start)
        out, key_lines = self._lines(buffer, start, whole, held.key_lines)
        if len(buffer) - whole > 2 * LONGEST:
            more, whole = self._beginning(buffer, whole, len(buffer) - LONGEST)
            out, key_lines = out + more, 0
        kept = max(0, whole - 1)
        return out, Held(buffer[kept:], seen=whole > 0, key_lines=key_lines)

    def close(self, held: Held) -> bytes:
        """The rest: nothing follows it."""
        out, _ = self._lines(held.data, int(held.seen), len(held.data), held.key_lines)
        return out

    def text(self, text: str) -> str:
        """A text that is there as a whole."""
        out, held = self.feed(text.encode(errors="surrogatepass"), Held())
        return (out + self.close(held)).decode(errors="replace")

    def preview(self, held: Held) -> bytes:
        """What may be shown of the bytes held: nothing from where a secret may begin."""
        if held.key_lines or self._own:
            return b""
        text = self.close(held)
        plain: bytes = _marks().sub(lambda mark: b"." * len(mark.group()), text)
        hint = _hints().search(plain)
        text = text[: hint.start()] if hint else text
        for word in self._words:
            text = text[: len(text) - _overlap(text, word)]
        return text

    def _beginning(self, buffer: bytes, start: int, stop: int) -> tuple[bytes, int]:
        """The line's bytes up to `stop`, or to the end of a secret that begins before it.

        What begins before `stop` is decided: `LONGEST` bytes after it are there.
        """
        out: list[bytes] = []
        for found in self._secrets(buffer, start, len(buffer)):
            if found.first >= stop:
                break
            out += (buffer[start : found.start], _mark(found.kind), buffer[found.end : found.stop])
            start = found.stop
        end = max(start, stop)
        out.append(buffer[start:end])
        return b"".join(out), end

    def _lines(self, buffer: bytes, start: int, stop: int, key_lines: int) -> tuple[bytes, int]:
        """Whole lines without their secrets, and how many lines may be a key's after them."""
        out: list[bytes] = []
        if key_lines:
            start, key_lines = _skip_key(buffer, start, stop, key_lines)
        while start < stop:
            for found in self._secrets(buffer, start, stop):
                out += (buffer[start : found.start], _mark(found.kind))
                start = found.end
                if found.opens_key:
                    line_end = buffer.find(b"\n", start, stop) + 1 or stop
                    out.append(buffer[start:line_end])
                    start, key_lines = _skip_key(buffer, line_end, stop, _KEY_LINES)
                    break
                out.append(buffer[start : found.stop])
                start = found.stop
            else:
                out.append(buffer[start:stop])
                start = stop
        return b"".join(out), key_lines

    def _secrets(self, buffer: bytes, start: int, stop: int) -> Iterator[_Found]:
        """Secrets in order, none within another."""
        by_rule = self._by_rule(buffer, start, stop)
        by_word = self._by_word(buffer, start, stop)
        while by_rule or by_word:
            if by_word is None or (by_rule is not None and by_rule.first <= by_word.first):
                found = by_rule
            else:
                found = by_word
            assert found is not None
            yield found
            if by_rule is not None and by_rule.first < found.stop:
                by_rule = self._by_rule(buffer, found.stop, stop)
            if by_word is not None and by_word.first < found.stop:
                by_word = self._by_word(buffer, found.stop, stop)

    def _by_rule(self, buffer: bytes, start: int, stop: int) -> _Found | None:
        while match := self._pattern.search(buffer, start, stop):
            first, end = match.span()
            if end - first > LONGEST:
                start = first + 1
                continue
            place = next(n for n, one in enumerate(self._groups) if match.start(one[1]) >= 0)
            kind, _, inner = self._groups[place]
            at, until = match.span(inner)
            if _harmless().fullmatch(buffer[at:until]):
                start = max(end, start + 1)
                continue
            return _Found(first, at, until, end, kind, place == _OPEN_KEY)
        return None

    def _by_word(self, buffer: bytes, start: int, stop: int) -> _Found | None:
        places = [(buffer.find(word, start, stop), len(word)) for word in self._words]
        at, size = min((one for one in places if one[0] >= 0), default=(-1, 0))
        return _Found(at, at, at + size, at + size, "api secret") if at >= 0 else None


def _mark(kind: str) -> bytes:
    return f"[redacted {kind}]".encode()


def _skip_key(buffer: bytes, start: int, stop: int, left: int) -> tuple[int, int]:
    """Behind the lines of a private key, and how many may follow yet."""
    while start < stop:
        line_end = buffer.find(b"\n", start, stop) + 1 or stop
        line = buffer[start:line_end]
        if not left or len(line) > _BODY_BYTES:
            return start, 0
        if ended := _key_end().search(line):
            after = start + ended.end()
            return (line_end if not buffer[after:line_end].strip() else after), 0
        if not _body().match(line):
            return start, 0
        start, left = line_end, left - 1
    return start, left


def _overlap(text: bytes, word: bytes) -> int:
    """How many bytes at the end of `text` are the beginning of `word`; so few tell nothing.

    >>> _overlap(b"x secr", b"secret"), _overlap(b"x sec", b"secret")
    (4, 0)
    """
    most = min(len(text), len(word))
    return next((n for n in range(most, _TELLING - 1, -1) if text[-n:] == word[:n]), 0)


@lru_cache(maxsize=16)
def _joined(more: tuple[tuple[str, str], ...]) -> tuple[Any, tuple[tuple[str, int, int], ...]]:
    """All rules as one pattern, and of each its kind, its group and its secret's group."""
    groups, number, parts = [], 1, []
    for kind, pattern in (*RULES, *more):
        inside = int(compiled(pattern).groups)
        groups.append((kind, number, number + 1 if inside else number))
        parts.append(f"({pattern})")
        number += 1 + inside
    return compiled("|".join(parts)), tuple(groups)


@lru_cache(maxsize=1)
def _hints() -> Any:
    return compiled(_HINTS)


@lru_cache(maxsize=1)
def _marks() -> Any:
    return compiled(r"\[redacted [^\]\n]*\]")


@lru_cache(maxsize=1)
def _harmless() -> Any:
    return compiled(_HARMLESS)


@lru_cache(maxsize=1)
def _body() -> Any:
    return compiled(_BODY)


@lru_cache(maxsize=1)
def _key_end() -> Any:
    return compiled(_KEY_END)
