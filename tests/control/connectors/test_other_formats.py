"""Readers of Avocado, tmt, subunit, Go, LTP and BeakerLib: what their files do wrong."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from subunit.v2 import StreamResultToBytes

from ringtest.control.connectors.avocado_json import AvocadoParser
from ringtest.control.connectors.beakerlib_journal import BeakerlibParser
from ringtest.control.connectors.go_test_json import GoParser
from ringtest.control.connectors.ltp import LtpParser
from ringtest.control.connectors.robot_output import RobotParser
from ringtest.control.connectors.subunit_v2 import SubunitParser
from ringtest.control.connectors.tmt_yaml import TmtParser
from ringtest.control.ports.result_parser import MAX_STEPS, MESSAGE_LIMIT, ResultParser, Unreadable
from tests.control.connectors.reading import codes, evidence, outcomes, read

AVOCADO, TMT, SUBUNIT = AvocadoParser(), TmtParser(), SubunitParser()
GO, LTP, BEAKERLIB, ROBOT = GoParser(), LtpParser(), BeakerlibParser(), RobotParser()


def job(*tests: object, **more: object) -> str:
    """A results.json of Avocado."""
    return json.dumps({"debuglog": "job.log", "errors": 0, "interrupt": 0, **more, "tests": tests})


def test_avocado_tells_what_was_planned_and_did_not_run() -> None:
    test = {"id": "1-a", "name": "a", "status": "PASS"}
    assert codes(AVOCADO, job(test, total=1)) == []
    assert codes(AVOCADO, job(test, total=4)) == ["count_mismatch"]
    assert codes(AVOCADO, job(test, **{"pass": 1, "errors": 3})) == ["count_mismatch"]


def test_avocados_order_and_variant_are_no_part_of_the_name() -> None:
    one = {"id": "7-a/b.py:Boot.test;run-4f2a", "name": "a/b.py:Boot.test;run-4f2a"}
    rows, _ = read(AVOCADO, job({**one, "status": "PASS"}, {"id": "8-/bin/true", "status": "FAIL"}))
    assert [(row.classname, row.name) for row in rows] == [
        ("a/b.py:Boot", "test"),
        ("", "/bin/true"),
    ]
    assert rows[0].evidence and rows[0].evidence.parameters == [("variant", "run-4f2a")]
    assert rows[0].evidence.raw_name == "a/b.py:Boot.test;run-4f2a"


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ('{"id":"1-a","status":"HM"}', {"a": "errored"}, ["unknown_outcome"]),
        ('{"id":"1-a","status":"PASS",,}', {}, ["malformed", "empty"]),
        ("7", {}, ["malformed", "empty"]),
        ('{"id":"1-a","status":"FAIL","fail_reason":"a\tb\u0001"}', {"a": "failed"}, []),
        ('{"id":"1-a","status":"FAIL","fail_reason":"\\ud800"}', {"a": "failed"}, []),
        ('{"id":"1-a\n},{"id":"2-b","status":"PASS"}', {"b": "passed"}, ["malformed"]),
        ('{"x":' + "[" * 5000 + "]" * 5000 + "}", {}, ["malformed", "empty"]),
    ],
)
def test_one_broken_test_of_avocado_costs_no_other(
    text: str, found: dict[str, str], expected: list[str]
) -> None:
    whole = '{"debuglog": "x", "interrupt": 0, "total": 1, "tests": [' + text + "]}"
    assert outcomes(AVOCADO, whole) == found
    assert [code for code in codes(AVOCADO, whole) if code != "count_mismatch"] == expected


def test_one_broken_result_of_tmt_costs_no_other() -> None:
    text = "- name: /a\n  result: pass\n- name: /b\n  result: [\n- name: /c\n  result: fail\n"
    text += "- name: /d\n  result: &x pass\n  note: [*x]\n- name: /e\n  result: strange\n"
    assert outcomes(TMT, text) == {
        "/a": "passed",
        "/b": "errored",
        "/c": "failed",
        "/d": "errored",
        "/e": "errored",
    }
    told = codes(TMT, text)
    assert set(told) == {"malformed", "unknown_outcome"} and len(told) == 5


def test_a_bomb_of_aliases_is_not_unfolded() -> None:
    lines = ["- name: /a", "  result: pass", "  x0: &x0 [lol, lol]"]
    lines += [f"  x{n}: &x{n} [*x{n - 1}, *x{n - 1}]" for n in range(1, 60)]
    assert codes(TMT, "\n".join(lines) + "\n- name: /b\n  result: pass\n") == ["malformed"] * 2


def test_values_of_tmt_stay_what_is_written_there() -> None:
    text = "- name: /a\n  result: pass\n  context: {version: [3.10, yes], date: 2026-01-02}\n"
    text += "  guest: {name: server, role: null}\n"
    found = evidence(TMT, text, "/a")
    assert found.parameters == [("version", "3.10 yes"), ("date", "2026-01-02")]
    assert found.properties == [("guest-name", "server")]


def test_steps_inside_of_steps_are_limited() -> None:
    text = "- name: /a\n  result: pass\n"
    for depth in range(30):
        text += "  " * (depth + 1) + "subresult:\n" + "  " * (depth + 1) + f"- name: /{depth}\n"
        text += "  " * (depth + 2) + "result: pass\n"
    many = "- name: /b\n  result: pass\n  subresult:\n" + "  - {name: /x, result: fail}\n" * 1500
    assert "steps" in evidence(TMT, text, "/a").cut
    kept = evidence(TMT, many, "/b")
    assert len(kept.steps) == MAX_STEPS and "steps" in kept.cut


def stream(*words: dict[str, object]) -> bytes:
    """Packets of subunit."""
    out = io.BytesIO()
    packets = StreamResultToBytes(out)
    for one in words:
        packets.status(**one)
    return out.getvalue()


def test_a_broken_packet_costs_no_test_beside_it() -> None:
    one = stream({"test_id": "m.C.test_a", "test_status": "success"})
    two = stream({"test_id": "m.C.test_b", "test_status": "fail"})
    broken = bytes([*two[:-1], two[-1] ^ 1])
    assert outcomes(SUBUNIT, one + broken + b"noise \xb3\x2f" + one) == {"test_a": "passed"}
    assert len(read(SUBUNIT, one + broken + b"noise \xb3\x2f" + one)[0]) == 2
    assert codes(SUBUNIT, one + broken + one) == ["other_bytes"]


def test_a_test_without_an_end_is_an_error_with_its_output() -> None:
    began = datetime(2026, 11, 2, tzinfo=UTC)
    data = stream(
        {"test_id": "m.C.test_a", "test_status": "inprogress", "timestamp": began},
        {"test_id": "m.C.test_b", "test_status": "inprogress", "timestamp": began},
        {"test_id": "m.C.test_b", "file_name": "stdout", "file_bytes": b"so far"},
        {
            "test_id": "m.C.test_a",
            "test_status": "success",
            "timestamp": began + timedelta(seconds=2),
        },
    )
    rows, notes = read(SUBUNIT, data)
    assert [(row.name, row.outcome.name, row.time) for row in rows] == [
        ("test_a", "PASSED", 2.0),
        ("test_b", "ERRORED", 0.0),
    ]
    assert rows[1].evidence and rows[1].evidence.stdout == "so far"
    assert [note.code for note in notes] == ["truncated"]


def event(action: str, test: str = "", **more: object) -> str:
    """A line of go test -json."""
    name = {"Test": test} if test else {}
    return json.dumps({"Action": action, "Package": "ring", **name, **more}) + "\n"


def test_tests_that_a_panic_took_along_are_errors() -> None:
    text = event("run", "TestA") + event("output", "TestA", Output="panic: no host\n")
    text += event("run", "TestB") + event("fail", "TestA") + event("fail")
    assert outcomes(GO, text) == {"TestA": "failed", "TestB": "errored"}
    found = evidence(GO, text, "TestA")
    assert (found.exception_type, found.message) == ("panic", "no host")
    assert codes(GO, text) == []


def test_a_package_that_fails_without_a_test_is_a_case() -> None:
    said = event("output", Output="os.Exit in TestMain\n") + event("fail")
    assert outcomes(GO, said) == {"(package)": "errored"}
    assert evidence(GO, said, "(package)").message == "os.Exit in TestMain"
    old = "# ring\n./x.go:3: undefined: y\nFAIL\tring [build failed]\n" + event("pass", "TestA")
    assert outcomes(GO, old)["(package)"] == "errored"
    assert "undefined: y" in (evidence(GO, old, "(package)").detail or "")
    # the package itself may say nothing before its end
    assert outcomes(GO, event("fail", "TestA") + event("fail")) == {"TestA": "failed"}


def test_lines_of_go_that_are_no_events_are_told() -> None:
    text = event("pass", "TestA") + '{"Action": \n{"x": 1}\n' + event("dance", "TestA")
    assert codes(GO, text + event("pass")) == ["malformed", "malformed", "unknown_action"]


def test_lines_of_ltp_decide_by_their_gravity() -> None:
    end = "Summary:\npassed {}\nfailed {}\nbroken {}\nskipped {}\nwarnings {}\n"
    text = "a.c:1: TPASS: x\na.c:2: TCONF: y\n" + end.format(1, 0, 0, 1, 0)
    text += "b.c:1: TFAIL: x\nb.c:2: TBROK: y\n" + end.format(0, 1, 1, 0, 0)
    text += "c.c:1: TWARN: x\nc.c:2: TPASS: y\n" + end.format(1, 0, 0, 0, 1)
    text += "d.c:1: TPASS: x\n" + end.format(2, 0, 0, 0, 0)
    text += "tst_test.c:9: TBROK: z\ntst_test.c:1: TINFO: of e\ne.c:3: TINFO: x\n"
    text += end.format(0, 0, 1, 0, 0)
    expected = {"a": "passed", "b": "errored", "c": "failed", "d": "passed", "e": "errored"}
    assert outcomes(LTP, text) == expected
    assert codes(LTP, text) == ["count_mismatch"]  # d


def test_a_test_of_ltp_that_was_killed_is_an_error() -> None:
    text = "<<<test_start>>>\ntag=oom stime=1\n<<<test_output>>>\noom 1 TPASS : x\n"
    text += "<<<execution_status>>>\nduration=3 termination_type=signaled termination_id=9\n"
    assert outcomes(LTP, text + "<<<test_end>>>\n") == {"oom": "errored"}
    assert outcomes(LTP, text.replace("signaled", "exited")) == {"oom": "errored"}
    assert codes(LTP, text) == ["truncated"]


def test_counts_of_beakerlib_are_held_against_its_assertions() -> None:
    phase = '<phase name="Test" result="PASS"><test message="m">FAIL</test></phase>'
    text = f"<BEAKER_TEST><testname>/a</testname><log>{phase}</log></BEAKER_TEST>"
    assert codes(BEAKERLIB, text) == ["count_mismatch"]
    found = evidence(BEAKERLIB, text.replace('"PASS"', '"FAIL"'), "/a")
    assert found.properties == [("assertions good", "0"), ("assertions bad", "1")]
    assert [(step.name, step.steps[0].name) for step in found.steps] == [("Test", "m")]


@pytest.mark.parametrize(
    ("parser", "root"), [(ROBOT, "robot"), (BEAKERLIB, "BEAKER_TEST")], ids=["robot", "beakerlib"]
)
def test_document_types_are_refused(parser: ResultParser, root: str) -> None:
    bomb = f'<!DOCTYPE {root} [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><{root}>&b;</{root}>'
    with pytest.raises(Unreadable):
        read(parser, bomb)


def test_reading_of_robot_goes_on_behind_a_broken_place() -> None:
    def test(name: str, inside: str = "") -> str:
        return f'<test name="{name}">{inside}<status status="PASS" elapsed="1"/></test>'

    text = f'<robot><suite name="s"><suite name="t">{test("a")}{test("b", "<kw> & </kw>")}'
    text += f"{test('c')}</suite>{test('d')}</suite></robot>"
    assert outcomes(ROBOT, text) == {
        "s/t/a": "passed",
        "s/t/b": "errored",
        "s/t/c": "passed",
        "s/d": "passed",
    }
    assert codes(ROBOT, text) == ["malformed"]


def test_robot_counts_are_held_against_its_tests() -> None:
    text = '<robot><suite name="s"><test name="a"><status status="PASS"/></test></suite>'
    text += '<statistics><total><stat pass="2" fail="0">All Tests</stat></total></statistics>'
    assert codes(ROBOT, text + "</robot>") == ["count_mismatch"]


def test_names_and_messages_of_any_length_are_cut() -> None:
    name = "n" * 100_000
    text = f'<robot><suite name="{name}"><test name="{name}"><kw name="{name}">'
    text += f'<status status="FAIL">{name}</status></kw>'
    text += f'<status status="FAIL">{name}</status></test></suite></robot>'
    rows, notes = read(ROBOT, text)
    assert len(rows[0].name) <= MESSAGE_LIMIT >= len(rows[0].suite)
    assert rows[0].evidence and len(rows[0].evidence.steps[0].name) <= MESSAGE_LIMIT
    assert "message" in rows[0].evidence.cut
    assert [note.code for note in notes] == ["name_cut"]


TORN = """<robot><suite name="r"><test name="z"><status status="PASS"/></test><suite name="s">
<test name="a"><status status="PASS"/></test><test name="b"><status status="SKIP">w</status></test>
<test name="c"><status status="FAIL">own</status></test>
<kw name="k" type="TEARDOWN"><status status="%s">late</status></kw><status status="FAIL"/></suite>
</suite></robot>"""


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("FAIL", "failed skipped failed"),
        ("SKIP", "skipped " * 3),
        ("PASS", "passed skipped failed"),
    ],
)
def test_a_suite_whose_teardown_fails_fails_its_tests_as_robot_counts(
    status: str, wanted: str
) -> None:
    found = outcomes(ROBOT, TORN % status)
    assert [found[f"r/s/{name}"] for name in "abc"] == wanted.split()
    assert found["r/z"] == "passed"
    if status == "FAIL":
        assert evidence(ROBOT, TORN % status, "a").message == "Parent suite teardown failed:\nlate"


def test_tests_given_out_before_the_teardown_of_their_suite_are_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ringtest.control.connectors.robot_output.MAX_HELD", 1)
    session = ROBOT.open()
    for byte in (TORN % "FAIL").encode():
        session.feed(bytes([byte]))
    session.close()
    assert [note.code for note in session.notes] == ["suite_teardown"]
