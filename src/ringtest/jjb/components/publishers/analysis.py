"""Publishers of static analysis and of what logs say."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.managed_files import MAVEN_SETTINGS
from ringtest.jjb.components.parts import (
    constant,
    describe,
    item,
    joined,
    lower,
    lowered,
    maybe,
    negated,
    option,
    printed,
    reads,
    required,
    string,
    text,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, either, node, present, within
from ringtest.jjb.components.trends import FINDBUGS, LEVELS, trend

publisher(
    "findbugs",
    "hudson.plugins.findbugs.FindBugsPublisher",
    *FINDBUGS,
    plugin="findbugs",
)

publisher("pmd", "hudson.plugins.pmd.PmdPublisher", *trend("[PMD] "))

publisher(
    "dry",
    "hudson.plugins.dry.DryPublisher",
    *trend("[DRY] "),
    option("high-threshold", 50),
    option("normal-threshold", 25),
)

publisher(
    "dependency-check",
    "org.jenkinsci.plugins.DependencyCheck.DependencyCheckPublisher",
    *trend("[DEPENDENCYCHECK] "),
)

CHECKSTYLE = node(
    "hudson.plugins.checkstyle.CheckStylePublisher",
    *trend("[CHECKSTYLE] "),
    plugin="checkstyle",
)

OLD_NAMES = {
    "unHealthy": "unhealthy",
    "healthThreshold": "health-threshold",
    "defaultEncoding": "default-encoding",
    "canRunOnFailed": "can-run-on-failed",
    "shouldDetectModules": "should-detect-modules",
}

OLD_LIMITS = {
    "totalAll": "total-all",
    "totalHigh": "total-high",
    "totalNormal": "total-normal",
    "totalLow": "total-low",
}


def renamed(data: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """The data with names of today; where both are said, those of today count."""
    old = {names[name]: value for name, value in data.items() if name in names}
    return old | {name: value for name, value in data.items() if name not in names}


@publisher.written("checkstyle")
@reads(" ".join(found.name for found in describe(CHECKSTYLE)) + " " + " ".join(OLD_NAMES))
def checkstyle(parent: Element, data: Any, ctx: Context) -> None:
    """Checkstyle, by names of today and of long ago."""
    told_of = renamed(data, OLD_NAMES)
    if "thresholds" in told_of:
        told_of["thresholds"] = {
            status: renamed(limits, OLD_LIMITS) if status in ("unstable", "failed") else limits
            for status, limits in told_of["thresholds"].items()
        }
    CHECKSTYLE(parent, told_of, ctx)


VIOLATIONS = (
    "checkstyle",
    "codenarc",
    "cpd",
    "cpplint",
    "csslint",
    "findbugs",
    "fxcop",
    "gendarme",
    "jcreport",
    "jslint",
    "pep8",
    "perlcritic",
    "pmd",
    "pylint",
    "simian",
    "stylecop",
)


def violation(name: str) -> Render:
    """The limits of one tool."""
    return node(
        "entry",
        constant("string", name),
        node(
            "hudson.plugins.violations.TypeConfig",
            constant("type", name),
            within(
                name,
                string("min", 10),
                string("max", 999),
                string("unstable", 999),
                constant("usePattern", "false"),
                either("pattern", (text("pattern"),), (node("pattern"),)),
            ),
        ),
    )


publisher(
    "violations",
    "hudson.plugins.violations.ViolationsPublisher",
    node(
        "config",
        node("suppressions", node("no-comparator"), class_="tree-set"),
        node("typeConfigs", node("no-comparator"), *map(violation, VIOLATIONS)),
        constant("limit", "100"),
        constant("sourcePathPattern", ""),
        constant("fauxProjectPath", ""),
        constant("encoding", "default"),
    ),
)


@reads("total-thresholds new-thresholds")
def warning_limits(parent: Element, data: Any, ctx: Context) -> None:
    """How many warnings make a build unstable or failed, in all and of late."""
    element = SubElement(parent, "thresholds")
    for base in ("total", "new"):
        limits = data.get(f"{base}-thresholds", {})
        for status in ("unstable", "failed"):
            by_status = limits.get(status, {})
            for level in LEVELS:
                tag = f"{status}{base.capitalize()}{level.capitalize()}"
                SubElement(element, tag).text = str(by_status.get(f"{base}-{level}", ""))


publisher(
    "warnings",
    "hudson.plugins.warnings.WarningsPublisher",
    node(
        "consoleParsers",
        each(
            "console-log-parsers",
            node("hudson.plugins.warnings.ConsoleParser", item("parserName")),
        ),
    ),
    node(
        "parserConfigurations",
        each(
            "workspace-file-scanners",
            node(
                "hudson.plugins.warnings.ParserConfiguration",
                required("file-pattern", "pattern"),
                option("scanner", "", "parserName"),
            ),
        ),
    ),
    option("files-to-include", "", "includePattern"),
    option("files-to-ignore", "", "excludePattern"),
    option("messages-to-ignore", "", "messagesPattern"),
    option("categories-to-ignore", "", "categoriesPattern"),
    option("plugin-name", "[WARNINGS]"),
    option("run-always", False, "canRunOnFailed"),
    option("detect-modules", False, "shouldDetectModules"),
    option("health-threshold-high", "", "healthy"),
    option("health-threshold-low", "", "unHealthy"),
    option(
        "health-priorities",
        "all-priorities",
        "thresholdLimit",
        {"priority-high": "high", "high-and-normal": "normal", "all-priorities": "low"},
    ),
    option("default-encoding", ""),
    written("resolve-relative-paths", False, negated, "doNotResolveRelativePaths"),
    warning_limits,
    either(
        "new-thresholds",
        (
            constant("dontComputeNew", "false"),
            lower("use-delta-for-new-warnings", False, "useDeltaValues"),
            lower("use-previous-build-as-reference", False),
            lower(
                "only-use-stable-builds-as-reference",
                False,
                "useStableBuildAsReference",
            ),
        ),
        (
            constant("dontComputeNew", "true"),
            constant("useDeltaValues", "false"),
            constant("usePreviousBuildAsReference", "false"),
            constant("useStableBuildAsReference", "false"),
        ),
    ),
    plugin="warnings",
)

publisher(
    "tasks",
    "hudson.plugins.tasks.TasksPublisher",
    present("files-to-scan", joined("files-to-scan", ",", tag="pattern")),
    present("files-to-exclude", joined("files-to-exclude", ",", tag="excludePattern")),
    *(
        present(f"tasks-tags-{level}", joined(f"tasks-tags-{level}", ",", tag=level))
        for level in ("high", "normal", "low")
    ),
    written("compute-new-warnings", False, negated, "dontComputeNew"),
    constant("pluginName", "[TASKS] "),
    constant("doNotResolveRelativePaths", "false"),
    option("ignore-case", False),
    option("regular-expression", False, "asRegexp"),
    option("run-always", False, "canRunOnFailed"),
    option("detect-module", False, "shouldDetectModules"),
    option("health-thresholds-100", "", "healthy"),
    option("health-thresholds-0", "", "unHealthy"),
    option("health-priorities", "low", "thresholdLimit"),
    option("use-delta", False, "useDeltaValues"),
    option("use-prev-build-as-ref", False, "usePreviousBuildAsReference"),
    option("only-use-stable-as-ref", False, "useStableBuildAsReference"),
    option("default-encoding", ""),
    node(
        "thresholds",
        within(
            "status-thresholds",
            *(
                option(f"{status}-{base}-{level}", "")
                for status in ("unstable", "failed")
                for base in ("total", "new")
                for level in LEVELS
            ),
        ),
        plugin="analysis-core",
    ),
    plugin="tasks",
)

SEVERITIES = (
    "error",
    "warning",
    "style",
    "performance",
    "information",
    "nocategory",
    "portability",
)


def severity_name(name: str) -> str:
    """How the elements of cppcheck spell a severity."""
    return "NoCategory" if name == "nocategory" else name.capitalize()


@reads("xysize")
def graph_size(parent: Element, data: Any, ctx: Context) -> None:
    """Width and height of the graph."""
    width, height = data.get("xysize", [500, 200])
    SubElement(parent, "xSize").text = str(width)
    SubElement(parent, "ySize").text = str(height)


publisher(
    "cppcheck",
    "org.jenkinsci.plugins.cppcheck.CppcheckPublisher",
    node(
        "cppcheckConfig",
        required("pattern"),
        option("ignoreblankfiles", False, "ignoreBlankFiles"),
        option("allow-no-report", False),
        node(
            "configSeverityEvaluation",
            within(
                "thresholds",
                option("unstable", "", "threshold"),
                option("new-unstable", "", "newThreshold"),
                option("failure", "", "failureThreshold"),
                option("new-failure", "", "newFailureThreshold"),
                option("healthy", ""),
                option("unhealthy", "", "unHealthy"),
                within(
                    "severity",
                    *(option(name, True, f"severity{severity_name(name)}") for name in SEVERITIES),
                ),
            ),
        ),
        node(
            "configGraph",
            within(
                "graph",
                graph_size,
                option("num-builds-in-graph", 0),
                within(
                    "display",
                    option("sum", True, "displayAllErrors"),
                    *(
                        option(name, False, f"display{severity_name(name)}Severity")
                        for name in SEVERITIES
                    ),
                ),
            ),
        ),
    ),
    plugin="cppcheck",
)


@reads("use-project-rules parse-rules")
def rules_path(parent: Element, data: Any, ctx: Context) -> None:
    """Rules of the project or of the controller."""
    of_project = data.get("use-project-rules", True)
    tag = "projectRulePath" if of_project else "parsingRulesPath"
    SubElement(parent, tag).text = printed(data.get("parse-rules", ""))


publisher(
    "logparser",
    "hudson.plugins.logparser.LogParserPublisher",
    option("unstable-on-warning", False),
    option("fail-on-error", False, "failBuildOnError"),
    option("show-graphs", True),
    option("use-project-rules", True, "useProjectRule"),
    rules_path,
    plugin="log-parser",
)

publisher(
    "sonar",
    "hudson.plugins.sonar.SonarPublisher",
    present("installation-name", text("installation-name")),
    present("jdk", text("jdk")),
    present("maven-installation-name", text("maven-installation-name")),
    option("branch", ""),
    option("language", ""),
    option("root-pom", "pom.xml"),
    option("private-maven-repo", False, "usePrivateRepository"),
    option("maven-opts", ""),
    option("additional-properties", "", "jobAdditionalProperties"),
    present(
        "skip-global-triggers",
        node(
            "triggers",
            within(
                "skip-global-triggers",
                option("skip-when-scm-change", False, "skipScmCause"),
                option("skip-when-upstream-build", False, "skipUpstreamCause"),
                option("skip-when-envvar-defined", "", "envVar"),
            ),
        ),
    ),
    *MAVEN_SETTINGS,
    plugin="sonar",
)


@reads("keep-all keepall")
def keep_all(parent: Element, data: Any, ctx: Context) -> None:
    """Whether all are kept, by its name of today before the one of old."""
    value = data.get("keep-all", data.get("keepall", False))
    SubElement(parent, "keepAll").text = lowered(value)


publisher(
    "doxygen",
    "hudson.plugins.doxygen.DoxygenArchiver",
    required("doxyfile", "doxyfilePath"),
    option("slave", "", "runOnChild"),
    option("folder", "", "folderWhereYouRunDoxygen"),
    keep_all,
)


publisher(
    "sloccount",
    "hudson.plugins.sloccount.SloccountPublisher",
    option("report-files", "**/sloccount.sc", "pattern"),
    option("charset", "UTF-8", "encoding"),
    option("builds-in-graph", 0, "numBuildsInGraph"),
    option("comment-is-code", False),
    option("ignore-build-failure", False),
    plugin="sloccount",
)

publisher(
    "jdepend",
    "hudson.plugins.jdepend.JDependRecorder",
    required("file", "configuredJDependFile"),
)

publisher(
    "scan-build",
    "jenkins.plugins.clangscanbuild.publisher.ClangScanBuildPublisher",
    option("mark-unstable", False, "markBuildUnstableWhenThresholdIsExceeded"),
    option("threshold", 0, "bugThreshold"),
    option("exclude-paths", "", "clangexcludedpaths"),
    option("report-folder", "clangScanBuildReports", "reportFolderName"),
    plugin="clang-scanbuild",
)

publisher(
    "clamav",
    "org.jenkinsci.plugins.clamav.ClamAvRecorder",
    option("includes", ""),
    option("excludes", ""),
    plugin="clamav",
)

publisher(
    "whitesource",
    "org.whitesource.jenkins.WhiteSourcePublisher",
    option("policies", "global", "jobCheckPolicies", choices=("global", "enable", "disable")),
    option("override-token", "", "jobApiToken"),
    option("product-token", "", "product"),
    option("version", "", "productVersion"),
    option("project-token", ""),
    option("requester-email", ""),
    joined("includes", " ", tag="libIncludes"),
    joined("excludes", " ", tag="libExcludes"),
    constant("ignorePomModules", "false"),
    plugin="whitesource",
)

publisher(
    "shining-panda",
    "jenkins.plugins.shiningpanda.publishers.CoveragePublisher",
    maybe("html-reports-directory", tag="htmlDir"),
)
