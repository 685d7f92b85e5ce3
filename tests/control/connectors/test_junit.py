"""The JUnit reader: dialects, what real files do wrong, and what hostile ones try."""

import subprocess
import sys
from pathlib import Path

import pytest

from ringtest.control.connectors.junit import session as session_module
from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_ATTEMPTS,
    MESSAGE_LIMIT,
    Cases,
    Evidence,
    ParsedCase,
    Unreadable,
)

SAMPLES = Path(__file__).parents[2] / "conformance" / "result_parser" / "junit"

TESTS = """
import pytest

@pytest.fixture
def broken():
    raise OSError("no device")

@pytest.fixture
def torn():
    yield
    raise RuntimeError("left behind")

class TestRing:
    @pytest.mark.parametrize("word", ["plain", "a<b&c", "caf\\u00e9", "\\x1b[31mred"])
    def test_passes(self, word):
        pass

def test_fails(capsys):
    print("seen before it failed")
    assert {"a": 1} == {"a": 2}

def test_raises():
    raise ValueError("bad \\x1b[31mvalue\\x1b[0m")

def test_setup_errors(broken):
    pass

def test_fails_and_then_errors(torn):
    assert False

@pytest.mark.skip(reason="not here")
def test_skipped():
    pass

@pytest.mark.xfail(reason="known")
def test_expected():
    assert 0

@pytest.mark.xfail(strict=True)
def test_unexpected():
    pass

def test_properties(record_property):
    record_property("issue", 7)
"""


def read(data: bytes | str, size: int = 0) -> tuple[dict[str, ParsedCase], list[str]]:
    """Cases by name (the last of a name) and the codes of all notes.

    size: bytes that arrive at once; 0: all.
    """
    session = JunitParser().open()
    cases = Cases()
    data = data.encode() if isinstance(data, str) else data
    for start in range(0, len(data), size or len(data) or 1):
        cases.extend(session.feed(data[start : start + (size or len(data))]))
    cases.extend(session.close())
    return {row.name: row for row in cases.rows()}, [note.code for note in session.notes]


def outcomes(data: bytes | str) -> dict[str, str]:
    return {name: row.outcome.name.lower() for name, row in read(data)[0].items()}


def evidence(data: bytes | str, name: str) -> Evidence:
    found = read(data)[0][name].evidence
    assert found is not None
    return found


def suite(inner: str) -> str:
    return f'<testsuite name="s">{inner}</testsuite>'


# dialects ------------------------------------------------------------------------


def test_what_pytest_writes_is_read_as_pytest_meant_it(tmp_path: Path) -> None:
    (tmp_path / "test_ring.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
               "--rootdir", str(tmp_path), "--junitxml=out.xml", "-o", "junit_logging=all",
               "test_ring.py"]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    rows, notes = read((tmp_path / "out.xml").read_bytes())
    assert notes == [], "counts fit, though one test failed twice"
    assert {name: row.outcome.name.lower() for name, row in rows.items()} == {
        "test_passes[plain]": "passed",
        "test_passes[a<b&c]": "passed",
        "test_passes[caf\\xe9]": "passed",
        "test_passes[\\x1b[31mred]": "passed",
        "test_fails": "failed",
        "test_raises": "failed",
        "test_setup_errors": "errored",
        "test_fails_and_then_errors": "errored",
        "test_skipped": "skipped",
        "test_expected": "xfailed",
        "test_unexpected": "failed",
        "test_properties": "passed",
    }
    assert {row.suite for row in rows.values()} == {"pytest"}
    assert rows["test_passes[plain]"].classname == "test_ring.TestRing"
    fails, raises, errors = (
        rows[name].evidence for name in ("test_fails", "test_raises", "test_setup_errors")
    )
    assert fails and raises and errors
    assert fails.exception_type == "AssertionError"
    assert "seen before it failed" in (fails.stdout or "")
    assert "def test_fails" in (fails.detail or "")
    assert raises.exception_type == "ValueError"
    assert errors.exception_type == "OSError"
    properties = rows["test_properties"].evidence
    assert properties and properties.properties == [("issue", "7")]


