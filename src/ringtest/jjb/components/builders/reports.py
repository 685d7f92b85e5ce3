"""Builders that inspect, report and tell: quality gates, tests, messages, marks of a build."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.messages import MESSAGE
from ringtest.jjb.components.parts import item, lower, maybe, option, put, reads, required, text
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import choose, each, node, present, variant
from ringtest.jjb.components.xunit_types import XUNIT

builder(
    "description-setter",
    "hudson.plugins.descriptionsetter.DescriptionSetterBuilder",
    option("regexp", ""),
    present("description", required("description")),
)

builder(
    "xunit",
    "org.jenkinsci.plugins.xunit.XUnitBuilder",
    *XUNIT,
    plugin="xunit",
)

builder("jms-messaging", "com.redhat.jenkins.plugins.ci.CIMessageBuilder", *MESSAGE)

IQ = "com__sonatype__nexus__ci__iq__IqPolicyEvaluator____"

builder(
    "nexus-iq-policy-evaluator",
    "org.sonatype.nexus.ci.iq.IqPolicyEvaluatorBuildStep",
    required("stage", f"{IQ}iqStage", ("build", "release", "stage-release", "operate")),
    option("fail-build-network-error", False, f"{IQ}failBuildOnNetworkError"),
    variant(
        f"{IQ}iqApplication",
        "application-type",
        "manual",
        {
            "manual": "org.sonatype.nexus.ci.iq.ManualApplication",
            "selected": "org.sonatype.nexus.ci.iq.SelectedApplication",
        },
        required("application-id"),
        fold=str.lower,
    ),
    node(
        f"{IQ}iqScanPatterns",
        each(
            "scan-patterns",
            node("org.sonatype.nexus.ci.iq.ScanPattern", item("scanPattern")),
        ),
    ),
)

builder(
    "kmap",
    "org.jenkinsci.plugins.KmapJenkinsBuilder",
    required("username"),
    required("password"),
    required("url", "kmapClient"),
    required("categories"),
    required("file-path"),
    required("app-name"),
    option("bundle", ""),
    required("version"),
    option("description", ""),
    option("icon-path", ""),
    choose(
        "publish-optional",
        False,
        {
            True: (
                node(
                    "publishOptional",
                    option("groups", "", "teams"),
                    option("users", ""),
                    option("notify-users", False, "sendNotifications"),
                ),
            )
        },
        strict=False,
    ),
    plugin="kmap-jenkins",
)


@reads("content path")
def beaker_source(parent: Element, data: Any, ctx: Context) -> None:
    """The job of Beaker: text or a file."""
    if ("content" in data) == ("path" in data):
        ctx.fail("one of 'content' and 'path' is required")
    kind, tag = ("String", "jobContent") if "content" in data else ("File", "jobPath")
    name = f"org.jenkinsci.plugins.beakerbuilder.{kind}JobSource"
    source = SubElement(parent, "jobSource", {"class": name})
    put(source, tag, data["content" if "content" in data else "path"], ctx)


builder(
    "beaker",
    "org.jenkinsci.plugins.beakerbuilder.BeakerBuilder",
    beaker_source,
    lower("download-logs", False, "downloadFiles"),
)


builder(
    "inject",
    "EnvInjectBuilder",
    node(
        "info",
        maybe("properties-file", tag="propertiesFilePath"),
        maybe("properties-content"),
        maybe("script-file", tag="scriptFilePath"),
        maybe("script-content"),
    ),
)

builder(
    "sonar",
    "hudson.plugins.sonar.SonarRunnerBuilder",
    text("sonar-name", tag="installationName"),
    option("scanner-name", "", "sonarScannerName"),
    option("task", ""),
    option("project", ""),
    option("properties", ""),
    option("java-opts", ""),
    option("additional-arguments", ""),
    present(
        "jdk",
        text("jdk"),
    ),
    plugin="sonar",
)

builder(
    "sonatype-clm",
    "com.sonatype.insight.ci.hudson.PreBuildScan",
    node(
        "applicationSelectType",
        option("value", "list", choices=("list", "manual")),
        required("application-name", "applicationId"),
    ),
    node(
        "pathConfig",
        option("scan-targets", ""),
        option("module-excludes", ""),
        option("advanced-options", "", "scanProperties"),
    ),
    option("fail-on-clm-server-failure", False, "failOnClmServerFailures"),
    option("stage", "build", "stageId", choices=("build", "stage-release", "release", "operate")),
    option("username", ""),
    option("password", ""),
    plugin="sonatype-clm-ci",
)

builder(
    "build-name-setter",
    "org.jenkinsci.plugins.buildnameupdater.BuildNameUpdater",
    option("name", "version.txt", "buildName"),
    option("template", "#${BUILD_NUMBER}", "macroTemplate"),
    option("file", False, "fromFile"),
    option("macro", False, "fromMacro"),
    option("macro-first", False),
)

builder("github-notifier", "com.cloudbees.jenkins.GitHubSetCommitStatusBuilder")

builder(
    "critical-block-start",
    "org.jvnet.hudson.plugins.exclusion.CriticalBlockStart",
    plugin="Exclusion",
)

builder(
    "critical-block-end", "org.jvnet.hudson.plugins.exclusion.CriticalBlockEnd", plugin="Exclusion"
)

builder(
    "jenkins-jira-issue-updater",
    "info.bluefloyd.jenkins.IssueUpdatesBuilder",
    option("base-url", "", "restAPIUrl"),
    required("username", "userName"),
    required("password"),
    required("jql"),
    option("workflow", "", "workflowActionName"),
    option("comment", ""),
    option("custom-Id", "", "customFieldId"),
    option("custom-value", "", "customFieldValue"),
    option("fail-if-error", False, "failIfJqlFails"),
    option("fail-if-no-match", False, "failIfNoIssuesReturned"),
    option("fail-if-no-connection", False, "failIfNoJiraConnection"),
    plugin="jenkins-jira-issue-updater",
)

builder(
    "runscope",
    "com.runscope.jenkins.Runscope.RunscopeBuilder",
    required("test-trigger-url", "triggerEndPoint"),
    required("access-token"),
    option("timeout", 60),
    plugin="runscope",
)
