"""The verb of reading: a result file is parsed while its bytes pass. What takes long in
Python runs in a thread.
"""

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.steady import steady_names
from ringtest.control.ports.object_store import Arrived, put_back
from ringtest.control.ports.result_parser import (
    SNIFF_BYTES,
    Attempt,
    Cases,
    Evidence,
    Note,
    ResultParser,
    Step,
    Suite,
    Unreadable,
)
from ringtest.control.reading.model import (
    Aside,
    AsidePacker,
    PackedAsides,
    PlanDigest,
    Totals,
    pack_durations,
    totals,
)

log = logging.getLogger(__name__)

Chunks = AsyncIterator[bytes]
_FEED = 512 * 1024
"""Bytes parsed at a time: each costs a visit to a thread."""
_INLINE = 32 * 1024
"""Parsing so few bytes takes less time than a visit to a thread."""
_OPEN = 25_000
"""Cases of one file that lie open at a time."""
_PACKED = 5_000
"""Cases that are packed together."""
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Cases)


Parsers = Mapping[str, ResultParser]
"""Readers by each of their MIME types."""

_MAY_BE_ANYTHING = frozenset(
    {"application/octet-stream", "application/json", "application/x-ndjson", "application/xml",
     "application/yaml", "application/x-yaml", "text/plain", "text/xml", "text/yaml", "text/x-yaml"}
)  # fmt: skip
"""MIME types of uploads that say nothing of what is in the file."""


def may_hold_results(parsers: Parsers, mime: str | None) -> bool:
    """Whether a file of this MIME type is worth a look at its first bytes."""
    plain = _plain(mime)
    return not plain or plain in _MAY_BE_ANYTHING or plain in parsers


def choose_parser(
    parsers: Parsers, *, mime: str | None, name: str, head: bytes
) -> ResultParser | None:
    """Who reads a file of this type and name that begins with `head`; None: it is no results.

    Who is meant by the type reads it, unless the bytes can only be another's. A type that
    says nothing takes both a name and bytes: what DCI's clients upload as `text/xml` holds no
    results to DCI, and would count twice.
    """
    if not may_hold_results(parsers, mime):
        return None
    meant = parsers.get(_plain(mime))
    if meant is not None and meant.sniff(head):
        return meant
    lower = name.rpartition("/")[2].lower()
    others = [one for one in dict.fromkeys(parsers.values()) if one is not meant]
    named = [one for one in others if any(fnmatchcase(lower, pattern) for pattern in one.names)]
    found = next((one for one in named if one.sniff(head)), None)
    if found is None and meant is not None:
        found = next((one for one in others if one.sniff(head)), meant)
    return found


def is_meant_as_results(parsers: Parsers, mime: str | None) -> bool:
    """Whether the MIME type says that the file holds results."""
    return _plain(mime) in parsers


async def find_parser(
    parsers: Parsers, *, mime: str | None, name: str, chunks: Chunks, body: bytes | None
) -> tuple[ResultParser | None, Chunks]:
    """Who reads a file, and its chunks again; `body` is all of it, if that is known already."""
    if not may_hold_results(parsers, mime):
        return None, chunks
    if body is None:
        head, chunks = await _peek(chunks)
    else:
        head = body[:SNIFF_BYTES]
    return choose_parser(parsers, mime=mime, name=name, head=head), chunks


async def _peek(chunks: Chunks) -> tuple[bytes, Chunks]:
    """The first bytes of a stream, and all of it again."""
    if isinstance(chunks, Arrived):
        head = chunks.file.read(SNIFF_BYTES)
        chunks.file.seek(0)
        return head, chunks
    first: list[bytes] = []
    size = 0
    async for chunk in chunks:
        first.append(chunk)
        size += len(chunk)
        if size >= SNIFF_BYTES:
            break
    return b"".join(first)[:SNIFF_BYTES], put_back(first, chunks)


def _plain(mime: str | None) -> str:
    """Without parameters, in lower case.

    >>> _plain("Text/Plain; charset=utf-8")
    'text/plain'
    """
    return (mime or "").partition(";")[0].strip().lower()


