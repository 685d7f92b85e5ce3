"""The end of a log that several watch: a few chunks of lines, bounded in bytes. Pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

KEPT_BYTES = 1024 * 1024
"""Of the lines told last. Who is further behind reads for itself."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines from `first` on. `json` is what watchers are sent, made once for all."""

    first: int
    lines: tuple[str, ...]
    json: str

    @property
    def end(self) -> int:
        return self.first + len(self.lines)

    def since(self, line: int) -> "Chunk":
        """The lines from `line` on.

        >>> chunk_of(5, ["a", "b", "c"]).since(7).lines
        ('c',)
        """
        return self if line <= self.first else chunk_of(line, self.lines[line - self.first :])


def chunk_of(first: int, lines: Sequence[str]) -> Chunk:
    """Lines as a chunk."""
    text = msgspec.json.encode({"from_line": first, "lines": lines}).decode()
    return Chunk(first, tuple(lines), text)


@dataclass(slots=True)
class Ring:
    """The last chunks of a log, without gaps. `start` is the first line that is there."""

    start: int
    chunks: deque[Chunk] = field(default_factory=deque)
    _size: int = 0

    @property
    def end(self) -> int:
        """The first line that has not come yet."""
        return self.chunks[-1].end if self.chunks else self.start

    def add(self, chunk: Chunk) -> None:
        """More lines; the oldest go when there is no room."""
        self.chunks.append(chunk)
        self._size += len(chunk.json)
        while self._size > KEPT_BYTES and len(self.chunks) > 1:
            gone = self.chunks.popleft()
            self._size -= len(gone.json)
            self.start = gone.end

    def after(self, line: int) -> Chunk | None:
        """What comes at `line`, which must not be before `start`; None: nothing yet.

        >>> ring = Ring(4); ring.add(chunk_of(4, ["a", "b"])); ring.after(5).lines
        ('b',)
        """
        for chunk in reversed(self.chunks):
            if chunk.first <= line:
                return chunk.since(line) if line < chunk.end else None
        return None
