"""Errors say where: file, line and column, the job, and by which templates and macros."""

import io
from pathlib import Path

import pytest

from ringtest.jjb.engine import Rendered, render
from ringtest.jjb.problems import Problem, Severity
from ringtest.jjb.settings import Settings
from ringtest.language.places import Place
from tests.jjb.fixtures_of import inside


def _render(folder: Path, **files: str) -> Rendered:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    with inside(folder):
        return render([folder])


def _errors(rendered: Rendered) -> list[Problem]:
    return [problem for problem in rendered.problems if problem.severity is Severity.ERROR]


CHAIN = """\
- builder:
    name: inner
    builders:
      - shell: echo
      - shell: 'echo {missing}'
- builder:
    name: outer
    builders:
      - inner
- job-template:
    name: '{name}-x'
    builders:
      - shell: fine
      - outer
- job-group:
    name: g
    jobs:
      - '{name}-x'
- project:
    name: p
    jobs:
      - g
"""


def test_the_chain_leads_from_the_project_to_the_macro(tmp_path: Path) -> None:
    (problem,) = _errors(_render(tmp_path, a=CHAIN))
    assert problem.place == Place("a.yaml", 5, 16)
    assert problem.job == "p-x"
    assert [(step.what, step.place and step.place.line) for step in problem.chain] == [
        ("project 'p'", 19),
        ("job group 'g'", 22),
        ("job template '{name}-x'", 18),
        ("builder macro 'outer'", 14),
        ("builder macro 'inner'", 9),
    ]
    assert str(problem).splitlines()[0] == (
        "a.yaml:5:16: error: Missing parameter: 'missing' (missing-parameter) [job p-x]"
    )


def test_macros_without_end_are_told_of_once(tmp_path: Path) -> None:
    text = "- builder: {name: m, builders: [m]}\n- job: {name: a, builders: [m]}\n"
    (problem,) = _errors(_render(tmp_path, a=text))
    assert len(problem.chain) > 50
    assert len(str(problem).splitlines()) < 8


def test_one_run_tells_of_many_and_renders_the_rest(tmp_path: Path) -> None:
    rendered = _render(
        tmp_path,
        a="- job: {name: one, builders: [nowhere]}\n- job: {name: fine}\n- jobs: {}\n",
        b="- job: [\n",
        c="- project: {name: p, jobs: ['{name}-no', made]}\n- job-template: {name: made}\n",
        d="- builder: {builders: []}\n- job: {name: last, description: '{x}'}\n",
    )
    assert [item.name for item in rendered.jobs] == ["fine", "made"]
    assert {(problem.rule, str(problem.place)) for problem in _errors(rendered)} == {
        ("unknown-component", "a.yaml:1:31"),
        ("unknown-element", "a.yaml:3:3"),
        ("yaml", "b.yaml:2:1"),
        ("unknown-job", "c.yaml:1:29"),
        ("missing-key", "d.yaml:1:12"),
        ("missing-parameter", "d.yaml:2:34"),
    }


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("- job:\n    name: a\n    builders:\n      - shell: 'x {a} {b}'\n", "4:16"),
        ("- job:\n    name: a\n    builders: [{shell: !include-raw-expand: x.sh}]\n", "x.sh:2:6"),
        ("- job:\n    name: a\n    x: !include-raw-verbatim: no.sh\n    jdk: '{x}'\n", "1:3"),
        ("- job:\n    name: a\n    jdk: !include-raw-verbatim: no.sh\n", "3:10"),
        ("- job:\n    name: a\n    jdk: !j2: |\n      one\n      {{ no }}\n", "5:1"),
        ("- job:\n    name: a\n    jdk: !j2: '{{ no '\n", "3:10"),
        ("- job:\n    name: a\n    triggers:\n      - no-such: {}\n", "4:9"),
        ('- job:\n    name: a\n    description: "\\a"\n', "1:3"),
    ],
)
def test_places_are_those_of_the_mistake(text: str, where: str, tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("fine\necho {a} {b}\n")
    errors = _errors(_render(tmp_path, a=text))
    assert [str(problem.place).removeprefix("a.yaml:") for problem in errors] == [where][
        : len(errors)
    ]
    assert bool(errors) is bool(where)


def test_a_parameter_that_fails_names_those_that_use_it(tmp_path: Path) -> None:
    text = (
        "- job-template: {name: '{name}-x', a: '{b}', b: 'x{c}'}\n"
        "- project: {name: p, jobs: ['{name}-x']}\n"
    )
    (problem,) = _errors(_render(tmp_path, a=text))
    assert "parameter 'a'" in [step.what for step in problem.chain]
    assert "'c' is undefined" in problem.message


def test_each_point_that_fails_is_told_and_the_others_are_made(tmp_path: Path) -> None:
    text = """\
- job-template: {name: '{name}-{v}', description: 'x{more}'}
- project: {name: p, v: [a: {more: 1}, b: {}, c: {more: 2}], jobs: ['{name}-{v}']}
"""
    rendered = _render(tmp_path, a=text)
    assert [item.name for item in rendered.jobs] == ["p-a", "p-c"]
    assert [problem.job for problem in _errors(rendered)] == ["p-b"]


def test_warnings_keep_nothing_from_being_made(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("x")
    text = "- job: {name: a, node: x, node: y, builders: [{shell: !include-raw: x.sh}]}\n"
    rendered = _render(tmp_path, a=text)
    assert len(rendered.jobs) == 1
    assert [problem.rule for problem in rendered.problems] == ["duplicate-key", "old-tag"]


def test_an_include_that_leaves_the_repository_is_told_or_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.sh").write_text("secret")
    inner = tmp_path / "repository"
    (inner / "jobs").mkdir(parents=True)
    (inner / "fine.sh").write_text("fine")
    (inner / "jobs/a.yaml").write_text(
        "- job: {name: a, builders: [{shell: !include-raw-verbatim: ../fine.sh}]}\n"
        "- job: {name: b, builders: [{shell: !include-raw-verbatim: ../../secret.sh}]}\n"
        f"- job: {{name: c, builders: [{{shell: !include-raw-verbatim: {tmp_path}/secret.sh}}]}}\n"
    )
    with inside(inner):
        allowed = render([inner / "jobs"])
        refused = render([inner / "jobs"], settings=Settings(strict_includes=True))
    assert [item.name for item in allowed.jobs] == ["a", "b", "c"]
    assert [problem.rule for problem in allowed.problems] == ["include-outside"] * 2
    assert [item.name for item in refused.jobs] == ["a"]
    assert [problem.rule for problem in _errors(refused)] == ["include-outside"] * 2


def test_a_version_without_quotes_is_wrong_only_where_it_is_asked_for() -> None:
    plugins = [{"shortName": "email-ext", "version": 2.1}, {"shortName": "git", "version": 5}]
    fine = render([io.StringIO("- job: {name: a, builders: [shell: x]}")], plugins=plugins)
    assert (len(fine.jobs), fine.problems) == (1, [])
    text = "- job: {name: a, publishers: [email-ext: {recipients: r}]}"
    wrong = render([io.StringIO(text)], plugins=plugins)
    (problem,) = wrong.problems
    assert "put it in quotes" in problem.message
    assert problem.place and problem.place.line == 1
