"""The JUnit family, read as a stream: pytest, Surefire, gtest, Ginkgo, nextest, avocado.

One expat parser reads everything, after `recovery` made clean UTF-8 of it;
`reader` knows what the elements mean. After a place that is no XML at all,
reading goes on at the next case. Whatever was cut, replaced or lost is told in a note.
A suite's own properties and output stay in the file: only cases are read, and failures
that stand directly in a suite.

The file is never in memory as a whole, and no input makes the reader recurse, expand
entities or hold more than the limits.
"""

import re
from xml.parsers import expat

from ringtest.control.connectors.junit.nesting import Stop
from ringtest.control.connectors.junit.nunit import NUNIT
from ringtest.control.connectors.junit.plain import RunReader, find_runs
from ringtest.control.connectors.junit.reader import Reader
from ringtest.control.connectors.junit.recovery import Recovery, first_element
from ringtest.control.connectors.junit.tree import TreeReader
from ringtest.control.connectors.junit.trx import TrxReader
from ringtest.control.connectors.junit.xunit_net import ONE_ASSEMBLY, XUNIT_NET
from ringtest.control.ports.result_parser import MAX_CASES, Cases, Note, Notes, Unreadable

ROOTS = {"testsuites", "testsuite", "test-run", "assemblies", "TestRun"}
"""Elements that a file of results begins with, and no other file."""
_DIALECTS = {"test-run": NUNIT, "assemblies": XUNIT_NET, "assembly": ONE_ASSEMBLY}
MAX_TOKEN = 4 * 1024 * 1024
"""Bytes of one tag with its attributes, or of one comment."""
MAX_NAMES = 20_000
"""Different element and attribute names; real files have about 40."""
MAX_REPAIRS = 1_000
"""Places that are no XML after which reading goes on."""

_LONGEST_LANDMARK = 40
_HEAD = 256
"""Bytes in which the first element tells what the document is."""
_MISMATCHED_TAG = 7
_MISSES = 16
"""After so many runs in a row that were none, nobody looks for them any more."""

_SLICE = 1 << 18
"""Bytes that are parsed at once."""


