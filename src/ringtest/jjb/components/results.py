"""Jenkins' results of builds, as elements have them."""

from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import reads
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import refuse


class Result(NamedTuple):
    """A result: the worse, the higher its ordinal."""

    name: str
    ordinal: str
    color: str
    complete: str


RESULTS = {
    "SUCCESS": Result("SUCCESS", "0", "BLUE", "true"),
    "UNSTABLE": Result("UNSTABLE", "1", "YELLOW", "true"),
    "FAILURE": Result("FAILURE", "2", "RED", "true"),
    "NOT_BUILD": Result("NOT_BUILD", "3", "NOTBUILD", "false"),
    "ABORTED": Result("ABORTED", "4", "ABORTED", "false"),
}


def add_result(parent: Element, tag: str, result: Result, complete: str | None) -> Element:
    """An element that says a result; `complete` None leaves that out."""
    element = SubElement(parent, tag)
    SubElement(element, "name").text = result.name
    SubElement(element, "ordinal").text = result.ordinal
    SubElement(element, "color").text = result.color
    if complete is not None:
        SubElement(element, "completeBuild").text = complete
    return element


def result_named(name: str, option: str, ctx: Context) -> Result:
    """The result of that name."""
    found = RESULTS.get(name)
    if found is None:
        refuse(option, name, RESULTS, ctx)
    return found


def threshold(name: str, default: str, tag: str) -> Render:
    """An element with the result that an option names, of any case."""

    @reads(name)
    def add(parent: Element, data: Any, ctx: Context) -> None:
        add_result(parent, tag, result_named(data.get(name, default).upper(), name, ctx), None)

    return add


RUNNER = "org.jenkins_ci.plugins.run_condition.BuildStepRunner$"
# What a step does when its condition cannot be evaluated.
RUNNERS = {
    "fail": f"{RUNNER}Fail",
    "mark-unstable": f"{RUNNER}Unstable",
    "run-and-mark-unstable": f"{RUNNER}RunUnstable",
    "run": f"{RUNNER}Run",
    "dont-run": f"{RUNNER}DontRun",
}
