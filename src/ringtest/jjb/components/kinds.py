"""How a component gets its name: as a row of parts, or as a function for the odd ones.

    builder("tox", "jenkins.plugins.shiningpanda.builders.ToxBuilder",
        option("ini", "tox.ini", "toxIni"),
        option("recreate", False),
    )

    @publisher.written("cobertura")
    @reads("targets source-encoding")
    def cobertura(parent, data, ctx): ...

Whatever is wrong with the data of a component becomes a problem with the component's place:
`guarded` turns the errors of Python that wrong types cause into one.
"""

from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.components.parts import Described, describe, reads
from ringtest.jjb.components.raw_xml import raw_xml
from ringtest.jjb.components.registry import Context, Render, component
from ringtest.jjb.components.shapes import Node, attributes_of

__all__ = [
    "Kind",
    "branch_source",
    "builder",
    "job_kind",
    "metadata",
    "notification",
    "parameter",
    "project_property",
    "publisher",
    "reporter",
    "scm",
    "trigger",
    "view",
    "wrapper",
]

WRONG = (AttributeError, TypeError, KeyError, ValueError, IndexError, StopIteration)


class Guarded:
    """A component whose errors of type become problems."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Render, ...]) -> None:
        self.parts = parts

    def options(self) -> Iterator[Described]:
        """What it reads."""
        for part in self.parts:
            yield from describe(part)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        try:
            for part in self.parts:
                part(parent, data, ctx)
        except WRONG as error:
            ctx.fail(blame(error, data))


def blame(error: Exception, data: object) -> str:
    """What to tell somebody whose data a component could not read.

    >>> blame(KeyError("url"), {})
    "'url' is required"
    >>> blame(AttributeError("get"), None)
    'it needs options, and has none'
    """
    if isinstance(error, KeyError):
        return f"'{error.args[0]}' is required"
    if data is None:
        return "it needs options, and has none"
    return f"an option is of the wrong type: {error}"


@reads("xml")
def raw(parent: Element, data: Any, ctx: Context) -> None:
    """XML as it is, which every kind takes."""
    raw_xml(parent, data)


class Kind:
    """The components of one kind, by the name that the YAML has for the list of them.

    takes_raw: whether XML as it is may stand in place of one.
    """

    def __init__(self, name: str, takes_raw: bool = True) -> None:
        self.name = name
        if takes_raw:
            component(name, "raw")(raw)

    def __call__(self, name: str, tag: str, *parts: Render, **attributes: str) -> None:
        """A component that is one element."""
        self.made_of(name, Node(tag, parts, attributes_of(attributes)))

    def made_of(self, name: str, *parts: Render) -> None:
        """A component of any parts, written straight into the parent."""
        component(self.name, name)(Guarded(parts))

    def written(self, *names: str, siblings: bool = False) -> Callable[[Render], Render]:
        """A component that is a function; `siblings` when it looks at its parent's others."""

        def register(render: Render) -> Render:
            component(self.name, *names, siblings=siblings)(Guarded((render,)))
            return render

        return register


builder = Kind("builders")
publisher = Kind("publishers")
wrapper = Kind("wrappers")
trigger = Kind("triggers")
scm = Kind("scm")
parameter = Kind("parameters")
project_property = Kind("properties")
metadata = Kind("metadata")
notification = Kind("notifications")
reporter = Kind("reporters")
# The root of a job or view, and where the branches of a multibranch job come from.
job_kind = Kind("projects", takes_raw=False)
view = Kind("views", takes_raw=False)
branch_source = Kind("branch-sources", takes_raw=False)