class JunitSession:
    """One file being read. See `ports.result_parser.ParserSession`."""

    def __init__(self) -> None:
        self._notes = Notes()
        self._recovery = Recovery(self._notes)
        self._reader: Reader | TreeReader = Reader(self._notes)
        self._head: bytes | None = b""  # until it is known what the document is
        self._refused: Unreadable | None = None
        self._stopped = False
        self._seeking = False  # the next landmark, after a place that is no XML
        self._held = b""  # while seeking: what may be the beginning of a landmark
        self._first_error = ""
        self._repairs = 0
        self._runs = RunReader()
        self._misses = 0
        self._new_parser("")

    @property
    def notes(self) -> list[Note]:
        return self._notes.items

    def feed(self, chunk: bytes) -> Cases:
        # in slices, so that what is too long does not depend on how the bytes came
        for start in range(0, len(chunk), _SLICE):
            self._parse(self._recovery.feed(chunk[start : start + _SLICE]))
        return self._take()

    def close(self) -> Cases:
        self._parse(self._recovery.feed(b"", final=True), final=True)
        if not self._stopped and not self._seeking:
            self._finish()
        cases = self._reader.finish()
        if not self._reader.total:
            if self._first_error:
                raise Unreadable(f"Invalid XML: {self._first_error}")
            self._notes.add("empty", "the file holds no test case")
        return cases

    def _take(self) -> Cases:
        cases = self._reader.take()
        if self._reader.total > MAX_CASES:
            self._stop("too_many_cases", f"reading stopped after {self._reader.total} cases")
        return cases

    def _stop(self, code: str, text: str) -> None:
        if not self._stopped:
            self._notes.add(code, text)
        self._stopped = True

    # expat

    def _new_parser(self, opening: str) -> None:
        """A parser that stands behind `opening` (tags that are open already)."""
        self._names: dict[str, str] = {}
        parser = expat.ParserCreate("utf-8", intern=self._names)
        parser.buffer_text = True
        parser.buffer_size = 32 * 1024
        parser.StartDoctypeDeclHandler = self._refuse
        self._in_cdata = False
        parser.StartCdataSectionHandler = self._start_cdata
        parser.EndCdataSectionHandler = self._end_cdata
        parser.Parse(opening.encode(), False)
        self._parser = parser
        self._fed = self._opened = len(opening)
        self._pending = b""  # fed, but not yet understood: the beginning of a token
        self._reader.attach(parser)

    def _start_cdata(self) -> None:
        self._in_cdata = True

    def _end_cdata(self) -> None:
        self._in_cdata = False

    def _refuse(self, *_: object) -> None:
        raise Unreadable("Invalid XML: document type declarations are refused")

    def _parse(self, data: bytes, *, final: bool = False) -> None:
        if self._refused:
            raise self._refused
        if self._head is not None:
            self._head += data
            if len(self._head) < _HEAD and not final:
                return
            data, self._head = self._head, None
            self._choose_reader(first_element(data[:_HEAD]))
        while data and not self._stopped:
            data = self._seek(data) if self._seeking else self._parse_runs(data)

    def _choose_reader(self, root: str) -> None:
        if root == "TestRun":
            self._reader = TrxReader(self._notes)
        elif root in _DIALECTS:
            self._reader = TreeReader(self._notes, _DIALECTS[root])
        else:
            return
        self._new_parser("")

    def _parse_runs(self, data: bytes) -> bytes:
        """Give runs of plain cases to the reader and the rest to expat; what is left to read.

        Something is left after a broken place, where reading goes on at a landmark.
        """
        done = 0
        for start, end in find_runs(data) if self._misses < _MISSES else ():
            run = self._runs.read(data[start:end])
            if run is None:
                self._misses += 1
                continue
            left = self._parse_xml(data[done:start])
            if self._seeking or self._stopped:
                return left + data[start:]
            done = start
            if isinstance(self._reader, Reader) and self._is_between_cases():
                self._misses = 0
                self._reader.run.add_plain(*run)
                # line numbers of later errors stay true
                self._parse_xml(b"\n" * data.count(b"\n", start, end))
                done = end
        return self._parse_xml(data[done:])

    def _is_between_cases(self) -> bool:
        """expat is in the content of a suite: not in a case, tag, comment or CDATA section."""
        return self._reader.is_open and not self._pending and not self._in_cdata

    def _parse_xml(self, data: bytes) -> bytes:
        """Give `data` to expat; what is left to read behind an error."""
        if not data:
            return b""
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            return self._after_error(error, data)
        except Stop as stop:
            self._stop(stop.code, str(stop))
        except Unreadable as refusal:
            self._refused, self._stopped = refusal, True
            raise
        else:
            self._remember(data)
        return b""

    def _remember(self, data: bytes) -> None:
        """Keep what expat holds of an unfinished token, to go on from when it proves bad."""
        self._fed += len(data)
        waiting = self._fed - self._parser.CurrentByteIndex
        self._pending = (self._pending + data)[-waiting:] if waiting > 0 else b""
        if waiting > MAX_TOKEN:
            self._broken(f"a tag of more than {MAX_TOKEN} bytes")
        elif len(self._names) > MAX_NAMES:
            self._stop("too_many_names", f"more than {MAX_NAMES} different names of elements")

    def _after_error(self, error: expat.ExpatError, data: bytes) -> bytes:
        """What is left to read behind the place of the error."""
        known = self._pending + data
        place = self._parser.ErrorByteIndex - (self._fed - len(self._pending))
        if error.code == _MISMATCHED_TAG:
            place -= 2  # expat points behind the `</`
        elif self._fed - len(self._pending) == self._opened:
            place = max(1, place)  # the landmark itself is broken: not the same one again
        self._broken(str(error))
        return known[max(0, place) :]

    def _broken(self, why: str) -> None:
        self._first_error = self._first_error or why
        self._notes.add("malformed", f"{why}; reading goes on at the next case")
        self._reader.abandon(f"the result file is broken here: {why}")
        self._seeking, self._held = True, b""
        self._repairs += 1
        if self._repairs > MAX_REPAIRS:
            self._stop("malformed", f"reading stopped after {MAX_REPAIRS} broken places")

    def _seek(self, data: bytes) -> bytes:
        """Go to the next landmark and start a parser there; what is left to read."""
        data = self._held + data
        self._held = b""
        for found in self._reader.landmark.finditer(data):
            if self._is_possible(found):
                self._seeking = False
                self._new_parser("".join(f"<{name}>" for name in self._reader.open_names()))
                return data[found.start() :]
        self._held = data[-_LONGEST_LANDMARK:]
        return b""

    def _is_possible(self, found: re.Match[bytes]) -> bool:
        """Make what is open fit the landmark; False for an end tag of what is not open."""
        if found[1]:
            self._reader.shut_all()
            return True
        self._reader.keep_only_suites()
        return not found[2] or self._reader.shut_inside(found[3].decode())

    def _finish(self) -> None:
        inside = self._reader.open_case()
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            self._first_error = self._first_error or str(error)
            if self._reader.total or self._reader.open_names() or self._pending:
                where = f"inside the case {inside[:200]!r}" if inside else "before its last tag"
                self._notes.add("truncated", f"the file ends {where}: {error}")
        except (Stop, Unreadable) as stop:
            self._first_error = self._first_error or str(stop)


class JunitParser:
    """Reads uploads of the type that the wire format parses, and what only .NET writes."""

    mimes = ("application/junit", "application/x-junit", "application/x-trx")
    names = ("*.trx", "testresult.xml", "testresults.xml")

    def sniff(self, head: bytes) -> bool:
        return first_element(head) in ROOTS

    def open(self) -> JunitSession:
        return JunitSession()
