"""The verb of reading: a result file is parsed while its bytes pass. What takes long in
Python runs in a thread.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ringtest.control.ports.result_parser import Cases, Note, ResultParser, Unreadable
from ringtest.control.reading.model import (
    Aside,
    Asides,
    Totals,
    bad_positions,
    keep_asides,
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
    says nothing leaves it to the bytes; the name decides between several who know them.
    """
    if not may_hold_results(parsers, mime):
        return None
    meant = parsers.get(_plain(mime))
    if meant is not None and meant.sniff(head):
        return meant
    lower = name.rpartition("/")[2].lower()
    known = [one for one in dict.fromkeys(parsers.values()) if one is not meant and one.sniff(head)]
    named = [one for one in known if any(fnmatchcase(lower, pattern) for pattern in one.names)]
    return next(iter(named or known), meant)


def is_claimed(parsers: Parsers, mime: str | None) -> bool:
    """Whether the MIME type says that the file holds results."""
    return _plain(mime) in parsers


def _plain(mime: str | None) -> str:
    """Without parameters, in lower case.

    >>> _plain("Text/Plain; charset=utf-8")
    'text/plain'
    """
    return (mime or "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Parsed:
    """Cases, and what can be known of them without the database."""

    cases: Cases
    notes: list[Note]
    outcomes: bytes
    durations: bytes
    seconds: float
    totals: Totals
    bad: list[int]
    digest: bytes
    asides: bytes


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
        cases = self._cases
        outcomes = bytes(cases.outcomes)
        bad = bad_positions(outcomes)
        kept, is_all = keep_asides(_asides(cases, frozenset(bad)))
        notes = list(self._session.notes)
        if not is_all:
            notes.append(
                Note("asides", "too much output of cases that did not fail: later left out")
            )
        suites = [(one.path, one.name, one.properties) for one in cases.declared]
        return Parsed(
            cases=cases,
            notes=notes,
            outcomes=outcomes,
            durations=pack_durations(cases.times),
            seconds=sum(cases.times),
            totals=totals(outcomes),
            bad=bad,
            digest=plan_digest(cases.suites, cases.classnames, cases.names),
            asides=Asides(suites, kept).pack(),
        )


def _asides(cases: Cases, bad: frozenset[int]) -> Iterator[tuple[int, Aside]]:
    """What cases left behind; of the bad ones what their failure rows do not hold."""
    for at, one in cases.evidence.items():
        if at in bad:
            yield at, Aside(properties=one.properties)
        else:
            yield (
                at,
                Aside(
                    one.message,
                    one.exception_type,
                    one.detail or "",
                    one.stdout,
                    one.stderr,
                    one.properties,
                ),
            )
