"""Filters of jobs in a list, of the plugin view-job-filters."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import Described, describe, option
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import Node

_MATCH = option("match-type", "includeMatched", "includeExcludeTypeString")
_SPAN = (option("amount-type", "Hours", "amountTypeString"), option("amount", "0"))


def _filter(kind: str, *parts: Render) -> Node:
    return Node(f"hudson.views.{kind}Filter", parts, {"plugin": "view-job-filters"})


def _flags(*names: str) -> tuple[Render, ...]:
    return tuple(option(name, False) for name in names)


FILTERS: dict[str, Node] = {
    "build-duration": _filter(
        "BuildDuration",
        _MATCH,
        option("build-duration-type", "Latest", "buildCountTypeString"),
        *_SPAN,
        option("less-than", True),
        option("build-duration-minutes", "0"),
    ),
    "build-status": _filter(
        "BuildStatus", _MATCH, *_flags("never-built", "building", "in-build-queue")
    ),
    "build-trend": _filter(
        "BuildTrend",
        _MATCH,
        option("build-trend-type", "Latest", "buildCountTypeString"),
        *_SPAN,
        option("status", "Completed", "statusTypeString"),
    ),
    "fallback": _filter(
        "AddRemoveFallback",
        option("fallback-type", "REMOVE_ALL_IF_ALL_INCLUDED", "fallbackTypeString"),
        option("fallback-type", "REMOVE_ALL_IF_ALL_INCLUDED"),
    ),
    "job-status": _filter(
        "JobStatus", _MATCH, *_flags("unstable", "failed", "aborted", "disabled", "stable")
    ),
    "job-type": _filter("JobType", _MATCH, option("job-type", "hudson.model.FreeStyleProject")),
    "most-recent": _filter(
        "MostRecentJobs", option("max-to-include", "0"), option("check-start-time", False)
    ),
    "other-views": _filter(
        "OtherViews",
        _MATCH,
        option("view-name", "&lt;select a view other than this one&gt;", "otherViewName"),
    ),
    "parameter": _filter(
        "Parameter",
        _MATCH,
        option("name", "", "nameRegex"),
        option("value", "", "valueRegex"),
        option("description", "", "descriptionRegex"),
        option("use-default", False, "useDefaultValue"),
        *_flags("match-builds-in-progress", "match-all-builds"),
        option("max-builds-to-match", 0),
    ),
    "regex-job": _filter(
        "RegExJob",
        _MATCH,
        option("regex-name", "", "valueTypeString"),
        option("regex", ""),
        *_flags("match-name", "match-full-name", "match-display-name", "match-full-display-name"),
    ),
    "scm": _filter("ScmType", _MATCH, option("scm-type", "hudson.scm.NullSCM")),
    "secured-job": _filter("SecuredJobs", _MATCH),
    "unclassified": _filter("UnclassifiedJobs", _MATCH),
    "upstream-downstream": _filter(
        "UpstreamDownstreamJobs",
        *_flags("include-upstream", "include-downstream", "recursive", "exclude-originals"),
    ),
    "user-permissions": _filter(
        "Security",
        _MATCH,
        *_flags("configure", "build", "workspace"),
        option("permission-check", "MustMatchAll", "permissionCheckType"),
    ),
    "user-relevence": _filter(
        "UserRelevance",
        _MATCH,
        option("build-count", "AtLeastOne", "buildCountTypeString"),
        *_SPAN,
        option("match-user-id", False),
        option("match-user-fullname", False, "matchUserFullName"),
        *_flags("ignore-case", "ignore-whitespace"),
        option("ignore-non-alphaNumeric", False),
        *_flags("match-builder", "match-email", "match-scm-changes"),
    ),
}


class JobFilters:
    """`job-filters`: by name, which may be written with `_` as well."""

    def options(self) -> Iterator[Described]:
        """Those of all filters."""
        yield Described("job-filters", "", None, ())
        for name, row in FILTERS.items():
            for found in describe(row):
                yield found._replace(name=f"job-filters.{name}.{found.name}")

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        element = SubElement(parent, "jobFilters")
        wanted = data.get("job-filters", ())
        for name in wanted:
            row = FILTERS.get(name.replace("_", "-"))
            if row is None:
                allowed = ", ".join(FILTERS)
                ctx.fail(f"{name!r} is no filter of jobs: there are {allowed}")
            row(element, wanted.get(name), ctx)


job_filters = JobFilters()
