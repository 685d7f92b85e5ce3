"""Which branches are built when they are found, and what is different for some of them."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import Described, describe, maybe, option, put, reads, text
from ringtest.jjb.components.raw_xml import raw_xml
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, given, node, present, refuse, told, within

BASIC = "jenkins.branch.buildstrategies.basic."
DAY = 86_400_000  # milliseconds
NAMES = f"{BASIC}NamedBranchBuildStrategyImpl"
PLUGIN = "basic-branch-build-strategies"

NAMED = node(
    f"{NAMES}",
    node(
        "filters",
        each(
            "named-branches",
            present(
                "exact-name",
                within(
                    "exact-name",
                    node(
                        f"{NAMES}_-ExactNameFilter",
                        maybe("name", ""),
                        maybe("case-sensitive", False),
                    ),
                ),
            ),
            present(
                "regex-name",
                within(
                    "regex-name",
                    node(
                        f"{NAMES}_-RegexNameFilter",
                        maybe("regex", "^.*$"),
                        maybe("case-sensitive", False),
                    ),
                ),
            ),
            present(
                "wildcards-name",
                within(
                    "wildcards-name",
                    node(
                        f"{NAMES}_-WildcardsNameFilter",
                        maybe("includes", "*"),
                        maybe("excludes", ""),
                    ),
                ),
            ),
        ),
    ),
    plugin=PLUGIN,
)


def _flag(value: object) -> str:
    return str(value).lower()


class Several:
    """Strategies that hold others, of which all or any must match."""

    __slots__ = ("name", "tag")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.tag = f"{BASIC}{kind}BranchBuildStrategyImpl"

    def options(self) -> Iterator[Described]:
        """Those inside; what these hold in turn is not described again."""
        inside = f"{self.name}.strategies[]"
        for part in STRATEGIES:
            if isinstance(part, Several):
                yield Described(f"{inside}.{part.name}", "", None, ())
            else:
                for found in describe(part):
                    yield found._replace(name=f"{inside}.{found.name}", default=None)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        if self.name in data:
            element = SubElement(parent, self.tag, {"plugin": PLUGIN})
            _strategies_of(element, data[self.name], ctx)


@reads("tags.ignore-tags-newer-than tags.ignore-tags-older-than")
def _tags(parent: Element, data: Any, ctx: Context) -> None:
    element = SubElement(parent, f"{BASIC}TagBuildStrategyImpl", {"plugin": PLUGIN})
    asked = data["tags"]
    for name, tag in (
        ("ignore-tags-newer-than", "atLeastMillis"),
        ("ignore-tags-older-than", "atMostMillis"),
    ):
        told_of = name in asked and asked[name] >= 0
        SubElement(element, tag).text = str(asked[name] * DAY) if told_of else "-1"


@reads("change-request.ignore-target-only-changes change-request.ignore-untrusted-changes")
def _change_request(parent: Element, data: Any, ctx: Context) -> None:
    element = SubElement(parent, f"{BASIC}ChangeRequestBuildStrategyImpl", {"plugin": PLUGIN})
    asked = data["change-request"]
    for name, tag in (
        ("ignore-target-only-changes", "ignoreTargetOnlyChanges"),
        ("ignore-untrusted-changes", "ignoreUntrustedChanges"),
    ):
        SubElement(element, tag).text = _flag(asked.get(name, False))


@reads("raw.xml")
def _raw(parent: Element, data: Any, ctx: Context) -> None:
    raw_xml(parent, data["raw"])


STRATEGIES: tuple[Render, ...] = (
    Several("all-strategies-match", "All"),
    Several("any-strategies-match", "Any"),
    present("tags", _tags),
    given("regular-branches", node(f"{BASIC}BranchBuildStrategyImpl", plugin=PLUGIN)),
    given(
        "skip-initial-build", node(f"{BASIC}SkipInitialBuildOnFirstBranchIndexing", plugin=PLUGIN)
    ),
    present("change-request", _change_request),
    present("named-branches", NAMED),
    present("raw", _raw),
)


def _strategies_of(parent: Element, data: Any, ctx: Context) -> None:
    """The list of a source, or of a strategy that holds others."""
    found, tag = data.get("build-strategies"), "buildStrategies"
    if not found:
        found, tag = data.get("strategies"), "strategies"
    if found is None:
        ctx.fail("strategies that hold others need a list of 'strategies'")
    element = SubElement(parent, tag)
    for entry in found:
        for part in STRATEGIES:
            part(element, entry, ctx)


class BuildStrategies:
    """`build-strategies`, when there are any."""

    def options(self) -> Iterator[Described]:
        """Those of each entry."""
        return describe(each("build-strategies", *STRATEGIES))

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        if data.get("build-strategies"):
            _strategies_of(parent, data, ctx)


BUILD_STRATEGIES = BuildStrategies()

BRANCH = "jenkins.branch."
COMMENTS = "com.adobe.jenkins.github__pr__comment__build."
SUPPRESSED = {
    "suppress-nothing": "NONE",
    "suppress-webhooks": "EVENTS",
    "suppress-branch-indexing": "INDEXING",
}
DURABILITY = {
    "max-survivability": "MAX_SURVIVABILITY",
    "performance-optimized": "PERFORMANCE_OPTIMIZED",
    "survivable-nonatomic": "SURVIVABLE_NONATOMIC",
}


@reads("suppress-scm-triggering.branch-regex suppress-scm-triggering.suppression-strategy")
def _suppressed(parent: Element, data: Any, ctx: Context) -> None:
    """True for all, or a pattern and what is suppressed."""
    name = "suppress-scm-triggering"
    asked = data.get(name, False)
    if not asked:
        return
    element = SubElement(parent, f"{BRANCH}NoTriggerBranchProperty")
    if asked is True:
        return
    if not isinstance(asked, dict):
        ctx.fail(f"'{name}' is true, or has a 'branch-regex' and a 'suppression-strategy'")
    for needed in ("branch-regex", "suppression-strategy"):
        if needed not in asked:
            ctx.fail(f"'{name}' needs a '{needed}'")
    strategy = SUPPRESSED.get(asked["suppression-strategy"])
    if strategy is None:
        refuse("suppression-strategy", asked["suppression-strategy"], SUPPRESSED, ctx)
    put(element, "triggeredBranchesRegex", asked["branch-regex"], ctx)
    SubElement(element, "strategy").text = strategy


def _worded(parent: Element, kind: str, name: str, key: str, data: Any, ctx: Context) -> Element:
    """A property with a text of its own, given alone or beside more."""
    element = SubElement(parent, f"{COMMENTS}{kind}", {"plugin": "github-pr-comment-build"})
    asked = data[name]
    if isinstance(asked, dict):
        if key not in asked:
            ctx.fail(f"'{name}' needs a '{key}'")
        asked = asked[key]
    elif not isinstance(asked, str):
        ctx.fail(f"'{name}' is text, or has a '{key}'")
    put(element, "label" if key == "label-regex" else "commentBody", asked, ctx)
    return element


@reads(
    "trigger-build-on-pr-comment.comment trigger-build-on-pr-comment.allow-untrusted-users "
    "trigger-build-on-pr-comment.add-reaction"
)
def _comment(parent: Element, data: Any, ctx: Context) -> None:
    """A comment that starts a build."""
    name = "trigger-build-on-pr-comment"
    element = _worded(parent, "TriggerPRCommentBranchProperty", name, "comment", data, ctx)
    if isinstance(data[name], dict):
        _true_for(element, data[name], {"allow-untrusted-users": "allowUntrusted"})
        _true_for(element, data[name], {"add-reaction": "addReaction"})


@reads("trigger-build-on-pr-label.label-regex")
def _label(parent: Element, data: Any, ctx: Context) -> None:
    """A label that starts a build."""
    name = "trigger-build-on-pr-label"
    element = _worded(parent, "TriggerPRLabelBranchProperty", name, "label-regex", data, ctx)
    SubElement(element, "allowUntrusted").text = "false"
    SubElement(element, "minimumPermissions").text = "WRITE"


def _true_for(element: Element, asked: Mapping[Any, Any], tags: Mapping[str, str]) -> None:
    for name, tag in tags.items():
        if asked.get(name, False):
            SubElement(element, tag).text = "true"


def _event(name: str, kind: str) -> Render:
    """Something that happens to a pull request and starts a build."""

    @reads(f"{name}.allow-untrusted-users")
    def add(parent: Element, data: Any, ctx: Context) -> None:
        element = SubElement(parent, f"{COMMENTS}{kind}", {"plugin": "github-pr-comment-build"})
        asked = data[name]
        if isinstance(asked, dict):
            _true_for(element, asked, {"allow-untrusted-users": "allowUntrusted"})
        elif asked is not True:
            ctx.fail(f"'{name}' is true, or has 'allow-untrusted-users'")

    return given(name, add)


PROPERTIES: tuple[Render, ...] = (
    _suppressed,
    given(
        "pipeline-branch-durability-override",
        node(
            "org.jenkinsci.plugins.workflow.multibranch.DurabilityHintBranchProperty",
            option("pipeline-branch-durability-override", None, "hint", DURABILITY),
            plugin="workflow-multibranch",
        ),
    ),
    given("trigger-build-on-pr-comment", _comment),
    given("trigger-build-on-pr-label", _label),
    _event("trigger-build-on-pr-review", "TriggerPRReviewBranchProperty"),
    _event("trigger-build-on-pr-update", "TriggerPRUpdateBranchProperty"),
)


def _array(tag: str, kind: str, *parts: Render) -> Render:
    """A list as Java's arrays are written."""
    inside = node("a", *parts, class_=f"{BRANCH}{kind}-array")
    return node(tag, inside, class_="java.util.Arrays$ArrayList")


