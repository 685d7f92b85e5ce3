"""What a component says of its options is what the library reads, and data stay as they are."""

import copy
import inspect
import warnings
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

import pytest
import yaml

from ringtest.jjb.borrowed import functions
from ringtest.jjb.components import registry
from ringtest.jjb.components.parts import describe
from tests.jjb.components.test_components import KINDS
from tests.jjb.fixtures_of import Fixture, fixtures

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from jenkins_jobs.config import JJBConfig
    from jenkins_jobs.registry import ModuleRegistry

# Filled in by the engine, or asked for under a name that nobody can write.
UNKNOWABLE = {"_project-name", "_project-full-name", "%s-basedir", ""}
FILLED_IN = ("active-choices", "active-choices-reactive", "dynamic-reference")
NO_PLACE = None


class Watched(dict[Any, Any]):
    """A mapping that notes which keys somebody looks for."""

    pos = NO_PLACE

    def __init__(self, data: Any = (), asked: set[Any] | None = None) -> None:
        super().__init__({key: unwatched(value) for key, value in dict(data).items()})
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


class Plain(dict[Any, Any]):
    """A mapping as the library wants it."""

    pos = NO_PLACE


def unwatched(data: Any) -> Any:
    """The same data in the library's mappings."""
    if isinstance(data, dict):
        return Plain({key: unwatched(value) for key, value in data.items()})
    return [unwatched(item) for item in data] if isinstance(data, list) else data


def library() -> Any:
    """The library's registry, for the newest plugins."""
    config = JJBConfig(config_filename=None)
    config.builder["plugins_info"] = []
    config.validate()
    return ModuleRegistry(config, None)


def given(fixture: Fixture, kind: str) -> list[Any]:
    """What a fixture gives its components."""
    (job,) = yaml.safe_load(fixture.path.read_text())
    items = job["job"][kind]
    return [next(iter(item.values())) for item in items if isinstance(item, dict)]


def asked_of(kind: str, fixture: Fixture, of_library: Any) -> set[Any]:
    """The names that the library's function looks for at the top of its options."""
    function = functions(kind)[fixture.path.stem]
    more: dict[str, Any] = (
        {"job_data": {}} if "job_data" in inspect.signature(function).parameters else {}
    )
    asked: set[Any] = set()
    for data in given(fixture, kind):
        watched: Any = data
        if isinstance(data, dict):
            watched = Watched(data, asked)
        elif isinstance(data, list):
            watched = [Watched(item, asked) if isinstance(item, dict) else item for item in data]
        function(of_library, Element(kind), watched, **more)
    return asked


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_that_the_library_reads_is_described(kind: str) -> None:
    of_library = library()
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
        left = asked_of(kind, fixture, of_library) - said - UNKNOWABLE
        if left:
            unknown[name] = left
    assert unknown == {}


class Told:
    """A context that nests nothing and knows the newest plugins."""

    job: Mapping[str, Any] = {"name": "folder/job"}

    def dispatch(self, kind: str, parent: Element, item: Any) -> None:
        Element(kind)

    def plugin_version(self, *names: str, default: str | None = None) -> str:
        return registry.NEWEST if default is None else registry.Version(default)

    def option(self, section: str, key: str, default: str = "") -> str:
        return default

    def warn(self, message: str) -> None:
        assert message

    def fail(self, message: str) -> Any:
        raise AssertionError(message)


@pytest.mark.parametrize("kind", KINDS)
def test_data_that_other_jobs_may_share_stay_as_they_are(kind: str) -> None:
    for fixture in fixtures(f"components/{kind}"):
        component = registry.find(kind, fixture.path.stem)
        if component is None or fixture.plugins:
            continue
        for data in given(fixture, kind):
            before = copy.deepcopy(data)
            component(Element(kind), data, Told())
            assert data == before, fixture.path.stem
