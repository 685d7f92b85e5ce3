"""What a site adds to the library by entry points, rendered by its functions and classes.

What the library itself renders, we do. Others' modules see an adapter of its registry: they
read plugin versions from it and give nested components back to us. Nothing of the library is
imported before it is needed.
"""

import copy
import importlib
import inspect
import logging
import types
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol
from xml.etree.ElementTree import Element

from ringtest.jjb.components.registry import Context
from ringtest.jjb.loading.values import Map, Seq
from ringtest.jjb.problems import Failure

WITH_SIBLINGS = {
    ("properties", "ownership"),
    ("properties", "ownership-item-specific-security"),
    ("properties", "sidebar"),
    ("wrappers", "credentials-binding"),
}
_PLURAL = {
    "parameter": "parameters",
    "property": "properties",
    "builder": "builders",
    "wrapper": "wrappers",
    "trigger": "triggers",
    "publisher": "publishers",
    "reporter": "reporters",
    "notification": "notifications",
}
_MODULES = {
    "builders": "builders",
    "metadata": "metadata",
    "notifications": "notifications",
    "parameters": "parameters",
    "pipeline-scm": "scm",
    "properties": "properties",
    "publishers": "publishers",
    "reporters": "reporters",
    "scm": "scm",
    "triggers": "triggers",
    "wrappers": "wrappers",
}
_CHOICES = ("active-choices", "active-choices-reactive", "dynamic-reference")


class Host(Context, Protocol):
    """What renders components."""

    def macro_named(self, kind: str, name: Any) -> bool: ...


def render(
    kind: str,
    name: str,
    parent: Element,
    data: Any,
    host: Host,
    job: Mapping[str, Any] | None,
) -> bool:
    """Adds the component to `parent`; False when the library does not know it either.

    Raises Failure with what the library says, or when it is not installed.
    """
    if kind not in _MODULES:
        return False
    function = functions(kind).get(name)
    if function is None:
        return False
    given = plain(data)
    if kind == "parameters" and name in _CHOICES and isinstance(given, dict):
        whole = host.job["name"]
        given["_project-name"] = whole.split("/")[-1]
        given["_project-full-name"] = whole
    more = {}
    if "job_data" in inspect.signature(function).parameters:
        more["job_data"] = plain(host.job) if job is not None else None
    dispatch(function, host, parent, name, given, kind, more)
    return True


def dispatch(
    function: Callable[..., Any],
    host: Host,
    parent: Element,
    name: str,
    data: Any,
    component_type: str,
    more: dict[str, Any],
) -> None:
    """Calls the library; its errors look for a frame with these names to say what they are of."""
    module = "component" if component_type else name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(Registry(host), parent, data, **more)
        except Failure:
            raise
        except _errors() as error:
            raise Failure(module, str(error)) from None


def root(group: str, name: str, data: Mapping[str, Any], host: Host) -> Element | None:
    """The root element of a kind of project or view; None when nobody installed such a kind.

    group: "projects" or "views". Raises Failure.
    """
    where = _kinds(group).get(name)
    if where is None:
        return None
    made: Element
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module, _, attribute = where.partition(":")
        kind = getattr(_module(module), attribute)
        try:
            made = kind(Registry(host)).root_xml(plain(data))
        except Failure:
            raise
        except _errors() as error:
            raise Failure("component", f"{group[:-1]} of type {name!r}: {error}") from None
        except (AttributeError, KeyError, TypeError, IndexError, ValueError) as error:
            said = f"{group[:-1]} of type {name!r}: {type(error).__name__}: {error}"
            raise Failure("component", said) from None
    return made


def names(group: str) -> list[str]:
    """The kinds of projects or views that were installed beside the library's own."""
    return sorted(
        name for name, where in _kinds(group).items() if not where.startswith("jenkins_jobs.")
    )


class Registry:
    """What the library's modules ask of their registry."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.jjb_config = self
        self.modules: list[Any] = []
        self.macros: dict[str, Any] = {}

    def get_plugin_version(
        self, plugin_name: str, alt_plugin_name: str | None = None, default: str | None = None
    ) -> Any:
        """A version that compares as the library's own."""
        names = (plugin_name, alt_plugin_name) if alt_plugin_name else (plugin_name,)
        return self._host.plugin_version(*names, default=default)

    def get_plugin_config(self, plugin: str, key: str, default: str | None = None) -> str:
        """A value of the ini file."""
        return self._host.option(f'plugin "{plugin}"', key, default or "")

    def get_module_config(self, section: str, key: str, default: str | None = None) -> str:
        """A value of the ini file."""
        return self._host.option(section, key, default or "")

    def dispatch(
        self, kind: str, parent: Element, component: Any, *_rest: Any, **_more: Any
    ) -> None:
        """A nested component comes back to us."""
        self._host.dispatch(_PLURAL.get(kind, kind), parent, component)


def plain(data: Any) -> Any:
    """A copy that the library may change: dicts and lists without places."""
    if isinstance(data, Mapping):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list | Seq):
        return [plain(value) for value in data]
    return copy.copy(data) if isinstance(data, Map) else data


@cache
def functions(kind: str) -> dict[str, Callable[..., Any]]:
    """The library's functions of a kind, by their names in YAML."""
    module = _module(f"jenkins_jobs.modules.{_MODULES[kind]}")
    found: dict[str, Callable[..., Any]] = {}
    for name in dir(module):
        function = getattr(module, name)
        if isinstance(function, types.FunctionType):
            words = (function.__doc__ or "").split("\n")[0].split(" ")
            if words[0].startswith("yaml:") and len(words) > 1:
                found[words[1]] = function
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for point in entry_points(group=f"jenkins_jobs.{kind}"):
            # a package that is broken takes nothing but its own components away
            with suppress(ImportError, AttributeError):
                found[point.name] = point.load()
    return found


@cache
def _kinds(group: str) -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=f"jenkins_jobs.{group}")}


@cache
def _errors() -> type[Exception]:
    found: type[Exception] = _module("jenkins_jobs.errors").JenkinsJobsException
    return found


@cache
def _module(name: str) -> types.ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            logging.getLogger("jenkins_jobs").setLevel(logging.ERROR)
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        said = (
            f"this needs jenkins-job-builder itself ({error.name} is not installed): "
            "install 'ringtest[jenkins]'"
        )
        raise Failure("needs-extra", said) from None
