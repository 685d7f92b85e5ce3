"""Properties that tie a job to other systems, show it, or set its variables."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import project_property
from ringtest.jjb.components.parts import REQUIRED, constant, item, maybe, option, reads, required
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import each, every, given, node, present, since

project_property(
    "inject",
    "EnvInjectJobProperty",
    node(
        "info",
        maybe("properties-file", tag="propertiesFilePath"),
        maybe("properties-content"),
        maybe("script-file", tag="scriptFilePath"),
        maybe("script-content"),
        maybe("load-from-master", False, "loadFilesFromMaster"),
        since(
            "Groovy",
            "2.0.0",
            (
                node(
                    "secureGroovyScript",
                    maybe("groovy-content", tag="script"),
                    maybe("groovy-sandbox", False, "sandbox"),
                ),
            ),
            (maybe("groovy-content", tag="groovyScriptContent"),),
        ),
    ),
    option("enabled", True, "on"),
    option("keep-system-variables", True, "keepJenkinsSystemVariables"),
    option("keep-build-variables", True),
    option("override-build-parameters", False),
)

LINKS = "hudson.plugins.sidebar__link.ProjectLinks"

LINK = node(
    "hudson.plugins.sidebar__link.LinkAction",
    option("url", ""),
    option("text", ""),
    option("icon", ""),
)


@project_property.written("sidebar", siblings=True)
@reads("url text icon")
def sidebar(parent: Element, data: Any, ctx: Context) -> None:
    """A link; all links of a job share one element."""
    links = parent.find(f"{LINKS}/links")
    if links is None:
        links = SubElement(SubElement(parent, LINKS), "links")
    LINK(links, data, ctx)


@project_property.written("copyartifact")
@reads("projects")
def copyartifact(parent: Element, data: Any, ctx: Context) -> None:
    """Who may copy artifacts of this job."""
    name = "hudson.plugins.copyartifact.CopyArtifactPermissionProperty"
    element = SubElement(parent, name, {"plugin": "copyartifact"})
    if not data or not data.get("projects"):
        ctx.fail("'projects' is required")
    projects = SubElement(element, "projectNameList")
    for project in str(data["projects"]).split(","):
        SubElement(projects, "string").text = project


project_property(
    "batch-tasks",
    "hudson.plugins.batch__task.BatchTaskProperty",
    node(
        "tasks",
        every(
            node(
                "hudson.plugins.batch__task.BatchTask",
                required("name"),
                required("script"),
            )
        ),
    ),
)


@reads("include-custom-message custom-message")
def message_is_there(parent: Element, data: Any, ctx: Context) -> None:
    """A message of one's own has to be said."""
    if data.get("include-custom-message", False) and not data.get("custom-message", ""):
        ctx.fail("'custom-message' is required")


project_property(
    "slack",
    "jenkins.plugins.slack.SlackNotifier_-SlackJobProperty",
    message_is_there,
    option("notify-start", False, "startNotification"),
    option("notify-success", False),
    option("notify-aborted", False),
    option("notify-not-built", False),
    option("notify-unstable", False),
    option("notify-failure", False),
    option("notify-back-to-normal", False),
    option("notify-repeated-failure", False),
    option("include-test-summary", False),
    option("include-custom-message", False),
    option("custom-message", ""),
    option("room", ""),
)

project_property(
    "groovy-label",
    "jp.ikedam.jenkins.plugins.groovy__label__assignment.GroovyLabelAssignmentProperty",
    node(
        "secureGroovyScript",
        option("script", ""),
        option("sandbox", False),
        present(
            "classpath",
            node("classpath", each("classpath", node("entry", item("url")))),
        ),
        plugin="script-security",
    ),
    plugin="groovy-label-assignment",
)

OFFICE = "jenkins.plugins.office365connector."

WEBHOOK = node(
    f"{OFFICE}Webhook",
    required("url"),
    option("name", ""),
    option("start-notification", False),
    option("notify-success", True),
    option("notify-aborted", False),
    option("notify-not-built", False),
    option("notify-unstable", True),
    option("notify-failure", True),
    option("notify-back-to-normal", True),
    option("notify-repeated-failure", False),
    option("timeout", 30000),
    present(
        "macros",
        node(
            "macros",
            each(
                "macros",
                node(f"{OFFICE}model.Macro", required("template"), required("value")),
            ),
        ),
    ),
    present(
        "fact-definitions",
        node(
            "factDefinitions",
            each(
                "fact-definitions",
                node(
                    f"{OFFICE}model.FactDefinition",
                    required("name"),
                    required("template"),
                ),
            ),
        ),
    ),
)

project_property(
    "office-365-connector",
    f"{OFFICE}WebhookJobProperty",
    node("webhooks", each("webhooks", WEBHOOK, default=REQUIRED)),
    plugin="Office-365-Connector",
)


project_property(
    "promoted-build",
    "hudson.plugins.promoted__builds.JobPropertyImpl",
    given(
        "names",
        node(
            "activeProcessNames",
            each(
                "names",
                item("string", str),
            ),
        ),
    ),
)

project_property(
    "gitbucket",
    "org.jenkinsci.plugins.gitbucket.GitBucketProjectProperty",
    required("url"),
    option("link-enabled", False),
    plugin="gitbucket",
)

project_property(
    "github",
    "com.coravy.hudson.plugins.github.GithubProjectProperty",
    required("url", "projectUrl"),
    option("display-name", ""),
    plugin="github",
)

project_property(
    "gitlab",
    "com.dabsquared.gitlabjenkins.connection.GitLabConnectionProperty",
    required("connection", "gitLabConnection"),
)

project_property(
    "gitlab-logo",
    "org.jenkinsci.plugins.gitlablogo.GitlabLogoProperty",
    required("repository-name"),
)

project_property(
    "gogs",
    "org.jenkinsci.plugins.gogs.GogsProjectProperty",
    option("branch-filter", "", "gogsBranchFilter"),
    option("secret", "", "gogsSecret"),
)

project_property(
    "delivery-pipeline",
    "se.diabol.jenkins.pipeline.PipelineProperty",
    option("stage", "", "stageName"),
    option("task", "", "taskName"),
    option("description", "", "descriptionTemplate"),
    plugin="delivery-pipeline-plugin",
)

project_property(
    "zeromq-event",
    "org.jenkinsci.plugins.ZMQEventPublisher.HudsonNotificationProperty",
    constant("enabled", "true"),
)

project_property(
    "build-failure-analyzer",
    "com.sonyericsson.jenkins.plugins.bfa.model.ScannerJobProperty",
    option("disabled", False, "doNotScan"),
)

project_property(
    "docker-container",
    "com.nirima.jenkins.plugins.docker.DockerJobProperty",
    node(
        "registry",
        maybe("docker-registry-url", "", tag="url"),
        maybe("credentials-id", ""),
        plugin="docker-commons",
    ),
    option("commit-on-success", False, "tagOnCompletion"),
    option("additional-tag", ""),
    option("push-on-success", False),
    option("clean-local-images", True, "cleanImages"),
)
