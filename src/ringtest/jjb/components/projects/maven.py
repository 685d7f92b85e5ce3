"""Jobs of Maven's own kind."""

from ringtest.jjb.components.kinds import job_kind
from ringtest.jjb.components.managed_files import MAVEN_SETTINGS
from ringtest.jjb.components.parts import (
    constant,
    lower,
    negated,
    string,
    text,
    written,
)
from ringtest.jjb.components.registry import Render
from ringtest.jjb.components.shapes import choose, given, node, present, since, variant, within

_LOCATOR = "hudson.maven.local_repo."
REPOSITORIES = {
    "default": f"{_LOCATOR}DefaultLocalRepositoryLocator",
    "local-to-workspace": f"{_LOCATOR}PerJobLocalRepositoryLocator",
    "local-to-executor": f"{_LOCATOR}PerExecutorLocalRepositoryLocator",
}


def result(name: str, ordinal: str, color: str) -> tuple[Render, ...]:
    """A result as Jenkins writes it."""
    return (constant("name", name), constant("ordinal", ordinal), constant("color", color))


RESULTS = {
    "SUCCESS": result("SUCCESS", "0", "BLUE"),
    "UNSTABLE": result("UNSTABLE", "1", "YELLOW"),
    "FAILURE": result("FAILURE", "2", "RED"),
}

job_kind(
    "maven",
    "maven2-moduleset",
    present(
        "maven",
        within(
            "maven",
            present(
                "root-module",
                node(
                    "rootModule",
                    within("root-module", text("group-id"), text("artifact-id")),
                ),
            ),
            text("goals"),
            given("maven-opts", text("maven-opts")),
            given("maven-name", text("maven-name")),
            given(
                "private-repository",
                variant("localRepository", "private-repository", None, REPOSITORIES),
            ),
            lower("ignore-upstream-changes", True, "ignoreUpstremChanges"),
            text("root-pom", "pom.xml", "rootPOM"),
            written("parallel-build-modules", False, negated, "aggregatorStyleBuild"),
            lower("incremental-build", False),
            written("automatic-site-archiving", True, negated, "siteArchivingDisabled"),
            written("automatic-fingerprinting", True, negated, "fingerprintingDisabled"),
        ),
        since("Maven Integration plugin", "2.0.1", (), (lower("per-module-email", True),)),
        within(
            "maven",
            written("automatic-archiving", True, negated, "archivingDisabled"),
            lower("resolve-dependencies", False),
            lower("process-plugins", False),
            constant("mavenValidationLevel", "-1"),
            lower("run-headless", False),
            lower("disable-downstream", False, "disableTriggerDownstreamProjects"),
            present("custom-workspace", string("custom-workspace")),
            *MAVEN_SETTINGS,
            node(
                "runPostStepsIfResult",
                choose("post-step-run-condition", "FAILURE", RESULTS),
            ),
        ),
    ),
)
