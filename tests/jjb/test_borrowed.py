"""What the installed library renders, and what is said where it is not installed."""

import importlib
import io
from collections.abc import Iterator
from typing import Any

import pytest

from ringtest.jjb import borrowed
from ringtest.jjb.engine import render
from tests.jjb.oracle import oracle

RARE = """\
- job: {name: a, project-type: multibranch, scm: [{git: {url: u, credentials-id: c}}]}
- job: {name: b, project-type: maven, maven: {goals: clean, settings: s, maven-opts: -X}}
- job: {name: c, project-type: githuborg, github-org: {repo-owner: o}}
- view: {name: v, view-type: dashboard, regex: x}
- view: {name: w, view-type: delivery_pipeline}
- view: {name: x, view-type: categorized, regex: x}
"""


def test_rare_kinds_are_borrowed_and_named() -> None:
    rendered = render([io.StringIO(RARE)])
    wanted = oracle(RARE)
    assert {item.name: item.xml for item in (*rendered.jobs, *rendered.views)} == wanted
    assert rendered.borrowed["projects", "multibranch"] == 1
    assert rendered.borrowed["views", "dashboard"] == 1


@pytest.fixture
def base_install(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where neither the library nor Jinja is installed."""
    real = importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        if name.startswith("jenkins_jobs") or name.endswith("expansion.jinja"):
            raise ModuleNotFoundError(name=name.split(".")[0])
        return real(name, package)

    _forget()
    monkeypatch.setattr(importlib, "import_module", import_module)
    yield
    _forget()


def _forget() -> None:
    for kept in (borrowed.functions, borrowed._kinds, borrowed._errors, borrowed._module):
        kept.cache_clear()


def test_without_the_library_the_extra_is_named_and_the_rest_is_made(base_install: None) -> None:
    text = (
        RARE
        + "- job: {name: fine, builders: [{shell: x}]}\n- job: {name: j, jdk: !j2: '{{ x }}'}\n"
    )
    rendered = render([io.StringIO(text)])
    assert [item.name for item in rendered.jobs] == ["fine"]
    assert {problem.rule for problem in rendered.problems} == {"needs-extra"}
    assert all("ringtest[jenkins]" in problem.message for problem in rendered.problems)
    assert {problem.job for problem in rendered.problems} == {*"abcvwxj"}


def test_a_name_that_nobody_knows_needs_no_extra(base_install: None) -> None:
    rendered = render([io.StringIO("- job: {name: a, builders: [nowhere]}\n")])
    assert len(rendered.problems) == 1
