"""What of a file is here already, in other versions of it, and what has to be fetched. Pure."""

import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ringtest.client import chunk_lists
from ringtest.client.chunk_lists import CHUNK_SIZE, BadList, Chunk, Head, Segment

_NOT_WORTH_A_REQUEST = 1024
"""So few bytes are fetched again rather than asking twice."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of the file that is wanted, from `start` on. `source` and `offset` say where they are
    on this machine; None: they have to be fetched."""

    start: int
    length: int
    source: Path | None = None
    offset: int = 0

    @property
    def end(self) -> int:
        """The first place after it."""
        return self.start + self.length


@dataclass(slots=True)
class Known:
    """Chunks and segments of files that are here."""

    chunks: dict[tuple[int, bytes], tuple[Path, int]] = field(default_factory=dict)
    segments: dict[tuple[int, bytes], tuple[Path, int, bytes]] = field(default_factory=dict)

    def add(self, path: Path, data: bytes, *, size: int) -> None:
        """A file and its list of chunks. BadList."""
        head = chunk_lists.read_head(data, size=size)
        records = data[head.chunks_at() : head.total()]
        for segment in chunk_lists.read_segments(head, data):
            own = records_of(segment, records)
            for chunk in chunk_lists.read_chunks(segment, own):
                self.chunks.setdefault(chunk.key, (path, chunk.start))
            key = (segment.length, segment.digest)
            self.segments.setdefault(key, (path, segment.start, own))


def records_of(segment: Segment, records: bytes) -> bytes:
    """The records of a segment's chunks, out of those of all."""
    first = segment.first * CHUNK_SIZE
    return records[first : first + segment.count * CHUNK_SIZE]


def spans_to_ask(known: Known, segments: Iterable[Segment]) -> list[tuple[int, int]]:
    """Which records of chunks are wanted, of segments that are not known: numbers of the first
    chunk and of the one after the last, neighbours together."""
    spans: list[tuple[int, int]] = []
    for segment in segments:
        if (segment.length, segment.digest) in known.segments:
            continue
        first, last = segment.first, segment.first + segment.count
        if spans and (first - spans[-1][1]) * CHUNK_SIZE <= _NOT_WORTH_A_REQUEST:
            spans[-1] = spans[-1][0], last
        else:
            spans.append((first, last))
    return spans


def complete(
    known: Known, head: Head, segments: Sequence[Segment], asked: dict[int, bytes]
) -> bytes:
    """The whole list of the wanted file: records that were asked for, by the number of their
    first chunk, and those of segments that are known. BadList when one is missing."""
    records = bytearray(head.chunks * CHUNK_SIZE)
    for segment in segments:
        there = known.segments.get((segment.length, segment.digest))
        if there:
            if len(there[2]) != segment.count * CHUNK_SIZE:
                raise BadList("a known segment has other chunks")
            at = segment.first * CHUNK_SIZE
            records[at : at + len(there[2])] = there[2]
    for first, data in asked.items():
        records[first * CHUNK_SIZE : first * CHUNK_SIZE + len(data)] = data
    if len(records) != head.chunks * CHUNK_SIZE:
        raise BadList("more chunks came than the list has")
    told = [(each.length, each.count, each.digest) for each in segments]
    return chunk_lists.write(head.size, told, bytes(records))


def plan(known: Known, data: bytes, *, size: int) -> list[Piece]:
    """The whole file in pieces that are here or are missing, from its list. BadList."""
    head = chunk_lists.read_head(data, size=size)
    records = data[head.chunks_at() :]
    pieces: list[Piece] = []
    for segment in chunk_lists.read_segments(head, data):
        for chunk in chunk_lists.read_chunks(segment, records_of(segment, records)):
            _append(pieces, _piece(known, chunk))
    return _without_small_gaps(pieces)


def _piece(known: Known, chunk: Chunk) -> Piece:
    source, offset = known.chunks.get(chunk.key, (None, 0))
    return Piece(chunk.start, chunk.length, source, offset)


def _append(pieces: list[Piece], piece: Piece) -> None:
    """Add a piece, as part of the last one where the two are neighbours."""
    last = pieces[-1] if pieces else None
    follows = last and last.source == piece.source
    if last and follows and (piece.source is None or last.offset + last.length == piece.offset):
        pieces[-1] = Piece(last.start, last.length + piece.length, last.source, last.offset)
    else:
        pieces.append(piece)


def _without_small_gaps(pieces: list[Piece]) -> list[Piece]:
    """What is here but stands between missing pieces and is small is fetched with them."""
    found: list[Piece] = []
    for number, piece in enumerate(pieces):
        is_between = 0 < number < len(pieces) - 1
        small = is_between and piece.source is not None and piece.length <= _NOT_WORTH_A_REQUEST
        if small and pieces[number - 1].source is None and pieces[number + 1].source is None:
            piece = Piece(piece.start, piece.length)
        _append(found, piece)
    return found


def few_spans(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """The same with at most so many runs of missing bytes: the smallest gaps between them are
    fetched too."""
    spans = [(piece.start, piece.end) for piece in pieces if piece.source is None]
    gaps = sorted((after[0] - before[1], before[1]) for before, after in pairwise(spans))
    closed = sorted((start, start + length) for length, start in gaps[: max(0, len(spans) - most)])
    found: list[Piece] = []
    for piece in pieces:
        place = bisect_right(closed, (piece.start, sys.maxsize)) - 1
        is_closed = place >= 0 and piece.end <= closed[place][1]
        _append(found, Piece(piece.start, piece.length) if is_closed else piece)
    return found


def missing(pieces: Iterable[Piece]) -> int:
    """Bytes that have to be fetched.

    >>> missing([Piece(0, 5), Piece(5, 7, Path("old"), 0)])
    5
    """
    return sum(piece.length for piece in pieces if piece.source is None)
