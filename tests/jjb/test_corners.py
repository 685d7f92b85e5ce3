"""Short files at the corners of the dialect: the same by the library and by us, or both refused."""

import io

import pytest
import yaml

from ringtest.jjb.engine import Rendered, render
from ringtest.jjb.problems import Severity
from ringtest.jjb.settings import Settings
from tests.jjb.fixtures_of import HERE, inside
from tests.jjb.oracle import OracleRefused, oracle

CORNERS = HERE / "corners"
TAKEN: list[str] = yaml.safe_load((CORNERS / "taken.yaml").read_text(encoding="utf-8"))
REFUSED: list[str] = yaml.safe_load((CORNERS / "refused.yaml").read_text(encoding="utf-8"))


def made_of(rendered: Rendered) -> dict[str, str]:
    """Name → XML of all jobs and views."""
    return {item.name: item.xml.decode() for item in (*rendered.jobs, *rendered.views)}


def has_errors(rendered: Rendered) -> bool:
    """Whether anything was refused."""
    return any(problem.severity is Severity.ERROR for problem in rendered.problems)


@pytest.mark.parametrize("allow_empty", [False, True])
def test_what_the_library_takes_comes_out_the_same(allow_empty: bool) -> None:
    settings = Settings(allow_empty_variables=allow_empty)
    with inside(CORNERS):
        for text in TAKEN:
            rendered = render([io.StringIO(text)], settings=settings)
            wanted = oracle(text, options={"allow_empty_variables": allow_empty})
            assert not has_errors(rendered), text
            assert made_of(rendered) == {name: xml.decode() for name, xml in wanted.items()}, text


def test_what_the_library_refuses_is_refused() -> None:
    with inside(CORNERS):
        for text in REFUSED:
            with pytest.raises(OracleRefused):
                oracle(text)
            assert has_errors(render([io.StringIO(text)])), text
