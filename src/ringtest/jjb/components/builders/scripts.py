"""Builders that run a script: shells, interpreters, Groovy, the job DSL."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.parts import (
    REQUIRED,
    item,
    lower,
    maybe,
    option,
    printed,
    put,
    reads,
    required,
    text,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import choose, each, given, node

OPTIONS_OF_SHELL = (required("command"), option("unstable-return", 0))


@builder.written("shell")
@reads("command unstable-return")
def shell(parent: Element, data: Any, ctx: Context) -> None:
    """A shell script; most of all builders."""
    element = SubElement(parent, "hudson.tasks.Shell")
    if isinstance(data, str):
        SubElement(element, "command").text = data
        return
    for part in OPTIONS_OF_SHELL:
        part(element, data, ctx)


builder("python", "hudson.plugins.python.Python", item("command"))
builder("batch", "hudson.tasks.BatchFile", item("command"))
builder("powershell", "hudson.plugins.powershell.PowerShell", item("command"))

builder(
    "builders-from",
    "hudson.plugins.templateproject.ProxyBuilder",
    item("projectName", printed),
)

COMMAND = node(
    "scriptSource",
    required("command"),
    class_="hudson.plugins.groovy.StringScriptSource",
)

FILE = node(
    "scriptSource",
    required("file", "scriptFile"),
    class_="hudson.plugins.groovy.FileScriptSource",
)


@reads("command file")
def groovy_source(parent: Element, data: Any, ctx: Context) -> None:
    """Where a Groovy script comes from: one of two."""
    if ("command" in data) == ("file" in data):
        ctx.fail("one of 'command' and 'file' is required")
    (COMMAND if "command" in data else FILE)(parent, data, ctx)


builder(
    "groovy",
    "hudson.plugins.groovy.Groovy",
    groovy_source,
    option("version", "(Default)", "groovyName"),
    option("parameters", ""),
    option("script-parameters", ""),
    option("properties", ""),
    option("java-opts", ""),
    option("class-path", ""),
)


@reads("class-path")
def class_path(parent: Element, data: Any, ctx: Context) -> None:
    """Places of classes, one or a list of them."""
    element = SubElement(parent, "classpath")
    paths = data.get("class-path", [])
    for path in [paths] if isinstance(paths, str) else paths:
        put(SubElement(element, "entry"), "url", path, ctx)


SYSTEM_COMMAND = node(
    "source",
    node("script", required("command", "script"), option("sandbox", False), class_path),
    class_="hudson.plugins.groovy.StringSystemScriptSource",
)


@reads("command file sandbox class-path")
def system_groovy_source(parent: Element, data: Any, ctx: Context) -> None:
    """As that of `groovy`, with a sandbox."""
    if "command" in data and "file" not in data:
        SYSTEM_COMMAND(parent, data, ctx)
    else:
        groovy_source(parent, data, ctx)


builder(
    "system-groovy",
    "hudson.plugins.groovy.SystemGroovy",
    system_groovy_source,
    option("bindings", ""),
)

PLUGIN = "jenkins.plugins.shiningpanda.builders."
PYTHON = option("python-version", "System-CPython-2.7", "pythonName")

COMMANDS = (
    option("nature", "shell", choices=("shell", "xshell", "python")),
    option("command", ""),
    option("ignore-exit-code", False),
)

builder.made_of(
    "shining-panda",
    choose(
        "build-environment",
        REQUIRED,
        {
            "custom": (node(f"{PLUGIN}CustomPythonBuilder", required("home"), *COMMANDS),),
            "virtualenv": (
                node(
                    f"{PLUGIN}VirtualenvBuilder",
                    PYTHON,
                    option("name", "", "home"),
                    option("clear", False),
                    option("use-distribute", False),
                    option("system-site-packages", False),
                    *COMMANDS,
                ),
            ),
            "python": (node(f"{PLUGIN}PythonBuilder", PYTHON, *COMMANDS),),
        },
    ),
)

ARGUMENTS = node("buildStepArgs", each("args", item("string")))
MANAGED = "org.jenkinsci.plugins.managedscripts."

builder.made_of(
    "managed-script",
    choose(
        "type",
        "script",
        {
            "script": (
                node(
                    f"{MANAGED}ScriptBuildStep",
                    required("script-id", "buildStepId"),
                    ARGUMENTS,
                ),
            ),
            "batch": (
                node(
                    f"{MANAGED}WinBatchBuildStep",
                    required("script-id", "command"),
                    ARGUMENTS,
                ),
            ),
        },
        fold=str.lower,
    ),
)


@reads("script-text targets target")
def dsl_source(parent: Element, data: Any, ctx: Context) -> None:
    """The script or the files with scripts."""
    targets = data["targets"] if "targets" in data else data.get("target")
    if data.get("script-text"):
        put(parent, "scriptText", data["script-text"], ctx)
        SubElement(parent, "usingScriptText").text = "true"
    elif targets:
        put(parent, "targets", targets, ctx)
        SubElement(parent, "usingScriptText").text = "false"
    else:
        ctx.fail("one of 'script-text' and 'targets' is required")


builder(
    "dsl",
    "javaposse.jobdsl.plugin.ExecuteDslScripts",
    dsl_source,
    lower("sandbox", "false"),
    lower("ignore-existing", False),
    option("removed-job-action", "IGNORE", choices=("IGNORE", "DISABLE", "DELETE")),
    option("removed-view-action", "IGNORE", choices=("IGNORE", "DELETE")),
    option("lookup-strategy", "JENKINS_ROOT", choices=("JENKINS_ROOT", "SEED_JOB")),
    text("additional-classpath", None),
)


builder(
    "tox",
    "jenkins.plugins.shiningpanda.builders.ToxBuilder",
    option("ini", "tox.ini", "toxIni"),
    option("recreate", False),
    given(
        "toxenv-pattern",
        text("toxenv-pattern", None),
    ),
)

builder(
    "nodejs",
    "jenkins.plugins.nodejs.NodeJSCommandInterpreter",
    required("script", "command"),
    maybe("name", tag="nodeJSInstallationName"),
    maybe("config-id"),
)

builder(
    "ssh-builder",
    "org.jvnet.hudson.plugins.SSHBuilder",
    required("ssh-user-ip", "siteName"),
    required("command"),
)
