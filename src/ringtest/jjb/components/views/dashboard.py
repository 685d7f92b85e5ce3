"""Dashboards: a list of jobs with portlets around it."""

from ringtest.jjb.components.kinds import view
from ringtest.jjb.components.parts import REQUIRED, maybe, text
from ringtest.jjb.components.registry import Render
from ringtest.jjb.components.shapes import choose, each, node
from ringtest.jjb.components.views.lists import LIST

PACKAGE = "hudson.plugins.view.dashboard."


def _portlet(kind: str, *parts: Render) -> tuple[Render, ...]:
    return (node(f"{PACKAGE}{kind}", text("name", ""), *parts),)


PORTLETS: dict[str, tuple[Render, ...]] = {
    "hudson-std-jobs": _portlet("core.HudsonStdJobsPortlet"),
    "iframe": _portlet(
        "core.IframePortlet",
        maybe("iframe-source", ""),
        text("iframe-source", "", "effectiveUrl"),
        maybe("div-style", ""),
    ),
    "image": _portlet("core.ImagePortlet", maybe("image-url", "", "url")),
    "jobs-grid": _portlet(
        "core.JobsPortlet", maybe("column-count", 3), maybe("fill-column-first", False)
    ),
    "latest-builds": _portlet("builds.LatestBuilds", maybe("num-builds", 10)),
    "stat-builds": _portlet("stats.StatBuilds"),
    "stat-jobs": _portlet("stats.StatJobs"),
    "stat-slaves": _portlet("stats.StatSlaves"),
    "test-statistics-chart": _portlet("test.TestStatisticsChart"),
    "test-statistics-grid": _portlet(
        "test.TestStatisticsPortlet",
        maybe("use-background-colors", False),
        maybe("skipped-color", "FDB813"),
        maybe("success-color", "71E66D"),
        maybe("failure-color", "E86850"),
        maybe("hide-zero-test-projects", False),
        maybe("use-alternate-percentages-on-limits", False),
    ),
    "test-trend-chart": _portlet(
        "test.TestTrendChart",
        maybe("graph-width", 300),
        maybe("graph-height", 220),
        maybe("date-range", 365),
        maybe("date-shift", 0),
        maybe("display-status", "ALL"),
    ),
    "unstable-jobs": _portlet(
        "core.UnstableJobsPortlet",
        maybe("show-only-failed-jobs", False),
        maybe("recurse", False),
    ),
}


def _side(name: str) -> Render:
    return node(f"{name}Portlets", each(f"{name}-portlets", choose("type", REQUIRED, PORTLETS)))


view(
    "dashboard",
    f"{PACKAGE}Dashboard",
    *LIST,
    maybe("use-css-style", False),
    maybe("include-std-job-list", False),
    maybe("hide-jenkins-panels", False),
    maybe("left-portlet-width", "50%"),
    maybe("right-portlet-width", "50%"),
    _side("left"),
    _side("right"),
    _side("top"),
    _side("bottom"),
    plugin="dashboard-view",
)
