"""Columns of lists of jobs. A name that is none is passed over, as the original does."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, XMLParser, fromstring

from ringtest.jjb.components.parts import constant, reads
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import node

PARAMETER = "extra-build-parameter"
_EXTRA = "jenkins.plugins.extracolumns."
_PARAMETERS = f"{_EXTRA}BuildParametersColumn"
_SHOWN_TESTS = {
    "total": "2",
    "failed": "3",
    "passed": "4",
    "skipped": "5",
    "format-0": "0",
    "format-1": "1",
}


def _extra(name: str, *parts: Render) -> Render:
    return node(f"{_EXTRA}{name}Column", *parts, plugin="extra-columns")


COLUMNS: dict[str, Render] = {
    "status": node("hudson.views.StatusColumn"),
    "weather": node("hudson.views.WeatherColumn"),
    "job": node("hudson.views.JobColumn"),
    "last-success": node("hudson.views.LastSuccessColumn"),
    "last-failure": node("hudson.views.LastFailureColumn"),
    "last-duration": node("hudson.views.LastDurationColumn"),
    "build-button": node("hudson.views.BuildButtonColumn"),
    "last-stable": node("hudson.views.LastStableColumn"),
    "robot-list": node("hudson.plugins.robot.view.RobotListViewColumn"),
    "find-bugs": node("hudson.plugins.findbugs.FindBugsColumn"),
    "jacoco": node("hudson.plugins.jacococoveragecolumn.JaCoCoColumn"),
    "git-branch": node("hudson.plugins.git.GitBranchSpecifierColumn"),
    "favorite": node("hudson.plugins.favorite.column.FavoriteColumn"),
    "schedule-build": node("org.jenkinsci.plugins.schedulebuild.ScheduleBuildButtonColumn"),
    "priority-sorter": node("jenkins.advancedqueue.PrioritySorterJobColumn"),
    "build-filter": node("hudson.views.BuildFilterColumn"),
    "desc": node("jenkins.branch.DescriptionColumn"),
    "policy-violations": node(
        "com.sonatype.insight.ci.hudson.QualityColumn", plugin="sonatype-clm-ci"
    ),
    "member-graph-view": node(
        "com.barchart.jenkins.cascade.GraphViewColumn", plugin="maven-release-cascade"
    ),
    "built-on": node("org.jenkins.plugins.builton.BuiltOnColumn", plugin="built-on-column"),
    "extra-build-description": _extra(
        "BuildDescription", constant("columnWidth", "3"), constant("forceWidth", "false")
    ),
    "extra-build-parameters": _extra(
        "BuildParameters", constant("singlePara", "false"), constant("parameterName", "")
    ),
    "extra-last-user-name": _extra("UserName"),
    "extra-last-output": _extra("LastBuildConsole"),
    "extra-workspace-link": _extra("Workspace"),
    "extra-configure-button": _extra("ConfigureProject"),
    **{
        f"extra-tests-{name}": _extra("TestResult", constant("testResultFormat", number))
        for name, number in _SHOWN_TESTS.items()
    },
}
USUAL = tuple(COLUMNS)[:7]
NESTED = ("status", "weather")
"""What a view of views shows of each."""


@reads(f"columns[].{PARAMETER}")
def columns(parent: Element, data: Any, ctx: Context) -> None:
    """The columns of a list, by their names; one may name a parameter of builds."""
    element = SubElement(parent, "columns")
    for column in data.get("columns", USUAL):
        if not isinstance(column, dict):
            render = COLUMNS.get(column)
            if render is not None:
                render(element, data, ctx)
        elif PARAMETER in column:
            _of_parameter(element, column[PARAMETER], ctx)


def _of_parameter(parent: Element, name: object, ctx: Context) -> None:
    made = SubElement(parent, _PARAMETERS, {"plugin": "extra-columns"})
    SubElement(made, "singlePara").text = "true"
    try:  # The original takes a parameter's name for XML.
        made.append(fromstring(f"<parameterName>{name}</parameterName>", parser=XMLParser()))
    except ParseError as error:
        ctx.fail(f"'{PARAMETER}' is no XML: {error}")


def unknown(column: Any) -> list[Any]:
    """What one entry of `columns` names and nobody renders.

    >>> unknown("status"), unknown("colour"), unknown({"extra-build-parameter": "P", "x": 1})
    ([], ['colour'], ['x'])
    """
    if isinstance(column, dict):
        return [key for key in column if key != PARAMETER]
    return [] if isinstance(column, str) and column in COLUMNS else [column]
