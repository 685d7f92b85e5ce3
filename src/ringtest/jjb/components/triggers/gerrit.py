"""The trigger of Gerrit: projects, events, votes, messages."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import trigger
from ringtest.jjb.components.parts import (
    constant,
    describe,
    lower,
    lowered,
    option,
    reads,
    required,
    string,
    text,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import (
    each,
    flagged,
    given,
    is_since,
    node,
    present,
    refuse,
    since,
    told,
    within,
)

PLUGIN = "Gerrit Trigger"
NAMESPACE = "com.sonyericsson.hudson.plugins.gerrit.trigger.hudsontrigger."
EVENTS = f"{NAMESPACE}events."
COMPARED = ("PLAIN", "ANT", "REG_EXP")

SIMPLE_EVENTS = {
    "change-abandoned-event": "PluginChangeAbandonedEvent",
    "change-merged-event": "PluginChangeMergedEvent",
    "change-restored-event": "PluginChangeRestoredEvent",
    "draft-published-event": "PluginDraftPublishedEvent",
    "patchset-uploaded-event": "PluginPatchsetCreatedEvent",
    "patchset-created-event": "PluginPatchsetCreatedEvent",
    "private-state-changed-event": "PluginPrivateStateChangedEvent",
    "ref-updated-event": "PluginRefUpdatedEvent",
    "topic-changed-event": "PluginTopicChangedEvent",
    "wip-state-changed-event": "PluginWipStateChangedEvent",
}

EVENTS_WITH_OPTIONS: dict[str, Render] = {
    "patchset-created-event": node(
        f"{EVENTS}PluginPatchsetCreatedEvent",
        within(
            "patchset-created-event",
            option("exclude-drafts", False),
            option("exclude-trivial-rebase", False),
            option("exclude-no-code-change", False),
            option("exclude-private", False, "excludePrivateState"),
            option("exclude-wip", False, "excludeWipState"),
            since(
                PLUGIN,
                "2.32.0",
                (
                    option(
                        "commit-message-contains-regex",
                        "",
                        "commitMessageContainsRegEx",
                    ),
                ),
            ),
        ),
    ),
    "comment-added-event": node(
        f"{EVENTS}PluginCommentAddedEvent",
        within(
            "comment-added-event",
            required("approval-category", "verdictCategory"),
            required("approval-value", "commentAddedTriggerApprovalValue"),
        ),
    ),
    "comment-added-contains-event": node(
        f"{EVENTS}PluginCommentAddedContainsEvent",
        within(
            "comment-added-contains-event",
            text("comment-contains-value", tag="commentAddedCommentContains"),
        ),
    ),
}

OLD_NAMES = (
    "triggerOnPatchsetUploadedEvent",
    "triggerOnChangeAbandonedEvent",
    "triggerOnChangeMergedEvent",
    "triggerOnChangeRestoredEvent",
    "triggerOnCommentAddedEvent",
    "triggerOnDraftPublishedEvent",
    "triggerOnRefUpdatedEvent",
    "triggerApprovalCategory",
    "triggerApprovalValue",
    "overrideVotes",
    "gerritBuildSuccessfulVerifiedValue",
    "gerritBuildFailedVerifiedValue",
    "failureMessage",
    "skipVote",
)

OLD_NAMES_OF_PROJECTS = (
    "projectCompareType",
    "projectPattern",
    "branchCompareType",
    "branchPattern",
)

TRIGGER_ON = "trigger-on-"
APPROVAL = ("trigger-approval-category", "trigger-approval-value")


def hyphenated(name: str) -> str:
    """The name of today of an option in camel case.

    >>> hyphenated("skipVote")
    'skip-vote'
    """
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


def renamed(data: Any, old_names: tuple[str, ...]) -> dict[str, Any]:
    """A copy with names of today."""
    kept = dict(data)
    for name in old_names:
        if name in kept:
            kept[hyphenated(name)] = kept.pop(name)
    return kept


def of_today(data: Any, ctx: Context) -> dict[str, Any]:
    """A copy of the data in the form of today: hyphens, and events as a list."""
    told_of = renamed(data, OLD_NAMES)
    projects = told_of.get("projects", [])
    told_of["projects"] = [renamed(project, OLD_NAMES_OF_PROJECTS) for project in projects]
    old_events = [name for name in told_of if name.startswith(TRIGGER_ON)]
    events = list(told_of.get("trigger-on", []))
    if old_events and events:
        ctx.fail(f"'trigger-on' does not go with {', '.join(old_events)}")
    events += [name.removeprefix(TRIGGER_ON) for name in old_events if told_of[name]]
    told_of["trigger-on"] = [with_approval(event, told_of, ctx) for event in events]
    return told_of


def with_approval(event: Any, data: Mapping[str, Any], ctx: Context) -> Any:
    """A comment's event of old, whose options stood beside it."""
    if event != "comment-added-event":
        return event
    for name in APPROVAL:
        if name not in data:
            ctx.fail(f"'comment-added-event' needs '{name}', or 'approval-category' and -value")
    values = {name.removeprefix("trigger-"): data[name] for name in APPROVAL}
    return {"comment-added-event": values}


