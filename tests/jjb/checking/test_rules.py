"""Each rule finds what it is for, at its line, and nothing else."""

import io
import re
from pathlib import Path

import pytest

from ringtest.jjb.checking.checks import check
from ringtest.jjb.checking.rules import RULES, Choice, UnknownRule
from ringtest.jjb.problems import Problem, Severity
from tests.architecture.sources import ROOT
from tests.jjb.fixtures_of import HERE as LANGUAGE
from tests.jjb.fixtures_of import Fixture, fixtures, inside
from tests.jjb.test_bounds import CASES

HERE = Path(__file__).parent / "fixtures"
FIXTURES = fixtures(str(HERE))
OWN = {
    "unknown-key",
    "unknown-option",
    "unused-variable",
    "undefined-variable",
    "dead-template",
    "dead-macro",
    "dead-group",
    "dead-defaults",
    "same-content",
    "name-clash",
    "no-effect",
    "unmatched-exclude",
    "missing-plugin",
    "plain-secret",
    "missing-include",
}
_MARK = re.compile(r"# <- ([a-z-]+)")
# What the fixtures of the language and the components have wrong, on purpose.
KNOWN = {
    "date.yaml": "unknown-key",  # `metadata` is no key of jobs
    "number.yaml": "unknown-key",
    "string.yaml": "unknown-key",
    "conditional-publisher.yaml": "unknown-option",  # the original looks for "%s-basedir"
    "conditional-publisher-0.10.yaml": "unknown-option",
    "conditional-publisher-0.12.yaml": "unknown-option",
    "password.yaml": "plain-secret",
    "inject-passwords.yaml": "plain-secret",
    "defaults-of-macro.yaml": "unknown-key",
    "kind-pipeline.yaml": "no-effect",
    "macro-parameters-not-expanded.yaml": "unused-variable",
    "macro-sees-no-job-parameters.yaml": "unknown-key",
    "option-allow-empty.yaml": "undefined-variable",
    "parameters-content-key-is-none.yaml": "unused-variable",
    "parameters-in-format-specifications.yaml": "unused-variable",
    "template-unused.yaml": "dead-template",
    "view-group.yaml": "same-content",
    "view-list.yaml": "unknown-option",  # a column that nobody renders
    "list.yaml": "unknown-option",
    "multibranch-git.yaml": "unknown-option",  # a pattern that is left empty by a wrong key
    "nested.yaml": "unknown-option",  # a list with sections of a job
    "sectioned.yaml": "unknown-option",
    "yaml-complex-keys.yaml": "unknown-key",
    "yaml-long-keys.yaml": "unknown-key",
}


def found_in(fixture: Fixture) -> list[Problem]:
    """All findings of one file."""
    plugins = fixture.plugins or None
    with inside(fixture.path.parent):
        return check([fixture.path], settings=fixture.settings(), plugins=plugins)


def marked(path: Path) -> set[tuple[int, str]]:
    """(line, rule) of the marks in a file."""
    lines = path.read_text().splitlines()
    return {(n, rule) for n, line in enumerate(lines, 1) for rule in _MARK.findall(line)}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda each: str(each.path.stem))
def test_a_rule_finds_what_is_marked_and_nothing_else(fixture: Fixture) -> None:
    found = {(each.place.line, each.rule) for each in found_in(fixture) if each.place}
    assert found == marked(fixture.path)


def test_each_rule_of_the_checks_has_a_fixture() -> None:
    named = {fixture.path.stem for fixture in FIXTURES}
    assert named == OWN
    for fixture in FIXTURES:
        assert fixture.path.stem in {rule for _, rule in marked(fixture.path)}


def test_files_that_have_nothing_wrong_give_no_findings() -> None:
    folders = [
        "language",
        "kinds",
        "views",
        *(f"components/{each.name}" for each in (LANGUAGE / "components").iterdir()),
    ]
    told = {}
    for folder in folders:
        for fixture in fixtures(folder):
            rules = {each.rule for each in found_in(fixture) if each.rule in OWN}
            if rules:
                told[fixture.path.name] = " ".join(sorted(rules))
    assert told == KNOWN


