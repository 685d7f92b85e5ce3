"""JUnit files, read whole: cases and what came of them.

Broken files, dialects and evidence in all its forms are the server's business, which gets the
files as they are: a runner wants to know which tests were bad.
"""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ringtest.agent.inside import ANYWHERE, open_inside
from ringtest.agent.runners.runner import Case, Outcome

_LARGEST = 256 * 1024 * 1024
_OUTCOMES: dict[str, Outcome] = {
    "failure": "failed",
    "error": "errored",
    "skipped": "skipped",
    "disabled": "skipped",
}


def read_junit(path: Path, folders: Sequence[Path] = ANYWHERE) -> Iterator[Case]:
    """The cases of a file, a name that comes again with its number; OSError, or ParseError when
    it is no XML or larger than a quarter of a GiB."""
    with open_inside(path, folders) as file:
        if os.fstat(file.fileno()).st_size > _LARGEST:
            raise ElementTree.ParseError("too large")
        root = ElementTree.parse(file).getroot()  # expat bounds what entities amount to
    seen: dict[str, int] = {}
    for element in root.iter("testcase"):
        classname, name = element.get("classname", ""), element.get("name", "")
        test = f"{classname}.{name}" if classname else name
        seen[test] = seen.get(test, 0) + 1
        if seen[test] > 1:
            test = f"{test}#{seen[test]}"
        yield _case(element, test, classname, name)


def _case(element: Element, test: str, classname: str, name: str) -> Case:
    outcome: Outcome = "passed"
    message = detail = stdout = ""
    for child in element:
        tag = child.tag.rpartition("}")[2]
        if tag in _OUTCOMES and (outcome == "passed" or tag == "error"):
            outcome = _OUTCOMES[tag]
            detail = "".join(child.itertext()).strip()
            message = child.get("message") or detail.partition("\n")[0]
        elif tag == "system-out":
            stdout += child.text or ""
    return Case(
        test, classname, name, outcome, _seconds(element.get("time")), message, detail, stdout
    )


def _seconds(text: str | None) -> float:
    try:
        seconds = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds >= 0 else 0.0
