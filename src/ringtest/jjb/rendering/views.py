"""The root element of each type of view; views of views, which hold whole views."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb import borrowed
from ringtest.jjb.components import registry
from ringtest.jjb.components.kinds import view
from ringtest.jjb.components.parts import put, reads
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import refuse
from ringtest.jjb.components.views.columns import COLUMNS, NESTED
from ringtest.jjb.components.views.lists import BEGINNING
from ringtest.jjb.loading.values import Seq
from ringtest.jjb.problems import Failure
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.rendering.general import general
from ringtest.jjb.rendering.sections import SECTIONS
from ringtest.jjb.rendering.writer import unfolded

Data = Mapping[str, Any]


def root_of(data: Data, components: Components) -> Element:
    """The tree of a view. Raises Failure for types that nobody knows."""
    kind = data.get("view-type", "list")
    if kind is None:  # The original takes the first that it finds.
        kind = "all"
    native = registry.find("views", kind) if isinstance(kind, str) else None
    if native is not None:
        hold = Element("views")
        native(hold, data, components)
        return hold[0]
    made = borrowed.root("views", kind, data, components)
    if made is not None:
        components.borrowed["views", kind] += 1
        return made
    supported = ", ".join((*registry.names("views"), *borrowed.names("views")))
    said = f"Unrecognized view-type: {kind} (supported types are: {supported})"
    raise Failure("unknown-kind", said)


@reads("views default-view")
def inner(parent: Element, data: Any, ctx: Context) -> None:
    """The views inside. One that names no type is a list, with the sections of a job after it."""
    if not isinstance(ctx, Components):
        raise TypeError("views of views are rendered with a whole run's components")
    element = SubElement(parent, "views")
    views = data["views"]
    for index, each in enumerate(views):
        ctx.settle(views.place_of_item(index) if isinstance(views, Seq) else None)
        root = root_of(each, ctx)
        if "view-type" not in each:
            general(root, each)
            for section in SECTIONS:
                section(root, each, ctx)
            root = unfolded(root)  # What is kept for jobs is indented as in jobs.
        if "name" not in each:
            ctx.fail("a view in a view needs a name")
        element.append(root)
    if not views:
        ctx.fail("a view of views needs some in 'views'")
    put(parent, "defaultView", data.get("default-view", views[0]["name"]), ctx)


@reads("columns")
def columns(parent: Element, data: Any, ctx: Context) -> None:
    """What is shown of each view, in an element of the same name twice."""
    element = SubElement(SubElement(parent, "columns"), "columns")
    for column in data.get("columns", ()):
        if column not in NESTED:
            refuse("columns", column, NESTED, ctx)
        COLUMNS[column](element, data, ctx)


view("nested", "hudson.plugins.nested__view.NestedView", *BEGINNING, inner, columns)
