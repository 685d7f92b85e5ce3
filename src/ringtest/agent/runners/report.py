"""What the tests of a step came to: a line per case as soon as it is over, JUnit at the end."""

import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import msgspec

from ringtest.agent.inside import (
    ANYWHERE,
    append_inside,
    open_inside,
    require_inside,
    write_inside,
)
from ringtest.agent.runners.runner import BAD, Case

MOST_TEXT = 256 * 1024
"""Characters of a case's evidence that are kept: the end of it."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Case)


class Report:
    """Cases of one step, on disk line by line: a crash takes none that was over."""

    def __init__(self, path: Path, folders: Sequence[Path] = ANYWHERE) -> None:
        self.path = path
        require_inside(path, folders).parent.mkdir(parents=True, exist_ok=True)
        self._file = append_inside(path, folders)
        self.last: dict[str, Case] = {}
        """The latest try of each test."""

    def add(self, case: Case) -> None:
        """A try is over."""
        self.last[case.test] = case
        self._file.write(_encoder.encode(_cut(case)) + b"\n")

    def close(self) -> None:
        """Everything was told."""
        os.fsync(self._file.fileno())
        self._file.close()

    @property
    def bad(self) -> list[str]:
        """Tests whose latest try went wrong, in the order in which they ended."""
        return [test for test, case in self.last.items() if case.outcome in BAD]


def _cut(case: Case) -> Case:
    long = {
        name: "[…]\n" + text[-MOST_TEXT:]
        for name in ("message", "detail", "stdout")
        if len(text := getattr(case, name)) > MOST_TEXT
    }
    return msgspec.structs.replace(case, **long) if long else case


def read_cases(path: Path, folders: Sequence[Path] = ANYWHERE) -> Iterator[Case]:
    """The cases of a report; a last line that was torn by a crash is left out."""
    with open_inside(path, folders) as file:
        for line in file:
            if line.endswith(b"\n"):
                yield _decoder.decode(line)


class Told(msgspec.Struct):
    """A line that a test program writes while it runs: a test begins, or is over."""

    begins: str | None = None
    case: Case | None = None


_told = msgspec.json.Decoder(Told)


def told_path(scratch: Path, attempt: int) -> Path:
    """Where a test program writes lines of `Told` in one try."""
    return scratch / f"told-{attempt:03}.jsonl"


def read_told(
    path: Path, offset: int, folders: Sequence[Path] = ANYWHERE
) -> tuple[list[Told], int]:
    """Whole lines from a place on, and the place behind them; none of what is in no folder."""
    try:
        with open_inside(path, folders) as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    lines = (_read_line(line) for line in whole.split(b"\n") if line)
    return [line for line in lines if line], offset + len(whole)


def _read_line(line: bytes) -> Told | None:
    """None of what is no such line: tests can write to the file as well. Halves of characters,
    which Python makes of odd bytes in names, are replaced."""
    try:
        return _told.decode(line)
    except msgspec.DecodeError:
        try:
            whole = json.dumps(json.loads(line), ensure_ascii=False).encode(errors="replace")
            return _told.decode(whole)
        except (ValueError, RecursionError, msgspec.DecodeError):
            return None


def known_cases(scratch: Path, folders: Sequence[Path] = ANYWHERE) -> list[Case]:
    """All that a step's folder knows, also what was told and not yet read when a run died."""
    cases = list(read_cases(scratch / "cases.jsonl", folders))
    seen = {(case.test, case.attempt) for case in cases}
    for number, path in enumerate(sorted(scratch.glob("told-*.jsonl")), start=1):
        for line in read_told(path, 0, folders)[0]:
            if line.case and (line.case.test, number) not in seen:
                cases.append(msgspec.structs.replace(line.case, attempt=number))
    return cases


def summary(cases: Sequence[Case]) -> str:
    """Counts in words, of the latest try of each test.

    >>> summary([Case("a", "", "a", "failed"), Case("a", "", "a", "passed", attempt=2)])
    '1 test: 1 passed (1 at another attempt)'
    """
    last = {case.test: case for case in cases}
    counts = Counter(case.outcome for case in last.values())
    words = ", ".join(f"{counts[name]} {name}" for name in sorted(counts, key=counts.__getitem__))
    again = sum(case.attempt > 1 and case.outcome not in BAD for case in last.values())
    flaky = f" ({again} at another attempt)" if again else ""
    return f"{len(last)} test{'s' * (len(last) != 1)}: {words or 'none'}{flaky}"


def write_junit(
    cases: Sequence[Case], suite: str, path: Path, folders: Sequence[Path] = ANYWHERE
) -> None:
    """One suite; earlier tries of a test are told as Surefire tells of reruns."""
    tries: dict[str, list[Case]] = {}
    for case in cases:
        tries.setdefault(case.test, []).append(case)
    last = [each[-1] for each in tries.values()]
    root = Element("testsuites")
    counts = Counter(case.outcome for case in last)
    top = SubElement(
        root,
        "testsuite",
        name=suite,
        tests=str(len(last)),
        failures=str(counts["failed"]),
        errors=str(counts["errored"]),
        skipped=str(counts["skipped"] + counts["xfailed"]),
        time=f"{sum(case.seconds for case in last):.3f}",
    )
    for each in tries.values():
        _add_case(top, each)
    indent(root)
    whole = io.StringIO()
    ElementTree(root).write(whole, encoding="unicode", xml_declaration=False)
    head = "<?xml version='1.0' encoding='utf-8'?>\n"
    write_inside(path, head + whole.getvalue(), folders)


def _add_case(suite: Element, tries: Sequence[Case]) -> None:
    last = tries[-1]
    element = SubElement(
        suite,
        "testcase",
        classname=_text(last.classname),
        name=_text(last.name),
        time=f"{last.seconds:.6f}",
    )
    if last.outcome in BAD:
        _add_problem(element, "failure" if last.outcome == "failed" else "error", last)
    elif last.outcome in ("skipped", "xfailed"):
        kind = "pytest.xfail" if last.outcome == "xfailed" else "skipped"
        SubElement(element, "skipped", type=kind, message=_text(last.message))
    for earlier in tries[:-1]:
        word = "rerun" if last.outcome in BAD else "flaky"
        kind = "Failure" if earlier.outcome == "failed" else "Error"
        _add_problem(element, f"{word}{kind}", earlier)
    if last.stdout:
        SubElement(element, "system-out").text = _text(last.stdout)


def _add_problem(element: Element, tag: str, case: Case) -> None:
    first = case.message.strip().partition("\n")[0]
    problem = SubElement(element, tag, message=_text(first), type=case.outcome)
    problem.text = _text(case.detail or case.message)


def _text(text: str) -> str:
    """What XML can hold; the rest becomes U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)
