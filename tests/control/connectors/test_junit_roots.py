"""What other roots tell: NUnit 3, xUnit.net, TRX; and dialects with the root of JUnit."""

from pathlib import Path

import pytest

from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import Cases, Evidence, ParsedCase

SAMPLES = Path(__file__).parents[2] / "conformance" / "result_parser" / "junit"


def read(data: bytes | str) -> tuple[dict[str, ParsedCase], list[str], Cases]:
    """Cases by name, the codes of all notes, and the columns."""
    session = JunitParser().open()
    cases = Cases()
    cases.extend(session.feed(data.encode() if isinstance(data, str) else data))
    cases.extend(session.close())
    return {row.name: row for row in cases.rows()}, [note.code for note in session.notes], cases


def sample(name: str) -> dict[str, ParsedCase]:
    return read((SAMPLES / name).read_bytes())[0]


def evidence(row: ParsedCase) -> Evidence:
    assert row.evidence is not None
    return row.evidence


def outcomes(rows: dict[str, ParsedCase]) -> dict[str, str]:
    return {name: row.outcome.name.lower() for name, row in rows.items()}


def test_nunit_keeps_the_path_of_its_suites_and_says_who_failed() -> None:
    rows = sample("nunit.xml")
    assert outcomes(rows) == {
        "Turns": "passed",
        "TurnsBy(1)": "passed",
        "TurnsBy(2)": "failed",
        "Stops": "skipped",
        "Assumes": "skipped",
        "(suite)": "errored",
        "Never": "errored",
    }
    assert rows["TurnsBy(2)"].suite == "Ring.Tests.dll/TurnTests/TurnsBy"
    assert rows["TurnsBy(2)"].classname == "Ring.TurnTests"
    assert rows["TurnsBy(2)"].time == 0.12
    assert rows["(suite)"].suite == "Ring.Tests.dll/BrokenTests"
    assert rows["Turns"].evidence is None, "what passes quietly leaves nothing"


def test_nunit_tells_messages_output_properties_and_attachments() -> None:
    rows = sample("nunit.xml")
    failed, passed = evidence(rows["TurnsBy(2)"]), evidence(rows["TurnsBy(1)"])
    assert "Multiple failures" in (failed.message or "")
    assert "Expected: 2" in (failed.detail or ""), "each assertion is kept"
    assert (passed.stdout, passed.properties) == ("turned once", [("Category", "slow")])
    (file,) = passed.attachments
    assert (file.name, file.reference) == ("the ring after it turned", "/build/out/turn.png")
    assert evidence(rows["Stops"]).raw_outcome == "Skipped:Ignored"
    assert evidence(rows["Assumes"]).message == "Expected: True"


def test_nunit_suites_have_their_properties() -> None:
    declared = read((SAMPLES / "nunit.xml").read_bytes())[2].declared
    assert declared[0].name == "Ring.Tests.dll"
    assert ("_PID", "4711") in declared[0].properties


def test_xunit_net_names_assemblies_by_their_file_and_reads_arguments() -> None:
    rows = sample("xunit_net.xml")
    assert outcomes(rows) == {
        "(suite) Ring.Store": "errored",
        "Turns": "passed",
        'TurnsBy(n: 1, name: "a, b")': "passed",
        'TurnsBy(n: 2, name: "c")': "failed",
        "The ring stops": "skipped",
        "Opens": "failed",
    }
    first = rows['TurnsBy(n: 1, name: "a, b")']
    assert (first.suite, first.classname) == ("Ring.Tests.dll/Ring.TurnTests", "Ring.TurnTests")
    assert evidence(first).parameters == [("n", "1"), ("name", '"a, b"')]
    assert evidence(first).properties == [("Category", "slow")]
    failed = evidence(rows['TurnsBy(n: 2, name: "c")'])
    assert failed.exception_type == "Xunit.Sdk.EqualException"
    assert (failed.message or "").startswith("Assert.Equal() Failure")
    assert evidence(rows["The ring stops"]).message == "no brake"


