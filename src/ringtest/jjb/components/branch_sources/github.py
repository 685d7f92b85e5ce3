"""GitHub: one repository, or all of an organization."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.branch_sources.strategies import (
    BUILD_STRATEGIES,
    PROPERTY_STRATEGIES,
)
from ringtest.jjb.components.branch_sources.traits import (
    HEAD_REGEX,
    PULL_REQUESTS,
    REFSPECS,
    WHICH,
    WILDCARDS,
    forks,
    identity,
    over_ssh,
)
from ringtest.jjb.components.git_extensions import extensions
from ringtest.jjb.components.kinds import branch_source
from ringtest.jjb.components.parts import maybe, option, put, reads, required, text
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import given, node, within

CLASSES = "org.jenkinsci.plugins.github_branch_source."
TAGS = "org.jenkinsci.plugins.github__branch__source."
CHECKS = "io.jenkins.plugins.checks.github."

DISCOVERY = (
    given(
        "branch-discovery",
        node(
            f"{TAGS}BranchDiscoveryTrait",
            option(
                "branch-discovery",
                "no-pr",
                "strategyId",
                {"no-pr": "1", "only-pr": "2", "all": "3"},
            ),
        ),
        default="no-pr",
    ),
    over_ssh("ssh-checkout", f"{TAGS}SSHCheckoutTrait"),
    given("discover-tags", node(f"{TAGS}TagDiscoveryTrait")),
    forks(TAGS, CLASSES, "merge-current"),
    given(
        "discover-pr-origin",
        node(
            f"{TAGS}OriginPullRequestDiscoveryTrait",
            option("discover-pr-origin", "merge-current", "strategyId", WHICH),
        ),
        default="merge-current",
    ),
    HEAD_REGEX,
)


@reads("notification-context.label notification-context.suffix")
def notification_context(parent: Element, data: Any, ctx: Context) -> None:
    """What a build's state is called at GitHub: a label, with or without the kind of build."""
    asked = data.get("notification-context")
    if not asked:
        return
    tag = "org.jenkinsci.plugins.githubScmTraitNotificationContext.NotificationContextTrait"
    element = SubElement(parent, tag)
    alone = isinstance(asked, str)
    label = asked if alone else asked.get("label")
    suffix = None if alone else asked.get("suffix")
    put(element, "contextLabel", label, ctx)
    if suffix is None or isinstance(suffix, bool):
        suffix = "false" if suffix is False else "true"
    put(element, "typeSuffix", suffix, ctx)


STATUS_CHECKS = given(
    "status-checks",
    within(
        "status-checks",
        given(
            "verbose-logs",
            node(
                f"{CHECKS}config.GitHubSCMSourceChecksTrait",
                option("verbose-logs", "false", "verboseConsoleLog"),
                plugin="github-checks",
            ),
        ),
        node(
            f"{CHECKS}status.GitHubSCMSourceStatusChecksTrait",
            option("skip", "false"),
            option("skip-branch-source-notifications", "false", "skipNotifications"),
            option("publish-unstable-as-neutral", "false", "unstableBuildNeutral"),
            option("name", "Jenkins"),
            option("suppress-log-output", "false", "suppressLogs"),
            option("suppress-progress-updates", "false", "skipProgressUpdates"),
            plugin="github-checks",
        ),
    ),
)
LAST = (
    extensions,
    given("refspecs", REFSPECS),
    given(
        "disable-pr-notifications",
        node(
            "com.adobe.jenkins.disable__github__multibranch__status.DisableStatusUpdateTrait",
            plugin="disable-github-multibranch-status",
        ),
    ),
)

branch_source.made_of(
    "github",
    node(
        "source",
        identity("gh", "repo-owner", "repo"),
        required("repo-owner"),
        required("repo", "repository"),
        maybe("api-uri"),
        maybe("credentials-id"),
        node(
            "traits",
            *DISCOVERY,
            PULL_REQUESTS,
            STATUS_CHECKS,
            notification_context,
            WILDCARDS,
            *LAST,
        ),
        class_=f"{CLASSES}GitHubSCMSource",
        plugin="github-branch-source",
    ),
    PROPERTY_STRATEGIES,
    BUILD_STRATEGIES,
)

ORGANIZATION = node(
    f"{TAGS}GitHubSCMNavigator",
    required("repo-owner"),
    maybe("api-uri"),
    maybe("credentials-id"),
    node(
        "traits",
        *DISCOVERY,
        given(
            "repo-name-regex",
            node(
                "jenkins.scm.impl.trait.RegexSCMSourceFilterTrait",
                text("repo-name-regex", tag="regex"),
                plugin="scm-api",
            ),
        ),
        PULL_REQUESTS,
        notification_context,
        *LAST,
        given("exclude-archived-repositories", node(f"{TAGS}ExcludeArchivedRepositoriesTrait")),
    ),
    PROPERTY_STRATEGIES,
    plugin="github-branch-source",
)
