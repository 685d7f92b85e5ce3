"""What publishers keep, and what they make of a result."""

from pathlib import Path
from typing import Any

import pytest

from tests.jjb.native.conftest import Runs

GOOD = '<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>'
BAD = '<testsuites><testsuite><testcase name="a"><error/></testcase></testsuite></testsuites>'
TEST = '<test><status status="{}"/></test>'
ROBOT = f"<robot><suite>{TEST.format('PASS')}{TEST}</suite></robot>"


def write(name: str, text: str) -> dict[str, str]:
    """A builder that writes a file."""
    return {"shell": f"mkdir -p $(dirname {name})\nprintf '%s' '{text}' > {name}"}


@pytest.mark.parametrize(
    ("text", "options", "result"),
    [
        (GOOD, {}, "SUCCESS"),
        (BAD, {}, "UNSTABLE"),
        (BAD, {"skip-marking-build-unstable": True}, "SUCCESS"),
        (None, {}, "FAILURE"),
        (None, {"allow-empty-results": True}, "SUCCESS"),
        ("<testsuite/>", {}, "FAILURE"),
        ("<testsuite", {}, "UNSTABLE"),
    ],
)
def test_tests_decide_the_result(
    runs: Runs, text: str | None, options: dict[str, Any], result: str
) -> None:
    builders = [write("out/r.xml", text)] if text else []
    done = runs(builders=builders, publishers=[{"junit": {"results": "out/**/*.xml", **options}}])
    assert done.state.result == result
    assert (done.out / "junit/out-r.xml").exists() == bool(text)


@pytest.mark.parametrize(
    ("limits", "result"),
    [
        ({"failed": {"unstable": 1}}, "SUCCESS"),
        ({"failed": {"unstable": 0}}, "UNSTABLE"),
        ({"failed": {"unstable": 0, "failure": 0}}, "FAILURE"),
        ({"skipped": {"unstable": 0}}, "SUCCESS"),
    ],
)
def test_thresholds_of_xunit_decide(runs: Runs, limits: dict[str, Any], result: str) -> None:
    xunit = {
        "thresholdmode": "number",
        "thresholds": [limits],
        "types": [{"junit": {"pattern": "*.xml", "deleteoutput": False}}],
    }
    done = runs(builders=[write("r.xml", BAD)], publishers=[{"xunit": xunit}])
    assert done.state.result == result


def test_results_of_an_earlier_build_do_not_count(runs: Runs) -> None:
    old = {"shell": "mkdir -p out; echo '<testsuite><testcase/></testsuite>' > out/r.xml\n"
           "touch -d '2 days ago' out/r.xml"}  # fmt: skip
    done = runs(builders=[old], publishers=[{"junit": {"results": "out/*.xml"}}])
    assert done.state.result == "FAILURE"
    assert "older than the build" in done.log


def test_artifacts_are_kept_as_ants_patterns_say(runs: Runs) -> None:
    make = {"shell": "mkdir -p a/b .git; touch a/1.log a/b/2.log a/b/3.txt .git/x.log a/not.log"}
    done = runs(
        builders=[make],
        publishers=[{"archive": {"artifacts": "**/*.log, *.md", "excludes": "**/not*"}}],
    )
    kept = [str(one.relative_to(done.out / "artifacts")) for one in sorted(done.out.rglob("*.*g"))]
    assert [one for one in kept if one.startswith("a/")] == ["a/1.log", "a/b/2.log"]
    assert not (done.out / "artifacts/.git").exists()


@pytest.mark.parametrize(
    ("options", "step", "result"),
    [
        ({}, "true", "FAILURE"),
        ({"allow-empty": True}, "true", "SUCCESS"),
        ({}, "false", "FAILURE"),
    ],
)
def test_no_artifact_at_all_is_a_failure(
    runs: Runs, options: dict[str, Any], step: str, result: str
) -> None:
    done = runs(
        builders=[{"shell": step}], publishers=[{"archive": {"artifacts": "*.log", **options}}]
    )
    assert done.state.result == result


def test_artifacts_of_good_builds_alone(runs: Runs) -> None:
    only = {"archive": {"artifacts": "*.log", "only-if-success": True}}
    done = runs(builders=[{"shell": "touch a.log; false"}], publishers=[only])
    assert not (done.out / "artifacts/a.log").exists()


