"""Triggers of GitHub: pushes and pull requests."""

from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.components.kinds import trigger
from ringtest.jjb.components.parts import (
    constant,
    item,
    joined,
    lower,
    maybe,
    only_text,
    reads,
    string,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, flagged, given, node

GHPRB = "org.jenkinsci.plugins.ghprb."
EXTENSIONS = f"{GHPRB}extensions."
MESSAGE = f"{EXTENSIONS}comments.GhprbBuildResultMessage"
OUTCOMES = ("success", "failure", "error")


def empty_or_text(name: str, tag: str) -> Render:
    """Text when there is any, else an empty element."""
    return written(name, "", lambda value: str(value) if value else "", tag)


def messages(suffix: str) -> tuple[Render, ...]:
    """What is said of each outcome, where something is."""
    return tuple(
        given(
            f"{outcome}-{suffix}",
            node(
                MESSAGE,
                string(f"{outcome}-{suffix}", tag="message"),
                constant("result", outcome.upper()),
            ),
        )
        for outcome in OUTCOMES
    )


def any_of(names: tuple[str, ...], part: Render) -> Render:
    """The part when one of these options is not empty."""

    def add(parent: Element, data: Any, ctx: Context) -> None:
        if any(data.get(name) for name in names):
            part(parent, data, ctx)

    return add


STATUSES = tuple(f"{outcome}-status" for outcome in OUTCOMES)
COMMENTS = tuple(f"{outcome}-comment" for outcome in OUTCOMES)

SAID = (
    "status-context",
    "triggered-status",
    "started-status",
    "status-url",
    "status-add-test-results",
    *STATUSES,
)

STATUS = node(
    f"{EXTENSIONS}status.GhprbSimpleStatus",
    empty_or_text("status-context", "commitStatusContext"),
    empty_or_text("triggered-status", "triggeredStatus"),
    empty_or_text("started-status", "startedStatus"),
    empty_or_text("status-url", "statusUrl"),
    lower("status-add-test-results", False, "addTestResults"),
    any_of(STATUSES, node("completedStatus", *messages("status"))),
)

COMMENT = node(f"{EXTENSIONS}comments.GhprbBuildStatus", node("messages", *messages("comment")))

EXTENSION_PARTS = (
    any_of(SAID, STATUS),
    any_of(COMMENTS, COMMENT),
    flagged("cancel-builds-on-update", node(f"{EXTENSIONS}build.GhprbCancelBuildsOnUpdate")),
    given(
        "comment-file",
        node(
            f"{EXTENSIONS}comments.GhprbCommentFile",
            string("comment-file", tag="commentFilePath"),
        ),
    ),
    given("no-commit-status", node(f"{EXTENSIONS}status.GhprbNoCommitStatus")),
)


@reads(" ".join((*SAID, *COMMENTS)) + " cancel-builds-on-update comment-file no-commit-status")
def extensions(parent: Element, data: Any, ctx: Context) -> None:
    """What else is done; no element when that is nothing."""
    element = Element("extensions")
    for part in EXTENSION_PARTS:
        part(element, data, ctx)
    if len(element):
        parent.append(element)


def branches(name: str, tag: str) -> Render:
    """Branches by their names."""
    one = node(f"{GHPRB}GhprbBranch", item("branch", str))
    return node(tag, given(name, each(name, one)))


trigger(
    "github-pull-request",
    f"{GHPRB}GhprbTrigger",
    constant("configVersion", "3"),
    written("cron", "", only_text, "spec"),
    written("cron", "", only_text),
    joined("admin-list", "\n", tag="adminlist"),
    joined("white-list", "\n", tag="whitelist"),
    joined("org-list", "\n", tag="orgslist"),
    joined("black-list-commit-author", " "),
    joined("white-list-labels", "\n"),
    joined("black-list-labels", "\n"),
    joined("excluded-regions", "\n"),
    joined("included-regions", "\n"),
    empty_or_text("build-desc-template", "buildDescTemplate"),
    maybe("allow-whitelist-orgs-as-admins", False, "allowMembersOfWhitelistedOrgsAsAdmin"),
    maybe("trigger-phrase", ""),
    maybe("skip-build-phrase", ""),
    maybe("only-trigger-phrase", False),
    maybe("github-hooks", False, "useGitHubHooks"),
    maybe("permit-all", False),
    maybe("auto-close-on-fail", False, "autoCloseFailedPullRequests"),
    maybe("display-build-errors-on-downstream-builds", False),
    branches("white-list-target-branches", "whiteListTargetBranches"),
    branches("black-list-target-branches", "blackListTargetBranches"),
    given("auth-id", string("auth-id", tag="gitHubAuthId")),
    extensions,
)


trigger(
    "github",
    "com.cloudbees.jenkins.GitHubPushTrigger",
    constant("spec", ""),
)
