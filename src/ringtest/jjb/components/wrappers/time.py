"""Wrappers about time and logs: timeouts, time stamps, colours, limits of size, what is kept."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import wrapper
from ringtest.jjb.components.parts import (
    REQUIRED,
    lowered,
    maybe,
    option,
    put,
    reads,
    required,
    string,
    text,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import choose, each, given, is_since, node, since, within

IMPL = "hudson.plugins.build_timeout.impl."
OPERATIONS = "hudson.plugins.build__timeout.operations."
MINUTES = option("timeout", 3, "timeoutMinutes")


def seconds(minutes: Any) -> str:
    """Minutes as seconds."""
    return str(int(minutes) * 60)


STRATEGIES: dict[str, tuple[Render, ...]] = {
    "absolute": (node("strategy", MINUTES, class_=f"{IMPL}AbsoluteTimeOutStrategy"),),
    "no-activity": (
        node(
            "strategy",
            written("timeout", 3, seconds, "timeoutSecondsString"),
            class_=f"{IMPL}NoActivityTimeOutStrategy",
        ),
    ),
    "likely-stuck": (node("strategy", MINUTES, class_=f"{IMPL}LikelyStuckTimeOutStrategy"),),
    "elastic": (
        node(
            "strategy",
            option("elastic-percentage", 0, "timeoutPercentage"),
            option("elastic-number-builds", 0, "numberOfBuilds"),
            option("elastic-default-timeout", 3, "timeoutMinutesElasticDefault"),
            class_=f"{IMPL}ElasticTimeOutStrategy",
        ),
    ),
    "deadline": (
        node(
            "strategy",
            string("deadline-time", "0:00:00"),
            written(
                "deadline-tolerance",
                1,
                lambda minutes: str(int(minutes)),
                "deadlineToleranceInMinutes",
            ),
            class_=f"{IMPL}DeadlineTimeOutStrategy",
        ),
    ),
}


@reads("fail abort abort-and-restart max-restarts write-description")
def operations(parent: Element, data: Any, ctx: Context) -> None:
    """What happens when the time is over: to abort, if nothing is said."""
    element = SubElement(parent, "operationList")
    asked = [name for name in ("fail", "abort") if lowered(data.get(name)) == "true"]
    if is_since(ctx, "1.17", "Build Timeout", "Jenkins build timeout plugin"):
        asked += [name for name in ("abort-and-restart",) if lowered(data.get(name)) == "true"]
    for name in asked or ["abort"]:
        words = "".join(word.capitalize() for word in name.split("-"))
        operation = SubElement(element, f"{OPERATIONS}{words}Operation")
        if name == "abort-and-restart":
            SubElement(operation, "maxRestarts").text = str(data.get("max-restarts", "0"))
    if data.get("write-description") is not None:
        operation = SubElement(element, f"{OPERATIONS}WriteDescriptionOperation")
        put(operation, "description", data["write-description"], ctx)


def old_type(value: object) -> str:
    """The name of a type before 1.14."""
    name = lowered(value)
    return "likelyStuck" if name == "likely-stuck" else name


wrapper(
    "timeout",
    "hudson.plugins.build__timeout.BuildTimeoutWrapper",
    since(
        ("Build Timeout", "Jenkins build timeout plugin"),
        "1.14",
        (
            choose("type", "absolute", STRATEGIES, strict=False),
            operations,
            maybe("timeout-var", tag="timeoutEnvVar"),
        ),
        (
            maybe("timeout", 3, "timeoutMinutes"),
            maybe("timeout-var", tag="timeoutEnvVar"),
            maybe("fail", "false", "failBuild"),
            maybe("write-description", "false", "writingDescription"),
            maybe("elastic-percentage", 0, "timeoutPercentage"),
            maybe("elastic-default-timeout", 3, "timeoutMinutesElasticDefault"),
            written("type", "absolute", old_type, "timeoutType"),
        ),
    ),
)

KEEPER = "org.jenkins_ci.plugins.build_keeper."
CORE = "org.jenkins_ci.plugins.run_condition.core."
CONTRIBUTED = "org.jenkins_ci.plugins.run_condition.contributed."

KEPT_IF: dict[str, tuple[Render, ...]] = {
    "always": (node("runCondition", class_=f"{CORE}AlwaysRun"),),
    "never": (node("runCondition", class_=f"{CORE}NeverRun"),),
    "boolean-condition": (
        node("runCondition", maybe("token", ""), class_=f"{CORE}BooleanCondition"),
    ),
    "cause-condition": (
        node(
            "runCondition",
            maybe(
                "build-cause",
                "USER_CAUSE",
                choices=(
                    "USER_CAUSE",
                    "CLI_CAUSE",
                    "REMOTE_CAUSE",
                    "SCM_CAUSE",
                    "TIMER_CAUSE",
                    "UPSTREAM_CAUSE",
                    "FS_CAUSE",
                    "URL_CAUSE",
                    "IVY_CAUSE",
                    "SCRIPT_CAUSE",
                    "BUILDRESULT_CAUSE",
                ),
            ),
            maybe("exclusive-cause", False),
            class_=f"{CORE}CauseCondition",
        ),
    ),
    "execute-shell": (
        node("runCondition", maybe("command", ""), class_=f"{CONTRIBUTED}ShellCondition"),
    ),
    "execute-batch": (
        node(
            "runCondition",
            maybe("command", ""),
            class_=f"{CONTRIBUTED}BatchFileCondition",
        ),
    ),
    "execution-node": (
        node(
            "runCondition",
            node("allowedNodes", text("allowed-nodes", None, "string")),
            class_=f"{CORE}NodeCondition",
        ),
    ),
    "regexp-match": (
        node(
            "runCondition",
            maybe("expression", ""),
            maybe("label", ""),
            class_=f"{CORE}ExpressionCondition",
        ),
    ),
    "strings-match": (
        node(
            "runCondition",
            maybe("arg1", ""),
            maybe("arg2", ""),
            maybe("ignore-case", False),
            class_=f"{CORE}StringsMatchCondition",
        ),
    ),
}

KEPT = (option("build-period", 0), option("dont-keep-failed", False))

wrapper(
    "build-keeper",
    "org.jenkins__ci.plugins.build__keeper.BuildKeeper",
    choose(
        "policy",
        REQUIRED,
        {
            "by-day": (node("policy", *KEPT, class_=f"{KEEPER}ByDayPolicy"),),
            "keep-since": (node("policy", *KEPT, class_=f"{KEEPER}KeepSincePolicy"),),
            "build-number": (node("policy", *KEPT, class_=f"{KEEPER}BuildNumberPolicy"),),
            "keep-first-failed": (
                node(
                    "policy",
                    option("number-of-fails", 0),
                    class_=f"{KEEPER}KeepFirstFailedPolicy",
                ),
            ),
            "run-condition": (
                node(
                    "policy",
                    each("run-condition", choose("type", None, KEPT_IF, strict=False)),
                    option("keep-build", False, "keepBuildIfEvalFails"),
                    class_=f"{KEEPER}RunConditionPolicy",
                ),
            ),
        },
    ),
)


wrapper("timestamps", "hudson.plugins.timestamper.TimestamperBuildWrapper")

wrapper(
    "ansicolor",
    "hudson.plugins.ansicolor.AnsiColorBuildWrapper",
    maybe(
        "colormap", "xterm", tag="colorMapName", choices=("xterm", "vga", "css", "gnome-terminal")
    ),
)

wrapper(
    "logfilesize",
    "hudson.plugins.logfilesizechecker.LogfilesizecheckerWrapper",
    option("set-own", False),
    option("size", 128, "maxLogSize"),
    option("fail", False, "failBuild"),
    plugin="logfilesizechecker",
)

wrapper(
    "job-log-logger",
    "org.jenkins.ci.plugins.jobloglogger.JobLogLoggerBuildWrapper",
    option("suppress-empty", True),
)

wrapper(
    "logstash",
    "jenkins.plugins.logstash.LogstashBuildWrapper",
    option("use-redis", True),
    given(
        "use-redis",
        within(
            "redis",
            node(
                "redis",
                option("host", "localhost"),
                option("port", "6379"),
                option("database-number", "0", "numb"),
                option("database-password", "", "pass"),
                option("data-type", "list"),
                option("key", "logstash"),
            ),
        ),
    ),
    plugin="logstash@0.8.0",
)

wrapper(
    "build-name",
    "org.jenkinsci.plugins.buildnamesetter.BuildNameSetter",
    required("name", "template"),
    option("description", "", "descriptionTemplate"),
    option("run-at-start", True),
    option("run-at-end", True),
)

wrapper(
    "version-number",
    "org.jvnet.hudson.tools.versionnumber.VersionNumberBuilder",
    required("variable-name", "environmentVariableName"),
    required("format-string", "versionNumberString"),
    option("prefix-variable", "", "environmentPrefixVariable"),
    option("skip-failed-builds", False),
    option("display-name", False, "useAsBuildDisplayName"),
    option("start-date", "1970-1-1 00:00:00.0 UTC", "projectStartDate"),
    option("builds-today", "-1", "oBuildsToday"),
    option("builds-this-month", "-1", "oBuildsThisMonth"),
    option("builds-this-year", "-1", "oBuildsThisYear"),
    option("builds-all-time", "-1", "oBuildsAllTime"),
)
