"""Plain repositories and reviews: Git, Gerrit and Subversion."""

from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.components.branch_sources.strategies import (
    BUILD_STRATEGIES,
    PROPERTY_STRATEGIES,
)
from ringtest.jjb.components.branch_sources.traits import (
    GIT,
    HEAD_REGEX,
    PULL_REQUESTS,
    REFSPECS,
    WILDCARDS,
    identity,
)
from ringtest.jjb.components.git_extensions import extensions
from ringtest.jjb.components.kinds import branch_source
from ringtest.jjb.components.parts import constant, joined, maybe, option, reads, required
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import choose, given, node, variant, within

GERRIT = "jenkins.plugins.gerrit.traits."
BROWSERS = "hudson.scm.browsers."

branch_source.made_of(
    "git",
    node(
        "source",
        identity("gt", "url"),
        required("url", "remote"),
        option("credentials-id", ""),
        node(
            "traits",
            given("discover-branches", node(f"{GIT}BranchDiscoveryTrait"), default=True),
            given("discover-tags", node(f"{GIT}TagDiscoveryTrait")),
            given("ignore-on-push-notifications", node(f"{GIT}IgnoreOnPushNotificationTrait")),
            HEAD_REGEX,
            PULL_REQUESTS,
            WILDCARDS,
            extensions,
        ),
        class_="jenkins.plugins.git.GitSCMSource",
        plugin="git",
    ),
    PROPERTY_STRATEGIES,
    BUILD_STRATEGIES,
)

CHANGES_AND_HEADS = (
    "+refs/changes/*:refs/remotes/@{remote}/*",
    "+refs/heads/*:refs/remotes/@{remote}/*",
)


@reads("refspecs")
def references(parent: Element, data: Any, ctx: Context) -> None:
    """What is fetched: a list, one text, or changes and branches."""
    asked = data.get("refspecs", CHANGES_AND_HEADS)
    REFSPECS(parent, {"refspecs": [asked] if isinstance(asked, str) else asked}, ctx)


branch_source.made_of(
    "gerrit",
    node(
        "source",
        identity("gr", "url"),
        required("url", "remote"),
        option("credentials-id", ""),
        option("includes", "*"),
        option("excludes", ""),
        option("ignore-on-push-notifications", True),
        maybe("api-uri"),
        node(
            "traits",
            node(
                f"{GERRIT}ChangeDiscoveryTrait",
                given("change-discovery", within("change-discovery", required("query-string"))),
            ),
            references,
            HEAD_REGEX,
            given(
                "filter-checks",
                node(
                    f"{GERRIT}FilterChecksTrait",
                    within("filter-checks", required("query-operator"), required("query-string")),
                ),
            ),
            extensions,
        ),
        class_="jenkins.plugins.gerrit.GerritSCMSource",
        plugin="gerrit-code-review",
    ),
    PROPERTY_STRATEGIES,
    BUILD_STRATEGIES,
)


def browser(kind: str, *parts: Render, **attributes: str) -> tuple[Render, ...]:
    """Where people look at a repository of Subversion."""
    return (node("browser", *parts, **{"class_": kind}, **attributes),)


_URL = required("url")
SEEN_WITH = {
    "assembla": browser(f"{BROWSERS}Assembla", required("space", "spaceName")),
    "collabnet": browser(f"{BROWSERS}CollabNetSVN", _URL),
    "fisheye": browser(
        "hudson.plugins.viewVC.FishEyeSVN", _URL, required("repository", "rootModule")
    ),
    "phabricator": browser(f"{BROWSERS}Phabricator", required("repository", "repo"), _URL),
    "svnweb": browser(f"{BROWSERS}SVNWeb", _URL),
    "sventon": browser(f"{BROWSERS}Sventon", _URL, required("repository", "repositoryInstance")),
    "sventon2": browser(f"{BROWSERS}Sventon", _URL, required("repository", "repositoryInstance")),
    "viewsvn": browser(f"{BROWSERS}ViewSVN", _URL),
    "viewvc": browser(
        "hudson.plugins.viewVC.ViewVCRepositoryBrowser",
        _URL,
        required("repository", "location"),
        constant("urlFixed", "true"),
        plugin="viewVC",
    ),
    "visualsvn": browser(f"{BROWSERS}VisualSVN", _URL),
    "websvn": browser(f"{BROWSERS}WebSVN", _URL),
}
UPDATERS = {
    "checkout": "hudson.scm.subversion.CheckoutUpdater",
    "update": "hudson.scm.subversion.UpdateUpdater",
    "noop": "hudson.scm.subversion.NoopUpdater",
    "update-with-clean": "hudson.scm.subversion.UpdateWithCleanUpdater",
    "update-with-revert": "hudson.scm.subversion.UpdateWithRevertUpdater",
}

branch_source.made_of(
    "svn",
    node(
        "source",
        identity("sn", "url"),
        required("url", "remoteBase"),
        option("credentials-id", ""),
        joined("include-branches", ",", ("trunk", "branches/*", "tags/*"), "includes"),
        joined("exclude-branches", ",", (), "excludes"),
        given("browser", within("browser", choose("browser-type", None, SEEN_WITH))),
        variant("workspaceUpdater", "update-strategy", "update", UPDATERS),
        class_="jenkins.scm.impl.subversion.SubversionSCMSource",
        plugin="subversion",
    ),
    PROPERTY_STRATEGIES,
)
