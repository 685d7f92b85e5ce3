"""Patterns of what is cleaned from a workspace, before and after a build."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.components.parts import constant, item, reads
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, node


def patterns(how: Callable[[Any], str] | None) -> Render:
    """Files to delete and files to keep, when there are any; `how` writes one."""
    kinds = [
        each(
            name,
            node(
                "hudson.plugins.ws__cleanup.Pattern",
                item("pattern", how),
                constant("type", name.upper()),
            ),
        )
        for name in ("include", "exclude")
    ]
    element = node("patterns", *kinds)

    @reads("include exclude")
    def add(parent: Element, data: Any, ctx: Context) -> None:
        if "include" in data or "exclude" in data:
            element(parent, data, ctx)

    return add
