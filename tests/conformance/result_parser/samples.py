"""Formats of result files: a folder of small samples for each, and what completes a case there.

A format is added by a folder beside this file and an entry of FORMATS.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


def behind(pattern: bytes) -> Callable[[bytes], list[int]]:
    """Offsets behind whatever fits the pattern."""
    compiled = re.compile(pattern)
    return lambda data: [found.end() for found in compiled.finditer(data)]


@dataclass(frozen=True)
class Format:
    """A format: the first MIME type of its reader, its folder, and how its files are made.

    `ends` gives for a whole sample, case by case in the order of the reader, the offset from
    which on that case is complete. `tells_begun`: of a case that began and did not end its
    reader says so, as a case beyond the complete ones. `notes` are codes that samples may tell.
    """

    mime: str
    folder: str
    ends: Callable[[bytes], list[int]]
    encodings: tuple[str, ...] = ()
    tells_begun: bool = False
    notes: tuple[str, ...] = ()
    samples: dict[str, bytes] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        files = sorted((HERE / self.folder).iterdir())
        self.samples.update({path.name: path.read_bytes() for path in files})


FORMATS = {
    one.mime: one
    for one in (
        Format(
            "application/junit",
            "junit",
            behind(rb"</testcase\s*>|<testcase\b[^>]*/>|</error>(?=\s*</testsuite>)"),
            encodings=("utf-16", "utf-8-sig"),
        ),
    )
}
