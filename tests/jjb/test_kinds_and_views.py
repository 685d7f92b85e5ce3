"""Kinds of jobs and types of views: every option, rendered by the library and by us."""

import copy
import io
import os
import random
import re
import warnings
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

import pytest
import yaml

from ringtest.jjb.components import registry
from ringtest.jjb.components.parts import describe
from ringtest.jjb.engine import render
from ringtest.jjb.problems import Severity
from ringtest.jjb.rendering import projects
from tests.jjb.components.alone import library
from tests.jjb.components.test_odd_values import odd
from tests.jjb.fixtures_of import Fixture, fixtures
from tests.jjb.oracle import OracleRefused, oracle

SOAK = os.environ.get("RINGTEST_SOAK") == "1"
TRIES = 1500 if SOAK else 40
FIXTURES = [*fixtures("kinds"), *fixtures("views")]


def _id(fixture: Fixture) -> str:
    return f"{fixture.path.parent.name}-{fixture.path.stem}"


@pytest.mark.parametrize("fixture", FIXTURES, ids=_id)
def test_every_option_gives_the_same_bytes_and_nothing_is_borrowed(fixture: Fixture) -> None:
    wanted = oracle(fixture.path, [dict(plugin) for plugin in fixture.plugins])
    rendered = render([fixture.path], plugins=fixture.plugins)
    errors = [problem for problem in rendered.problems if problem.severity is Severity.ERROR]
    assert errors == []
    assert rendered.borrowed == {}
    made = {item.name: item.xml.decode() for item in (*rendered.jobs, *rendered.views)}
    assert made == {name: xml.decode() for name, xml in wanted.items()}


def own_names(group: str) -> set[str]:
    """The library's own kinds, by their names in YAML."""
    points = entry_points(group=f"jenkins_jobs.{group}")
    return {point.name for point in points if point.value.startswith("jenkins_jobs.")}


def test_the_library_has_no_kind_that_we_do_not_render() -> None:
    registry.find("projects", "")
    assert own_names("projects") == {*projects.KINDS, *registry.names("projects")}
    registry.find("views", "")
    assert own_names("views") == set(registry.names("views"))


def given(fixture: Fixture) -> Iterator[tuple[str, dict[str, Any]]]:
    """("job" or "view", its data) of a fixture."""
    for element in yaml.safe_load(fixture.path.read_text()):
        yield from element.items()


def made_by(render_with: Any, text: str) -> dict[str, bytes] | None:
    """What came out, or None when it was refused."""
    try:
        return dict(render_with(text))
    except OracleRefused:
        return None


def ours(text: str) -> dict[str, bytes]:
    """By us; raises OracleRefused when there is an error."""
    rendered = render([io.StringIO(text)])
    if any(problem.severity is Severity.ERROR for problem in rendered.problems):
        raise OracleRefused
    return {item.name: item.xml for item in (*rendered.jobs, *rendered.views)}


@pytest.mark.parametrize("folder", ["kinds", "views"])
def test_whatever_odd_value_an_option_has_comes_out_alike_or_is_refused(folder: str) -> None:
    chance = random.Random(f"{folder}-11")
    known = [
        element
        for fixture in fixtures(folder)
        if not fixture.plugins
        for element in given(fixture)
        if len(element[1]) > 2
    ]
    for _ in range(TRIES):
        kind, data = chance.choice(known)
        contents = {key: value for key, value in data.items() if key not in ("name",)}
        changed = odd(contents, chance)
        if not isinstance(changed, dict):
            continue
        text = yaml.safe_dump([{kind: {"name": "odd", **copy.deepcopy(changed)}}])
        wanted = made_by(oracle, text)
        made = made_by(ours, text)
        assert made == wanted, text


class Watched(dict[Any, Any]):
    """A mapping that notes the paths of keys that somebody looks for."""

    pos = None

    def __init__(self, data: Any, asked: set[str], path: str = "") -> None:
        super().__init__(
            {key: watched(value, asked, f"{path}{key}") for key, value in data.items()}
        )
        self.asked = asked
        self.path = path

    def get(self, key: Any, default: Any = None) -> Any:
        self.asked.add(f"{self.path}{key}")
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.asked.add(f"{self.path}{key}")
        return super().__getitem__(key)

    def __contains__(self, key: Any) -> bool:
        self.asked.add(f"{self.path}{key}")
        return super().__contains__(key)


def watched(value: Any, asked: set[str], path: str) -> Any:
    """Mappings inside are watched as well."""
    if isinstance(value, dict):
        return Watched(value, asked, f"{path}.")
    if isinstance(value, list):
        return [watched(item, asked, f"{path}[]") for item in value]
    return value


def described(kind: str, data: dict[str, Any]) -> set[str]:
    """What the rows of a job or view say that they read, and all that these stand in."""
    group = "projects" if kind == "job" else "views"
    names = [(group, data.get("project-type" if kind == "job" else "view-type", "list"), "")]
    for entry in data.get("scm", ()):
        names += [("branch-sources", name, f"scm[].{name}.") for name in entry]
    said = {"scm", "view-type", *(path.rstrip(".") for _, _, path in names)}
    for of, name, path in names:
        row = registry.find(of, name)
        assert row is not None
        for option in describe(row):
            parts = f"{path}{option.name}".split(".")
            said |= {".".join(parts[:n]).removesuffix("[]") for n in range(1, len(parts) + 1)}
    return said


# Read where a source has no key for it, and what stands in strategies of strategies.
BESIDE = re.compile(
    r"(\.|^)$|^views\[\]\.|^job-filters\.\w+_|strategies\[\].*strategies\[\].*strategies|"
    r"build-strategies$|\.strategies$"
)


def own_class(kind: str, data: dict[str, Any]) -> Any:
    """The library's class for the job or view."""
    group = "projects" if kind == "job" else "views"
    name = data.get("project-type" if kind == "job" else "view-type", "list")
    (point,) = entry_points(group=f"jenkins_jobs.{group}", name=name)
    return point.load()


@pytest.mark.parametrize("fixture", FIXTURES, ids=_id)
def test_every_option_that_the_library_reads_is_described(fixture: Fixture) -> None:
    registry.find("views", "")
    for kind, data in given(fixture):
        asked: set[str] = set()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            own_class(kind, data)(library()).root_xml(Watched(data, asked))
        left = {path for path in asked if not BESIDE.search(path)} - described(kind, data)
        assert not left, data["name"]
