"""Names of files within their component, where a request for one is sent, and where the content
of a file says that it is to be cut. Pure."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ringtest.client import chunk_lists
from ringtest.control.kernel.errors import BadRequest

LIST_SUFFIX = ".chunks"
"""The list of an object's chunks is the object of its key and this."""
CUT_BLOCK = 256 * 1024
"""Bytes that are looked at together: as many as the processor's cache is quick with."""
_WINDOW = 32
"""Bytes before a place that decide whether a cut is there."""
_WEIGHTS = np.frombuffer(
    b"".join(hashlib.sha256(bytes([value])).digest()[:4] for value in range(256)), dtype="<u4"
)
_SEGMENT_BITS = 6
"""Of two to the power of these chunks one ends a segment."""
_SEGMENT_CHUNKS = 512
_NAME_LIMIT = 500
_RHDL_TAG = "rhdl"
_LISTS = {"dci_files_list.json": "rhdl_files_list.json"}
"""What RHDL calls the lists that DCI's clients ask for."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What the uploader says of a file. `sha256` and `md5`, if given, must be the bytes'."""

    name: str | None
    mime: str
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Where the bytes of a file are, and what they are."""

    name: str
    mime: str | None
    size: int
    sha256: str
    object_key: str


def parse_file_name(text: str) -> str:
    """A file's name within its component: a plain relative path; 400.

    >>> parse_file_name("rpms/a 1.rpm")
    'rpms/a 1.rpm'
    >>> parse_file_name("a/../../b")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: not a plain relative path: 'a/../../b'
    >>> parse_file_name("a/%2e%2e/b")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: not a plain relative path: 'a/%2e%2e/b'
    """
    parts = text.split("/")
    # what we only pass on may be decoded once more by whoever gets it
    further = {part for form in _decoded(text) for part in form.split("/")}
    if (
        len(text) > _NAME_LIMIT
        or "" in parts
        or not further.isdisjoint({".", ".."})
        or "\\" in text
        or not text.isprintable()
        or as_id(parts[0])
    ):
        raise BadRequest(f"not a plain relative path: {text[:80]!r}")
    return text


def _decoded(text: str) -> list[str]:
    """The text, and what it becomes when it is decoded again and again."""
    forms = [text]
    while (further := unquote(forms[-1])) != forms[-1]:
        forms.append(further)
    return forms


def as_id(text: str) -> UUID | None:
    """The id that the text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def rhdl_address(base: str, display_name: str, path: str) -> str:
    """Where the RHDL service has a file of a component.

    >>> rhdl_address("https://rhdl.example.com/", "RHEL-9.4", "dci_files_list.json")
    'https://rhdl.example.com/components/RHEL-9.4/files/rhdl_files_list.json'
    """
    folder, slash, name = path.rpartition("/")
    there = f"{folder}{slash}{_LISTS.get(name, name)}"
    return f"{base.rstrip('/')}/components/{quote(display_name, safe='')}/files/{quote(there)}"


def goes_to_rhdl(base: str, tags: list[str], *, is_v2: bool) -> bool:
    """Is a component's file fetched from RHDL? With v2 always, else when tagged so."""
    return bool(base) and (is_v2 or _RHDL_TAG in tags)


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

    def __init__(self, size: int) -> None:
        self._size = size
        self._bits = chunk_bits(size)
        self._least, self._most = 2**self._bits // 4, 2**self._bits * 8
        self._start = 0  # of the chunk that is being looked at
        self._held = bytearray()  # its bytes, and the block's after it
        self._tail = b""
        self._end = 0
        self._records: list[bytes] = []
        self._open = 0, 0  # first chunk and first byte of the segment that is being filled
        self._segments: list[tuple[int, int, bytes]] = []

    def feed(self, block: bytes) -> None:
        """The next bytes; of any number."""
        for at in range(0, len(block), CUT_BLOCK):
            self._look_at(block[at : at + CUT_BLOCK])

    def list(self) -> bytes:
        """The list, when all bytes were fed. ValueError when they were others in number."""
        if self._end != self._size:
            raise ValueError(f"{self._end} bytes were fed of {self._size}")
        if self._start < self._end:
            self._cut(self._end, ends_segment=True)
        elif self._open[0] < len(self._records):
            self._end_segment()
        return chunk_lists.write(self._size, self._segments, b"".join(self._records))

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


def permit_window(now: datetime) -> datetime:
    """The hour within which a permit counts.

    >>> permit_window(datetime(2026, 3, 1, 10, 59, 7)).isoformat()
    '2026-03-01T10:00:00'
    """
    return now.replace(minute=0, second=0, microsecond=0)


def permit_key(secret: bytes, sha256: str, team_id: UUID) -> str:
    """What agents of a team that may read a file know of it for an hour, and nobody else."""
    return hmac.new(secret, f"{sha256}\n{team_id}".encode(), hashlib.sha256).hexdigest()
