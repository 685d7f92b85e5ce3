"""Every corner of the dialect, rendered by the library and by us, and compared byte by byte."""

from pathlib import Path
from typing import Any

import pytest

from ringtest.jjb.engine import render
from ringtest.jjb.problems import Severity
from ringtest.jjb.settings import Settings
from tests.jjb.fixtures_of import HERE, Fixture, fixtures, inside
from tests.jjb.oracle import OracleRefused, oracle

LANGUAGE = fixtures("language")
REFUSED = fixtures("refused")


def _id(fixture: Fixture) -> str:
    return fixture.path.stem


@pytest.mark.parametrize("fixture", LANGUAGE, ids=_id)
def test_the_same_jobs_with_the_same_bytes(fixture: Fixture) -> None:
    with inside(fixture.path.parent):
        wanted = oracle(fixture.path, [dict(item) for item in fixture.plugins], (), fixture.options)
        rendered = render([fixture.path], settings=fixture.settings(), plugins=fixture.plugins)
    errors = [problem for problem in rendered.problems if problem.severity is Severity.ERROR]
    made = {item.name: item.xml for item in (*rendered.jobs, *rendered.views)}
    assert not errors
    assert list(made) == list(wanted)
    for name, xml in wanted.items():
        assert made[name].decode() == xml.decode()


@pytest.mark.parametrize("fixture", REFUSED, ids=_id)
def test_what_the_library_refuses_is_an_error_with_a_place(fixture: Fixture) -> None:
    with inside(fixture.path.parent):
        with pytest.raises(OracleRefused):
            oracle(fixture.path, [dict(item) for item in fixture.plugins], (), fixture.options)
        rendered = render([fixture.path], settings=fixture.settings(), plugins=fixture.plugins)
    errors = [problem for problem in rendered.problems if problem.severity is Severity.ERROR]
    assert errors
    assert all(problem.place is not None for problem in errors)


FOLDERS = sorted(path for path in (HERE / "folders").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_several_files_come_out_the_same(folder: Path) -> None:
    options: dict[str, Any] = {}
    if (folder / "options").exists():
        options = {name: True for name in [(folder / "options").read_text().partition("=")[0]]}
    paths = sorted({path.parent for path in folder.rglob("*.y*ml")})
    with inside(folder):
        wanted = oracle(paths, options=options)
        rendered = render(paths, settings=Settings(**options))
    made = {item.name: item.xml for item in (*rendered.jobs, *rendered.views)}
    assert made == wanted
    assert not [problem for problem in rendered.problems if problem.severity is Severity.ERROR]


def test_there_are_many_fixtures() -> None:
    assert len(LANGUAGE) >= 120 and len(REFUSED) >= 40
