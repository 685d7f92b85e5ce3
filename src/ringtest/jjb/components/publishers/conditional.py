"""Publishers that run only when a condition holds."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import REQUIRED, describe, reads, text
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.results import RUNNERS, add_result, result_named
from ringtest.jjb.components.shapes import choose, every, is_since, node, variant

PACKAGE = "org.jenkins_ci.plugins.run_condition."
FLEXIBLE = "org.jenkins__ci.plugins.flexible__publish."
PLUGIN = "Flexible Publish Plugin"


def results_of(prefix: str) -> Render:
    """From the worst result to the best; both are as complete as the worst, as in the original."""

    @reads(f"{prefix}-worst {prefix}-best")
    def add(parent: Element, data: Any, ctx: Context) -> None:
        worst = result_named(data[f"{prefix}-worst"], f"{prefix}-worst", ctx)
        best = result_named(data[f"{prefix}-best"], f"{prefix}-best", ctx)
        add_result(parent, "worstResult", worst, worst.complete)
        add_result(parent, "bestResult", best, worst.complete)

    return add


def condition(tag: str, prefix: str) -> Render:
    """A condition, its options all beginning with the prefix."""
    command = text(f"{prefix}-command", tag="command")
    # The original reads the directory of a file under a name that nobody can give.
    workspace = node("baseDir", class_=f"{PACKAGE}common.BaseDirectory$Workspace")
    kinds: dict[str, tuple[str, tuple[Render, ...]]] = {
        "always": ("core.AlwaysRun", ()),
        "never": ("core.NeverRun", ()),
        "boolean-expression": (
            "core.BooleanCondition",
            (text(f"{prefix}-expression", tag="token"),),
        ),
        "current-status": ("core.StatusCondition", (results_of(prefix),)),
        "shell": ("contributed.ShellCondition", (command,)),
        "windows-shell": ("contributed.BatchFileCondition", (command,)),
        "regexp": (
            "core.ExpressionCondition",
            (
                text(f"{prefix}-expression", tag="expression"),
                text(f"{prefix}-searchtext", tag="label"),
            ),
        ),
        "file-exists": (
            "core.FileExistsCondition",
            (text(f"{prefix}-filename", tag="file"), workspace),
        ),
    }
    cases = {
        kind: (node(tag, *parts, class_=f"{PACKAGE}{name}"),)
        for kind, (name, parts) in kinds.items()
    }
    return choose(f"{prefix}-kind", REQUIRED, cases)


CONDITION = condition("condition", "condition")
AGGREGATION = condition("aggregationCondition", "condition-aggregation")
RUNNER = variant("runner", "on-evaluation-failure", "fail", RUNNERS)


@reads("condition-aggregation " + " ".join(found.name for found in describe(AGGREGATION)))
def aggregation(parent: Element, data: Any, ctx: Context) -> None:
    """The condition of a whole matrix."""
    if data.get("condition-aggregation"):
        if not is_since(ctx, "0.11", PLUGIN):
            ctx.fail("'condition-aggregation' needs version 0.11 of the plugin")
        AGGREGATION(parent, data, ctx)


@reads("action")
def actions(parent: Element, data: Any, ctx: Context) -> None:
    """What is published; before 0.13 one thing alone."""
    as_list = is_since(ctx, "0.13", PLUGIN)
    if as_list:
        parent = SubElement(parent, "publisherList")
    elif len(data["action"]) != 1:
        ctx.fail("'action' takes one publisher before version 0.13 of the plugin")
    for action in data["action"]:
        made = Element("dummy")
        ctx.dispatch("publishers", made, action)
        for one in made:
            if not as_list:
                words = {**one.attrib, "class": one.tag}
                one.attrib.clear()
                one.attrib.update(sorted(words.items()))
                one.tag = "publisher"
            parent.append(one)


publisher(
    "conditional-publisher",
    f"{FLEXIBLE}FlexiblePublisher",
    node(
        "publishers",
        every(
            node(
                f"{FLEXIBLE}ConditionalPublisher",
                CONDITION,
                aggregation,
                RUNNER,
                actions,
            )
        ),
    ),
)
