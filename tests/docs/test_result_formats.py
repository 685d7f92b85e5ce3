"""What the page about result formats says is so."""

import re

import pytest

from ringtest.control import registry
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import Cases
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "reference" / "result-formats.md").read_text()
PARSERS = {one.mimes: one for one in registry.result_parsers().values()}
_CODE = re.compile(r"`([^`]+)`")
_TOLD = re.compile(r"(?:\.add|_tell|\.note|_stop|Stop)\(\s*\"([a-z_]+)\"")


def table(heading: str) -> list[list[str]]:
    """Cells of the rows of the table that begins with this heading."""
    lines = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_types_and_names_of_every_reader_are_on_the_page() -> None:
    told = {tuple(_CODE.findall(row[1])): tuple(_CODE.findall(row[2])) for row in table("format")}
    assert told == {mimes: parser.names for mimes, parser in PARSERS.items()}


def test_every_note_that_these_readers_make_is_on_the_page() -> None:
    told = {code for row in table("note") for code in _CODE.findall(row[0])}
    control = ROOT / "src" / "ringtest" / "control"
    files = [
        *(path for path in control.glob("connectors/*.py") if "result_parser" in path.read_text()),
        *control.glob("connectors/tap/*.py"),
        *(control / "kernel" / name for name in ("xml_stream.py", "incoming_text.py")),
        control / "ports" / "result_cases.py",
    ]
    assert told == {code for path in files for code in _TOLD.findall(path.read_text())}


def read(mime: str, text: str) -> TestOutcome:
    """The outcome of the last case."""
    session, cases = registry.result_parsers()[mime].open(), Cases()
    cases.extend(session.feed(text.encode()))
    cases.extend(session.close())
    return TestOutcome(chr(cases.outcomes[-1]))


AVOCADO = '{{"debuglog": "x", "interrupt": 0, "tests": [{{"id": "1-a", "status": "{}"}}]}}'
ROBOT = '<robot><suite name="s"><test name="a">{}</test></suite></robot>'
BEAKERLIB = (
    '<BEAKER_TEST><testname>/a</testname><log><phase name="p" result="{}"/></log></BEAKER_TEST>'
)
TAP = "TAP version 14\n1..1\n{}\n"
GO = '{{"Action":"run","Package":"p","Test":"T"}}\n{{"Action":"{}","Package":"p","Test":"T"}}\n'
WORDS = [
    *(("application/x-avocado+json", AVOCADO, word) for word in ["PASS", "WARN", "FAIL", "ERROR"]),
    *(("application/x-avocado+json", AVOCADO, word) for word in ("SKIP", "CANCEL", "INTERRUPTED")),
    *(("application/x-tmt+yaml", "- name: /a\n  result: {}\n", word) for word in (
        *("pass", "fail", "warn", "error", "skip", "info", "pending"),
    )),
    *(("application/x-go-test+json", GO, word) for word in ("pass", "fail", "skip")),
    *(("application/x-ltp", "a.c:1: {}: x\n", word) for word in (
        *("TPASS", "TFAIL", "TWARN", "TBROK", "TCONF"),
    )),
    *(("application/x-beakerlib+xml", BEAKERLIB, word) for word in ("PASS", "FAIL", "WARN")),
    *(("application/x-robot+xml", ROBOT, word) for word in ("PASS", "FAIL", "SKIP")),
    *(("application/tap", TAP, word) for word in ("ok", "not ok")),
]  # fmt: skip
COLUMNS = {
    "application/x-avocado+json": 1,
    "application/x-tmt+yaml": 2,
    "application/x-robot+xml": 4,
    "application/tap": 5,
    "application/x-go-test+json": 6,
    "application/x-ltp": 7,
    "application/x-beakerlib+xml": 8,
}


@pytest.mark.parametrize(("mime", "form", "word"), WORDS)
def test_words_of_runners_come_to_the_outcome_of_their_row(mime: str, form: str, word: str) -> None:
    inside = f'<status status="{word}"/>' if mime == "application/x-robot+xml" else word
    outcome = read(mime, form.format(inside)).name.lower()
    row = next(row for row in table("outcome") if row[0] == outcome)
    assert word in [one.strip() for one in row[COLUMNS[mime]].split(",")]
