"""Formats of result files: a folder of small samples for each, and what completes a case there.

A format is added by a folder beside this file and an entry of FORMATS.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.result_parser import endings

HERE = Path(__file__).parent


def behind(pattern: bytes) -> Callable[[bytes], list[int]]:
    """Offsets behind whatever fits the pattern."""
    compiled = re.compile(pattern, re.DOTALL)
    return lambda data: [found.end() for found in compiled.finditer(data)]


_INSIDE_RESULTS = re.compile(rb"<InnerResults>.*?</InnerResults>", re.DOTALL)
_XML_CASES = behind(
    rb"</testcase\s*>|<testcase\b[^>]*/>|</error>(?=\s*</testsuite>)"
    rb"|</test-case\s*>|<test-case\b[^>]*/>|<test-suite\b[^>]*SetUp[^>]*>\s*<failure>.*?</failure>"
    rb"|</test\s*>|<test\b(?!-)[^>]*/>|</error>(?=\s*</errors>)"
    rb"|</UnitTestResult\s*>|<UnitTestResult\b[^>]*/>"
)


def ends_of_xml(data: bytes) -> list[int]:
    """Of all roots that the reader of XML knows; results inside of a result are its steps."""
    return _XML_CASES(_INSIDE_RESULTS.sub(lambda found: b" " * len(found[0]), data))


@dataclass(frozen=True)
class Format:
    """A format: the first MIME type of its reader, its folder, and how its files are made.

    `ends` gives for a whole sample, case by case in the order of the reader, the offset from
    which on that case is complete. `tells_begun`: of a case that began and did not end its
    reader says so, as a case beyond the complete ones. `endless` are samples of a form
    whose files may end behind any case. `notes` are codes that samples may tell.
    """

    mime: str
    folder: str
    ends: Callable[[bytes], list[int]]
    encodings: tuple[str, ...] = ()
    tells_begun: bool = False
    endless: tuple[str, ...] = ()
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
            ends_of_xml,
            encodings=("utf-16", "utf-8-sig"),
        ),
        Format("application/tap", "tap", endings.of_tap, tells_begun=True),
        Format("application/x-avocado+json", "avocado", behind(rb"\n        \}")),
        Format("application/x-tmt+yaml", "tmt", endings.of_tmt, tells_begun=True),
        Format(
            "application/x-subunit",
            "subunit",
            endings.of_subunit,
            tells_begun=True,
            notes=("other_bytes",),
        ),
        Format(
            "application/x-robot+xml",
            "robot",
            behind(rb"</status>\s*</test>|<status [^>]*/>\s*</test>"),
            encodings=("utf-16", "utf-8-sig"),
            tells_begun=True,
        ),
        Format("application/x-go-test+json", "go", endings.of_go, tells_begun=True),
        Format(
            "application/x-ltp",
            "ltp",
            behind(rb"warnings \d+\n|<<<test_end>>>|\n        \}"),
            tells_begun=True,
            endless=("bare.txt", "framed.txt"),
        ),
        Format(
            "application/x-beakerlib+xml",
            "beakerlib",
            behind(rb"</log>|OVERALL RESULT: [^\n]*\n"),
            tells_begun=True,
            endless=("TESTOUT.txt",),
        ),
    )
}
