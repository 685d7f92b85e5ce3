"""Which build artifacts are copied from (the plugin copyartifact)."""

from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.components.parts import maybe, option, reads
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import choose, refuse, variant

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


@reads("permalink")
def check_permalink(parent: Element, data: Any, ctx: Context) -> None:
    """A permalink is one of a few, also where none is used."""
    value = data.get("permalink", "last")
    if value not in list(PERMALINKS):
        refuse("permalink", value, PERMALINKS, ctx)


def build_selector(tag: str) -> Render:
    """The element that says which build."""
    return variant(
        tag,
        "which-build",
        "last-successful",
        SELECTORS,
        check_permalink,
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
