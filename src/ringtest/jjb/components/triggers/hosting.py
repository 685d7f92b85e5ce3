"""Triggers of GitLab, Bitbucket, Stash and other hosts of sources, and of webhooks."""

from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.components.kinds import trigger
from ringtest.jjb.components.parts import (
    constant,
    describe,
    item,
    joined,
    maybe,
    option,
    reads,
    required,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, given, node, since, within

trigger(
    "gitlab-merge-request",
    "org.jenkinsci.plugins.gitlab.GitlabBuildTrigger",
    since(
        "Gitlab Merge Request Builder",
        "2.0.0",
        (
            required("cron", "spec"),
            required("project-path"),
            option("target-branch-regex", ""),
            option("use-http-url", False),
            option("assignee-filter", "jenkins"),
            option("tag-filter", "Build"),
            option("trigger-comment", ""),
            option("auto-close-failed", False),
            option("auto-merge-passed", False),
        ),
        (
            required("cron", "spec"),
            required("cron", "__cron"),
            required("project-path", "__projectPath"),
            option("use-http-url", False, "__useHttpUrl"),
            option("assignee-filter", "jenkins", "__assigneeFilter"),
            option("tag-filter", "Build", "__tagFilter"),
            option("trigger-comment", "", "__triggerComment"),
            option(
                "publish-build-progress-messages",
                True,
                "__publishBuildProgressMessages",
            ),
            option("auto-close-failed", False, "__autoCloseFailed"),
            option("auto-merge-passed", False, "__autoMergePassed"),
        ),
    ),
)

FILTERS = ("NameBasedFilter", "RegexBasedFilter")

trigger(
    "gitlab",
    "com.dabsquared.gitlabjenkins.GitLabPushTrigger",
    since(
        "GitLab Plugin",
        "1.1.26",
        (
            option(
                "trigger-open-merge-request-push",
                "never",
                "triggerOpenMergeRequestOnPush",
                ("never", "source", "both"),
            ),
        ),
        (option("trigger-open-merge-request-push", True, "triggerOpenMergeRequestOnPush"),),
    ),
    since(
        "GitLab Plugin",
        "1.2.0",
        (option("branch-filter-type", "All", choices=("All", *FILTERS)),),
        (
            option(
                "branch-filter-type",
                "",
                "branchFilterName",
                {"": "", "All": "", **{name: name for name in FILTERS}},
            ),
        ),
    ),
    constant("spec", ""),
    option("trigger-push", True, "triggerOnPush"),
    option("trigger-merge-request", True, "triggerOnMergeRequest"),
    option("trigger-only-if-new-commits-pushed", False),
    option("trigger-accepted-merge-request", False, "triggerOnAcceptedMergeRequest"),
    option("trigger-closed-merge-request", False, "triggerOnClosedMergeRequest"),
    option("trigger-note", True, "triggerOnNoteRequest"),
    option("note-regex", "Jenkins please retry a build"),
    option("ci-skip", True),
    option("wip-skip", True, "skipWorkInProgressMergeRequest"),
    option("set-build-description", True),
    option("cancel-pending-builds-on-update", False),
    option("add-note-merge-request", True, "addNoteOnMergeRequest"),
    option("add-vote-merge-request", True, "addVoteOnMergeRequest"),
    option("accept-merge-request-on-success", False),
    option("add-ci-message", False),
    option("allow-all-branches", False),
    option("source-branch-regex", ""),
    option("target-branch-regex", ""),
    option("secret-token", ""),
    option("force-build-labels", "", "labelsThatForcesBuildIfAdded"),
    joined("include-branches", ", ", tag="includeBranchesSpec"),
    joined("exclude-branches", ", ", tag="excludeBranchesSpec"),
    maybe("pending-build-name"),
    given(
        "merge-request-label-filter-config",
        node(
            "mergeRequestLabelFilterConfig",
            within(
                "merge-request-label-filter-config",
                maybe("include", ""),
                maybe("exclude", ""),
            ),
        ),
    ),
)

WEBHOOK = "org.jenkinsci.plugins.gwt."


def variables(name: str, tag: str, kind: str, *parts: Render) -> Render:
    """Variables of a request; like the original, it stops at the first that has no options."""
    entries = node(tag, each(name, node(f"{WEBHOOK}{kind}", *parts)))

    @reads(" ".join(found.name for found in describe(entries)))
    def add(parent: Element, data: Any, ctx: Context) -> None:
        try:
            if data.get(name):
                entries(parent, data, ctx)
        except AttributeError:
            ctx.warn(f"'{name}' has an entry without options: it is left empty")

    return add


KEYED = (maybe("key", ""), maybe("regex-filter", "", "regexpFilter"))

trigger(
    "generic-webhook-trigger",
    f"{WEBHOOK}GenericTrigger",
    node("spec"),
    variables(
        "post-content-params",
        "genericVariables",
        "GenericVariable",
        required("type", "expressionType", ("JSONPath", "XPath")),
        option("key", ""),
        option("value", ""),
        option("regex-filter", "", "regexpFilter"),
        option("default-value", ""),
    ),
    maybe("regex-filter-text", "", "regexpFilterText"),
    maybe("regex-filter-expression", "", "regexpFilterExpression"),
    variables("request-params", "genericRequestVariables", "GenericRequestVariable", *KEYED),
    variables("header-params", "genericHeaderVariables", "GenericHeaderVariable", *KEYED),
    maybe("print-post-content", False),
    maybe("print-contrib-var", False, "printContributedVariables"),
    maybe("cause", "", "causeString"),
    maybe("token", ""),
    maybe("token-credential-id", ""),
    maybe("silent-response", False),
    plugin="generic-webhook-trigger",
)


trigger(
    "bitbucket",
    "com.cloudbees.jenkins.plugins.BitBucketTrigger",
    constant("spec", ""),
)

trigger(
    "gogs",
    "org.jenkinsci.plugins.gogs.GogsTrigger",
    node("spec"),
)

trigger(
    "stash-pull-request",
    "stashpullrequestbuilder.stashpullrequestbuilder.StashBuildTrigger",
    required("cron", "spec"),
    required("cron"),
    required("stash-host"),
    required("credentials-id"),
    required("project", "projectCode"),
    required("repository", "repositoryName"),
    option("ci-skip-phrases", "NO TEST"),
    option("ci-build-phrases", "test this please"),
    option("target-branches", "", "targetBranchesToBuild"),
    option("ignore-ssl", False),
    option("check-destination-commit", False),
    option("check-mergable", False, "checkMergeable"),
    option("merge-on-success", False),
    option("check-not-conflicted", True),
    option("only-build-on-comment", False),
    option("delete-previous-build-finish-comments", False),
    option("cancel-outdated-jobs", False, "cancelOutdatedJobsEnabled"),
    plugin="stash-pullrequest-builder",
)

trigger(
    "dockerhub-notification",
    "org.jenkinsci.plugins.registry.notification.DockerHubTrigger",
    node(
        "options",
        given(
            "referenced-image",
            node("org.jenkinsci.plugins.registry.notification.opt.impl.TriggerForAllUsedInJob"),
        ),
        given(
            "repositories",
            node(
                "org.jenkinsci.plugins.registry.notification.opt.impl.TriggerOnSpecifiedImageNames",
                node(
                    "repoNames",
                    each(
                        "repositories",
                        item("string"),
                    ),
                ),
            ),
        ),
        class_="vector",
    ),
    plugin="dockerhub-notification",
)
