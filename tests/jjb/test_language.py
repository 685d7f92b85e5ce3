"""Every corner of the dialect, rendered by the library and by us, and compared byte by byte."""

import pytest

from ringtest.jjb.engine import render
from ringtest.jjb.problems import Severity
from tests.jjb.fixtures_of import Fixture, fixtures, inside
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


def test_there_are_many_fixtures() -> None:
    assert len(LANGUAGE) >= 120 and len(REFUSED) >= 40