NAMED_EXCEPTIONS = "NamedExceptionsBranchPropertyStrategy"
EXCEPTION = node(
    f"{BRANCH}{NAMED_EXCEPTIONS}_-Named",
    told("branch-name", text("branch-name", tag="name")),
    given("properties", _array("props", "BranchProperty", each("properties", *PROPERTIES))),
)
ALL_BRANCHES = given(
    "all-branches",
    node(
        "strategy",
        _array("properties", "BranchProperty", each("all-branches", *PROPERTIES)),
        class_=f"{BRANCH}DefaultBranchPropertyStrategy",
    ),
)
NAMED_BRANCHES = given(
    "named-branches",
    node(
        "strategy",
        within(
            "named-branches",
            given(
                "defaults",
                _array("defaultProperties", "BranchProperty", each("defaults", *PROPERTIES)),
            ),
            given(
                "exceptions",
                _array(
                    "namedExceptions",
                    f"{NAMED_EXCEPTIONS}$Named",
                    each("exceptions", given("exception", within("exception", EXCEPTION))),
                ),
            ),
        ),
        class_=f"{BRANCH}{NAMED_EXCEPTIONS}",
    ),
)


def _one_alone(parent: Element, data: Any, ctx: Context) -> None:
    """All branches or named ones, and not both."""
    allowed = ("all-branches", "named-branches")
    for name in data:
        if name not in allowed:
            refuse("property-strategies", name, allowed, ctx)
    if len(data) > 1:
        ctx.fail("only one of 'all-branches' and 'named-branches' may be given")


PROPERTY_STRATEGIES = given(
    "property-strategies",
    within("property-strategies", _one_alone, ALL_BRANCHES, NAMED_BRANCHES),
)