class Batches:
    """Cases of a file with the positions at which they begin, in their order.

    A file of usual size is one batch. Of a large one the latest lies open, and those before
    it packed until they are asked for: a million names would be 300 MB.
    """

    def __init__(self, packed: Sequence[bytes], last: Cases) -> None:
        self._packed, self._last = packed, last

    def __iter__(self) -> Iterator[tuple[int, Cases]]:
        start = 0
        for data in self._packed:
            cases = _DECODER.decode(zlib.decompress(data))
            yield start, cases
            start += len(cases)
        yield start, self._last

    async def opened(self) -> AsyncIterator[tuple[int, Cases]]:
        """The same; what is packed is unpacked in a thread."""
        batches = iter(self)
        for _ in self._packed:
            yield await asyncio.to_thread(next, batches)
        yield next(batches)

    @property
    def are_several(self) -> bool:
        """Whether there is more than one."""
        return bool(self._packed)


@dataclass(slots=True)
class Parsed:
    """Cases by their steady names, and what can be known of them without the database.

    `retried` are the positions of those that another attempt decided. Times and suites of
    `batches` are left out: they are in `durations` and `asides`.
    """

    batches: Batches
    notes: list[Note]
    outcomes: bytes
    durations: bytes
    seconds: float
    totals: Totals
    digest: bytes
    retried: list[int]
    asides: PackedAsides


class Reading:
    """A result file that is parsed while it passes."""

    def __init__(self, parser: ResultParser) -> None:
        self._session = parser.open()
        self._sum = _Sum()
        self._waiting: list[bytes] = []
        self._size = 0
        self._parsed: Parsed | None = None
        self._closing: asyncio.Task[Parsed | None] | None = None
        self.refused: Unreadable | None = None

    async def watch(self, chunks: Chunks) -> Chunks:
        """The same chunks. After the last one reading ends while the store still writes."""
        async for chunk in chunks:
            self._waiting.append(chunk)
            self._size += len(chunk)
            if self._size >= _FEED:
                await asyncio.to_thread(self._feed)
            yield chunk
        if self._size < _INLINE and not self._sum.count:
            self._parsed = self._close()
        else:
            self._closing = asyncio.create_task(asyncio.to_thread(self._close))

    async def finish(self) -> Parsed | None:
        """Everything that was read; None when nothing could be."""
        return await self._closing if self._closing else self._parsed

    def _feed(self) -> None:
        data, self._waiting, self._size = b"".join(self._waiting), [], 0
        if data:
            self._read(lambda: self._session.feed(data))

    def _read(self, read: Callable[[], Cases]) -> None:
        if self.refused:
            return
        try:
            self._sum.add(read())
        except Unreadable as refusal:
            self.refused = refusal
        except Exception:  # a mistake of ours must not lose the file
            log.exception("results.parser_failed")
            self.refused = Unreadable("Invalid XML: the reader gave up on it")

    def _close(self) -> Parsed | None:
        self._feed()
        self._read(self._session.close)
        if self.refused:
            return None
        return self._sum.parsed(list(self._session.notes))


class _Sum:
    """What the cases of a file come to, batch by batch. The columns of names are changed to
    steady ones."""

    def __init__(self) -> None:
        self.count = 0
        self._open = Cases()
        self._packed: list[bytes] = []
        self._declared: list[Suite] = []
        self._outcomes = bytearray()
        self._durations: list[bytes] = []
        self._seconds = 0.0
        self._digest = PlanDigest()
        self._packer = AsidePacker()
        self._retried: list[int] = []
        self._cut: set[str] = set()
        self._cuts = 0

    def add(self, more: Cases) -> None:
        """The next cases."""
        self.count += len(more)
        self._open.extend(more)
        if len(self._open) >= _OPEN:
            self._take()
            self._packed += map(_pack, _slices(self._open))
            self._open = Cases()

    def _take(self) -> None:
        """The open batch, which is complete."""
        cases, start = self._open, len(self._outcomes)
        raw = _steady(cases)
        for at in sorted(cases.evidence.keys() | raw.keys()):
            aside = _aside(cases.evidence.get(at), raw.get(at), cases.outcomes[at])
            self._packer.add(start + at, aside)
        for at, one in cases.evidence.items():
            if one.attempts and one.is_retried(TestOutcome(chr(cases.outcomes[at]))):
                self._retried.append(start + at)
            self._cut.update(one.cut)
            self._cuts += bool(one.cut)
        self._outcomes += cases.outcomes
        self._durations.append(pack_durations(cases.times))
        self._seconds = sum(cases.times, self._seconds)
        self._digest.add(cases.suites, cases.classnames, cases.names)
        self._declared += cases.declared
        cases.times, cases.declared = [], []

    def parsed(self, notes: list[Note]) -> Parsed:
        """Everything; nothing may be added behind it."""
        self._take()
        if self._packer.is_full:
            notes.append(Note("asides", "too much output beside failures: later left out"))
        if self._cuts:
            fields = ", ".join(sorted(self._cut))
            notes.append(Note("cut", f"{fields} of {self._cuts} cases were cut to their limits"))
        paths = steady_names([one.path for one in self._declared])
        suites = [
            (path, one.name, one.properties)
            for path, one in zip(paths, self._declared, strict=True)
        ]
        outcomes = bytes(self._outcomes)
        return Parsed(
            batches=Batches(self._packed, self._open),
            notes=notes,
            outcomes=outcomes,
            durations=b"".join(self._durations),
            seconds=self._seconds,
            totals=totals(outcomes),
            digest=self._digest.digest(),
            retried=self._retried,
            asides=self._packer.pack(suites),
        )


