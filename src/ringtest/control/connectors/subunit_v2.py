"""subunit, version 2, as stestr, testr and oslo's tools write it: port `result_parser`.

Packets are found here, so that bytes between them and broken ones cost no test beside
them; what a sound packet says is python-subunit's to tell.
"""

import io
import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import subunit
from testtools import StreamResult

from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.result_cases import ReadingSession, last_error
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_EVIDENCE,
    MAX_PROPERTIES,
    Attachment,
    Evidence,
)

PORT = "result_parser"

MAX_OPEN = 100_000
"""Tests that have begun and not ended."""
MAX_FILES = 50
"""Files kept of one test."""

_SIGNATURE = 0xB3
_VERSION_2 = 0x2
_SHORTEST = 8
_STATUSES = {
    "success": TestOutcome.PASSED,
    "uxsuccess": TestOutcome.XPASSED,
    "skip": TestOutcome.SKIPPED,
    "fail": TestOutcome.FAILED,
    "xfail": TestOutcome.XFAILED,
}
_FIXTURE = re.compile(r"(setUpClass|tearDownClass|setUpModule|tearDownModule) \((.+)\)")
_OUTPUTS = {"stdout": "stdout", "pythonlogging": "stdout", "stderr": "stderr"}


@dataclass(slots=True)
class _Test:
    """A test that has begun."""

    began: datetime | None = None
    files: dict[str, tuple[str, bytearray]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)


class _Listener(StreamResult):
    """Collects what packets say."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []

    def status(
        self,
        test_id: str | None = None,
        test_status: str | None = None,
        test_tags: set[str] | None = None,
        runnable: bool = True,
        file_name: str | None = None,
        file_bytes: bytes | None = None,
        eof: bool = False,
        mime_type: str | None = None,
        route_code: str | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        """What one packet says."""
        self.told.append(
            {
                "test_id": test_id,
                "test_status": test_status,
                "test_tags": test_tags,
                "file_name": file_name,
                "file_bytes": None if file_bytes is None else bytes(file_bytes),
                "mime_type": mime_type,
                "timestamp": timestamp,
            }
        )


class SubunitSession(ReadingSession):
    """One file being read."""

    FORMAT = "subunit stream"

    def __init__(self) -> None:
        super().__init__()
        self._held = b""
        self._tests: dict[str, _Test] = {}
        self._is_cut = False
        self._kept = 0
        """Bytes of files of tests that have not ended."""

    def _read(self, chunk: bytes) -> None:
        self._held = self._packets(self._held + chunk, is_last=False)

    def _finish(self) -> None:
        rest = self._packets(self._held, is_last=True)
        if (rest or self._is_cut) and self._is_known:
            self._notes.add("truncated", "the file ends inside of a packet")
        for name, test in self._tests.items():
            self._notes.add("truncated", f"the file ends before the end of {name[:200]!r}")
            self._end(name, test, "inprogress", None)

    def _packets(self, data: bytes, *, is_last: bool) -> bytes:
        """Read the whole packets; what is left is the beginning of one."""
        at, sound = 0, bytearray()
        while at < len(data):
            start = data.find(_SIGNATURE, at)
            if start != at:
                self._skip()
            if start < 0:
                at = len(data)
                break
            at = start
            size = _packet_size(data, at)
            if size is None or (size and at + size > len(data)):
                if not is_last:
                    break
                if data.find(_SIGNATURE, at + 1) < 0:
                    break
                self._is_cut, size = True, 0
            if not size or not _is_sound(data, at, size):
                self._skip()
                at += 1
                continue
            sound += data[at : at + size]
            at += size
        self._tell_all(bytes(sound))
        return data[at:]

    def _skip(self) -> None:
        self._tell("other_bytes", "bytes that are no packet of subunit were left out")

    def _tell_all(self, packets: bytes) -> None:
        if not packets:
            return
        self._is_known = True
        listener = _Listener()
        stream = subunit.ByteStreamToStreamResult(io.BytesIO(packets), non_subunit_name="stdout")
        stream.run(listener)
        for words in listener.told:
            self._status(words)

    def _status(self, words: dict[str, Any]) -> None:
        name, status = words.get("test_id"), words.get("test_status")
        if not name or status == "exists" or (status is None and words.get("file_name") is None):
            return
        test = self._tests.get(name)
        if test is None:
            if len(self._tests) >= MAX_OPEN:
                self._tell("too_many_open", f"more than {MAX_OPEN} tests at a time")
                return
            test = self._tests[name] = _Test()
        test.began = test.began or (words.get("timestamp") if status == "inprogress" else None)
        test.tags |= set(words.get("test_tags") or ())
        if words.get("file_name") is not None and words.get("file_bytes"):
            self._file(test, str(words["file_name"]), str(words.get("mime_type") or ""), words)
        if status in _STATUSES:
            del self._tests[name]
            self._kept -= sum(len(data) for _, data in test.files.values())
            self._end(name, test, status, words.get("timestamp"))

    def _file(self, test: _Test, name: str, mime: str, words: dict[str, Any]) -> None:
        if name not in test.files and len(test.files) >= MAX_FILES:
            return
        _, kept = test.files.setdefault(name, (mime, bytearray()))
        if self._kept > MAX_EVIDENCE:
            self._tell("evidence", "too many files of tests at a time: some were left out")
        elif len(kept) <= 2 * DETAIL_LIMIT:
            kept += words["file_bytes"]
            self._kept += len(words["file_bytes"])

    def _end(self, name: str, test: _Test, status: str, ended: datetime | None) -> None:
        outcome = _STATUSES.get(status, TestOutcome.ERRORED)
        time = (ended - test.began).total_seconds() if ended and test.began else 0.0
        classname, short, parameters = _identity(name)
        evidence = _evidence(test, status)
        evidence.raw_name = "" if name == f"{classname}.{short}" else name
        evidence.parameters = parameters
        if status == "inprogress":
            evidence.message = evidence.message or "the test has no end"
        time = time if 0 <= time < 1e9 else 0.0
        self._found.add(short, outcome, classname=classname, time=time, evidence=evidence)


def _packet_size(data: bytes, at: int) -> int | None:
    """Bytes of the packet that begins here: 0 when none does, None when it cannot be told yet.

    >>> _packet_size(bytes([0xB3, 0x29, 0x01, 0x08]), 0), _packet_size(b"\\xb3hello", 0)
    (8, 0)
    """
    if at + 1 < len(data) and data[at + 1] >> 4 != _VERSION_2:
        return 0
    if at + 3 >= len(data):
        return None
    width = (data[at + 3] >> 6) + 1
    if width == 4:
        return 0
    if at + 3 + width > len(data):
        return None
    size = int.from_bytes(data[at + 3 : at + 3 + width], "big") & ((1 << (8 * width - 2)) - 1)
    return size if size >= _SHORTEST else 0


def _is_sound(data: bytes, at: int, size: int) -> bool:
    told = int.from_bytes(data[at + size - 4 : at + size], "big")
    return zlib.crc32(data[at : at + size - 4]) == told


def _identity(name: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Class, name and parameters of a test id.

    >>> _identity("tempest.api.Servers.test_list[id-11,smoke]")
    ('tempest.api.Servers', 'test_list', [('id', '11'), ('attr', 'smoke')])
    >>> _identity("pkg.Case.test_it(disk=scsi)")
    ('pkg.Case', 'test_it(disk=scsi)', [])
    >>> _identity("setUpClass (pkg.Case)")
    ('pkg.Case', 'setUpClass', [])
    """
    fixture = _FIXTURE.fullmatch(name)
    if fixture:
        return fixture[2], fixture[1], []
    start = min((at for at in (name.find("["), name.find("(")) if at >= 0), default=len(name))
    classname, dot, short = name[:start].rpartition(".")
    if not dot:
        return "", name, []
    rest = name[start:]
    inside, bracket, behind = rest[1:].partition("]") if rest[:1] == "[" else ("", "", "")
    if not (bracket and inside.startswith("id-")):
        return classname, short + rest, []  # parameters of a scenario are part of the name
    words = [word for word in inside.split(",")[:MAX_PROPERTIES] if word]
    parameters = [("id", w[3:]) if w.startswith("id-") else ("attr", w) for w in words]
    return classname, short + behind, parameters