def test_trx_finds_classes_behind_the_results_and_rows_of_data_are_steps() -> None:
    rows = sample("run.trx")
    assert outcomes(rows) == {
        "Turns": "passed",
        "TurnsBy(n: 2)": "failed",
        "Rows": "failed",
        "Stops": "skipped",
        "Hangs": "failed",
    }
    assert {row.classname for row in rows.values()} == {"Ring.TurnTests"}
    failed = rows["TurnsBy(n: 2)"]
    assert failed.time == 62.5
    assert (evidence(failed).stdout, evidence(failed).stderr) == ("turning", "slowly")
    assert evidence(failed).attachments[0].name == "turn.png"
    assert [(one.name, one.outcome.name, one.message) for one in evidence(rows["Rows"]).steps] == [
        ("Rows (Data Row 0)", "PASSED", None),
        ("Rows (Data Row 1)", "FAILED", "row 1 is odd"),
    ]
    assert evidence(rows["Hangs"]).raw_outcome == "Timeout"


def test_trx_of_short_names_takes_the_class_from_the_definition() -> None:
    text = (
        '<TestRun><Results><UnitTestResult testId="t" testName="Turns" outcome="Passed"/></Results>'
        '<TestDefinitions><UnitTest id="t"><TestMethod className="Ring.T, Ring" name="Turns"/>'
        "</UnitTest></TestDefinitions></TestRun>"
    )
    assert read(text)[0]["Turns"].classname == "Ring.T"


def test_a_trx_run_that_broke_beside_its_tests_is_not_all_green() -> None:
    text = (
        '<TestRun><Results><UnitTestResult testName="A.B.C" outcome="Passed"/></Results>'
        '<ResultSummary outcome="Aborted"><Counters total="1"/><RunInfos><RunInfo outcome="Error">'
        "<Text>the test host went away</Text></RunInfo></RunInfos></ResultSummary></TestRun>"
    )
    rows, notes, _ = read(text)
    assert notes == []
    assert outcomes(rows) == {"C": "passed", "(suite)": "errored"}
    assert evidence(rows["(suite)"]).message == "the test host went away"


@pytest.mark.parametrize(
    "text",
    [
        '<test-run total="2"><test-case name="a" result="Passed"/></test-run>',
        '<assemblies><assembly name="a" total="2"><test name="a" result="Pass"/></assembly>'
        "</assemblies>",
        '<TestRun><Results><UnitTestResult testName="a" outcome="Passed"/></Results>'
        '<ResultSummary><Counters total="2"/></ResultSummary></TestRun>',
    ],
)
def test_counts_that_do_not_fit_are_told(text: str) -> None:
    assert read(text)[1] == ["count_mismatch"]


def test_a_broken_place_costs_one_case_and_no_more() -> None:
    cases = [f'<test-case name="{n}" result="Passed"><output>o</output></test-case>' for n in "abc"]
    cases[1] = '<test-case name="b" result="Passed"><output>a < b & c</output></test-case>'
    text = f'<test-run><test-suite name="s">{"".join(cases)}</test-suite></test-run>'
    rows, notes, _ = read(text)
    assert outcomes(rows) == {"a": "passed", "b": "errored", "c": "passed"}
    assert {row.suite for row in rows.values()} == {"s"}
    assert "malformed" in notes


def test_a_case_of_more_elements_than_the_limit_is_still_a_case() -> None:
    many = "<property name='a' value='b'/>" * 9_000
    text = (
        f'<test-run><test-case name="a" result="Passed"><properties>{many}</properties></test-case>'
    )
    rows, notes, _ = read(f"{text}</test-run>")
    assert outcomes(rows) == {"a": "passed"}
    assert len(evidence(rows["a"]).properties) == 1_000
    assert evidence(rows["a"]).cut == ("properties",)
    assert notes == ["evidence"]


def test_elements_too_deep_inside_one_another_end_the_reading() -> None:
    before = '<test-run><test-case name="b" result="Passed"/>'
    rows, notes, _ = read(before + '<test-case name="a">' + "<x>" * 2_000)
    assert (outcomes(rows), notes) == ({"b": "passed"}, ["too_deep"])


def test_tempest_robot_and_tmt_are_read_by_their_own_words() -> None:
    assert [row.outcome for row in sample("tempest.xml").values()] == [
        TestOutcome.PASSED,
        TestOutcome.FAILED,
        TestOutcome.SKIPPED,
        TestOutcome.PASSED,
    ]
    robot = sample("robot.xml")
    assert (robot["Opens"].suite, robot["Turns Twice"].suite) == ("Ring/Store", "Ring/Turning")
    assert list(outcomes(sample("tmt.xml")).values()) == ["passed", "failed", "errored", "skipped"]