@pytest.mark.parametrize(
    ("step", "says"),
    [("true", ["good", "any"]), ("exit 3", ["shaky", "any"]), ("false", ["bad", "any"])],
)
def test_scripts_after_the_build_are_chosen_by_its_result(
    runs: Runs, step: str, says: list[str]
) -> None:
    wanted = {
        "good": ["SUCCESS"], "shaky": ["UNSTABLE"], "bad": ["FAILURE"],
        "any": ["SUCCESS", "UNSTABLE", "FAILURE"],
    }  # fmt: skip
    after = [
        {"build-on": results, "build-steps": [{"shell": f"echo {word} >> said"}]}
        for word, results in wanted.items()
    ]
    done = runs(
        builders=[{"shell": {"command": step, "unstable-return": 3}}],
        publishers=[{"postbuildscript": {"builders": after}}],
    )
    assert (done.workspace / "said").read_text().split() == says


@pytest.mark.parametrize(("unstable", "result"), [(True, "UNSTABLE"), (False, "FAILURE")])
def test_a_script_after_the_build_may_fail_it(runs: Runs, unstable: bool, result: str) -> None:
    after = [{"build-on": ["SUCCESS"], "build-steps": [{"shell": "false"}]}]
    publisher = {"postbuildscript": {"builders": after, "mark-unstable-if-failed": unstable}}
    done = runs(publishers=[publisher, {"archive": {"artifacts": "x", "allow-empty": True}}])
    assert done.state.result == result
    assert "0 artifacts" in done.lines


def test_the_workspace_is_cleaned_before_and_after(runs: Runs) -> None:
    make = {"shell": "ls; mkdir -p d; touch keep.txt gone.log d/gone.log"}
    before = [{"workspace-cleanup": {"include": ["**/*.txt"]}}]
    after = [{"workspace-cleanup": {"include": ["**/*.log"], "clean-if": [{"failure": False}]}}]
    done = runs(wrappers=before, builders=[make], publishers=after)
    assert sorted(one.name for one in done.workspace.rglob("*")) == ["d", "keep.txt"]
    failed = runs(wrappers=before, builders=[make, {"shell": "false"}], publishers=after)
    assert "keep.txt" not in failed.lines
    assert (failed.workspace / "gone.log").exists()
    assert [*runs(publishers=["workspace-cleanup"]).workspace.iterdir()] == []


@pytest.mark.parametrize(
    ("options", "result"),
    [({"unstable-if-found": True}, "UNSTABLE"), ({}, "FAILURE"), ({"regexp": "no"}, "SUCCESS")],
)
def test_text_that_is_found_decides(runs: Runs, options: dict[str, Any], result: str) -> None:
    finder = {"regexp": "so?me error", "also-check-console-output": True, **options}
    done = runs(builders=[{"shell": "echo some error"}], publishers=[{"text-finder": finder}])
    assert done.state.result == result


@pytest.mark.parametrize(
    ("status", "thresholds", "result"),
    [
        ("PASS", (100, 50), "SUCCESS"),
        ("FAIL", (100, 50), "UNSTABLE"),
        ("FAIL", (100, 80), "FAILURE"),
    ],
)
def test_shares_of_passed_robot_tests_decide(
    runs: Runs, status: str, thresholds: tuple[int, int], result: str
) -> None:
    options = {"pass-threshold": thresholds[0], "unstable-threshold": thresholds[1]}
    done = runs(
        builders=[write("o/output.xml", ROBOT.format(status))],
        publishers=[{"robot": {"output-path": "o", **options}}],
    )
    assert done.state.result == result
    assert (done.out / "robot/output.xml").exists()


def test_publishers_are_done_after_a_build_that_was_broken_off(runs: Runs, tmp_path: Path) -> None:
    done = runs(
        scm=[{"git": {"url": str(tmp_path / "nowhere")}}],
        publishers=[{"archive": {"artifacts": "*"}}, "workspace-cleanup"],
    )
    assert done.state.result == "FAILURE"
    assert "0 artifacts" in done.lines