def test_surefire_reruns_are_kept_and_flaky_cases_pass() -> None:
    data = (SAMPLES / "surefire.xml").read_bytes()
    assert outcomes(data) == {
        "reads": "passed",
        "writes": "failed",
        "locks": "passed",
        "closes": "skipped",
        "opens": "errored",
    }
    assert read(data)[0]["writes"].time == 1002.5
    locks, writes = evidence(data, "locks"), evidence(data, "writes")
    assert (locks.raw_outcome, locks.message) == ("flaky", "timed out")
    assert writes.message == "expected: <1> but was: <2>"
    assert writes.stdout is None
    (again,) = writes.attempts
    assert (again.outcome, again.message) == (TestOutcome.FAILED, "expected: <1> but was: <3>")
    assert "second try" in (again.detail or "")
    assert again.stdout == "out of the second try"
    (first,) = locks.attempts
    assert (first.outcome, first.raw_outcome) == (TestOutcome.FAILED, "flakyFailure")
    assert first.exception_type == "java.util.concurrent.TimeoutException"
    assert (locks.is_retried(TestOutcome.PASSED), writes.is_retried(TestOutcome.FAILED)) == (
        True,
        False,
    )


def test_more_tries_than_the_limit_are_told() -> None:
    inner = '<rerunFailure message="m">d</rerunFailure>' * (MAX_ATTEMPTS + 5)
    found = evidence(suite(f'<testcase name="a"><failure/>{inner}</testcase>'), "a")
    assert (len(found.attempts), found.cut) == (MAX_ATTEMPTS, ("attempts",))


def test_tries_share_the_room_for_output() -> None:
    inner = f"<rerunFailure>{'x' * DETAIL_LIMIT}</rerunFailure>" * 9
    found = evidence(suite(f'<testcase name="a"><failure/>{inner}</testcase>'), "a")
    assert sum(len(one.detail or "") for one in found.attempts) < 2 * DETAIL_LIMIT
    assert "detail" in found.cut


def test_gtest_says_in_attributes_what_did_not_run() -> None:
    data = (SAMPLES / "gtest.xml").read_bytes()
    assert outcomes(data) == {
        "Turns": "passed",
        "Stops": "failed",
        "Later": "skipped",
        "DISABLED_Never": "skipped",
        "Rests/0": "passed",
    }
    assert "ring.cc:23" in (evidence(data, "Stops").detail or ""), "both failures are kept"
    assert evidence(data, "Rests/0").properties == [("seed", "7"), ("note", "in the text")]


def test_gtest_tells_parameters_in_attributes() -> None:
    rows, _ = read(
        suite(
            '<testcase name="T/0" value_param="4" status="run" result="completed"/>'
            '<testcase name="T/1" value_param="" status="run" result="completed"/>'
            '<testcase name="U/0" type_param="int" value_param="a"><failure/></testcase>'
        )
    )
    assert [row.evidence and list(row.evidence.parameters) for row in rows.values()] == [
        [("value_param", "4")],
        None,
        [("value_param", "a"), ("type_param", "int")],
    ]


def test_attachments_and_steps_are_read_where_people_write_them() -> None:
    inner = (
        '<properties><property name="attachment" value="logs/a.log"/>'
        '<property name="step[passed]" value="Open"/><property name="step[failure]">Close'
        "</property></properties><system-out>[[ATTACHMENT|/w/shots/one.png]]\nx "
        "[[ATTACHMENT|b.txt|Notes]]</system-out>"
    )
    found = evidence(suite(f'<testcase name="a">{inner}</testcase>'), "a")
    assert [(one.name, one.reference) for one in found.attachments] == [
        ("one.png", "/w/shots/one.png"),
        ("b.txt", "b.txt"),
        ("a.log", "logs/a.log"),
    ]
    assert [(one.name, one.outcome.name) for one in found.steps] == [
        ("Open", "PASSED"),
        ("Close", "FAILED"),
    ]


def test_ginkgo_panics_are_errors_and_pending_is_skipped() -> None:
    words = outcomes((SAMPLES / "ginkgo.xml").read_bytes())
    assert list(words.values()) == ["passed", "failed", "errored", "skipped", "skipped"]


def test_nextest_tells_flaky_from_failing_after_reruns() -> None:
    data = (SAMPLES / "nextest.xml").read_bytes()
    assert list(outcomes(data).values()) == ["passed", "passed", "failed"]
    assert evidence(data, "tests::wobbles").raw_outcome == "flaky"
    assert [one.seconds for one in evidence(data, "tests::wobbles").attempts] == [0.008]
    (again,) = evidence(data, "tests::falls").attempts
    assert (again.message, again.detail, again.seconds) == ("again", "once more", 0.006)
    assert evidence(data, "tests::falls").stdout == "running 1 test"


def test_nested_suites_keep_their_path_and_no_case_is_lost() -> None:
    rows, _ = read((SAMPLES / "nested.xml").read_bytes())
    assert {(row.suite, row.classname, row.name) for row in rows.values()} == {
        ("", "top", "stands alone"),
        ("outer/inner", "Inner", "first"),
        ("outer/inner/core", "Core", "deep"),
        ("outer", "Outer", "last"),
        ("broken", "", "(suite)"),
    }
    assert rows["(suite)"].outcome is TestOutcome.ERRORED