def test_each_rule_that_the_engine_names_is_listed() -> None:
    named: set[str] = set()
    wanted = r"(?:Failure|finding|warn)\(\s*\"([a-z0-9-]+)\"|Severity\.[A-Z]+,\s*\"([a-z0-9-]+)\""
    for path in (ROOT / "src/ringtest/jjb").rglob("*.py"):
        named |= {one or two for one, two in re.findall(wanted, path.read_text())}
    assert len(named) > 40
    assert named - set(RULES) == set()


def test_a_finding_reads_as_editors_want_it() -> None:
    fixture = next(each for each in FIXTURES if each.path.stem == "dead-macro")
    said = [str(problem).splitlines()[0] for problem in found_in(fixture)]
    assert said[0] == (
        "dead-macro.yaml:4:3: warning: nothing uses builder macro 'nobody' (dead-macro)"
    )


def test_secrets_are_not_repeated() -> None:
    fixture = next(each for each in FIXTURES if each.path.stem == "plain-secret")
    assert not re.search("hunter2|abc", "".join(map(str, found_in(fixture))))


def test_two_jobs_of_one_name_are_an_error_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "- job-template: {name: 'x-{n}', node: '{n}'}\n"
        "- project: {name: p, n: [a, a], jobs: ['x-{n}']}\n"
    )
    with inside(tmp_path):
        (problem,) = check([tmp_path / "a.yaml"])
    assert (problem.rule, problem.severity) == ("duplicate-job", Severity.ERROR)
    assert "defined before at a.yaml:2" in problem.message


def test_macros_that_a_broken_job_would_use_are_not_called_dead(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "- builder: {name: m, builders: [{shell: x}]}\n"
        "- builder: {name: n, builders: [{shell: y}]}\n"
        "- job: {name: a, builders: [nonsense, m]}\n"
    )
    with inside(tmp_path):
        rules = [(each.rule, each.place and each.place.line) for each in check([tmp_path])]
    assert rules == [("dead-macro", 2), ("unknown-component", 3)]


def test_files_of_templates_alone_are_for_others(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "- job-template: {name: 'x-{n}', node: '{n}'}\n"
        "- builder: {name: m, builders: [{shell: x}]}\n"
    )
    assert check([tmp_path]) == []


def test_variables_that_a_file_may_name_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "say.sh").write_text("echo {greeting}")
    (tmp_path / "a.yaml").write_text(
        "- defaults: {name: global, width: 9}\n"
        "- job-template: {name: 'x-{name}', builders: [{shell: !include-raw-expand: '{file}'}]}\n"
        "- project: {name: p, file: say.sh, greeting: hello, jobs: ['x-{name}']}\n"
    )
    with inside(tmp_path):
        assert check([tmp_path / "a.yaml"]) == []


def test_rules_are_chosen_by_patterns() -> None:
    fixture = next(each for each in FIXTURES if each.path.stem == "missing-include")
    with inside(HERE):
        only = check([fixture.path], choice=Choice(select=("dead-*",)))
        without = check([fixture.path], choice=Choice(ignore=("dead-*",)))
    assert {each.rule for each in only} == {"dead-macro"}
    assert {each.rule for each in without} == {"missing-include"}
    with pytest.raises(UnknownRule, match="no rule is called 'dead'"):
        Choice(ignore=("dead",))


def test_files_that_are_refused_are_told_of_and_end_no_check() -> None:
    for fixture in fixtures("refused"):
        found = found_in(fixture)
        assert any(each.severity is Severity.ERROR for each in found), fixture.path.name
        assert {each.rule for each in found} <= set(RULES), fixture.path.name


@pytest.mark.parametrize("what", CASES)
def test_what_the_engine_refuses_is_told_by_the_check_as_well(what: str) -> None:
    text, rule = CASES[what]
    assert rule in {each.rule for each in check([io.StringIO(text)])}


def test_the_page_names_each_rule_of_the_checks() -> None:
    page = (ROOT / "docs/how-to/check-jenkins-jobs.md").read_text()
    assert [rule for rule in sorted(OWN) if f"`{rule}`" not in page] == []


def test_plugins_are_known_by_either_name(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("- job: {name: a, wrappers: [ssh-agent-credentials: {users: [x]}]}\n")
    for key, name in (("shortName", "ssh-agent"), ("longName", "SSH Agent Plugin")):
        assert check([file], plugins=[{key: name, "version": "1.9"}]) == []
    (found,) = check([file], plugins=[{"shortName": "git", "version": "5.0"}])
    assert found.rule == "missing-plugin"
    assert check([file], plugins=None) == []
