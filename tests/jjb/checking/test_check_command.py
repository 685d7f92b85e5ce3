"""`ringtest jenkins check`: exit codes, forms, baselines, matrix files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ringtest.cli.jenkins import app
from ringtest.jjb.checking.rules import RULES

JOBS = """\
- builder: {name: nobody, builders: [{shell: x}]}
- job-template:
    name: 'a-{n}'
    colour: red
    builders: [run]
- builder: {name: run, builders: [{shell: 'echo $COLOUR'}]}
- project: {name: p, n: [1], jobs: ['a-{n}']}
"""
MATRIX = """\
archs: [x86_64]
products: {RHEL: ['9']}
jobs: {libvirt: [cpu]}
rules:
- {job-template: 'a-{name}', colour: red}
- {when: arch == 's390x', timeout: 10}
"""


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of jobs with two findings, as the working folder; nobody's ini file."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/a.yaml").write_text(JOBS)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, text: str | None = None) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(app, ["check", *words], input=text)


def findings(*words: str) -> dict[str, Any]:
    """What it says as JSON."""
    found: dict[str, Any] = json.loads(run("--format", "json", *words).stdout)
    return found


def test_findings_stand_in_lines_for_editors() -> None:
    done = run("jobs")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "jobs/a.yaml:1:3: warning: nothing uses builder macro 'nobody' (dead-macro)",
        "jobs/a.yaml:4:5: warning: job template 'a-{n}' sets 'colour', which nothing uses"
        " (unused-variable)",
    ]
    assert done.stderr == "0 errors, 2 warnings\n"


def test_exit_codes_say_how_bad_it_is(repository: Path) -> None:
    assert run("jobs", "--fail-on", "error").exit_code == 0
    assert run("jobs", "--ignore", "dead-*,unused-variable").exit_code == 0
    assert run("jobs", "--select", "dead-macro").exit_code == 1
    (repository / "jobs/b.yaml").write_text("- job: {name: b, builders: [nothing]}\n")
    assert run("jobs", "--fail-on", "error").exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("elsewhere",),
        ("jobs", "--select", "nonsense"),
        ("jobs", "--write-baseline"),
        ("jobs", "--baseline", "absent.json"),
        ("jobs", "--baseline", "jobs/a.yaml"),
        ("jobs", "-p", "absent.yaml"),
        ("--matrix", "absent.yaml"),
    ],
    ids=" ".join,
)
def test_wrong_words_end_with_2(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr
    assert done.stderr


def test_json_has_places_jobs_and_chains(repository: Path) -> None:
    (repository / "jobs/b.yaml").write_text(
        "- builder: {name: m, builders: [{copyartifact: {project: x, filtr: y}}]}\n"
        "- job: {name: b, builders: [m]}\n"
    )
    said = findings("jobs/b.yaml")
    assert said["known"] == 0
    assert said["gone"] == []
    (found,) = said["findings"]
    assert found == {
        "rule": "unknown-option",
        "severity": "warning",
        "message": "builders 'copyartifact' has no option 'filtr'; did you mean 'filter'?",
        "file": "jobs/b.yaml",
        "line": 1,
        "column": 61,
        "job": "b",
        "chain": [
            {"what": "builder macro 'm'", "file": "jobs/b.yaml", "line": 2, "column": 29},
        ],
    }


def test_a_baseline_goes_round(repository: Path) -> None:
    known = repository / "known.json"
    assert run("jobs", "--baseline", "known.json", "--write-baseline").exit_code == 0
    text = known.read_text()
    assert str(repository) not in text
    done = run("jobs", "--baseline", "known.json")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "2 known" in done.stderr

    # Lines above move what is known; only what is added is told.
    file = repository / "jobs/a.yaml"
    added = "- builder: {name: another, builders: [{shell: y}]}\n"
    file.write_text("# one\n# more\n" + JOBS + added)
    done = run("jobs", "--baseline", "known.json")
    assert done.exit_code == 1
    assert re.findall(r"\((.*)\)$", done.stdout, re.MULTILINE) == ["dead-macro"]
    assert "'another'" in done.stdout

    # What was mended is told, and is no failure.
    file.write_text(JOBS.replace("    colour: red\n", ""))
    done = run("jobs", "--baseline", "known.json")
    assert done.exit_code == 0
    assert "gone" in done.stderr
    assert "sets 'colour'" in done.stderr
    assert [each["rule"] for each in findings("jobs", "--baseline", "known.json")["gone"]] == [
        "unused-variable"
    ]
    assert known.read_text() == text


def test_the_same_twice_is_known_twice(repository: Path) -> None:
    job = "- job: {name: %s, builders: [{copyartifact: {project: x, bad: y}}]}\n"
    file = repository / "jobs/a.yaml"
    file.write_text(job % "a")
    run("jobs", "--baseline", "known.json", "--write-baseline")
    file.write_text(job % "a" + job % "b")
    assert len(findings("jobs", "--baseline", "known.json")["findings"]) == 1


def test_sarif_has_what_the_standard_requires(repository: Path) -> None:
    (repository / "jobs/b c.yaml").write_text("- job: {name: b, builders: [nothing, run]}\n")
    document = json.loads(run("jobs", "--format", "sarif").stdout)
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (found,) = document["runs"]
    driver = found["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == list(RULES)
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note", "none")
    assert {result["ruleId"] for result in found["results"]} == {
        "dead-macro",
        "unused-variable",
        "unknown-component",
    }
    prints = set()
    for result in found["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note", "none")
        assert result["message"]["text"]
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            physical = location["physicalLocation"]
            assert physical["artifactLocation"]["uri"] in ("jobs/a.yaml", "jobs/b%20c.yaml")
            assert physical["region"]["startLine"] >= 1
            assert physical["region"]["startColumn"] >= 1
        prints |= set(result["partialFingerprints"].values())
    assert len(prints) == len(found["results"]) == 3


def test_matrix_files_are_checked_by_their_own_rules(repository: Path) -> None:
    (repository / "matrix.yaml").write_text(MATRIX)
    alone = findings("--matrix", "matrix.yaml")["findings"]
    assert [(each["rule"], each["line"]) for each in alone] == [("matrix-unmatched-rule", 6)]
    (repository / "templates.yaml").write_text(
        "- job-template: {name: 'a-{name}', node: '{arch}'}\n"
    )
    both = findings("--matrix", "matrix.yaml", "templates.yaml")["findings"]
    # The template has a user, and variables of cells need none.
    assert [each["rule"] for each in both] == ["matrix-unmatched-rule"]


def test_standard_input_is_read() -> None:
    done = run(text="- job: {name: a, builder: []}\n")
    assert done.exit_code == 1
    assert done.stdout.startswith("<stdin>:1:18: warning: job 'a' has a key 'builder'")


def test_rules_are_listed() -> None:
    done = run("--rules")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(RULES)
