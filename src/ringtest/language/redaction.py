"""Secrets in a text are replaced while it arrives. Pure.

Bytes come in any pieces; what comes out is the same however they were cut. A rule looks at one
line at a time, so a line is let out when it ends. Of a line that does not end all but the last
bytes are let out: a secret has at most `LONGEST`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ringtest.language.secret_rules import (
    HARMLESS,
    HINTS,
    KEY_BODY,
    KEY_END,
    OPEN_KEY,
    First,
    Literals,
    Rules,
    Search,
    compiled,
)

LONGEST = 8 * 1024
"""Bytes of a secret at most, with what tells that it is one."""
_KEY_LINES = 200
"""Lines of a private key at most."""
_BODY_BYTES = 1000
_TELLING = 4
LEAST = 8
"""Shorter words are too likely to mean something else."""
_LONGEST_HINT = 16
"""More bytes than what tells that a secret may begin."""

Tell = Callable[[str], None]
"""Called with the kind of each secret that is replaced."""


def _nobody(kind: str) -> None:
    """Nobody counts."""


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
    """Replaces secrets by `[redacted <kind>]`. `words` are secrets as they are, and their kinds;
    those with fewer than `least` bytes are left."""

    def __init__(
        self,
        rules: Sequence[tuple[str, str]] = (),
        words: Mapping[bytes, str] | None = None,
        *,
        least: int = LEAST,
    ) -> None:
        self._own = bool(rules)
        self._rules = _rules(tuple(rules))
        self._words = {word: kind for word, kind in (words or {}).items() if len(word) >= least}
        self._literals = Literals(self._words)

    def feed(self, data: bytes, held: Held, tell: Tell = _nobody) -> tuple[bytes, Held]:
        """What can be let out of the bytes held and those that came, and what is held then."""
        buffer = held.data + data
        start = int(held.seen)
        whole = max(buffer.rfind(b"\n") + 1, start)
        out, key_lines = self._lines(buffer, start, whole, held.key_lines, tell)
        if len(buffer) - whole > 2 * LONGEST:
            more, whole = self._beginning(buffer, whole, len(buffer) - LONGEST, tell)
            out, key_lines = out + more, 0
        kept = max(0, whole - 1)
        return out, Held(buffer[kept:], seen=whole > 0, key_lines=key_lines)

    def close(self, held: Held, tell: Tell = _nobody) -> bytes:
        """The rest: nothing follows it."""
        out, _ = self._lines(held.data, int(held.seen), len(held.data), held.key_lines, tell)
        return out

    def text(self, text: str, tell: Tell = _nobody) -> str:
        """A text that is there as a whole."""
        out, held = self.feed(text.encode(errors="surrogatepass"), Held(), tell)
        return (out + self.close(held, tell)).decode(errors="replace")

    def let_out(self, held: Held) -> tuple[bytes, Held]:
        """The beginning of an unended line, as far as no secret can begin in it, and the rest."""
        text = held.text
        if held.key_lines or self._own or not text:
            return b"", held
        hint = _hints.search(text)
        safe = min(hint.start() if hint else len(text), len(text) - _LONGEST_HINT)
        for word in self._words:
            at = text.find(word)
            begun = len(text) - _overlap(text, word, 1)
            safe = min(safe, begun if at < 0 else at)
        if safe <= 0:
            return b"", held
        kept = held.seen + safe - 1
        return text[:safe], Held(held.data[kept:], seen=True)

    def preview(self, held: Held) -> bytes:
        """What may be shown of the bytes held: nothing from where a secret may begin."""
        if held.key_lines or self._own:
            return b""
        text = self.close(held)
        plain: bytes = _marks.sub(lambda mark: b"." * len(mark.group()), text)
        hint = _hints.search(plain)
        text = text[: hint.start()] if hint else text
        for word in self._words:
            text = text[: len(text) - _overlap(text, word)]
        return text

    def _beginning(self, buffer: bytes, start: int, stop: int, tell: Tell) -> tuple[bytes, int]:
        """The line's bytes up to `stop`, or to the end of a secret that begins before it.

        What begins before `stop` is decided: `LONGEST` bytes after it are there.
        """
        out: list[bytes] = []
        for found in self._secrets(buffer, start, len(buffer)):
            if found.first >= stop:
                break
            tell(found.kind)
            out += (buffer[start : found.start], _mark(found.kind), buffer[found.end : found.stop])
            start = found.stop
        end = max(start, stop)
        out.append(buffer[start:end])
        return b"".join(out), end

    def _lines(
        self, buffer: bytes, start: int, stop: int, key_lines: int, tell: Tell
    ) -> tuple[bytes, int]:
        """Whole lines without their secrets, and how many lines may be a key's after them."""
        out: list[bytes] = []
        if key_lines:
            start, key_lines = _skip_key(buffer, start, stop, key_lines)
        while start < stop:
            for found in self._secrets(buffer, start, stop):
                tell(found.kind)
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
        """Secrets in order, none within another: a word that meets a rule's secret is one with
        it."""
        search = self._rules.over(buffer, start, stop)
        first = self._literals.over(buffer, start, stop)
        by_rule = self._by_rule(search, buffer, start)
        by_word = self._by_word(first, start)
        while by_rule or by_word:
            if by_rule is None or (by_word is not None and by_word.end <= by_rule.first):
                found = by_word
            elif by_word is None or by_rule.stop <= by_word.first:
                found = by_rule
            else:
                found = _both(by_rule, by_word)
            assert found is not None
            yield found
            if by_rule is not None and by_rule.first < found.stop:
                by_rule = self._by_rule(search, buffer, found.stop)
            if by_word is not None and by_word.first < found.stop:
                by_word = self._by_word(first, found.stop)

    def _by_rule(self, search: Search, buffer: bytes, start: int) -> _Found | None:
        while match := search(start):
            first, end = match.span()
            if end - first > LONGEST:
                start = first + 1
                continue
            groups = self._rules.groups
            place = next(n for n, one in enumerate(groups) if match.start(one[1]) >= 0)
            kind, _, inner = groups[place]
            at, until = match.span(inner)
            if _harmless.fullmatch(buffer[at:until]):
                start = max(end, start + 1)
                continue
            return _Found(first, at, until, end, kind, place == OPEN_KEY)
        return None

    def _by_word(self, first: First, start: int) -> _Found | None:
        """The next word, and those that overlap it."""
        found = first(start)
        if found is None:
            return None
        begin, word = found
        at, end = begin, begin + len(word)
        while (more := first(at + 1)) and more[0] < end:
            at, end = more[0], max(end, more[0] + len(more[1]))
        return _Found(begin, begin, end, end, self._words[word])


