"""What earlier runs found is used, and never shows: whatever changes, the result is that of now."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.jjb_repositories import realistic
from ringtest.jjb import engine, kept, memory
from ringtest.jjb.engine import Rendered, render
from ringtest.jjb.expansion.expanding import Expanded
from ringtest.jjb.rendering import jobs
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.settings import Settings
from tests.jjb.fixtures_of import inside

DEEP = Settings(recursive=True)


def _same(one: Rendered, other: Rendered) -> None:
    assert [(item.name, item.place) for item in one.jobs] == [
        (item.name, item.place) for item in other.jobs
    ]
    assert [item.xml for item in one.jobs] == [item.xml for item in other.jobs]
    assert one.views == other.views
    assert {str(problem) for problem in one.problems} == {
        str(problem) for problem in other.problems
    }
    assert set(one.borrowed) == set(other.borrowed)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three projects with 16 jobs each."""
    realistic(tmp_path / "repository", 48)
    return tmp_path / "repository"


@pytest.fixture
def rendered_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of jobs that were really rendered, in this test."""
    names: list[str] = []
    real = jobs.xml_of

    def xml_of(made: Expanded, components: Components) -> bytes:
        names.append(made.name)
        return real(made, components)

    monkeypatch.setattr(engine, "xml_of", xml_of)
    return names


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


CHANGES: dict[str, tuple[Callable[[Path], object], int]] = {
    # what changes: how many jobs and views are rendered again
    "nothing": (lambda r: None, 0),
    "a project": (
        lambda r: _replace(r / "project001/project001.yaml", "build-timeout: 90", "x: 1"),
        17,
    ),
    "a macro": (lambda r: _replace(r / "global/macros.yaml", "fail: true", "fail: false"), 48),
    "a script that all include": (lambda r: (r / "scripts/clean.sh").write_text("echo\n"), 48),
    "a script that is not included": (lambda r: (r / "scripts/docs.sh").write_text("echo\n"), 0),
    "a template": (lambda r: _replace(r / "global/templates.yaml", "@weekly", "@daily"), 48),
    "a file more": (
        lambda r: (r / "project000/more.yaml").write_text("- job: {name: more}\n"),
        1,
    ),
    "a file less": (lambda r: (r / "project002/project002.yaml").unlink(), 0),
    "a macro that hides a component": (
        lambda r: (r / "project000/more.yaml").write_text(
            "- builder: {name: shell, builders: [{batch: hidden}]}\n"
        ),
        48,
    ),
    "a script of some": (
        lambda r: (r / "scripts/sign.sh").write_text("x"),
        48,
    ),
    "a broken file": (lambda r: (r / "project000/more.yaml").write_text("- job: {"), 0),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_shows_and_the_rest_is_remembered(
    what: str, repository: Path, tmp_path: Path, rendered_names: list[str]
) -> None:
    change, wanted = CHANGES[what]
    with inside(repository):
        cold = render([repository], settings=DEEP, cache=tmp_path / "cache")
        _same(cold, render([repository], settings=DEEP))
        change(repository)
        rendered_names.clear()
        warm = render([repository], settings=DEEP, cache=tmp_path / "cache")
        again = list(rendered_names)
        _same(warm, render([repository], settings=DEEP))
    assert len(again) == wanted


def test_a_template_that_appears_on_an_include_path_counts(tmp_path: Path) -> None:
    job = "- job: {name: a, builders: [{shell: !include-raw-verbatim: x.sh}]}"
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/a.yaml").write_text(job)
    (tmp_path / "jobs/x.sh").write_text("beside")
    given = Settings(include_path=(str(tmp_path / "first"),))
    made = []
    for step in ("beside", "first"):
        (tmp_path / "first").mkdir(exist_ok=True)
        if step == "first":
            (tmp_path / "first/x.sh").write_text("first")
        found = render([tmp_path / "jobs"], settings=given, cache=tmp_path / "cache")
        made.append(found.jobs[0].xml)
    assert b"beside" in made[0] and b"first" in made[1]


def test_jinja_templates_that_include_others_are_watched(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "- job: {name: a, which: part.j2, description: !include-jinja2: whole.j2}\n"
        "- job: {name: b, description: !include-jinja2: fixed.j2}\n"
    )
    (tmp_path / "whole.j2").write_text("{% include which %}")
    (tmp_path / "fixed.j2").write_text("{% include 'part.j2' %}")
    for text in ("one", "two"):
        (tmp_path / "part.j2").write_text(text)
        found = render([tmp_path], cache=tmp_path / "cache")
        assert [text.encode() in item.xml for item in found.jobs] == [True, True]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x93\x01\x80\x80"])
def test_a_file_of_memory_that_cannot_be_read_is_none(
    content: bytes, repository: Path, tmp_path: Path
) -> None:
    with inside(repository):
        cold = render([repository], settings=DEEP, cache=tmp_path / "cache")
        for path in (tmp_path / "cache").iterdir():
            path.write_bytes(content)
        _same(render([repository], settings=DEEP, cache=tmp_path / "cache"), cold)


def test_a_folder_that_cannot_be_written_is_no_error(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would be")
    with inside(repository):
        made = render([repository], settings=DEEP, cache=tmp_path / "cache")
    assert len(made.jobs) == 48


def test_other_settings_or_plugins_have_a_memory_of_their_own(
    repository: Path, tmp_path: Path
) -> None:
    plugins = [{"shortName": "ssh-agent", "longName": "SSH Agent Plugin", "version": "1.0"}]
    with inside(repository):
        given: dict[str, Any]
        for given in (
            {},
            {"plugins": plugins},
            {"settings": replace(DEEP, keep_descriptions=True)},
        ):
            arguments: dict[str, Any] = {"settings": DEEP, **given}
            warm = render([repository], cache=tmp_path / "cache", **arguments)
            _same(warm, render([repository], **arguments))


def test_many_changes_one_after_the_other_are_all_seen(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_GRACE", -1)
    monkeypatch.setattr(memory, "_TEXTS", 2)
    project = repository / "project001/project001.yaml"
    with inside(repository):
        for number in range(5):
            _replace(project, "- project:\n", f"- project:\n    x{number}: y\n")
            project.write_text(project.read_text() + f"- job: {{name: 'more-{number}'}}\n")
            warm = render([repository], settings=DEEP, cache=tmp_path / "cache")
            _same(warm, render([repository], settings=DEEP))
    assert len(list((tmp_path / "cache").glob("*.xml"))) <= 3


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_xml_that_is_gone_or_cut_is_rendered_again(
    damage: str, repository: Path, tmp_path: Path
) -> None:
    with inside(repository):
        cold = render([repository], settings=DEEP, cache=tmp_path / "cache")
        for path in (tmp_path / "cache").glob("*.xml"):
            path.write_bytes(path.read_bytes()[:-10]) if damage == "cut" else path.unlink()
        _same(render([repository], settings=DEEP, cache=tmp_path / "cache"), cold)