def _evidence(test: _Test, status: str) -> Evidence:
    evidence = Evidence(raw_outcome="" if status == "success" else status)
    details = []
    for name, (mime, data) in test.files.items():
        text = bytes(data).decode("utf-8", "replace")
        if not mime.startswith("text/") and mime:
            evidence.attachments = [*evidence.attachments, Attachment(name, "", mime)]
        elif name == "reason":
            evidence.message = text
        elif kind := _OUTPUTS.get(name.partition(":")[0].strip("'\"")):
            setattr(evidence, kind, "\n".join(filter(None, [getattr(evidence, kind), text])))
        else:
            details.append(text if name == "traceback" else f"--- {name}\n{text}")
            if "traceback" in mime or name.startswith("traceback"):
                evidence.exception_type, evidence.message = last_error(text)
    evidence.detail = "\n".join(details) or None
    evidence.properties = [("tag", tag) for tag in sorted(test.tags) if not _is_worker(tag)]
    return evidence


def _is_worker(tag: str) -> bool:
    """stestr marks which of its processes ran a test, which changes from run to run."""
    return tag.startswith("worker-")


class SubunitParser:
    """Reads subunit v2."""

    mimes = ("application/x-subunit", "application/vnd.subunit")
    names = ("*subunit*", "testrepository*")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        size = _packet_size(head, 0) if head[:1] == bytes([_SIGNATURE]) else 0
        if not size:
            return False
        return _is_sound(head, 0, size) if size <= len(head) else len(head) >= 4096

    def open(self) -> SubunitSession:
        """See `ResultParser`."""
        return SubunitSession()


def create(settings: Settings) -> SubunitParser:
    """The reader of subunit streams."""
    return SubunitParser()
