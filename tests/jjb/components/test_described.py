"""What a component says of its options is what the library reads, and data stay as they are."""

import copy
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from ringtest.jjb.borrowed import functions
from ringtest.jjb.components import registry
from ringtest.jjb.components.parts import describe
from tests.jjb.components.alone import FILLED_IN, Newest, call_library, given, plain
from tests.jjb.components.test_components import KINDS
from tests.jjb.fixtures_of import Fixture, fixtures

# Filled in by the engine, or asked for under a name that nobody can write.
UNKNOWABLE = {"_project-name", "_project-full-name", "%s-basedir", ""}


class Watched(dict[Any, Any]):
    """A mapping that notes which keys somebody looks for."""

    pos = None

    def __init__(self, data: Any = (), asked: set[Any] | None = None) -> None:
        super().__init__({key: plain(value) for key, value in dict(data).items()})
        self.asked = set() if asked is None else asked

    def get(self, key: Any, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: Any) -> bool:
        self.asked.add(key)
        return super().__contains__(key)


def asked_of(kind: str, fixture: Fixture) -> set[Any]:
    """The names that the library's function looks for at the top of its options."""
    asked: set[Any] = set()
    for data in given(fixture, kind):
        watched: Any = data
        if isinstance(data, dict):
            watched = Watched(data, asked)
        elif isinstance(data, list):
            watched = [Watched(item, asked) if isinstance(item, dict) else item for item in data]
        call_library(kind, fixture.path.stem, Element(kind), watched)
    return asked


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_that_the_library_reads_is_described(kind: str) -> None:
    unknown = {}
    for fixture in fixtures(f"components/{kind}"):
        name = fixture.path.stem
        if fixture.plugins or name not in functions(kind) or name in FILLED_IN:
            continue
        component = registry.find(kind, name)
        assert component is not None
        said = {
            option.name.removeprefix("[].").split(".")[0].removesuffix("[]")
            for option in describe(component)
        }
        left = asked_of(kind, fixture) - said - UNKNOWABLE
        if left:
            unknown[name] = left
    assert unknown == {}


@pytest.mark.parametrize("kind", KINDS)
def test_data_that_other_jobs_may_share_stay_as_they_are(kind: str) -> None:
    for fixture in fixtures(f"components/{kind}"):
        component = registry.find(kind, fixture.path.stem)
        if component is None or fixture.plugins:
            continue
        for data in given(fixture, kind):
            before = copy.deepcopy(data)
            component(Element(kind), data, Newest())
            assert data == before, fixture.path.stem
