"""The reference of Jenkins components, made from their rows."""

import importlib

from docs.reference_pages import MADE
from ringtest.jjb.components import registry
from ringtest.jjb.components.parts import REQUIRED, Described, describe

KINDS = (
    "parameters",
    "properties",
    "scm",
    "triggers",
    "wrappers",
    "builders",
    "publishers",
    "reporters",
    "notifications",
    "metadata",
    "projects",
    "branch-sources",
    "views",
)
WORDS = {
    "projects": "kinds of jobs (`project-type`)",
    "branch-sources": "sources of branches (`scm` of a multibranch job)",
    "views": "types of views (`view-type`)",
}


def components_page() -> str:
    """docs/reference/jenkins-components.md"""
    lines = [
        "# Components of Jenkins jobs",
        "",
        MADE,
        "What `ringtest jenkins` renders itself, by kind. Bold options must be given, others show",
        "their default in parentheses when they have one, and what they may be after a colon.",
        "`a.b` stands inside `a`, `a[].b` in every entry of the list `a`, `[].b` in every entry of",
        "the component's own list. Of several forms of a component the options of all are listed.",
        "",
    ]
    importlib.import_module("ringtest.jjb.rendering.views")  # adds the view of views
    for kind in KINDS:
        registry.find(kind, "")
        rows = sorted(
            (name, row)
            for of, name in registry.RENDERERS
            if of == kind
            for row in [_row(kind, name)]
        )
        lines += [f"## {WORDS.get(kind, kind)}", "", "| component | options |", "|---|---|"]
        lines += [f"| `{name}` | {row} |" for name, row in rows]
        lines.append("")
    return "\n".join(lines)


def _row(kind: str, name: str) -> str:
    seen: dict[str, str] = {}
    for option in describe(registry.RENDERERS[kind, name]):
        shown = _shown(option)
        if len(shown) > len(seen.get(option.name, "")):
            seen[option.name] = shown
    return ", ".join(seen.values())


def _shown(option: Described) -> str:
    name = f"`{option.name}`"
    if option.default is REQUIRED:
        name = f"**{name}**"
    elif option.default not in (None, "", ()):
        value = option.default
        if isinstance(value, tuple):
            value = ", ".join(map(str, value))
        elif isinstance(value, bool):
            value = str(value).lower()
        name += f" (`{_cell(value)}`)"
    if option.choices:
        name += ": " + " ".join(f"`{_cell(choice)}`" for choice in option.choices if choice != "")
    return name


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
