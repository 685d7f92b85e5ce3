"""The list of a file's chunks: what two versions of it have in common, told in few bytes.

A file is cut where its content says so, so that an insertion moves no later cut. Chunks stand in
segments; who has an equal segment need not read its chunks. Layout, little endian:

    head      8 bytes magic, size of the file (u64), number of segments and of chunks (u32)
    segments  bytes (u32), chunks (u32), digest (8 bytes)
    chunks    bytes (u32), digest (8 bytes)

Digests are the first bytes of SHA-256, of a chunk's bytes or of a segment's chunk records. They
are for finding what is equal; whether a file is what it should be says its own SHA-256 alone.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAGIC = b"RTCHUNK1"
DIGEST = 8
"""Bytes of a digest."""
SMALLEST = 64 * 1024
"""Files of fewer bytes have no list: they are fetched whole."""

_HEAD = struct.Struct("<8sQII")
_SEGMENT = struct.Struct(f"<II{DIGEST}s")
_CHUNK = struct.Struct(f"<I{DIGEST}s")
HEAD_SIZE, SEGMENT_SIZE, CHUNK_SIZE = _HEAD.size, _SEGMENT.size, _CHUNK.size


class BadList(ValueError):
    """The bytes are no list of chunks, or not one of this file."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a list: what it is of, and how long it is."""

    size: int
    segments: int
    chunks: int

    def total(self) -> int:
        """Bytes of the whole list."""
        return self.chunks_at() + self.chunks * CHUNK_SIZE

    def chunks_at(self) -> int:
        """Where the records of chunks begin."""
        return HEAD_SIZE + self.segments * SEGMENT_SIZE


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of chunks. `start` is a place in the file, `first` a number of a chunk."""

    start: int
    length: int
    first: int
    count: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the file."""

    start: int
    length: int
    digest: bytes

    @property
    def key(self) -> tuple[int, bytes]:
        """Equal for equal bytes."""
        return self.length, self.digest


def write(size: int, segments: Sequence[tuple[int, int, bytes]], chunks: bytes) -> bytes:
    """The list of a file of `size` bytes: segments as (bytes, chunks, digest), and the records
    of all chunks."""
    head = _HEAD.pack(MAGIC, size, len(segments), len(chunks) // CHUNK_SIZE)
    return head + b"".join(_SEGMENT.pack(*each) for each in segments) + chunks


def chunk_record(length: int, digest: bytes) -> bytes:
    """The record of one chunk; `digest` may be longer than what is kept of it.

    >>> chunk_record(3, b"123456789").hex()
    '030000003132333435363738'
    """
    return _CHUNK.pack(length, digest[:DIGEST])


def read_head(data: bytes, *, size: int) -> Head:
    """What a list says of itself. BadList when it is not of a file of `size` bytes."""
    if len(data) < HEAD_SIZE:
        raise BadList("too short for a list of chunks")
    magic, told, segments, chunks = _HEAD.unpack_from(data)
    if magic != MAGIC or told != size or not segments <= chunks <= size:
        raise BadList("not the list of chunks of this file")
    return Head(told, segments, chunks)


def read_segments(head: Head, data: bytes) -> list[Segment]:
    """All segments, of bytes that begin where the list begins. BadList."""
    found, start, first = [], 0, 0
    if len(data) < head.chunks_at():
        raise BadList("the list of chunks ends too early")
    for length, count, digest in _SEGMENT.iter_unpack(data[HEAD_SIZE : head.chunks_at()]):
        found.append(Segment(start, length, first, count, digest))
        start, first = start + length, first + count
    if start != head.size or first != head.chunks:
        raise BadList("segments are not the whole file")
    return found


def read_chunks(segment: Segment, records: bytes) -> list[Chunk]:
    """The chunks of a segment, from its records. BadList when they are not its own."""
    found = list(chunks_from(segment.start, records))
    if len(found) != segment.count or sum(each.length for each in found) != segment.length:
        raise BadList("chunks are not those of their segment")
    return found


def chunks_from(start: int, records: bytes) -> Iterator[Chunk]:
    """Chunks of records, the first of which is at `start` of the file."""
    for length, digest in _CHUNK.iter_unpack(records):
        yield Chunk(start, length, digest)
        start += length
