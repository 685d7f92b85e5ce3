"""The verb of reading: a result file is parsed while its bytes pass. What takes long in
Python runs in a thread.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.steady import steady_names
from ringtest.control.ports.object_store import Arrived
from ringtest.control.ports.result_parser import (
    SNIFF_BYTES,
    Attempt,
    Cases,
    Evidence,
    Note,
    ResultParser,
    Step,
    Unreadable,
)
from ringtest.control.reading.model import (
    Aside,
    AsidePacker,
    PackedAsides,
    Totals,
    bad_positions,
    pack_durations,
    plan_digest,
    totals,
)

log = logging.getLogger(__name__)

Chunks = AsyncIterator[bytes]
_FEED = 512 * 1024
"""Bytes parsed at a time: each costs a visit to a thread."""
_INLINE = 32 * 1024
"""Parsing so few bytes takes less time than a visit to a thread."""


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
    return b"".join(first)[:SNIFF_BYTES], _again(first, chunks)


async def _again(first: Sequence[bytes], rest: Chunks) -> Chunks:
    for chunk in first:
        yield chunk
    async for chunk in rest:
        yield chunk


def _plain(mime: str | None) -> str:
    """Without parameters, in lower case.

    >>> _plain("Text/Plain; charset=utf-8")
    'text/plain'
    """
    return (mime or "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Parsed:
    """Cases by their steady names, and what can be known of them without the database.

    `retried` are the positions of those that another attempt decided.
    """

    cases: Cases
    notes: list[Note]
    outcomes: bytes
    durations: bytes
    seconds: float
    totals: Totals
    bad: list[int]
    digest: bytes
    retried: list[int]
    asides: PackedAsides


class Reading:
    """A result file that is parsed while it passes."""

    def __init__(self, parser: ResultParser) -> None:
        self._session = parser.open()
        self._cases = Cases()
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
        if self._size < _INLINE and not self._cases:
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
            self._cases.extend(read())
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
        return _digest(self._cases, list(self._session.notes))


def _digest(cases: Cases, notes: list[Note]) -> Parsed:
    """What a file comes to. The columns of names are changed to steady ones."""
    outcomes = bytes(cases.outcomes)
    bad = bad_positions(outcomes)
    raw = _steady(cases)
    packer = AsidePacker()
    for at in sorted(cases.evidence.keys() | raw.keys()):
        packer.add(at, _aside(cases.evidence.get(at), raw.get(at), outcomes[at]))
    if packer.is_full:
        notes.append(Note("asides", "too much output beside failures: later left out"))
    cut = [one.cut for one in cases.evidence.values() if one.cut]
    if cut:
        fields = ", ".join(sorted({field for fields in cut for field in fields}))
        notes.append(Note("cut", f"{fields} of {len(cut)} cases were cut to their limits"))
    return Parsed(
        cases=cases,
        notes=notes,
        outcomes=outcomes,
        durations=pack_durations(cases.times),
        seconds=sum(cases.times),
        totals=totals(outcomes),
        bad=bad,
        digest=plan_digest(cases.suites, cases.classnames, cases.names),
        retried=[
            at
            for at, one in cases.evidence.items()
            if one.attempts and one.is_retried(TestOutcome(chr(outcomes[at])))
        ],
        asides=packer.pack([(one.path, one.name, one.properties) for one in cases.declared]),
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
    paths = steady_names([one.path for one in cases.declared])
    for suite, path in zip(cases.declared, paths, strict=True):
        suite.path = path
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
