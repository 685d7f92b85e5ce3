"""Views of jobs that start one another: the build pipeline and the delivery pipeline."""

from typing import Any

from ringtest.jjb.components.kinds import view
from ringtest.jjb.components.parts import maybe, option, required, text, written
from ringtest.jjb.components.shapes import each, given, node
from ringtest.jjb.components.views.lists import PROPERTIES

OPTIONAL = (
    maybe("description"),
    maybe("filter-executors", False),
    maybe("filter-queue", False),
)
_BUILD = "au.com.centrumsystems.hudson.plugin.buildpipeline."

view(
    "pipeline",
    f"{_BUILD}BuildPipelineView",
    *OPTIONAL,
    PROPERTIES,
    node("gridBuilder", text("first-job", ""), class_=f"{_BUILD}DownstreamProjectGridBuilder"),
    required("name"),
    option("no-of-displayed-builds", 1),
    option("title", "", "buildViewTitle"),
    option("link-style", "Lightbox", "consoleOutputLinkStyle", ("Lightbox", "New Window")),
    option("css-Url", "", "cssUrl"),
    option("latest-job-only", False, "triggerOnlyLatestJob"),
    option("manual-trigger", False, "alwaysAllowManualTrigger"),
    option("show-parameters", False, "showPipelineParameters"),
    option("parameters-in-headers", False, "showPipelineParametersInHeaders"),
    option("start-with-parameters", False, "startsWithParameters"),
    option("refresh-frequency", 3),
    option("definition-header", False, "showPipelineDefinitionHeader"),
    plugin="build-pipeline-plugin",
)

_DELIVERY = "se.diabol.jenkins.pipeline."
SORTING = {
    "none": "None",
    "title": f"{_DELIVERY}sort.NameComparator",
    "failed_last_activity": f"{_DELIVERY}sort.FailedJobComparator",
    "last_activity": f"{_DELIVERY}sort.LatestActivityComparator",
}
_UPSTREAM = text("show-upstream", "false")


def sorted_by(value: Any) -> str:
    """How pipelines are sorted; a word that is no way of sorting is none.

    >>> sorted_by("size")
    'None'
    """
    return SORTING.get(value, SORTING["none"])


view(
    "delivery_pipeline",
    f"{_DELIVERY}DeliveryPipelineView",
    *OPTIONAL,
    option("aggregated-changes-grouping-pattern", ""),
    option("allow-abort", False),
    option("allow-manual-triggers", False),
    option("allow-pipeline-start", False),
    option("allow-rebuild", False),
    option("embedded-css", ""),
    option("full-screen-css", ""),
    option("link-relative", False),
    option("link-to-console-log", False),
    option("max-number-of-visible-pipelines", -1),
    required("name"),
    option("no-of-columns", 1, choices=(1, 2, 3)),
    option("no-of-pipelines", 3, choices=tuple(range(51))),
    option("paging-enabled", False),
    option("show-absolute-date-time", False),
    option("show-aggregated-changes", False),
    option("show-aggregated-pipeline", False),
    option("show-avatars", False),
    option("show-changes", False),
    option("show-description", False),
    option("show-promotions", False),
    option("show-static-analysis-results", False),
    option("show-test-results", False),
    option("show-total-build-time", False),
    option("update-interval", 2),
    written("sorting", "none", sorted_by),
    given(
        "components",
        node(
            "componentSpecs",
            each(
                "components",
                node(
                    f"{_DELIVERY}DeliveryPipelineView_-ComponentSpec",
                    text("name", ""),
                    text("initial-job", "", "firstJob"),
                    text("final-job", "", "lastJob"),
                    _UPSTREAM,
                ),
            ),
        ),
    ),
    given(
        "regexps",
        node(
            "regexpFirstJobs",
            each(
                "regexps",
                node(
                    f"{_DELIVERY}DeliveryPipelineView_-RegExpSpec",
                    text("regexp", ""),
                    _UPSTREAM,
                ),
            ),
        ),
    ),
    plugin="delivery-pipeline-plugin",
)