def compared(name: str, pattern: str) -> tuple[Render, ...]:
    """How a pattern is compared, and the pattern."""
    return (
        option(name, "PLAIN", "compareType", COMPARED),
        text(pattern, tag="pattern"),
    )


def listed(name: str, tag: str, kind: str) -> Render:
    """Patterns of files or topics, when there are any."""
    one = node(f"{NAMESPACE}data.{kind}", *compared("compare-type", "pattern"))
    return given(name, node(tag, each(name, one)))


BRANCH = node(f"{NAMESPACE}data.Branch", *compared("branch-compare-type", "branch-pattern"))


@reads("branches branch-compare-type branch-pattern")
def branches(parent: Element, data: Any, ctx: Context) -> None:
    """The branches, or the one of old."""
    element = SubElement(parent, "branches")
    for branch in data.get("branches") or [data]:
        BRANCH(element, branch, ctx)


PROJECT = node(
    f"{NAMESPACE}data.GerritProject",
    *compared("project-compare-type", "project-pattern"),
    branches,
    listed("file-paths", "filePaths", "FilePath"),
    listed("forbidden-file-paths", "forbiddenFilePaths", "FilePath"),
    listed("topics", "topics", "Topic"),
    lower("disable-strict-forbidden-file-verification", False),
)

MODES = ("NONE", "PLAIN", "BASE64")


@reads(
    "readable-message no-name-and-email commit-message-parameter-mode"
    " name-and-email-parameter-mode change-subject-parameter-mode comment-text-parameter-mode"
)
def parameter_modes(parent: Element, data: Any, ctx: Context) -> None:
    """How parameters are written; the flags of old change the defaults."""
    if not is_since(ctx, "2.18.0", PLUGIN):
        option("no-name-and-email", False, "noNameAndEmailParameters")(parent, data, ctx)
        option("readable-message", False)(parent, data, ctx)
        return
    message = "PLAIN" if data.get("readable-message") is True else "BASE64"
    people = "NONE" if data.get("no-name-and-email") is True else "PLAIN"
    for name, default in (
        ("commit-message-parameter-mode", message),
        ("name-and-email-parameter-mode", people),
        ("change-subject-parameter-mode", "PLAIN"),
        ("comment-text-parameter-mode", "BASE64"),
    ):
        option(name, default, choices=MODES)(parent, data, ctx)


@reads("trigger-on")
def events(parent: Element, data: Any, ctx: Context) -> None:
    """What starts a build."""
    element = SubElement(parent, "triggerOnEvents")
    for event in data["trigger-on"]:
        if not isinstance(event, str):
            for name, part in EVENTS_WITH_OPTIONS.items():
                if name in event:
                    part(element, event, ctx)
        elif event in SIMPLE_EVENTS:
            SubElement(element, f"{EVENTS}{SIMPLE_EVENTS[event]}")
        else:
            refuse("trigger-on", event, (*SIMPLE_EVENTS, *EVENTS_WITH_OPTIONS), ctx)


