"""Builders that run only when a condition holds, and the conditions."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    item,
    joined,
    option,
    printed,
    reads,
    required,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.results import RUNNERS, add_result, result_named
from ringtest.jjb.components.shapes import each, node, refuse, variant

CORE = "org.jenkins_ci.plugins.run_condition.core."
CONTRIBUTED = "org.jenkins_ci.plugins.run_condition.contributed."
LOGIC = "org.jenkins_ci.plugins.run_condition.logic."
BASE = "org.jenkins_ci.plugins.run_condition.common.BaseDirectory$"
COMPARISON = f"{CORE}NumericalComparisonCondition$"

DAYS = node(
    "days",
    *(
        node(
            "org.jenkins__ci.plugins.run__condition.core.DayCondition_-Day",
            constant("day", str(number)),
            option(day, False, "selected"),
        )
        for number, day in enumerate(("SUN", "MON", "TUES", "WED", "THURS", "FRI", "SAT"), 1)
    ),
)

BASE_DIRECTORY = variant(
    "baseDir",
    "condition-basedir",
    "workspace",
    {
        "workspace": f"{BASE}Workspace",
        "artifact-directory": f"{BASE}ArtifactsDir",
        "jenkins-home": f"{BASE}JenkinsHome",
    },
)

WHEN_IT_CANNOT_BE_SAID = variant("runner", "on-evaluation-failure", "fail", RUNNERS)


def selected_days(parent: Element, data: Any, ctx: Context) -> None:
    """The days of the week, where they are chosen one by one."""
    if data.get("day-selector") == "select-days":
        DAYS(parent, data.get("days") or {}, ctx)


def result_between(parent: Element, data: Any, ctx: Context) -> None:
    """From the worst result to the best one."""
    for name in ("worst", "best"):
        option_name = f"condition-{name}"
        found = result_named(data.get(option_name, "SUCCESS"), option_name, ctx)
        add_result(parent, f"{name}Result", found, found.complete)


def operand(parent: Element, data: Any, ctx: Context) -> None:
    """The one condition inside another."""
    add_condition(parent, "condition", data["condition-operand"], ctx)


def contained(parent: Element, data: Any, ctx: Context) -> None:
    """One of several conditions."""
    container = "org.jenkins__ci.plugins.run__condition.logic.ConditionContainer"
    add_condition(SubElement(parent, container), "condition", data, ctx)


OPERANDS = (node("conditions", each("condition-operands", contained, default=REQUIRED)),)

CONDITIONS: dict[str, tuple[str, tuple[Render, ...]]] = {
    "always": (f"{CORE}AlwaysRun", ()),
    "never": (f"{CORE}NeverRun", ()),
    "boolean-expression": (
        f"{CORE}BooleanCondition",
        (required("condition-expression", "token"),),
    ),
    "build-cause": (
        f"{CORE}CauseCondition",
        (option("cause", "USER_CAUSE", "buildCause"), option("exclusive-cause", False)),
    ),
    "day-of-week": (
        f"{CORE}DayCondition",
        (
            variant(
                "daySelector",
                "day-selector",
                "weekend",
                {
                    "weekend": f"{CORE}DayCondition$Weekend",
                    "weekday": f"{CORE}DayCondition$Weekday",
                    "select-days": f"{CORE}DayCondition$SelectDays",
                },
                selected_days,
            ),
            option("use-build-time", False),
        ),
    ),
    "execution-node": (
        f"{CORE}NodeCondition",
        (node("allowedNodes", each("nodes", item("string", printed), default=REQUIRED)),),
    ),
    "strings-match": (
        f"{CORE}StringsMatchCondition",
        (
            option("condition-string1", "", "arg1"),
            option("condition-string2", "", "arg2"),
            option("condition-case-insensitive", False, "ignoreCase"),
        ),
    ),
    "current-status": (f"{CORE}StatusCondition", (result_between,)),
    "shell": (
        f"{CONTRIBUTED}ShellCondition",
        (option("condition-command", "", "command"),),
    ),
    "windows-shell": (
        f"{CONTRIBUTED}BatchFileCondition",
        (option("condition-command", "", "command"),),
    ),
    "file-exists": (
        f"{CORE}FileExistsCondition",
        (required("condition-filename", "file"), BASE_DIRECTORY),
    ),
    "files-match": (
        f"{CORE}FilesMatchCondition",
        (
            joined("include-pattern", ",", tag="includes"),
            joined("exclude-pattern", ",", tag="excludes"),
            BASE_DIRECTORY,
        ),
    ),
    "num-comp": (
        f"{CORE}NumericalComparisonCondition",
        (
            required("lhs"),
            required("rhs"),
            variant(
                "comparator",
                "comparator",
                "less-than",
                {
                    "less-than": f"{COMPARISON}LessThan",
                    "greater-than": f"{COMPARISON}GreaterThan",
                    "equal": f"{COMPARISON}EqualTo",
                    "not-equal": f"{COMPARISON}NotEqualTo",
                    "less-than-equal": f"{COMPARISON}LessThanOrEqualTo",
                    "greater-than-equal": f"{COMPARISON}GreaterThanOrEqualTo",
                },
            ),
        ),
    ),
    "regex-match": (
        f"{CORE}ExpressionCondition",
        (option("regex", "", "expression"), option("label", "")),
    ),
    "time": (
        f"{CORE}TimeCondition",
        (
            option("earliest-hour", "09", "earliestHours"),
            option("earliest-min", "00", "earliestMinutes"),
            option("latest-hour", "17", "latestHours"),
            option("latest-min", "30", "latestMinutes"),
            option("use-build-time", False),
        ),
    ),
    "not": (f"{LOGIC}Not", (operand,)),
    "and": (f"{LOGIC}And", OPERANDS),
    "or": (f"{LOGIC}Or", OPERANDS),
}


def add_condition(parent: Element, tag: str, data: Any, ctx: Context) -> None:
    """A condition as an element; a kind that is unknown is an `or`, as in the original."""
    kind = data["condition-kind"]
    if kind not in CONDITIONS:
        if "condition-operands" not in data:
            refuse("condition-kind", kind, CONDITIONS, ctx)
        ctx.warn(f"'condition-kind' is '{kind}', which is unknown: it is read as 'or'")
    name, parts = CONDITIONS.get(kind, CONDITIONS["or"])
    element = SubElement(parent, tag, {"class": name})
    for part in parts:
        part(element, data, ctx)


@builder.written("conditional-step")
@reads(
    "condition-kind steps on-evaluation-failure condition-expression cause exclusive-cause"
    " day-selector days use-build-time nodes condition-string1 condition-string2"
    " condition-case-insensitive condition-worst condition-best condition-command"
    " condition-filename condition-basedir include-pattern exclude-pattern lhs rhs comparator"
    " regex label earliest-hour earliest-min latest-hour latest-min condition-operand"
    " condition-operands"
)
def conditional_step(parent: Element, data: Any, ctx: Context) -> None:
    """One builder becomes a single step, several become a list of them."""
    made = Element("dummy")
    for step in data["steps"]:
        ctx.dispatch("builders", made, step)
    plugin = "org.jenkinsci.plugins.conditionalbuildstep."
    if len(made) > 1:
        root = SubElement(parent, f"{plugin}ConditionalBuilder")
        steps = SubElement(root, "conditionalbuilders")
        add_condition(root, "runCondition", data, ctx)
        WHEN_IT_CANNOT_BE_SAID(root, data, ctx)
        steps.extend(made)
        return
    root = SubElement(parent, f"{plugin}singlestep.SingleConditionalBuilder")
    add_condition(root, "condition", data, ctx)
    WHEN_IT_CANNOT_BE_SAID(root, data, ctx)
    for step in made:
        step.set("class", step.tag)
        step.tag = "buildStep"
        root.append(step)
