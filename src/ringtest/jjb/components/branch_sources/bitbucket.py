"""Bitbucket, in its cloud or on a server of one's own."""

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
    forks,
    identity,
)
from ringtest.jjb.components.git_extensions import IMPL, extensions
from ringtest.jjb.components.kinds import branch_source
from ringtest.jjb.components.parts import constant, maybe, option, required
from ringtest.jjb.components.shapes import given, node, within

PACKAGE = "com.cloudbees.jenkins.plugins.bitbucket."

branch_source.made_of(
    "bitbucket",
    node(
        "source",
        identity("bb", "repo-owner", "repo"),
        required("repo-owner"),
        required("repo", "repository"),
        maybe("credentials-id"),
        maybe("server-url"),
        node(
            "traits",
            given("refspecs", REFSPECS),
            given("discover-tags", node(f"{PACKAGE}TagDiscoveryTrait")),
            given(
                "lfs",
                node(
                    f"{GIT}GitLFSPullTrait",
                    node("extension", class_=f"{IMPL}GitLFSPull"),
                    plugin="git",
                ),
            ),
            HEAD_REGEX,
            PULL_REQUESTS,
            given(
                "discover-pr-origin",
                node(
                    f"{PACKAGE}OriginPullRequestDiscoveryTrait",
                    option(
                        "discover-pr-origin",
                        None,
                        "strategyId",
                        {"mergeOnly": "1", "headOnly": "2", "mergeAndHead": "3"},
                    ),
                ),
            ),
            forks(PACKAGE, PACKAGE, None),
            given(
                "discover-branch",
                node(
                    f"{PACKAGE}BranchDiscoveryTrait",
                    option(
                        "discover-branch",
                        None,
                        "strategyId",
                        {"ex-pr": "1", "only-pr": "2", "all": "3"},
                    ),
                ),
            ),
            given(
                "local-branch",
                node(
                    f"{GIT}LocalBranchTrait",
                    node("extension", constant("localBranch", "**"), class_=f"{IMPL}LocalBranch"),
                    plugin="git",
                ),
            ),
            given(
                "checkout-over-ssh",
                node(
                    f"{PACKAGE}SSHCheckoutTrait",
                    within("checkout-over-ssh", option("credentials", "", "credentialsId")),
                ),
            ),
            WILDCARDS,
            extensions,
        ),
        class_=f"{PACKAGE}BitbucketSCMSource",
        plugin="cloudbees-bitbucket-branch-source",
    ),
    PROPERTY_STRATEGIES,
    BUILD_STRATEGIES,
)
