"""What is searched for, and finding it in raw bytes: only lines that fit are decoded. Pure.

Patterns are RE2's: their time is linear in what is searched, whatever they are. A line is what
its first `LINE_BYTES` are, as everywhere; a pattern sees one line at a time.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import re2

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.logs.model import LINE_BYTES

MATCHES = 1000
"""Lines that one search of a log finds at most."""
MATCH_CHARS = 1000
"""Characters of a line that are shown, and of what is searched for."""
CONTEXT = 20
"""Lines before and after a match at most."""
SEARCH_BYTES = 1024 * 1024 * 1024
"""Raw bytes that one search reads at most."""
JOB_BYTES = 256 * 1024 * 1024
"""Of these, those of one job's log when many jobs are searched."""
SEARCH_SECONDS = 20.0
"""Processor time that one search takes at most."""
JOBS = 1000
_MEMORY = 1 << 20
_PROGRAM = 3000
"""Steps of a compiled pattern: the worst ones cost so much for each byte."""
_ANCHORS = re.compile(r"\\Q.*?(?:\\E|$)|\\[AzC]|\(\?[a-zA-Z]*-[a-zA-Z]*m|\\.|.", re.S)


@dataclass(frozen=True, slots=True)
class Head:
    """A job whose log is searched."""

    id: UUID
    name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """What to search for: `literal` bytes that a line must hold, else a `pattern` it must fit."""

    literal: bytes | None
    pattern: Any
    context: int = 0

    def place(self, region: bytes, start: int) -> int:
        """Where the first fit from `start` on begins; -1: there is none."""
        if self.literal is not None:
            return region.find(self.literal, start)
        found = self.pattern.search(region, start)
        return found.start() if found else -1


def read_question(text: str, *, regex: bool, case: bool, context: int = 0) -> Question:
    """What a search parameter asks for; 400 when no line can fit, or the pattern is none.

    `case`: upper and lower case differ.
    """
    if not text or len(text) > MATCH_CHARS or "\n" in text:
        raise BadRequest(f"q: wants 1 to {MATCH_CHARS} characters on one line")
    data = text.encode(errors="replace")
    if not regex and case:
        return Question(data, None, context)
    return Question(None, _compiled(text if regex else re2.escape(text), case), context)


def _compiled(pattern: str, case: bool) -> Any:
    for part in _ANCHORS.findall(pattern):
        if part in ("\\A", "\\z", "\\C"):
            raise BadRequest(f"q: there is no {part} here; ^ and $ are the ends of a line")
        if part.startswith("(?") and len(part) > 2:
            raise BadRequest("q: ^ and $ are the ends of a line, always: (?-m) is not possible")
    options = re2.Options()
    options.never_nl = True
    options.case_sensitive = case
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        compiled = re2.compile(f"(?m){pattern}".encode(errors="replace"), options)
    except re2.error as error:
        told = error.args[0] if error.args else b""
        said = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise BadRequest(f"q: {said[:200]}") from None
    if compiled.programsize > _PROGRAM:
        raise BadRequest("q: the pattern is too large: repeat less, or search in two steps")
    return compiled


@dataclass(slots=True)
class Match:
    """A line that fits, with those around it."""

    line: int
    text: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Scanner:
    """Lines that fit, out of raw bytes in any chunks, the first of which is in line `line`.

    Only lines from `wanted` on and before `until` count; after `limit` of them no more.
    """

    question: Question
    limit: int
    line: int = 0
    wanted: int = 0
    until: int | None = None
    found: int = 0
    _held: bytes = b""
    _before: deque[bytes] = field(default_factory=deque)
    _waiting: deque[Match] = field(default_factory=deque)

    @property
    def full(self) -> bool:
        """More bytes would change nothing."""
        past = self.until is not None and self.line >= self.until
        return (past or self.found >= self.limit) and not self._waiting

    def feed(self, raw: bytes, line_count: int | None = None) -> Iterator[Match]:
        """Fits whose context is complete. `line_count`: how many lines end in `raw`, if known."""
        cut = raw.rfind(b"\n") + 1
        if cut:
            region = self._held + raw[:cut] if self._held else raw[:cut]
            self._held = b""
            yield from self._scan(_trimmed(region))
            self.line += raw.count(b"\n") if line_count is None else line_count
        # of an overlong line only the beginning is searched, as only it is shown
        self._held += raw[cut : cut + max(0, LINE_BYTES - len(self._held))]

    def close(self) -> Iterator[Match]:
        """The last line, if it has no end and fits; and what waited for more lines."""
        held, self._held = self._held, b""
        if held:
            yield from self._scan(held)
        while self._waiting:
            yield self._waiting.popleft()

    def _scan(self, region: bytes) -> Iterator[Match]:
        self._fill(region)
        position, counted, line = 0, 0, self.line
        while self.found < self.limit and position < len(region):
            hit = self.question.place(region, position)
            if hit < 0 or hit >= len(region):
                break
            start = region.rfind(b"\n", 0, hit) + 1
            stop = region.find(b"\n", hit)
            stop = len(region) if stop < 0 else stop
            line += region.count(b"\n", counted, start)
            counted, position = start, stop + 1
            if self.until is not None and line >= self.until:
                break
            if line >= self.wanted:
                self._take(region, line, start, stop)
        if self.question.context:
            self._remember(region)
        while self._waiting and self._is_complete(self._waiting[0]):
            yield self._waiting.popleft()

    def _take(self, region: bytes, line: int, start: int, stop: int) -> None:
        self.found += 1
        match = Match(line, _excerpt(region[start:stop]))
        self._waiting.append(match)
        context = self.question.context
        if not context:
            return
        first = _back(region, start, context)
        before = region[first:start].split(b"\n")[:-1]
        missing = context - len(before)
        earlier = list(self._before)[-missing:] if missing else []
        match.before = [_excerpt(one) for one in (*earlier, *before)]
        match.after = _lines(region, stop + 1, context)

    def _fill(self, region: bytes) -> None:
        """The first lines are what earlier matches waited for."""
        for match in self._waiting:
            match.after += _lines(region, 0, self.question.context - len(match.after))

    def _is_complete(self, match: Match) -> bool:
        return len(match.after) >= self.question.context

    def _remember(self, region: bytes) -> None:
        last = region[_back(region, len(region), self.question.context) :]
        lines = last.split(b"\n")[:-1] if last.endswith(b"\n") else last.split(b"\n")
        self._before.extend(lines)
        while len(self._before) > self.question.context:
            self._before.popleft()


def _back(region: bytes, start: int, count: int) -> int:
    """Where the line begins that is `count` lines before the one that begins at `start`."""
    for _ in range(count):
        if start <= 0:
            return 0
        start = region.rfind(b"\n", 0, start - 1) + 1
    return start


def _lines(region: bytes, start: int, count: int) -> list[str]:
    """Up to `count` lines from `start` on."""
    found: list[str] = []
    while len(found) < count and start < len(region):
        stop = region.find(b"\n", start)
        stop = len(region) if stop < 0 else stop
        found.append(_excerpt(region[start:stop]))
        start = stop + 1
    return found


def _trimmed(region: bytes) -> bytes:
    """Whole lines, of overlong ones the beginning; looks at few bytes when there are none."""
    start, end = 0, len(region)
    while start < end:
        stop = region.rfind(b"\n", start, start + LINE_BYTES + 1)
        if stop < 0:
            return b"\n".join(line[:LINE_BYTES] for line in region.split(b"\n"))
        start = stop + 1
    return region


def _excerpt(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return text if len(text) <= MATCH_CHARS else f"{text[:MATCH_CHARS]} […]"
