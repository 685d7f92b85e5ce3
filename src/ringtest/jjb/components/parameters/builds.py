"""Parameters that choose a build, an artifact, a tag, a version or a node."""

from ringtest.jjb.components.copied import build_selector
from ringtest.jjb.components.kinds import parameter
from ringtest.jjb.components.parameters.plain import NAMED, WITH_DEFAULT
from ringtest.jjb.components.parts import constant, item, lower, option, required, text, written
from ringtest.jjb.components.shapes import choose, each, node, variant

parameter(
    "promoted",
    "hudson.plugins.promoted__builds.parameters.PromotedBuildParameterDefinition",
    *NAMED,
    text("project-name"),
    text("promotion-name", None, "promotionProcessName"),
)

LABELS = "org.jvnet.jenkins.plugins.nodelabelparameter."

parameter(
    "label",
    f"{LABELS}LabelParameterDefinition",
    *WITH_DEFAULT,
    option("all-nodes", False, "allNodesMatchingLabel"),
    option(
        "matching-label",
        "allCases",
        "triggerIfResult",
        ("allCases", "success", "unstable"),
    ),
    variant(
        "nodeEligibility",
        "node-eligibility",
        "all",
        {
            "all": f"{LABELS}node.AllNodeEligibility",
            "ignore-offline": f"{LABELS}node.IgnoreOfflineNodeEligibility",
            "ignore-temp-offline": f"{LABELS}node.IgnoreTempOfflineNodeEligibility",
        },
        fold=str.lower,
    ),
)


def several(value: object) -> str:
    """Whether several nodes may be chosen, as its element says it."""
    return "allowMultiSelectionForConcurrentBuilds" if value else "multiSelectionDisallowed"


parameter(
    "node",
    f"{LABELS}NodeParameterDefinition",
    *NAMED,
    node("defaultSlaves", each("default-slaves", item("string"))),
    node("allowedSlaves", each("allowed-slaves", item("string"))),
    lower("ignore-offline-nodes", False),
    written("allowed-multiselect", False, several, "triggerIfResult"),
    lower("allowed-multiselect", False, "allowMultiNodeSelection"),
    lower("allowed-multiselect", False, "triggerConcurrentBuilds"),
)

parameter(
    "svn-tags",
    "hudson.scm.listtagsparameter.ListSubversionTagsParameterDefinition",
    *WITH_DEFAULT,
    required("url", "tagsDir"),
    option("credentials-id", ""),
    option("filter", "", "tagsFilter"),
    option("max-tags", "100"),
    option("sort-newest-first", True, "reverseByDate"),
    option("sort-z-to-a", False, "reverseByName"),
    constant("uuid", "1-1-1-1-1"),
)

parameter(
    "matrix-combinations",
    "hudson.plugins.matrix__configuration__parameter.MatrixCombinationsParameterDefinition",
    required("name"),
    option("description", ""),
    option("filter", "", "defaultCombinationFilter"),
)

parameter(
    "copyartifact-build-selector",
    "hudson.plugins.copyartifact.BuildSelectorParameter",
    required("name"),
    option("description", ""),
    build_selector("defaultSelector"),
)

parameter(
    "maven-metadata",
    "eu.markov.jenkins.plugin.mvnmeta.MavenMetadataParameterDefinition",
    *NAMED,
    option("repository-base-url", "", "repoBaseUrl"),
    option("artifact-group-id", "", "groupId"),
    option("artifact-id", ""),
    option("packaging", ""),
    option("default-value", ""),
    option("versions-filter", "", "versionFilter"),
    choose(
        "sorting-order",
        "descending",
        {
            "descending": (constant("sortOrder", "DESC"),),
            "ascending": (constant("sortOrder", "ASC"),),
        },
        fold=str.lower,
    ),
    option("maximum-versions-to-display", 10, "maxVersions"),
    option("repository-username", "", "username"),
    option("repository-password", "", "password"),
)
