"""Files in chunks that are cut where their content says so, and packed files as what is in them.

Pure.
"""

import bz2
import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ringtest.client import chunk_lists, packed
from ringtest.client.apart import BadParts, Splitter
from ringtest.client.packed import AsItIs, BadPacked, Recipe, Unpacker, unpacker_of
from ringtest.control.kernel.errors import BadRequest

CUT_BLOCK = 256 * 1024
"""Bytes that are looked at together: as many as the processor's cache is quick with."""
_GZIP, _ZIP, _TAR, _TAR_AT = b"\x1f\x8b\x08", b"PK\x03\x04", b"ustar", 257
_WINDOW = 32
"""Bytes before a place that decide whether a cut is there."""
_WEIGHTS = np.frombuffer(
    b"".join(hashlib.sha256(bytes([value])).digest()[:4] for value in range(256)), dtype="<u4"
)
_SEGMENT_BITS = 6
"""Of two to the power of these chunks one ends a segment."""
_SEGMENT_CHUNKS = 512
_HEADER_BITS = 16
"""Headers of a tar differ everywhere when its times do: small chunks would make a long list."""
_TRIAL = 512 * 1024
"""Bytes that are packed anew to see which level of zlib makes the same of them."""
_STEP = 32 * 1024
_WAYS = tuple((level, memory) for memory in (8, 9) for level in (9, 6, 1, 2, 3, 4, 5, 7, 8))
"""Levels of zlib and its memory: what programs use, the most usual first."""
_MOST_TRIED = 3
_MOST_UNPACKED = 2**30
"""Bytes in a packed file that is taken apart at most: an agent takes a second of its processor
for each 15 to 60 MB to make it again."""
_MOST_ARCHIVE = 256 * 2**20
"""Bytes of an archive that is not packed: of a larger one, whose parts would be looked for in all
of it, the bytes themselves are told."""
_HELD = 4 * 2**20
_SPAN = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)
Segments = list[tuple[int, int, bytes]]


def chunk_bits(size: int) -> int:
    """Chunks of a file have about two to the power of these bytes: more in large files, whose
    lists must fit into an agent's memory.

    >>> [chunk_bits(size) for size in (10**6, 10**8, 10**10)]
    [11, 13, 16]
    """
    if size <= 64 * 2**20:
        return 11
    return 13 if size <= 2**30 else 16


class Cutter:
    """Cuts a file of a known size, block by block; `list` is then the list of its chunks.

    A cut is where a hash of the 32 bytes before it begins with zeros, so what is inserted or
    removed moves only the cuts near it.
    """

    def __init__(self, size: int, bits: int = 0) -> None:
        """`bits`: chunks have about two to the power of these bytes; 0: as the size says."""
        self._size = size
        self._bits = bits or chunk_bits(size)
        self._least, self._most = 2**self._bits // 4, 2**self._bits * 8
        self._start = 0  # of the chunk that is being looked at
        self._held = bytearray()  # its bytes, and the block's after it
        self._tail = b""
        self._end = 0
        self._records: list[bytes] = []
        self._open = 0, 0  # first chunk and first byte of the segment that is being filled
        self._segments: Segments = []

    def feed(self, block: bytes) -> None:
        """The next bytes; of any number."""
        for at in range(0, len(block), CUT_BLOCK):
            self._look_at(block[at : at + CUT_BLOCK])

    def list(self) -> bytes:
        """The list, when all bytes were fed. ValueError when they were others in number."""
        segments, records = self.parts()
        return chunk_lists.write(self._size, segments, records)

    def parts(self) -> tuple[Segments, bytes]:
        """Segments as (bytes, chunks, digest), and the records of all chunks. As `list`."""
        if self._end != self._size:
            raise ValueError(f"{self._end} bytes were fed of {self._size}")
        if self._start < self._end:
            self._cut(self._end, ends_segment=True)
        elif self._open[0] < len(self._records):
            self._end_segment()
        return self._segments, b"".join(self._records)

    def _look_at(self, block: bytes) -> None:
        hashes = _hashes(np.frombuffer(self._tail + block, dtype=np.uint8))[len(self._tail) :]
        self._held += block
        rare = np.uint32(2 ** (32 - self._bits))
        rarer = int(rare) >> _SEGMENT_BITS
        places = np.flatnonzero(hashes < rare)
        for place, value in zip(places.tolist(), hashes[places].tolist(), strict=True):
            end = self._end + place + 1
            while end - self._start > self._most:
                self._cut(self._start + self._most)
            if end - self._start >= self._least:
                self._cut(end, ends_segment=value < rarer)
        self._end += len(block)
        while self._end - self._start >= self._most:
            self._cut(self._start + self._most)
        self._tail = (self._tail + block)[-_WINDOW + 1 :]

    def _cut(self, end: int, *, ends_segment: bool = False) -> None:
        length = end - self._start
        with memoryview(self._held) as held:
            digest = hashlib.sha256(held[:length]).digest()
        del self._held[:length]
        self._start = end
        self._records.append(chunk_lists.chunk_record(length, digest))
        if ends_segment or len(self._records) - self._open[0] >= _SEGMENT_CHUNKS:
            self._end_segment()

    def _end_segment(self) -> None:
        first, start = self._open
        digest = hashlib.sha256(b"".join(self._records[first:])).digest()
        self._segments.append(
            (self._start - start, len(self._records) - first, digest[: chunk_lists.DIGEST])
        )
        self._open = len(self._records), self._start


