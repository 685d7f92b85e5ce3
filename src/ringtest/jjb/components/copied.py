"""Which build artifacts are copied from (the plugin copyartifact)."""

from ringtest.jjb.components.parts import maybe, option
from ringtest.jjb.components.registry import Render
from ringtest.jjb.components.shapes import choose, variant

PLUGIN = "hudson.plugins.copyartifact."

SELECTORS = {
    "last-successful": f"{PLUGIN}StatusBuildSelector",
    "last-completed": f"{PLUGIN}LastCompletedBuildSelector",
    "specific-build": f"{PLUGIN}SpecificBuildSelector",
    "last-saved": f"{PLUGIN}SavedBuildSelector",
    "upstream-build": f"{PLUGIN}TriggeredBuildSelector",
    "permalink": f"{PLUGIN}PermalinkBuildSelector",
    "workspace-latest": f"{PLUGIN}WorkspaceSelector",
    "build-param": f"{PLUGIN}ParameterizedBuildSelector",
    "downstream-build": f"{PLUGIN}DownstreamBuildSelector",
    "multijob-build": "com.tikal.jenkins.plugins.multijob.MultiJobBuildSelector",
}

PERMALINKS = {
    "last": "lastBuild",
    "last-stable": "lastStableBuild",
    "last-successful": "lastSuccessfulBuild",
    "last-failed": "lastFailedBuild",
    "last-unstable": "lastUnstableBuild",
    "last-unsuccessful": "lastUnsuccessfulBuild",
}


def build_selector(tag: str) -> Render:
    """The element that says which build."""
    return variant(
        tag,
        "which-build",
        "last-successful",
        SELECTORS,
        choose(
            "which-build",
            "last-successful",
            {
                "specific-build": (maybe("build-number", ""),),
                "last-successful": (maybe("stable", False),),
                "upstream-build": (maybe("fallback-to-last-successful", False),),
                "permalink": (option("permalink", "last", "id", PERMALINKS),),
                "build-param": (maybe("param", "", "parameterName"),),
                "downstream-build": (
                    maybe("upstream-project-name", ""),
                    maybe("upstream-build-number", ""),
                ),
            },
            strict=False,
        ),
    )
