"""Views: lists and `all` here, the rarer ones by the installed library."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb import borrowed
from ringtest.jjb.problems import Failure
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.rendering.general import add, as_text

Data = Mapping[str, Any]
_EXTRA = "jenkins.plugins.extracolumns."
_COLUMNS = {
    "status": "hudson.views.StatusColumn",
    "weather": "hudson.views.WeatherColumn",
    "job": "hudson.views.JobColumn",
    "last-success": "hudson.views.LastSuccessColumn",
    "last-failure": "hudson.views.LastFailureColumn",
    "last-duration": "hudson.views.LastDurationColumn",
    "build-button": "hudson.views.BuildButtonColumn",
    "last-stable": "hudson.views.LastStableColumn",
    "robot-list": "hudson.plugins.robot.view.RobotListViewColumn",
    "find-bugs": "hudson.plugins.findbugs.FindBugsColumn",
    "jacoco": "hudson.plugins.jacococoveragecolumn.JaCoCoColumn",
    "git-branch": "hudson.plugins.git.GitBranchSpecifierColumn",
    "favorite": "hudson.plugins.favorite.column.FavoriteColumn",
    "schedule-build": "org.jenkinsci.plugins.schedulebuild.ScheduleBuildButtonColumn",
    "priority-sorter": "jenkins.advancedqueue.PrioritySorterJobColumn",
    "build-filter": "hudson.views.BuildFilterColumn",
    "desc": "jenkins.branch.DescriptionColumn",
}
# name → tag, plugin, elements inside
_WITH_PLUGIN: dict[str, tuple[str, str, dict[str, str]]] = {
    "policy-violations": ("com.sonatype.insight.ci.hudson.QualityColumn", "sonatype-clm-ci", {}),
    "member-graph-view": (
        "com.barchart.jenkins.cascade.GraphViewColumn",
        "maven-release-cascade",
        {},
    ),
    "built-on": ("org.jenkins.plugins.builton.BuiltOnColumn", "built-on-column", {}),
    "extra-build-description": (
        f"{_EXTRA}BuildDescriptionColumn",
        "extra-columns",
        {"columnWidth": "3", "forceWidth": "false"},
    ),
    "extra-build-parameters": (
        f"{_EXTRA}BuildParametersColumn",
        "extra-columns",
        {"singlePara": "false", "parameterName": ""},
    ),
    "extra-last-user-name": (f"{_EXTRA}UserNameColumn", "extra-columns", {}),
    "extra-last-output": (f"{_EXTRA}LastBuildConsoleColumn", "extra-columns", {}),
    "extra-workspace-link": (f"{_EXTRA}WorkspaceColumn", "extra-columns", {}),
    "extra-configure-button": (f"{_EXTRA}ConfigureProjectColumn", "extra-columns", {}),
    **{
        f"extra-tests-{name}": (
            f"{_EXTRA}TestResultColumn",
            "extra-columns",
            {"testResultFormat": number},
        )
        for name, number in {
            "total": "2",
            "failed": "3",
            "passed": "4",
            "skipped": "5",
            "format-0": "0",
            "format-1": "1",
        }.items()
    },
}
_DEFAULT_COLUMNS = list(_COLUMNS)[:7]
BORROWED = (
    "categorized",
    "dashboard",
    "delivery_pipeline",
    "nested",
    "pipeline",
    "sectioned",
)


def root_of(data: Data, components: Components) -> Element:
    """The tree of a view. Raises Failure for types that nobody knows."""
    kind = data.get("view-type", "list")
    if kind == "list":
        return list_view(data, components)
    if kind == "all":
        return _begun("hudson.model.AllView", data)
    if kind in BORROWED:
        made = borrowed.root("views", kind, data, components)
        if made is not None:
            components.borrowed["views", kind] += 1
            return made
    supported = ", ".join(("all", "list", *BORROWED))
    said = f"Unrecognized view-type: {kind} (supported types are: {supported})"
    raise Failure("unknown-kind", said)


def _begun(tag: str, data: Data) -> Element:
    root = Element(tag)
    for key, name, default in (
        ("name", "name", None),
        ("description", "description", ""),
        ("filter-executors", "filterExecutors", False),
        ("filter-queue", "filterQueue", False),
    ):
        value = data.get(key, default)
        if value is None:
            raise Failure("component", f"Missing {key} from a view")
        add(root, name, as_text(value))
    SubElement(root, "properties", {"class": "hudson.model.View$PropertyList"})
    return root


def list_view(data: Data, components: Components) -> Element:
    """A list of jobs by name or pattern."""
    root = _begun("hudson.model.ListView", data)
    names = SubElement(root, "jobNames")
    SubElement(names, "comparator", {"class": "hudson.util.CaseInsensitiveComparator"})
    jobs = data.get("job-name")
    if jobs is not None:
        try:
            ordered = sorted(jobs, key=str.lower)
        except TypeError:
            said = f"job-name is a list of names, not {jobs!r:.80}"
            raise Failure("wrong-type", said) from None
        for job in ordered:
            add(names, "string", str(job))
    filters = SubElement(root, "jobFilters")
    wanted = data.get("job-filters", [])
    if wanted:
        if not isinstance(wanted, Mapping):
            raise Failure("wrong-type", f"job-filters is a mapping, not {wanted!r:.80}")
        borrowed.filters(filters, wanted)
        components.borrowed.update(("job-filters", name) for name in wanted)
    columns = SubElement(root, "columns")
    for column in data.get("columns", _DEFAULT_COLUMNS):
        _column(columns, column)
    if data.get("regex") is not None:
        add(root, "includeRegex", as_text(data["regex"]))
    recurse = data.get("recurse", False)
    if recurse is not None:
        add(root, "recurse", as_text(recurse))
    if data.get("status-filter") is not None:
        add(root, "statusFilter", as_text(data["status-filter"]))
    return root


def _column(columns: Element, column: Any) -> None:
    if isinstance(column, dict):
        if "extra-build-parameter" in column:
            attributes = {"plugin": "extra-columns"}
            made = SubElement(columns, f"{_EXTRA}BuildParametersColumn", attributes)
            add(made, "singlePara", "true")
            add(made, "parameterName", str(column["extra-build-parameter"]))
    elif column in _COLUMNS:
        SubElement(columns, _COLUMNS[column])
    elif column in _WITH_PLUGIN:
        tag, plugin, inside = _WITH_PLUGIN[column]
        made = SubElement(columns, tag, {"plugin": plugin})
        for name, text in inside.items():
            add(made, name, text)