def test_a_status_without_a_failure_element_counts() -> None:
    data = suite('<testcase name="a" status="Failed"/><testcase name="b" status="pass"/>')
    assert outcomes(data) == {"a": "failed", "b": "passed"}


def test_an_error_outweighs_a_failure_and_both_are_kept() -> None:
    inner = '<testcase name="a"><failure message="one"/><error message="two" type="T"/></testcase>'
    found = evidence(suite(inner), "a")
    assert (found.message, found.exception_type, found.raw_outcome) == ("two", "T", "error")
    assert outcomes(suite(inner)) == {"a": "errored"}


def test_a_case_inside_a_case_is_a_case() -> None:
    inner = '<testcase name="a"><testcase name="b"><failure/></testcase><system-out>o</system-out>'
    rows, _ = read(suite(f"{inner}</testcase>"))
    assert [(name, row.outcome.name) for name, row in rows.items()] == [
        ("b", "FAILED"),
        ("a", "PASSED"),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.5", 1.5), ("1,234.5", 1234.5), ("1,234,567", 1234567.0), ("0,5", 0.5), ("0,125", 0.125),
     ("", 0), ("soon", 0), ("nan", 0), ("-1", 0), ("1e400", 0)],
)  # fmt: skip
def test_times_are_read_with_commas_and_nonsense_is_zero(text: str, seconds: float) -> None:
    rows, _ = read(suite(f'<testcase name="a" time="{text}"/><testcase name="b"/>'))
    assert (rows["a"].time, rows["b"].time) == (seconds, 0)


# what real files do wrong ----------------------------------------------------------


def test_a_count_that_does_not_fit_is_told() -> None:
    assert read('<testsuite name="s" tests="2"><testcase name="a"/></testsuite>')[1] == [
        "count_mismatch"
    ]


@pytest.mark.parametrize(
    ("attributes", "inner", "told"),
    [
        ('failures="1" errors="1"', "<failure/><error/>", False),
        ('failures="2"', "<failure/>", True),
        ('tests="1" errors="1"', "", True),
        ('failures="0"', "<failure/>", False),
        ('failures="many"', "", False),
    ],
)
def test_failures_that_are_declared_and_missing_are_told(
    attributes: str, inner: str, told: bool
) -> None:
    text = f'<testsuite name="s" {attributes}><testcase name="a">{inner}</testcase></testsuite>'
    assert read(text)[1] == (["count_mismatch"] if told else [])


def test_failures_that_a_status_tells_of_are_counted() -> None:
    case = '<testcase name="a" status="failed"/>'
    assert read(f'<testsuite name="s" failures="2">{case}{case}</testsuite>')[1] == []
    assert read(f'<testsuite name="s" failures="3">{case}{case}</testsuite>')[1] != []


def test_control_characters_and_references_to_them_do_not_cost_the_file() -> None:
    inner = (
        '<testcase name="a&#x1b;b&#0;"><failure message="&#27;[31mred&#x1B;[0m">'
        "\x1b[1mbold\x1b[0m \x07 &#xFFFF; &#x20;&#65;</failure></testcase>"
    )
    rows, notes = read(suite(inner))
    assert notes == ["control_characters"]
    found = rows["a␛b␀"].evidence
    assert found and found.message == "red"
    assert found.detail == "bold ␇ �  A"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_unicode_encodings_are_recognised(encoding: str) -> None:
    text = '<?xml version="1.0"?>' + suite('<testcase name="café ✓"/>')
    assert read(text.encode(encoding)) == (read(text)[0], [])


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "shift_jis", "koi8-r"])
def test_declared_encodings_are_followed(encoding: str) -> None:
    word = {"shift_jis": "テスト", "koi8-r": "тест"}.get(encoding, "café")
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + suite(f'<testcase name="{word}"/>')
    assert list(read(text.encode(encoding))[0]) == [word]


@pytest.mark.parametrize("claim", ["utf-8", "us-ascii", "klingon", "utf-16", "rot13", "hex"])
def test_a_false_claim_of_encoding_is_told_and_names_stay_different(claim: str) -> None:
    head = f'<?xml version="1.0" encoding="{claim}"?>'.encode()
    inner = suite('<testcase name="é"/><testcase name="à"/>').encode("latin-1")
    rows, notes = read(head + inner)
    assert list(rows) == ["é", "à"]
    assert "encoding" in notes


def test_text_before_the_first_tag_is_left_out() -> None:
    rows, notes = read("warning: cannot find x\n" + suite('<testcase name="a"/>'))
    assert (list(rows), notes) == (["a"], ["leading_text"])
    assert read("\n\n  " + suite('<testcase name="a"/>'))[1] == []


