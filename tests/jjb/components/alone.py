"""One component alone, rendered by the library's function and by ours."""

import inspect
import logging
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn
from xml.dom import minidom
from xml.etree.ElementTree import Element, tostring

import yaml

from ringtest.jjb.borrowed import functions
from ringtest.jjb.components import registry
from tests.jjb.fixtures_of import Fixture

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from jenkins_jobs.config import JJBConfig
    from jenkins_jobs.registry import ModuleRegistry

FILLED_IN = ("active-choices", "active-choices-reactive", "dynamic-reference")
"""Parameters that want what the engine fills in."""


class Refused(Exception):
    """A component gave an error."""


class Plain(dict[Any, Any]):
    """A mapping as the library wants it."""

    pos = None


def plain(data: Any) -> Any:
    """The same data in the library's mappings."""
    if isinstance(data, dict):
        return Plain({key: plain(value) for key, value in data.items()})
    return [plain(item) for item in data] if isinstance(data, list) else data


@cache
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


def call_library(kind: str, name: str, parent: Element, data: Any) -> None:
    """The library's function; `data` in its mappings."""
    function = functions(kind)[name]
    more: dict[str, Any] = (
        {"job_data": {}} if "job_data" in inspect.signature(function).parameters else {}
    )
    function(library(), parent, data, **more)


class Newest:
    """A context that knows the newest plugins, and no macros."""

    job: Mapping[str, Any] = {"name": "folder/job"}

    def dispatch(self, kind: str, parent: Element, item: Any) -> None:
        name, data = next(iter(item.items())) if isinstance(item, dict) else (item, {})
        component = registry.find(kind, name) if isinstance(name, str) else None
        if component is None:
            raise Refused(f"{name!r} is no component of {kind}")
        component(parent, data, self)

    def plugin_version(self, *names: str, default: str | None = None) -> str:
        return registry.NEWEST if default is None else registry.Version(default)

    def option(self, section: str, key: str, default: str = "") -> str:
        return default

    def warn(self, message: str) -> None:
        assert message

    def fail(self, message: str) -> NoReturn:
        raise Refused(message)


def of_library(kind: str, name: str, data: Any) -> str:
    """XML by the library. Raises Refused for whatever it raises."""
    parent = Element(kind)
    logging.disable(logging.CRITICAL)
    try:
        call_library(kind, name, parent, plain(data))
        return written(parent)
    except Exception as error:
        raise Refused(str(error)) from None
    finally:
        logging.disable(logging.NOTSET)


def of_ours(kind: str, name: str, data: Any) -> str:
    """XML by our component. Raises Refused, and whatever it should not raise."""
    parent = Element(kind)
    Newest().dispatch(kind, parent, {name: data})
    return written(parent)


def written(parent: Element) -> str:
    """As the library writes it."""
    return minidom.parseString(tostring(parent, encoding="UTF-8")).toprettyxml(indent="  ")