def _pack(cases: Cases) -> bytes:
    return zlib.compress(_ENCODER.encode(cases), 1)


def _slices(cases: Cases) -> Iterator[Cases]:
    """Names, outcomes and evidence of a batch, in smaller ones."""
    for start in range(0, len(cases), _PACKED):
        stop = start + _PACKED
        yield Cases(
            suites=cases.suites[start:stop],
            classnames=cases.classnames[start:stop],
            names=cases.names[start:stop],
            outcomes=cases.outcomes[start:stop],
            evidence={at - start: one for at, one in cases.evidence.items() if start <= at < stop},
        )


def _steady(cases: Cases) -> dict[int, tuple[str | None, str | None]]:
    """Give the cases steady names; class name and name of those whose own differ, None where
    they do not."""
    raw: dict[int, tuple[str | None, str | None]] = {}
    classnames, names = steady_names(cases.classnames), steady_names(cases.names)
    if classnames is not cases.classnames or names is not cases.names:
        own = zip(cases.classnames, classnames, cases.names, names, strict=True)
        for at, (old_class, new_class, old, new) in enumerate(own):
            if old_class != new_class or old != new:
                raw[at] = (
                    old_class if old_class != new_class else None,
                    old if old != new else None,
                )
    cases.classnames, cases.names = classnames, names
    cases.suites = steady_names(cases.suites)
    return raw


_NOTHING = Evidence()
_USUAL = {
    ord(TestOutcome.PASSED): {"passed", "pass", "ok", "success", "successful"},
    ord(TestOutcome.FAILED): {"failed", "fail", "failure", "not ok"},
    ord(TestOutcome.ERRORED): {"errored", "error"},
    ord(TestOutcome.SKIPPED): {"skipped", "skip"},
}
"""Words of runners that say no more than the outcome does."""


def _aside(one: Evidence | None, raw: tuple[str | None, str | None] | None, byte: int) -> Aside:
    """What a case left behind; of a bad one what its failure row does not hold."""
    one = one or _NOTHING
    classname, name = raw or (None, None)
    is_usual = one.raw_outcome.lower() in _USUAL.get(byte, ())
    aside = Aside(
        properties=one.properties,
        raw_classname=classname,
        raw_name=one.raw_name or name,
        raw_outcome=None if is_usual else one.raw_outcome or None,
        attempts=[_attempt(attempt) for attempt in one.attempts],
        steps=[_step(step) for step in one.steps],
        parameters=list(one.parameters),
        attachments=[_without_none(asdict(file)) for file in one.attachments],
        cut=list(one.cut),
    )
    if not TestOutcome(chr(byte)).is_bad:
        aside.message, aside.type = one.message, one.exception_type
        aside.value, aside.stdout, aside.stderr = one.detail or "", one.stdout, one.stderr
    return aside


def _attempt(one: Attempt) -> dict[str, Any]:
    return _without_none(
        {
            "outcome": one.outcome.name.lower(),
            "raw_outcome": one.raw_outcome or None,
            "time": one.seconds,
            "type": one.exception_type,
            "message": one.message,
            "detail": one.detail,
            "stdout": one.stdout,
            "stderr": one.stderr,
        }
    )


def _step(one: Step) -> dict[str, Any]:
    return _without_none(
        {
            "name": one.name,
            "outcome": one.outcome.name.lower(),
            "raw_outcome": one.raw_outcome or None,
            "started_at": one.started_at or None,
            "time": one.seconds,
            "message": one.message,
            "steps": [_step(step) for step in one.steps] or None,
        }
    )


def _without_none(shown: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if value is not None}