def votes(outcomes: tuple[str, ...]) -> tuple[Render, ...]:
    """The votes of outcomes, where they are said."""
    return tuple(
        told(name, written(name, None, lambda vote: str(int(vote)), tag))
        for kind, spelled in (("verified", "Verified"), ("codereview", "CodeReview"))
        for outcome in outcomes
        for name, tag in (
            (
                f"gerrit-build-{outcome}-{kind}-value",
                f"gerritBuild{'NotBuilt' if outcome == 'notbuilt' else outcome.capitalize()}"
                f"{spelled}Value",
            ),
        )
    )


LEVELS = ("NONE", "OWNER", "OWNER_REVIEWERS", "ALL", "SERVER_DEFAULT")


@reads("trigger-for-unreviewed-patches")
def unreviewed_patches(parent: Element, data: Any, ctx: Context) -> None:
    """An option that some versions had."""
    version = ctx.plugin_version(PLUGIN)
    if version >= "2.11.0" and version < "2.14.0":
        value = lowered(data.get("trigger-for-unreviewed-patches", False))
        SubElement(parent, "allowTriggeringUnreviewedPatches").text = value


@reads("dynamic-trigger-enabled")
def dynamic_projects(parent: Element, data: Any, ctx: Context) -> None:
    """No projects of a file, unless they are asked for."""
    if data.get("dynamic-trigger-enabled", False) is False:
        SubElement(parent, "dynamicGerritProjects", {"class": "empty-list"})


GERRIT = node(
    f"{NAMESPACE}GerritTrigger",
    node("spec"),
    node("gerritProjects", each("projects", PROJECT)),
    node(
        "skipVote",
        within(
            "skip-vote",
            lower("successful", False, "onSuccessful"),
            lower("failed", False, "onFailed"),
            lower("unstable", False, "onUnstable"),
            lower("notbuilt", False, "onNotBuilt"),
            since(PLUGIN, "2.32.0", (lower("aborted", False, "onAborted"),)),
        ),
    ),
    present(
        "build-cancellation-policy",
        since(
            PLUGIN,
            "2.32.0",
            (
                node(
                    "buildCancellationPolicy",
                    constant("enabled", "true"),
                    within(
                        "build-cancellation-policy",
                        lower("abort-new-patchsets", False),
                        lower("abort-manual-patchsets", False),
                        lower("abort-same-topic", False),
                    ),
                ),
            ),
        ),
    ),
    option("silent", False, "silentMode"),
    option("silent-start", False, "silentStartMode"),
    option("escape-quotes", True),
    option("dependency-jobs", "", "dependencyJobsNames"),
    parameter_modes,
    option(
        "notification-level",
        "SERVER_DEFAULT",
        choices={level: "" if level == "SERVER_DEFAULT" else level for level in LEVELS},
    ),
    lower("dynamic-trigger-enabled", False, "dynamicTriggerConfiguration"),
    string("dynamic-trigger-url", "", "triggerConfigURL"),
    dynamic_projects,
    string("trigger-information-action", ""),
    unreviewed_patches,
    events,
    flagged(
        "override-votes",
        *votes(("started", "successful", "failed", "unstable", "notbuilt")),
        since(PLUGIN, "2.31.0", votes(("aborted",))),
    ),
    option("start-message", "", "buildStartMessage"),
    option("failure-message", "", "buildFailureMessage"),
    option("successful-message", "", "buildSuccessfulMessage"),
    option("unstable-message", "", "buildUnstableMessage"),
    option("notbuilt-message", "", "buildNotBuiltMessage"),
    option("failure-message-file", "", "buildUnsuccessfulFilepath"),
    option("custom-url", ""),
    option("server-name", "__ANY__"),
    since(PLUGIN, "2.31.0", (option("aborted-message", "", "buildAbortedMessage"),)),
)


@trigger.written("gerrit")
@reads(
    " ".join(
        (
            *(found.name for found in describe(GERRIT)),
            *APPROVAL,
            *OLD_NAMES,
            *(hyphenated(name) for name in OLD_NAMES),
            *(f"projects[].{name}" for name in OLD_NAMES_OF_PROJECTS),
        )
    )
)
def gerrit(parent: Element, data: Any, ctx: Context) -> None:
    """The trigger, its options by names of today and of long ago."""
    GERRIT(parent, of_today(data, ctx), ctx)
