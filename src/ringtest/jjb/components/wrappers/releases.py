"""Wrappers of releases and of repositories of artifacts, and what pull requests are told."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.artifactory import (
    DEPLOYMENT_PATTERNS,
    ENV_VARS_PATTERNS,
    REPOSITORIES,
    SERVER,
    WRAPPER_PROPERTIES,
)
from ringtest.jjb.components.kinds import wrapper
from ringtest.jjb.components.parts import (
    item,
    joined,
    lowered,
    maybe,
    option,
    printed,
    put,
    reads,
    required,
    text,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import absent, each, given, node, present, since

STEPS = (
    ("pre-build", "preBuildSteps"),
    ("post-build", "postBuildSteps"),
    ("post-success", "postSuccessfulBuildSteps"),
    ("post-fail", "postFailedBuildSteps"),
)

OVERRIDES = option("override-build-parameters", False)
VERSION = option("version-template", "", "releaseVersionTemplate")


@wrapper.written("release")
@reads(
    "do-not-keep-log keep-forever override-build-parameters version-template parameters"
    " pre-build post-build post-success post-fail"
)
def release(parent: Element, data: Any, ctx: Context) -> None:
    """A release: its parameters and its steps."""
    element = SubElement(parent, "hudson.plugins.release.ReleaseWrapper")
    kept = data.get("do-not-keep-log", not data.get("keep-forever", True))
    SubElement(element, "doNotKeepLog").text = printed(kept)
    OVERRIDES(element, data, ctx)
    VERSION(element, data, ctx)
    if data.get("parameters"):
        definitions = SubElement(element, "parameterDefinitions")
        for one in data["parameters"]:
            ctx.dispatch("parameters", definitions, one)
    for name, tag in STEPS:
        for step in data.get(name, []):
            ctx.dispatch("builders", SubElement(element, tag), step)


wrapper(
    "github-pull-request",
    "org.jenkinsci.plugins.ghprb.upstream.GhprbUpstreamStatus",
    option("show-matrix-status", False),
    option("status-context", "", "commitStatusContext"),
    option("triggered-status", ""),
    option("started-status", ""),
    option("status-url", ""),
    option("status-add-test-results", False, "addTestResults"),
    given(
        "statuses",
        node(
            "completedStatus",
            each(
                "statuses",
                node(
                    "org.jenkinsci.plugins.ghprb.extensions.comments.GhprbBuildResultMessage",
                    required("message"),
                    required("result", choices=("ERROR", "SUCCESS", "FAILURE")),
                ),
            ),
        ),
    ),
)

wrapper(
    "artifactory-maven",
    "org.jfrog.hudson.maven3.ArtifactoryMaven3NativeConfigurator",
    node(
        "details",
        *SERVER,
        present("repo-key", required("repo-key", "downloadRepositoryKey")),
        absent(
            "repo-key",
            option("snapshot-repo-key", "", "downloadSnapshotRepositoryKey"),
            option("release-repo-key", "", "downloadReleaseRepositoryKey"),
        ),
    ),
)


@reads("upload-spec download-spec upload-spec-file download-spec-file")
def specs(parent: Element, data: Any, ctx: Context) -> None:
    """What is sent and fetched, as text and by files."""
    used = False
    for suffix, tag in (("spec", "spec"), ("spec-file", "filePath")):
        if f"upload-{suffix}" in data or f"download-{suffix}" in data:
            used = True
            for way in ("upload", "download"):
                put(
                    SubElement(parent, f"{way}Spec"),
                    tag,
                    data.get(f"{way}-{suffix}", ""),
                    ctx,
                )
    SubElement(parent, "useSpecs").text = lowered(used)


wrapper(
    "artifactory-generic",
    "org.jfrog.hudson.generic.ArtifactoryGenericConfigurator",
    node(
        "details",
        *SERVER,
        since(
            "artifactory",
            "2.3.0",
            (
                node(
                    "deployReleaseRepository",
                    maybe("key-from-text", ""),
                    maybe("key-from-select", ""),
                    maybe("key-from-text", "", "dynamicMode"),
                ),
            ),
            (
                maybe("repo-key", "", "repositoryKey"),
                maybe("snapshot-repo-key", "", "snapshotsRepositoryKey"),
            ),
        ),
    ),
    specs,
    joined("deploy-pattern", ","),
    joined("resolve-pattern", ","),
    joined("matrix-params", ","),
    maybe("deploy-build-info", False),
    maybe("env-vars-include", False, "includeEnvVars"),
    maybe("discard-old-builds", False),
    maybe("discard-build-artifacts", True),
    ENV_VARS_PATTERNS,
)

wrapper(
    "artifactory-maven-freestyle",
    "org.jfrog.hudson.maven3.ArtifactoryMaven3Configurator",
    node(
        "details",
        *SERVER,
        node("deployReleaseRepository", *REPOSITORIES["release"]),
        node("deploySnapshotRepository", *REPOSITORIES["snapshot"]),
        text("resolve-staging-plugin", "", "stagingPlugin"),
    ),
    node(
        "resolverDetails",
        *SERVER,
        node("resolveSnapshotRepository", *REPOSITORIES["snapshot"]),
        node("resolveReleaseRepository", *REPOSITORIES["release"]),
        text("resolve-staging-plugin", "", "stagingPlugin"),
    ),
    DEPLOYMENT_PATTERNS,
    ENV_VARS_PATTERNS,
    joined("matrix-params", ","),
    *WRAPPER_PROPERTIES,
)


wrapper(
    "maven-release",
    "org.jvnet.hudson.plugins.m2release.M2ReleaseBuildWrapper",
    option("release-goals", ""),
    option("dry-run-goals", ""),
    option("num-successful-builds", 1, "numberOfReleaseBuildsToKeep"),
    option("select-custom-scm-comment-prefix", False),
    option("select-append-jenkins-username", False, "selectAppendHudsonUsername"),
    option("select-scm-credentials", False),
    option("release-env-var", ""),
    option("scm-user-env-var", ""),
    option("scm-password-env-var", ""),
)

wrapper(
    "m2-repository-cleanup",
    "hudson.plugins.m2__repo__reaper.M2RepoReaperWrapper",
    joined("patterns", ",", tag="artifactPatterns"),
    node(
        "patterns",
        each(
            "patterns",
            item("string"),
        ),
    ),
    plugin="m2-repo-reaper",
)
