"""Publishers of code coverage."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import (
    constant,
    lowered,
    negated,
    option,
    put,
    reads,
    required,
    string,
    text,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import node, refuse

METRIC = "hudson.plugins.cobertura.targets.CoverageMetric"


def add_targets(parent: Element, limit: str, targets: Any) -> None:
    """One limit of all metrics."""
    element = SubElement(
        SubElement(parent, f"{limit}Target"),
        "targets",
        {"class": "enum-map", "enum-type": METRIC},
    )
    for target in targets:
        name, limits = next(iter(target.items()))
        entry = SubElement(element, "entry")
        SubElement(entry, METRIC).text = str(name).upper()
        SubElement(entry, "int").text = str(limits.get(limit, 0))


@reads("targets")
def cobertura_targets(parent: Element, data: Any, ctx: Context) -> None:
    """Three limits of each metric."""
    for limit in ("healthy", "unhealthy", "failing"):
        add_targets(parent, limit, data["targets"])


publisher(
    "cobertura",
    "hudson.plugins.cobertura.CoberturaPublisher",
    option("report-file", "**/coverage.xml", "coberturaReportFile"),
    option("only-stable", False),
    option("fail-unhealthy", False),
    option("fail-unstable", False),
    option("health-auto-update", False, "autoUpdateHealth"),
    option("stability-auto-update", False, "autoUpdateStability"),
    option("zoom-coverage-chart", False),
    option("fail-no-reports", False),
    cobertura_targets,
    text("source-encoding", "ASCII"),
)

JACOCO_TARGETS = ("instruction", "branch", "complexity", "line", "method", "class")


@reads("targets")
def jacoco_targets(parent: Element, data: Any, ctx: Context) -> None:
    """Two limits of some metrics."""
    for target in data.get("targets", ()):
        name, limits = next(iter(target.items()))
        if name not in JACOCO_TARGETS:
            refuse("targets", name, JACOCO_TARGETS, ctx)
        if not limits:
            ctx.fail(f"'targets.{name}' needs 'healthy' or 'unhealthy'")
        metric = name.capitalize()
        SubElement(parent, f"maximum{metric}Coverage").text = str(limits.get("healthy", 0))
        SubElement(parent, f"minimum{metric}Coverage").text = str(limits.get("unhealthy", 0))


publisher(
    "jacoco",
    "hudson.plugins.jacoco.JacocoPublisher",
    option("exec-pattern", "**/**.exec"),
    option("class-pattern", "**/classes"),
    option("source-pattern", "**/src/main/java"),
    option("source-inclusion-pattern", "**/*.java"),
    option("update-build-status", False, "changeBuildStatus"),
    option("inclusion-pattern", ""),
    option("exclusion-pattern", ""),
    jacoco_targets,
    plugin="jacoco",
)


@reads("html xml-location")
def clover_report(parent: Element, data: Any, ctx: Context) -> None:
    """Where the report is, and whether a page of it is published."""
    if "xml-location" not in data:
        ctx.fail("'xml-location' is required")
    html = data.get("html")
    SubElement(parent, "publishHtmlReport").text = lowered("html" in data)
    if "html" in data:
        if html.get("dir") is None:
            ctx.fail("'html.dir' is required")
        put(parent, "reportDir", html["dir"], ctx)
    put(parent, "xmlLocation", data["xml-location"], ctx)
    archived = html.get("archive", True) if "html" in data else True
    SubElement(parent, "disableArchiving").text = negated(archived)


@reads("metric-targets")
def clover_targets(parent: Element, data: Any, ctx: Context) -> None:
    """Limits in percent; those of health have defaults."""
    metrics = {
        name: limits for one in data.get("metric-targets", []) for name, limits in one.items()
    }
    if metrics.get("healthy") is None:
        metrics["healthy"] = {"method": 70, "statement": 80}
    for target in ("healthy", "unhealthy", "failing"):
        element = SubElement(parent, f"{target}Target")
        limits = metrics.get(target, {})
        for kind in ("method", "statement"):
            value = limits.get(kind)
            if type(value) is not int:
                continue
            if not 0 <= value <= 100:
                ctx.fail(f"'metric-targets.{target}.{kind}' is {value}, not from 0 to 100")
            SubElement(element, f"{kind}Coverage").text = str(value)


publisher(
    "cloverphp",
    "org.jenkinsci.plugins.cloverphp.CloverPHPPublisher",
    clover_report,
    clover_targets,
    plugin="cloverphp",
)


@reads("target")
def rcov_targets(parent: Element, data: Any, ctx: Context) -> None:
    """Limits of coverage by code and in total."""
    element = SubElement(parent, "targets")
    for target in data["target"]:
        if "code-coverage" not in target and "total-coverage" not in target:
            refuse(
                "target",
                next(iter(target), None),
                ("code-coverage", "total-coverage"),
                ctx,
            )
        one = SubElement(element, "hudson.plugins.rubyMetrics.rcov.model.MetricTarget")
        total = "total-coverage" in target
        SubElement(one, "metric").text = "TOTAL_COVERAGE" if total else "CODE_COVERAGE"
        for name, value in next(iter(target.values())).items():
            SubElement(one, name.lower()).text = str(value)


publisher(
    "ruby-metrics",
    "hudson.plugins.rubyMetrics.rcov.RcovPublisher",
    text("report-dir", ""),
    rcov_targets,
)


def fixed_targets(limit: str, conditions: int, others: int) -> Render:
    """One limit of three metrics, the same for every job."""
    entries = (
        node("entry", constant(METRIC, name), constant("int", str(value)))
        for name, value in (("CONDITIONAL", conditions), ("LINE", others), ("METHOD", others))
    )
    return node(f"{limit}Target", node("targets", *entries, class_="enum-map", enum_type=METRIC))


publisher(
    "coverage",
    "hudson.plugins.cobertura.CoberturaPublisher",
    constant("coberturaReportFile", "**/coverage.xml"),
    constant("onlyStable", "false"),
    fixed_targets("healthy", 70, 80),
    fixed_targets("unhealthy", 0, 0),
    fixed_targets("failing", 0, 0),
    constant("sourceEncoding", "ASCII"),
)

publisher(
    "codecover",
    "hudson.plugins.codecover.CodeCoverPublisher",
    string("include", "", tag="includes"),
    node(
        "healthReports",
        option("min-statement", 0),
        option("max-statement", 90),
        option("min-branch", 0),
        option("max-branch", 80),
        option("min-loop", 0),
        option("max-loop", 50),
        option("min-condition", 0),
        option("max-condition", 50),
    ),
    plugin="codecover",
)

publisher(
    "scoverage",
    "org.jenkinsci.plugins.scoverage.ScoveragePublisher",
    required("report-directory", "reportDir"),
    required("report-file"),
    plugin="scoverage",
)
