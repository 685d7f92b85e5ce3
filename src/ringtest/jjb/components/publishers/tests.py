"""Publishers of test results and measures of performance."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    item,
    negated,
    option,
    put,
    reads,
    required,
    text,
    written,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import (
    absent,
    choose,
    each,
    flagged,
    node,
    present,
    refuse,
    within,
)
from ringtest.jjb.components.xunit_types import XUNIT

publisher(
    "junit",
    "hudson.tasks.junit.JUnitResultArchiver",
    required("results", "testResults"),
    option("keep-long-stdio", True),
    option("health-scale-factor", "1.0"),
    option("allow-empty-results", False),
    option("skip-publishing-checks", False),
    option("skip-marking-build-unstable", False),
    node(
        "testDataPublishers",
        flagged(
            "test-stability",
            node("de.esailors.jenkins.teststability.StabilityTestDataPublisher"),
        ),
        flagged("claim-build", node("hudson.plugins.claim.ClaimTestDataPublisher")),
        flagged(
            "measurement-plots",
            node("hudson.plugins.measurement__plots.TestDataPublisher"),
        ),
        flagged(
            "flaky-test-reports",
            node("com.google.jenkins.flakyTestHandler.plugin.JUnitFlakyTestDataPublisher"),
        ),
        flagged(
            "junit-attachments",
            node("hudson.plugins.junitattachments.AttachmentPublisher"),
        ),
    ),
    plugin="junit",
)

publisher("xunit", "xunit", *XUNIT, plugin="xunit")

publisher(
    "robot",
    "hudson.plugins.robot.RobotPublisher",
    required("output-path"),
    option("log-file-link", ""),
    option("report-html", "report.html", "reportFileName"),
    option("log-html", "log.html", "logFileName"),
    option("output-xml", "output.xml", "outputFileName"),
    option("pass-threshold", "0.0"),
    option("unstable-threshold", "0.0"),
    option("only-critical", True),
    option("enable-cache", True),
    node("otherFiles", each("other-files", item("string", str))),
    written("archive-output-xml", True, negated, "disableArchiveOutput"),
    plugin="robot",
)


@reads("sorting-values")
def classifications(parent: Element, data: Any, ctx: Context) -> None:
    """Keys and values that a report is sorted by."""
    if "sorting-values" not in data:
        return
    element = SubElement(parent, "classifications")
    for values in data["sorting-values"]:
        for pair in values.values():
            one = SubElement(
                element,
                "net.masterthought.jenkins.CucumberReportPublisher_-Classification",
            )
            put(one, "key", pair.get("key"), ctx)
            put(one, "value", pair.get("value"), ctx)


publisher(
    "cucumber-reports",
    "net.masterthought.jenkins.CucumberReportPublisher",
    option("json-reports-path", "", "jsonReportDirectory"),
    option("plugin-url-path", ""),
    option("file-include-pattern", ""),
    option("file-exclude-pattern", ""),
    option("skipped-fails", False),
    option("pending-fails", False),
    option("undefined-fails", False),
    option("missing-fails", False),
    option("no-flash-charts", False),
    option("ignore-failed-tests", False),
    option("parallel-testing", False),
    option("failed-steps-number", 0),
    option("skipped-steps-number", 0),
    option("pending-steps-number", 0),
    option("undefined-steps-number", 0),
    option("failed-scenarios-number", 0),
    option("failed-features-number", 0),
    option("build-status", "", choices=("", "UNSTABLE", "FAILURE")),
    option("trends-limit", 0),
    option("sorting-method", "NATURAL", choices=("NATURAL", "ALPHABETICAL")),
    classifications,
    plugin="cucumber-reports",
)

ALLURE = "ru.yandex.qatools.allure.jenkins.config."

publisher(
    "allure",
    "ru.yandex.qatools.allure.jenkins.AllureReportPublisher",
    node(
        "config",
        node(
            "results",
            each("results-paths", node(f"{ALLURE}ResultsConfig", text("path"))),
        ),
        present(
            "properties",
            node(
                "properties",
                each(
                    "properties",
                    node(f"{ALLURE}PropertyConfig", required("key"), required("value")),
                ),
            ),
        ),
        absent("properties", node("properties", class_="empty-list")),
        option("jdk", ""),
        option("commandline", ""),
        option(
            "report-build-policy",
            "ALWAYS",
            choices=("ALWAYS", "UNSTABLE", "UNSUCCESSFUL"),
        ),
        option("include-properties", False),
    ),
    plugin="allure-jenkins-plugin",
)

PARSERS = {
    "jmeter": ("hudson.plugins.performance.JMeterParser", "**/*.jtl"),
    "junit": ("hudson.plugins.performance.JUnitParser", "**/TEST-*.xml"),
}


@reads("report")
def performance_reports(parent: Element, data: Any, ctx: Context) -> None:
    """Reports by their kind, or by kind and pattern."""
    element = SubElement(parent, "parsers")
    for report in data.get("report", ()):
        if not isinstance(report, dict | str):
            continue
        kind, glob = next(iter(report.items())) if isinstance(report, dict) else (report, None)
        if kind not in PARSERS:
            refuse("report", kind, PARSERS, ctx)
        parser, default = PARSERS[kind]
        one = SubElement(element, parser)
        SubElement(one, "glob").text = str(glob) if isinstance(report, dict) else default


publisher(
    "performance",
    "hudson.plugins.performance.PerformancePublisher",
    option("failed-threshold", 0, "errorFailedThreshold"),
    option("unstable-threshold", 0, "errorUnstableThreshold"),
    option("unstable-response-time-threshold", "", "errorUnstableResponseTimeThreshold"),
    option("failed-threshold-positive", "0.0", "relativeFailedThresholdPositive"),
    option("failed-threshold-negative", "0.0", "relativeFailedThresholdNegative"),
    option("unstable-threshold-positive", "0.0", "relativeUnstableThresholdPositive"),
    option("unstable-threshold-negative", "0.0", "relativeUnstableThresholdNegative"),
    option("nth-build-number", 0),
    option("mode-relative-thresholds", False),
    option("config-type", "ART", choices=("ART", "MRT", "PRT")),
    option("mode-of-threshold", False),
    option("fail-build", False, "failBuildIfNoResultFile"),
    option("compare-build-previous", False),
    option("mode-performance-per-test-case", True),
    option("mode-thoughput", False, "modeThroughput"),
    performance_reports,
    plugin="performance",
)

VALGRIND_LIMITS = {
    status: (
        option("invalid-read-write", "", f"{tag}ThresholdInvalidReadWrite"),
        option("definitely-lost", "", f"{tag}ThresholdDefinitelyLost"),
        option("total", "", f"{tag}ThresholdTotal"),
    )
    for status, tag in (("unstable", "unstable"), ("failed", "fail"))
}

publisher(
    "valgrind",
    "org.jenkinsci.plugins.valgrind.ValgrindPublisher",
    node(
        "valgrindPublisherConfig",
        text("pattern"),
        within(
            "thresholds",
            within("unstable", *VALGRIND_LIMITS["unstable"]),
            within("failed", *VALGRIND_LIMITS["failed"]),
        ),
        option("fail-no-reports", False, "failBuildOnMissingReports"),
        option("fail-invalid-reports", False, "failBuildOnInvalidReports"),
        option("publish-if-aborted", False, "publishResultsForAbortedBuilds"),
        option("publish-if-failed", False, "publishResultsForFailedBuilds"),
    ),
)

TEST_FAIRY = (
    required("apikey", "apiKey"),
    required("appfile", "appFile"),
    option("tester-groups", "", "testersGroups"),
    option("notify-testers", True),
    option("autoupdate", True, "autoUpdate"),
    option("max-duration", "10m", choices=("10m", "60m", "300m", "1440m")),
    option("record-on-background", False),
    option("data-only-wifi", False),
    option("video-enabled", True, "isVideoEnabled"),
    option("screenshot-interval", 1, choices=(1, 2, 5)),
    option("video-quality", "high", choices=("high", "medium", "low")),
    option("cpu", True),
    option("memory", True),
    option("logs", True),
    option("network", False),
    option("phone-signal", False),
    option("wifi", False),
    option("gps", False),
    option("battery", False),
    option("opengl", False, "openGl"),
    option("advanced-options", ""),
)

FAIRY = "org.jenkinsci.plugins.testfairy.TestFairy"

publisher.made_of(
    "test-fairy",
    choose(
        "platform",
        REQUIRED,
        {
            "android": (
                node(
                    f"{FAIRY}AndroidRecorder",
                    *TEST_FAIRY,
                    option("proguard-file", "", "mappingFile"),
                    required("keystorepath", "keystorePath"),
                    option("storepass", "android"),
                    option("alias", "androiddebugkey"),
                    option("keypass", ""),
                    plugin="TestFairy",
                ),
            ),
            "ios": (
                node(
                    f"{FAIRY}IosRecorder",
                    *TEST_FAIRY,
                    option("dSYM-file", "", "mappingFile"),
                    plugin="TestFairy",
                ),
            ),
        },
    ),
)


publisher(
    "cucumber-testresult",
    "org.jenkinsci.plugins.cucumber.jsontestsupport.CucumberTestResultArchiver",
    required("results", "testResults"),
    option("ignore-bad-steps", False),
    plugin="cucumber-testresult-plugin",
)

publisher(
    "aggregate-tests",
    "hudson.tasks.test.AggregatedTestResultPublisher",
    option("include-failed-builds", False),
)

publisher(
    "aggregate-flow-tests",
    "org.zeroturnaround.jenkins.flowbuildtestaggregator.FlowTestAggregator",
    option("show-test-results-trend", True, "showTestResultTrend"),
)

publisher(
    "tap",
    "org.tap4j.plugin.TapPublisher",
    required("results", "testResults"),
    option("fail-if-no-results", False),
    option("failed-tests-mark-build-as-failure", False),
    option("output-tap-to-console", True),
    option("enable-subtests", True),
    option("discard-old-reports", False),
    option("todo-is-failure", True),
    option("include-comment-diagnostics", False),
    option("validate-tests", False, "validateNumberOfTests"),
    option("plan-required", True),
    option("verbose", True),
    option("show-only-failures", False),
    option("strip-single-parents", False),
    option("flatten-tap-result", False),
    option("skip-if-build-not-ok", False),
    option("remove-yaml-if-corrupted", False),
    plugin="tap",
)

publisher(
    "testng",
    "hudson.plugins.testng.Publisher",
    required("pattern", "reportFilenamePattern"),
    option("escape-test-description", True, "escapeTestDescp"),
    option("escape-exception-msg", True),
    option("fail-on-failed-test-config", False, "failureOnFailedTestConfig"),
    option("show-failed-builds", False),
    option("unstable-skips", 100),
    option("unstable-fails", 0),
    option("failed-skips", 100),
    option("failed-fails", 100),
    option("threshold-mode", "percentage", choices={"number": 1, "percentage": 2}),
    plugin="testng-plugin",
)

publisher(
    "fitnesse",
    "hudson.plugins.fitnesse.FitnesseResultsRecorder",
    text("results", "", tag="fitnessePathToXmlResultsIn"),
)

publisher(
    "gatling",
    "io.gatling.jenkins.GatlingPublisher",
    constant("enabled", "true"),
)

publisher(
    "testselector",
    "il.ac.technion.jenkins.pluginsTestExecuter",
    required("name"),
    option("description", ""),
    required("properties-file", "propertiesFilePath"),
    option("enable-field", ""),
    option("groupby", "", "groupBy"),
    option("field-separator", ""),
    option("show-fields", ""),
    option("multiplicity-field", ""),
)
