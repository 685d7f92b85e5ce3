"""Triggers by the clock, and by other jobs."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import trigger
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    item,
    joined,
    lowered,
    option,
    put,
    reads,
    required,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.results import RESULTS, add_result
from ringtest.jjb.components.shapes import each, node, refuse
from ringtest.jjb.components.triggered import add_projects

trigger("timed", "hudson.triggers.TimerTrigger", item("spec"))


@trigger.written("pollscm")
@reads("cron ignore-post-commit-hooks")
def pollscm(parent: Element, data: Any, ctx: Context) -> None:
    """Polling the sources, by a line of cron alone or with options."""
    cron, ignored = data, "false"
    if isinstance(data, dict):
        cron = data["cron"]
        ignored = lowered(data.get("ignore-post-commit-hooks", False))
    if not cron and cron != "":
        ctx.fail("'cron' is required")
    element = SubElement(parent, "hudson.triggers.SCMTrigger")
    put(element, "spec", cron, ctx)
    SubElement(element, "ignorePostCommitHooks").text = ignored


@trigger.written("reverse")
@reads("jobs result")
def reverse(parent: Element, data: Any, ctx: Context) -> None:
    """After other jobs, when they ended well enough."""
    element = SubElement(parent, "jenkins.triggers.ReverseBuildTrigger")
    SubElement(element, "spec").text = ""
    add_projects(element, "upstreamProjects", data.get("jobs"), ctx)
    allowed = ("SUCCESS", "UNSTABLE", "FAILURE")
    result = str(data.get("result", "success")).upper()
    if result not in allowed:
        refuse("result", result, allowed, ctx)
    add_result(element, "threshold", RESULTS[result], RESULTS[result].complete)


CHECKED = {
    "success": "SUCCESS",
    "unstable": "UNSTABLE",
    "failure": "FAILURE",
    "not-built": "NOT_BUILT",
    "aborted": "ABORTED",
}

BUILD_RESULT = "org.jenkinsci.plugins.buildresulttrigger.model."


def checked(parent: Element, data: Any, ctx: Context) -> None:
    """One result that counts."""
    if data not in CHECKED:
        refuse("results", data, CHECKED, ctx)
    element = SubElement(parent, f"{BUILD_RESULT}CheckedResult")
    SubElement(element, "checked").text = CHECKED[data]


trigger(
    "build-result",
    "org.jenkinsci.plugins.buildresulttrigger.BuildResultTrigger",
    option("cron", "", "spec"),
    option("combine", False, "combinedJobs"),
    node(
        "jobsInfo",
        each(
            "groups",
            node(
                f"{BUILD_RESULT}BuildResultTriggerInfo",
                joined("jobs", ",", REQUIRED, "jobNames"),
                node("checkedResults", each("results", checked, default=("success",))),
            ),
            default=REQUIRED,
        ),
    ),
    plugin="buildresult-trigger",
)


trigger(
    "parameterized-timer",
    "org.jenkinsci.plugins.parameterizedscheduler.ParameterizedTimerTrigger",
    constant("spec", ""),
    required("cron", "parameterizedSpecification"),
)