def _both(rule: _Found, word: _Found) -> _Found:
    start, end = min(rule.start, word.start), max(rule.end, word.end)
    return _Found(min(rule.first, word.first), start, end, end, word.kind, rule.opens_key)


def _mark(kind: str) -> bytes:
    return f"[redacted {kind}]".encode()


def _skip_key(buffer: bytes, start: int, stop: int, left: int) -> tuple[int, int]:
    """Behind the lines of a private key, and how many may follow yet."""
    while start < stop:
        line_end = buffer.find(b"\n", start, stop) + 1 or stop
        line = buffer[start:line_end]
        if not left or len(line) > _BODY_BYTES:
            return start, 0
        if ended := _key_end.search(line):
            after = start + ended.end()
            return (line_end if not buffer[after:line_end].strip() else after), 0
        if not _body.match(line):
            return start, 0
        start, left = line_end, left - 1
    return start, left


def _overlap(text: bytes, word: bytes, least: int = _TELLING) -> int:
    """How many bytes at the end of `text` are the beginning of `word`; so few tell nothing.

    >>> _overlap(b"x secr", b"secret"), _overlap(b"x sec", b"secret")
    (4, 0)
    """
    most = min(len(text), len(word))
    return next((n for n in range(most, least - 1, -1) if text[-n:] == word[:n]), 0)


@lru_cache(maxsize=16)
def _rules(own: tuple[tuple[str, str], ...]) -> Rules:
    return Rules(own)


_hints = compiled(HINTS)
_marks = compiled(r"\[redacted [^\]\n]*\]")
_harmless = compiled(HARMLESS)
_body = compiled(KEY_BODY)
_key_end = compiled(KEY_END)