def _hashes(data: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """For each byte the sum of the weights of the last 32, the older doubled the more often."""
    found = _WEIGHTS[data]
    span = 1
    while span < _WINDOW and span < len(found):
        older = found[:-span] << np.uint32(span)
        found[span:] += older
        span *= 2
    return found


class Remaking:
    """Whether a file is told by what is in it: it is fed with the file. A packed one must be made
    again of that, byte for byte: what is found is packed with each level that made the same of
    the beginning. One that is not packed must be an archive."""

    def __init__(self) -> None:
        self._unpacker: Unpacker | AsItIs | None = None
        self._splitter: Splitter | None = None
        self._form, self._is_begun = 0, False
        self._sizes = [0, 0]
        self._trial: list[bytes] | None = None
        self._packed = bytearray()  # of the file, from `_base` on
        self._base = 0
        self._tried: dict[Recipe, tuple[zlib._Compress, int]] = {}

    def feed(self, data: bytes) -> bool:
        """The next bytes of the file. False: no more are wanted, its own bytes tell it best."""
        if self._unpacker is None:
            is_packed = data.startswith(_GZIP)
            self._unpacker = Unpacker() if is_packed else AsItIs()
            self._trial = [] if is_packed else None
        is_packed = isinstance(self._unpacker, Unpacker)
        if is_packed:
            self._packed += data
        try:
            for piece in self._unpacker.feed(data):
                self._take(piece, is_packed=is_packed)
        except BadPacked:
            return False
        is_wanted = self._tried or self._trial is not None if is_packed else self._splitter
        most = _MOST_UNPACKED if is_packed else _MOST_ARCHIVE
        return bool(is_wanted) and self._unpacker.size <= most

    def recipe(self) -> Recipe | None:
        """How it is made again, when all bytes were fed."""
        if isinstance(self._unpacker, AsItIs):
            made = self._with_sizes(Recipe(0, 8, 0, b"", 0, 0))
            return made if made.form else None
        try:
            assert self._unpacker
            self._unpacker.finish()
        except (BadPacked, AssertionError):
            return None
        self._end_trial(is_whole=True)
        for recipe, (pack, at) in self._tried.items():
            rest = self._packed[at - self._base : -8]
            if pack.flush() == rest and self._unpacker.size:
                return self._with_sizes(recipe)
        return None

    def _with_sizes(self, recipe: Recipe) -> Recipe:
        assert self._unpacker
        try:
            self._sizes[False] += len(self._splitter.finish()) if self._splitter else 0
        except BadParts:
            self._splitter = None
        headers, contents = self._sizes
        if self._splitter and contents > self._splitter.rest:
            return replace(recipe, form=self._form, headers=headers, contents=contents)
        return replace(recipe, contents=self._unpacker.size)

    def _begin(self, piece: bytes) -> None:
        """The first piece tells what it is."""
        for form, magic, at in ((packed.IS_ZIP, _ZIP, 0), (packed.IS_TAR, _TAR, _TAR_AT)):
            if piece[at : at + len(magic)] == magic:
                self._form = form
                self._splitter = Recipe(0, 8, form, b"", 0, 0).splitter()

    def _take(self, piece: bytes, *, is_packed: bool) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._begin(piece)
        try:
            for is_content, run in self._splitter.feed(piece) if self._splitter else ():
                self._sizes[is_content] += len(run)
        except BadParts:
            self._splitter = None
        if not is_packed:
            return
        if self._trial is not None:
            self._trial.append(piece)
            if sum(map(len, self._trial)) >= _TRIAL:
                self._end_trial()
        else:
            self._pack(piece)

    def _end_trial(self, *, is_whole: bool = False) -> None:
        """Begin with every way; most are found to be others before long."""
        if self._trial is None:
            return
        data, self._trial = b"".join(self._trial), None
        header = self._unpacker.header if self._unpacker else b""
        for level, memory in _WAYS:
            recipe = Recipe(level, memory, 0, header, 0, 0)
            self._tried[recipe] = recipe.packer(), len(header)
        for at in range(0, len(data), _STEP):
            self._pack(data[at : at + _STEP])
        if not is_whole:
            for recipe in list(self._tried)[_MOST_TRIED:]:
                del self._tried[recipe]

    def _pack(self, piece: bytes) -> None:
        for recipe, (pack, at) in list(self._tried.items()):
            made = pack.compress(piece)
            start = at - self._base
            if self._packed[start : start + len(made)] == made:
                self._tried[recipe] = pack, at + len(made)
            else:
                del self._tried[recipe]
        sure = min((at for _, at in self._tried.values()), default=self._base)
        if sure - self._base > _HELD:
            del self._packed[: sure - self._base]
            self._base = sure


class PartsCutter:
    """Cuts what is in a packed file: its headers, then its contents."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._runs = _Runs(recipe)
        bits = chunk_bits(recipe.size)
        self._cutters = Cutter(recipe.headers, _HEADER_BITS), Cutter(recipe.contents, bits)

    def feed(self, data: bytes) -> None:
        """The next bytes of the file. BadPacked or BadParts when it is another than it was."""
        for is_content, run in self._runs.of(data):
            self._cutters[is_content].feed(run)

    def list(self) -> bytes:
        """The recipe and the list, when all bytes were fed. ValueError when they were others."""
        self._cutters[False].feed(self._runs.rest())
        headers, contents = [cutter.parts() for cutter in self._cutters]
        made = chunk_lists.write(
            self._recipe.size, headers[0] + contents[0], headers[1] + contents[1]
        )
        return packed.write(self._recipe, made)


class _Runs:
    """A packed file as runs of headers and of contents."""

    def __init__(self, recipe: Recipe) -> None:
        self._unpacker, self._splitter = unpacker_of(recipe), recipe.splitter()

    def of(self, data: bytes) -> Iterator[tuple[bool, bytes]]:
        """The runs in the next bytes of the file, and whether each is content."""
        for piece in self._unpacker.feed(data):
            if self._splitter:
                yield from self._splitter.feed(piece)
            else:
                yield True, piece

    def rest(self) -> bytes:
        """Headers that were held."""
        return self._splitter.finish() if self._splitter else b""


def read_spans(text: str, size: int) -> list[tuple[int, int]]:
    """Spans of a file's parts, `first-last` with commas between, in their order and apart; 400.

    >>> read_spans("0-99,200-200", 1000)
    [(0, 100), (200, 201)]
    """
    spans: list[tuple[int, int]] = []
    for part in text.split(",", packed.MOST_SPANS):
        found = _SPAN.fullmatch(part)
        start, end = (int(found[1]), int(found[2]) + 1) if found else (0, 0)
        if not (spans[-1][1] if spans else 0) <= start < end <= size:
            raise BadRequest(
                f"{packed.SPANS} has up to {packed.MOST_SPANS} spans such as 0-99,200-299, in "
                f"their order, of {size} bytes"
            )
        spans.append((start, end))
    if sum(end - start for start, end in spans) > packed.MOST_WANTED:
        raise BadRequest(f"more than {packed.MOST_WANTED} bytes are wanted")
    return spans


class Wanted:
    """Takes spans of its parts out of a packed file that it is fed with, packed by bzip2 as
    streams: what is to be sent at once, of headers, and what is to be sent after all of that."""

    def __init__(self, recipe: Recipe, spans: Sequence[tuple[int, int]]) -> None:
        middle = recipe.headers
        self._runs = _Runs(recipe)
        self._picks = (
            _Pick([(start, min(end, middle)) for start, end in spans if start < middle]),
            _Pick([(max(start, middle) - middle, end - middle) for start, end in spans
                   if end > middle]),
        )  # fmt: skip
        self._packers = bz2.BZ2Compressor(), bz2.BZ2Compressor()

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """What can be sent at once, and later, after the next bytes of the file."""
        made: tuple[list[bytes], list[bytes]] = [], []
        for is_content, run in self._runs.of(data):
            for piece in self._picks[is_content].of(run):
                made[is_content].append(self._packers[is_content].compress(piece))
        return b"".join(made[False]), b"".join(made[True])

    @property
    def is_full(self) -> bool:
        """Nothing else is wanted of the file."""
        return not any(pick.spans for pick in self._picks)

    def sign_of_life(self) -> bytes:
        """Some bytes that can be sent at once: what was packed of headers, as a stream."""
        headers, contents = self._packers
        self._packers = bz2.BZ2Compressor(), contents
        return headers.flush()

    def rest(self) -> tuple[bytes, bytes]:
        """The ends of both, when all bytes were fed."""
        headers, contents = self._packers
        last = b"" if self.is_full else self._runs.rest()
        made = [headers.compress(piece) for piece in self._picks[False].of(last)]
        return b"".join(made) + headers.flush(), contents.flush()


class _Pick:
    """Spans out of bytes that come one after the other."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self.spans = list(reversed(spans))
        self._at = 0

    def of(self, run: bytes) -> Iterator[bytes]:
        end = self._at + len(run)
        while self.spans and self.spans[-1][0] < end:
            start, stop = self.spans[-1]
            yield run[max(0, start - self._at) : stop - self._at]
            if stop > end:
                break
            self.spans.pop()
        self._at = end
