"""Reports of static analysis over time: what findbugs, checkstyle, PMD and others share."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import lower, option, reads, string
from ringtest.jjb.components.registry import Context, Render

LEVELS = ("all", "high", "normal", "low")


@reads("thresholds")
def add_thresholds(parent: Element, data: Any, ctx: Context) -> None:
    """How many warnings make a build unstable or failed: in all, and where counted of late."""
    element = SubElement(parent, "thresholds")
    bases = ("total",) if data.get("dont-compute-new", True) is not False else ("total", "new")
    limits = data.get("thresholds", {})
    for status in ("unstable", "failed"):
        given = limits.get(status, {})
        for base in bases:
            for level in LEVELS:
                tag = f"{status}{base.capitalize()}{level.capitalize()}"
                SubElement(element, tag).text = str(given.get(f"{base}-{level}", ""))


def trend(plugin_name: str) -> tuple[Render, ...]:
    """What such a publisher is told."""
    return (
        string("healthy", ""),
        string("unhealthy", "", "unHealthy"),
        option("health-threshold", "low", "thresholdLimit", ("low", "normal", "high")),
        string("plugin-name", plugin_name),
        string("default-encoding", ""),
        lower("can-run-on-failed", False),
        lower("use-stable-build-as-reference", False),
        lower("use-previous-build-as-reference", False),
        lower("use-delta-values", False),
        add_thresholds,
        lower("should-detect-modules", False),
        lower("dont-compute-new", True),
        lower("do-not-resolve-relative-paths", False),
        string("pattern", ""),
    )


FINDBUGS: tuple[Render, ...] = (
    option("rank-priority", False, "isRankActivated"),
    option("include-files", "", "includePattern"),
    option("exclude-files", "", "excludePattern"),
    *trend("[FINDBUGS] "),
)
