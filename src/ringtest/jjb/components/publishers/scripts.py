"""Publishers that run scripts and builders after a build, and clean up."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.cleaned import patterns
from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import (
    constant,
    item,
    lower,
    lowered,
    maybe,
    option,
    reads,
    required,
    text,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, every, given, node, refuse, since

MODEL = "org.jenkinsci.plugins.postbuildscript.model."
EXECUTE_ON = ("matrix", "axes", "both")


@reads("execute-on")
def execute_on(parent: Element, data: Any, ctx: Context) -> None:
    """On which parts of a matrix."""
    value = data.get("execute-on")
    if not value:
        return
    if value not in EXECUTE_ON:
        refuse("execute-on", value, EXECUTE_ON, ctx)
    SubElement(parent, "executeOn").text = value.upper()


@reads("build-steps")
def build_steps(parent: Element, data: Any, ctx: Context) -> None:
    """Builders inside."""
    element = SubElement(parent, "buildSteps")
    for step in data["build-steps"]:
        ctx.dispatch("builders", element, step)


WHEN = (
    node("results", each("build-on", item("string"), default=("SUCCESS",))),
    execute_on,
)

ROLE = option("role", "BOTH")
SCRIPT_FILE = (*WHEN, ROLE, option("file-path", False))

POST_BUILD = (
    node(
        "scriptFiles",
        each(
            "generic-script",
            node(f"{MODEL}ScriptFile", *SCRIPT_FILE, constant("scriptType", "GENERIC")),
        ),
        each(
            "groovy-script",
            node(f"{MODEL}ScriptFile", *SCRIPT_FILE, constant("scriptType", "GROOVY")),
        ),
    ),
    node(
        "groovyScripts",
        each("groovy", node(f"{MODEL}Script", *WHEN, ROLE, option("content", False))),
    ),
    node(
        "buildSteps",
        each("builders", node(f"{MODEL}PostBuildStep", *WHEN, ROLE, build_steps)),
    ),
)

OLD = "org.jenkinsci.plugins.postbuildscript."

OLD_SCRIPTS: dict[str, Render] = {
    "generic-script": node(
        "genericScriptFileList",
        each("generic-script", node(f"{OLD}GenericScript", item("filePath"))),
    ),
    "groovy-script": node(
        "groovyScriptFileList",
        each("groovy-script", node(f"{OLD}GroovyScriptFile", item("filePath"))),
    ),
    "groovy": node(
        "groovyScriptContentList",
        each("groovy", node(f"{OLD}GroovyScriptContent", item("content"))),
    ),
}


def old_scripts(parent: Element, data: Any, ctx: Context) -> None:
    """Scripts in the order in which they are named, as the plugin wanted them before 2.0."""
    for name in data:
        if name in OLD_SCRIPTS:
            OLD_SCRIPTS[name](parent, data, ctx)
        elif name == "builders":
            element = SubElement(parent, "buildSteps")
            for step in data["builders"]:
                ctx.dispatch("builders", element, step)


@reads("script-only-if-succeeded script-only-if-failed onsuccess onfailure execute-on")
def old_conditions(parent: Element, data: Any, ctx: Context) -> None:
    """When scripts ran before 2.0."""
    succeeded = data.get("script-only-if-succeeded", data.get("onsuccess", True))
    failed = data.get("script-only-if-failed", data.get("onfailure", False))
    SubElement(parent, "scriptOnlyIfSuccess").text = lowered(succeeded)
    SubElement(parent, "scriptOnlyIfFailure").text = lowered(failed)
    if "execute-on" in data:
        value = data["execute-on"].lower()
        if value not in EXECUTE_ON:
            refuse("execute-on", value, EXECUTE_ON, ctx)
        SubElement(parent, "executeOn").text = value.upper()


UNSTABLE_IF_FAILED = option("mark-unstable-if-failed", False, "markBuildUnstable")

publisher(
    "postbuildscript",
    "org.jenkinsci.plugins.postbuildscript.PostBuildScript",
    since(
        "postbuildscript",
        "2.0",
        (node("config", UNSTABLE_IF_FAILED, *POST_BUILD),),
        (UNSTABLE_IF_FAILED, old_scripts, old_conditions),
    ),
)

CLEANED_AFTER = (
    ("success", "cleanWhenSuccess"),
    ("unstable", "cleanWhenUnstable"),
    ("failure", "cleanWhenFailure"),
    ("not-built", "cleanWhenNotBuilt"),
    ("aborted", "cleanWhenAborted"),
)


@reads("clean-if")
def clean_if(parent: Element, data: Any, ctx: Context) -> None:
    """After which results the workspace is cleaned."""
    told_of: dict[str, Any] = {}
    for one in data.get("clean-if", []):
        told_of.update(one)
    for name, tag in CLEANED_AFTER:
        SubElement(parent, tag).text = lowered(told_of.pop(name, True))
    if told_of:
        refuse("clean-if", next(iter(told_of)), [name for name, _ in CLEANED_AFTER], ctx)


def unless_it_says_false(value: object) -> str:
    """False in any case is a true here, everything else a false."""
    return lowered(lowered(value) == "false")


publisher(
    "workspace-cleanup",
    "hudson.plugins.ws__cleanup.WsCleanup",
    patterns(None),
    option("dirmatch", False, "deleteDirs"),
    option("clean-parent", False, "cleanupMatrixParent"),
    option("external-deletion-command", "", "externalDelete"),
    option("disable-deferred-wipeout", False),
    clean_if,
    written("fail-build", False, unless_it_says_false, "notFailBuild"),
    plugin="ws-cleanup",
)

publisher(
    "post-tasks",
    "hudson.plugins.postbuildtask.PostbuildTask",
    node(
        "tasks",
        every(
            node(
                "hudson.plugins.postbuildtask.TaskProperties",
                node(
                    "logTexts",
                    each(
                        "matches",
                        node(
                            "hudson.plugins.postbuildtask.LogProperties",
                            written("log-text", False, lambda value: str(value or "")),
                            written("operator", "AND", lambda value: str(value).upper()),
                        ),
                    ),
                ),
                option("escalate-status", False, "EscalateStatus"),
                option("run-if-job-successful", False, "RunIfJobSuccessful"),
                option("script", ""),
            )
        ),
    ),
)

GROOVY = "org.jvnet.hudson.plugins.groovypostbuild."
BEHAVIOURS = {"unstable": "1", "failed": "2"}
PATHS = node("classpath", each("classpath", node("entry", item("url"))))
OLD_PATHS = node("classpath", each("classpath", node(f"{GROOVY}GroovyScriptPath", item("path"))))

POST_GROOVY = node(
    f"{GROOVY}GroovyPostbuildRecorder",
    written("on-failure", None, lambda value: BEHAVIOURS.get(value, "0"), "behavior"),
    since(
        "groovy-postbuild",
        "1.9",
        (lower("matrix-parent", False, "runForMatrixParent"),),
    ),
    since(
        "groovy-postbuild",
        "2.0",
        (
            node(
                "script",
                text("script", None),
                lower("sandbox", False),
                given("classpath", PATHS),
            ),
        ),
        (
            text("script", None, "groovyScript"),
            since("groovy-postbuild", "1.6", (given("classpath", OLD_PATHS),)),
        ),
    ),
)


@publisher.written("groovy-postbuild")
@reads("script on-failure matrix-parent classpath sandbox")
def groovy_postbuild(parent: Element, data: Any, ctx: Context) -> None:
    """Groovy, as text alone or with options."""
    POST_GROOVY(parent, {"script": data} if isinstance(data, str) else data, ctx)


publisher(
    "publishers-from",
    "hudson.plugins.templateproject.ProxyPublisher",
    required("project-name"),
)

publisher(
    "docker-stop-container",
    "com.nirima.jenkins.plugins.docker.publisher.DockerPublisherControl",
    maybe("remove-stopped-containers", False, tag="remove"),
    plugin="docker-plugin",
)
