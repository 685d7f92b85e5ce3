"""pytest, stestr and Avocado."""

import sys
from pathlib import Path

from tests.conformance.producers.running import (
    BIN,
    BLOCKED,
    ERRORED,
    FAILED,
    PASSED,
    SKIPPED,
    XFAILED,
    XPASSED,
    counts,
    number,
    read,
    read_file,
    run,
    summary,
    write,
)

PYTEST = """
import pytest
def test_passes(): print("hello")
def test_fails(): assert [1, 2] == [1, 3]
@pytest.fixture
def server(): raise OSError("no server")
def test_errors(server): pass
@pytest.mark.skip(reason="no disk")
def test_skips(): pass
@pytest.mark.xfail(reason="known")
def test_known(): raise KeyError("x")
@pytest.mark.xfail(strict=True, reason="was known")
def test_no_more(): pass
@pytest.mark.parametrize("size", [1, 2, 3])
def test_sizes(size): assert size != 2
"""


def test_pytest_counts_what_is_read_of_its_junit_file(tmp_path: Path) -> None:
    write(tmp_path, pytest__ini="[pytest]\n", test_kinds__py=PYTEST)
    printed = run(
        tmp_path,
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=junit.xml"),
        extra={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    said = summary(r"\d+ passed", printed)
    rows = read_file(tmp_path / "junit.xml", "application/junit")
    seen = counts(rows)
    assert seen[PASSED] == number(r"(\d+) passed", said) == 3
    assert seen[FAILED] == number(r"(\d+) failed", said) == 3
    assert seen[ERRORED] == number(r"(\d+) error", said) == 1
    assert seen[SKIPPED] == number(r"(\d+) skipped", said) == 1
    assert seen[XFAILED] == number(r"(\d+) xfailed", said) == 1
    assert sum(seen.values()) == len(rows)


UNITTEST = """
import unittest
class Kinds(unittest.TestCase):
    def test_passes(self): pass
    def test_fails(self): self.assertEqual(1, 2)
    def test_errors(self): raise ValueError("no h\u00f3st")
    @unittest.skip("no disk")
    def test_skips(self): pass
    @unittest.expectedFailure
    def test_known(self): self.fail("known")
    @unittest.expectedFailure
    def test_no_more(self): pass
class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("no server")
    def test_never(self): pass
"""


def test_stestr_counts_what_is_read_of_its_stream(tmp_path: Path) -> None:
    tests = tmp_path / "kinds"
    tests.mkdir()
    (tests / "__init__.py").touch()
    write(tests, test_kinds__py=UNITTEST)
    command = (BIN / "stestr", "--test-path", "kinds")
    printed = run(tmp_path, *command, "run", "--concurrency", "2")
    stream = run(tmp_path, *command, "last", "--subunit", expect={0})
    rows = read(stream.raw, "last.subunit", "application/x-subunit")
    seen = counts(rows)
    assert seen[PASSED] == number(r"- Passed: (\d+)", printed.out) == 1
    assert seen[SKIPPED] == number(r"- Skipped: (\d+)", printed.out) == 1
    assert seen[XFAILED] == number(r"- Expected Fail: (\d+)", printed.out) == 1
    assert seen[XPASSED] == number(r"- Unexpected Success: (\d+)", printed.out) == 1
    assert seen[FAILED] == number(r"- Failed: (\d+)", printed.out) == 3
    told = {row.name: row for row in rows}
    evidence = told["test_errors"].evidence
    assert evidence and (evidence.exception_type, evidence.message) == ("ValueError", "no hóst")
    assert told["test_fails"].classname == "kinds.test_kinds.Kinds"
    assert told["setUpClass"].classname == "kinds.test_kinds.Broken"
    assert told["test_skips"].evidence and told["test_skips"].evidence.message == "no disk"


AVOCADO = """
from avocado import Test, skip
class Kinds(Test):
    def test_passes(self): self.whiteboard = "seen"
    def test_fails(self): self.fail("does not fit")
    def test_errors(self): raise ValueError("no")
    @skip("not here")
    def test_skips(self): pass
    def test_cancels(self): self.cancel("no device")
    def test_warns(self): self.log.warning("look")
"""


def test_avocado_counts_what_is_read_of_each_of_its_files(tmp_path: Path) -> None:
    write(tmp_path, kinds__py=AVOCADO)
    printed = run(
        tmp_path,
        *(BIN / "avocado", "run", "--disable-sysinfo", "--max-parallel-tasks=2"),
        *("--job-results-dir", tmp_path / "results", "kinds.py", "/bin/true"),
        expect={1, 9},
    )
    folder = tmp_path / "results" / "latest"
    rows = read_file(folder / "results.json", "application/x-avocado+json")
    seen = counts(rows)
    said = summary("RESULTS", printed)
    told = {word: number(rf"{word} (\d+)", said) for word in WORDS}
    assert seen[PASSED] == told["PASS"] + told["WARN"] == 3
    assert seen[FAILED] == told["FAIL"] == 1
    assert seen[ERRORED] == told["ERROR"] + told["INTERRUPT"] == 1
    assert seen[SKIPPED] == told["SKIP"] == 1
    assert seen[BLOCKED] == told["CANCEL"] == 1
    evidence = {row.name: row.evidence for row in rows}
    assert (fails := evidence["test_fails"]) and fails.message == "does not fit"
    assert (passes := evidence["test_passes"]) and ("whiteboard", "seen") in passes.properties

    flat = read_file(folder / "results.tap", "application/tap")
    names = {f"{row.classname}.{row.name}" if row.classname else row.name for row in rows}
    assert {row.name for row in flat} == names
    junit = read_file(folder / "results.xml", "application/junit")
    # its TAP has only ok and not ok, its JUnit no word for cancelled tests
    assert counts(flat)[FAILED] == counts(junit)[FAILED] + counts(junit)[ERRORED] == 2
    assert len(rows) == len(flat) == len(junit) == 7


WORDS = ("PASS", "ERROR", "FAIL", "SKIP", "WARN", "INTERRUPT", "CANCEL")
