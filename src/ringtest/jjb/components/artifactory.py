"""Artifactory: what its publisher and its wrappers share."""

from ringtest.jjb.components.parts import joined, option, text
from ringtest.jjb.components.shapes import node

SERVER = (option("name", "", "artifactoryName"), option("url", "", "artifactoryUrl"))

REPOSITORIES = {
    kind: (
        option(f"deploy-{kind}-repo-key", "", "keyFromText"),
        option(f"deploy-{kind}-repo-key", "", "keyFromSelect"),
        option("deploy-dynamic-mode", False, "dynamicMode"),
    )
    for kind in ("release", "snapshot")
}

DEPLOYMENT_PATTERNS = node(
    "artifactDeploymentPatterns",
    joined("deployment-include-patterns", ",", tag="includePatterns"),
    joined("deployment-exclude-patterns", ",", tag="excludePatterns"),
)

ENV_VARS_PATTERNS = node(
    "envVarsPatterns",
    joined("env-vars-include-patterns", ",", tag="includePatterns"),
    joined("env-vars-exclude-patterns", ",", tag="excludePatterns"),
)

PROPERTIES = (
    text("scopes", ""),
    text("violation-recipients", ""),
    text("black-duck-app-name", ""),
    text("black-duck-app-version", ""),
    text("black-duck-report-recipients", ""),
    text("black-duck-scopes", ""),
    option("deploy-artifacts", True),
    option("discard-old-builds", False),
    option("discard-build-artifacts", False),
    option("publish-build-info", False, "deployBuildInfo"),
    option("env-vars-include", False, "includeEnvVars"),
    option("run-checks", False),
    option("include-publish-artifacts", False),
    option("license-auto-discovery", True),
    option("enable-issue-tracker-integration", False),
    option("aggregate-build-issues", False),
    option("black-duck-run-checks", False),
    option("black-duck-include-published-artifacts", False),
    option("auto-create-missing-component-requests", True),
    option("auto-discard-stale-component-requests", True),
    option("filter-excluded-artifacts-from-build", False),
)

WRAPPER_PROPERTIES = (
    *PROPERTIES,
    option("enable-resolve-artifacts", False),
    option("disable-license-auto-discovery", False),
    option("record-all-dependencies", False),
)

PUBLISHER_PROPERTIES = (
    *PROPERTIES,
    option("even-if-unstable", False),
    option("pass-identified-downstream", False),
    option("allow-promotion-of-non-staged-builds", False),
)
