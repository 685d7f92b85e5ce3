"""Views that list jobs: plain, by category, and in sections."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import view
from ringtest.jjb.components.parts import REQUIRED, maybe, option, reads, required, text
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import choose, each, node, refuse
from ringtest.jjb.components.views.columns import columns
from ringtest.jjb.components.views.filters import job_filters

FLAGS = (option("filter-executors", False), option("filter-queue", False))
PROPERTIES = node("properties", class_="hudson.model.View$PropertyList")
BEGINNING: tuple[Render, ...] = (
    required("name"),
    option("description", ""),
    *FLAGS,
    PROPERTIES,
)
_COMPARATOR = node("comparator", class_="hudson.util.CaseInsensitiveComparator")


@reads("job-name")
def job_names(parent: Element, data: Any, ctx: Context) -> None:
    """Jobs by their names, sorted."""
    element = SubElement(parent, "jobNames")
    _COMPARATOR(element, data, ctx)
    names = data.get("job-name")
    if names is None:
        return
    try:
        ordered = sorted(names, key=str.lower)
    except TypeError:
        ctx.fail(f"job-name is a list of names, not {names!r:.80}")
    for name in ordered:
        SubElement(element, "string").text = str(name)


WHICH: tuple[Render, ...] = (
    maybe("regex", tag="includeRegex"),
    maybe("recurse", False),
    maybe("status-filter"),
)
LIST: tuple[Render, ...] = (*BEGINNING, job_names, job_filters, columns, *WHICH)

view("all", "hudson.model.AllView", *BEGINNING)
view("list", "hudson.model.ListView", *LIST)

_CATEGORIES = "org.jenkinsci.plugins.categorizedview."
_GROUPING = node(
    f"{_CATEGORIES}GroupingRule",
    option("group_regex", "", "groupRegex"),
    option("naming_rule", "", "namingRule"),
    option("use_display_name", False, "useDisplayName"),
)


@reads("type")
def grouping(parent: Element, data: Any, ctx: Context) -> None:
    """The one kind of rule that there is, which may also be named."""
    kind = data.get("type")
    if kind and kind != "grouping_rule":
        refuse("type", kind, ("grouping_rule",), ctx)


view(
    "categorized",
    f"{_CATEGORIES}CategorizedJobsView",
    *LIST,
    text("regex_to_ignore_on_color_computing", "", "regexToIgnoreOnColorComputing"),
    node("categorizationCriteria", each("categorization_criteria", grouping, _GROUPING)),
    plugin="categorized-view",
)

_PLACING = (
    option("width", "FULL", choices=("FULL", "HALF", "THIRD", "TWO_THIRDS")),
    option("alignment", "CENTER", choices=("CENTER", "LEFT", "RIGHT")),
)
_SECTION = "hudson.plugins.sectioned__view."
SECTIONS: Mapping[str, Render] = {
    "list": node(
        f"{_SECTION}ListViewSection",
        required("name"),
        job_names,
        job_filters,
        *_PLACING,
        columns,
        maybe("regex", tag="includeRegex"),
    ),
    "text": node(
        f"{_SECTION}TextSection",
        node("jobNames", _COMPARATOR),
        node("jobFilters"),
        option("name", ""),
        *_PLACING,
        required("text"),
        option("style", "NONE", choices=("NONE", "NOTE", "INFO", "WARNING", "TIP")),
    ),
}
view(
    "sectioned",
    f"{_SECTION}SectionedView",
    *BEGINNING,
    node(
        "sections",
        each(
            "sections",
            choose("view-type", REQUIRED, {kind: (row,) for kind, row in SECTIONS.items()}),
        ),
    ),
)
