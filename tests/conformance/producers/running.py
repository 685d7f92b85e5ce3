"""Run a program, and read the file it leaves as an upload of no particular type would be."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ringtest.control import registry
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import SNIFF_BYTES, Cases, ParsedCase
from ringtest.control.reading.service import choose_parser

BIN = Path(sys.executable).parent
PARSERS = registry.result_parsers()

PASSED, FAILED, ERRORED = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.ERRORED
SKIPPED, XFAILED, XPASSED = TestOutcome.SKIPPED, TestOutcome.XFAILED, TestOutcome.XPASSED
BLOCKED, INFO = TestOutcome.BLOCKED, TestOutcome.INFO


class Printed(NamedTuple):
    """What a program printed."""

    out: str
    err: str
    raw: bytes
    """The first of them as it was printed."""


def run(
    folder: Path,
    *command: object,
    expect: set[int] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Printed:
    """What the program prints; it may fail, as its tests do."""
    # not the settings of the run that this one is part of
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=kept | {"HOME": str(folder), "NO_COLOR": "1", "TERM": "dumb"} | dict(extra or {}),
        capture_output=True,
        timeout=120,
        check=False,
    )
    out, err = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
    printed = Printed(out, err, done.stdout)
    assert done.returncode in (expect or {0, 1}), printed
    return printed


def read(data: bytes, name: str, mime: str) -> list[ParsedCase]:
    """The cases, read by whom name and first bytes choose, who must be the one of this type."""
    head = data[:SNIFF_BYTES]
    # JUnit is always sent as what it is: other XML with its name is kept as a file
    sent_as = mime if mime == "application/junit" else "application/octet-stream"
    parser = choose_parser(PARSERS, mime=sent_as, name=name, head=head)
    assert parser is not None and parser.mimes[0] == mime
    session, cases = parser.open(), Cases()
    for at in range(0, len(data), 1000):
        cases.extend(session.feed(data[at : at + 1000]))
    cases.extend(session.close())
    assert {note.code for note in session.notes} == set(), session.notes
    return list(cases.rows())


def read_file(path: Path, mime: str) -> list[ParsedCase]:
    """The cases of a file with the name that its program gave it."""
    return read(path.read_bytes(), path.name, mime)


def counts(rows: list[ParsedCase]) -> Counter[TestOutcome]:
    """How many there are of each outcome."""
    return Counter(row.outcome for row in rows)


def summary(pattern: str, printed: Printed) -> str:
    """The last line of either stream in which the pattern is found."""
    lines = [line for text in printed[:2] for line in text.splitlines() if re.search(pattern, line)]
    assert lines, printed
    return lines[-1]


def number(pattern: str, text: str) -> int:
    """The number in the first place that fits; 0 when none does."""
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


def write(folder: Path, **files: str) -> None:
    """Write files; `__` in a name stands for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(text)
