"""Which function renders which component, and what it is given.

A function adds elements to `parent`; it must not change `data`, which other jobs may share,
and must look at nothing but its arguments: what it rendered once is used again for equal data.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol
from xml.etree.ElementTree import Element

from ringtest.jjb.components.versions import NEWEST, Version


class Context(Protocol):
    """What a component may ask for beside its own data."""

    @property
    def job(self) -> Mapping[str, Any]:
        """Data of the job; reading it ends the sharing of what is rendered between jobs."""

    def dispatch(self, kind: str, parent: Element, item: Any) -> None:
        """A nested component, macros expanded; `kind` as in YAML: "builders", not "builder"."""

    def plugin_version(self, *names: str, default: str | None = None) -> str:
        """The version told of the first plugin of these names, else `default`, else the newest.

        Compare it with a plain string, `version >= "2.0"`, just where the original does. A
        version from a plugin list on disk is plain text and compares as text (so does the
        original); all others are `Version`.
        """

    def option(self, section: str, key: str, default: str = "") -> str:
        """A value of the ini file, such as that of `[plugin "hipchat"]`."""

    def warn(self, message: str) -> None:
        """A problem that is no error, with the place of this component."""

    def fail(self, message: str) -> NoReturn:
        """An error with the place of this component; the job is given up, others go on."""


Render = Callable[[Element, Any, Context], None]

RENDERERS: dict[tuple[str, str], Render] = {}
# These read their siblings in `parent`, and are rendered anew for each job.
WITH_SIBLINGS: set[tuple[str, str]] = set()
_LOADED: dict[str, bool] = {}


def component(kind: str, *names: str, siblings: bool = False) -> Callable[[Render], Render]:
    """Registers a function under its names in YAML.

    kind: "builders", "publishers", "wrappers", "triggers", "scm", "parameters", "properties",
        "reporters", "notifications", "metadata", "hipchat", as the list is called in a job.
    siblings: whether it looks at what `parent` holds already.
    """

    def register(render: Render) -> Render:
        for name in names:
            RENDERERS[kind, name] = render
            if siblings:
                WITH_SIBLINGS.add((kind, name))
        return render

    return register


def find(kind: str, name: str) -> Render | None:
    """The native function of that component, or None; imports the kind's package at first."""
    if kind not in _LOADED:
        _LOADED[kind] = load(kind)
    return RENDERERS.get((kind, name))


def names(kind: str) -> list[str]:
    """The native components of a kind that is loaded, sorted."""
    return sorted(name for of, name in RENDERERS if of == kind)


def load(kind: str) -> bool:
    """Imports `ringtest.jjb.components.<kind>`; False when there is no such package."""
    module = f"{__package__}.{kind.replace('-', '_')}"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return False
    return True


__all__ = [
    "NEWEST",
    "RENDERERS",
    "Context",
    "Render",
    "Version",
    "component",
    "find",
    "load",
    "names",
]