def test_reports_one_behind_the_other_are_all_read() -> None:
    one = '<?xml version="1.0"?><testsuite name="{}"><testcase name="{}"/></testsuite>\n'
    rows, _ = read(one.format("a", "1") + one.format("b", "2") + "that's all")
    assert [(row.suite, row.name) for row in rows.values()] == [("a", "1"), ("b", "2")]


def test_another_format_is_empty_and_named() -> None:
    rows, notes = read('<checkstyle><file name="a"/></checkstyle>')
    assert (rows, notes) == ({}, ["unknown_root", "unknown_element", "empty"])


def test_an_incomplete_case_is_named_where_the_file_ends() -> None:
    session = JunitParser().open()
    session.feed(b'<testsuite name="s"><testcase name="a"/><testcase name="b"><failure>hal')
    session.close()
    assert "'b'" in session.notes[0].message


# what hostile files try ------------------------------------------------------------

BOMB = '<!DOCTYPE a [<!ENTITY b "bbb"><!ENTITY c "&b;&b;">]>'


@pytest.mark.parametrize(
    "head", [BOMB, "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>", f"<?xml version='1.0'?>{BOMB}"]
)
def test_document_types_are_refused_however_late_the_rest_comes(head: str) -> None:
    session = JunitParser().open()
    with pytest.raises(Unreadable, match="document type"):
        session.feed((head + " " * 1000).encode())
    with pytest.raises(Unreadable, match="document type"):
        session.feed(suite('<testcase name="&c;"/>').encode())


def test_long_texts_keep_their_beginning_and_end() -> None:
    long = "".join(f"line {n}\n" for n in range(30_000))
    inner = f'<testcase name="a"><failure message="{"m" * 9000}">{long}</failure>'
    found = evidence(suite(f"{inner}<system-out>é{'x' * 70_000}</system-out></testcase>"), "a")
    assert set(found.cut) == {"message", "detail", "stdout"}
    assert len(found.message or "") <= MESSAGE_LIMIT
    detail = found.detail or ""
    assert DETAIL_LIMIT - 1000 < len(detail.encode()) <= DETAIL_LIMIT
    assert detail.startswith("line 0\n") and detail.endswith("line 29999\n")
    assert "characters left out" in detail


def test_long_names_are_cut_and_stay_different() -> None:
    names = [f"{'n' * 5000}{n}" for n in range(2)]
    rows, notes = read(suite("".join(f'<testcase name="{name}"/>' for name in names)))
    assert len(rows) == 2 and notes == ["name_cut"]
    assert all(len(name.encode()) <= MESSAGE_LIMIT for name in rows)


def test_a_tag_without_an_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_TOKEN", 10_000)
    session = JunitParser().open()
    cases = Cases()
    cases.extend(session.feed(b'<testsuite name="s"><testcase name="a"/><testcase name="'))
    for _ in range(20):
        cases.extend(session.feed(b"x" * 1000))
    cases.extend(session.feed(b'"/><testcase name="b"/></testsuite>'))
    cases.extend(session.close())
    assert cases.names == ["a", "b"]
    assert session.notes[0].code == "malformed"


@pytest.mark.parametrize("tag", ["testsuite name='s'", "testcase name='c'", "b"])
def test_depth_is_bounded(tag: str) -> None:
    rows, notes = read(suite('<testcase name="first"/>')[:-12] + f"<{tag}>" * 5000)
    assert "first" in rows
    assert "too_deep" in notes


def test_a_file_of_too_many_cases_is_cut_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_CASES", 100)
    session = JunitParser().open()
    count = len(session.feed(b"<testsuite name='s'>"))
    for _ in range(50):
        count += len(session.feed(b"<testcase name='a'/>" * 50))
    count += len(session.close())
    assert 100 <= count < 300
    assert [note.code for note in session.notes] == ["too_many_cases"]


def test_many_names_of_elements_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_NAMES", 100)
    session = JunitParser().open()
    cases = session.feed(suite('<testcase name="a"/>')[:-12].encode())
    for n in range(500):
        cases.extend(session.feed(f"<e{n}/>".encode()))
    cases.extend(session.close())
    assert cases.names == ["a"]
    assert session.notes[-1].code == "too_many_names"


def test_notes_are_bounded_and_count_the_rest() -> None:
    inner = "".join(f'<testsuite name="{n}" tests="9"/>' for n in range(200))
    session = JunitParser().open()
    session.feed(suite(inner + '<testcase name="a"/>').encode())
    session.close()
    assert len(session.notes) == 50
    assert "more notes" in session.notes[-1].message
