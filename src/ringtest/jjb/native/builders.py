"""Builders as actions."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from ringtest.jjb.native.conditions import condition_of
from ringtest.jjb.native.fields import Fields, kind_of
from ringtest.jjb.native.program import Action
from ringtest.jjb.native.translation import Handlers, Translation

_SECTION = "builders"


def builders(elements: Iterable[Element], job: Translation) -> list[Action]:
    """What builders do, wherever they stand."""
    return job.actions(elements, HANDLERS, _SECTION)


def environment(fields: Fields) -> dict[str, str]:
    """What the inject plugin reads from, and where from. Groovy is refused."""
    given = {
        "file": fields.text("propertiesFilePath"),
        "content": fields.text("propertiesContent"),
        "script_file": fields.text("scriptFilePath"),
        "script": fields.text("scriptContent"),
    }
    fields.ignore("loadFilesFromMaster")
    groovy = fields.child("groovyScriptContent")
    script = fields.child("secureGroovyScript")
    texts = [] if script is None else [script.findtext("script") or ""]
    if any(texts) or (groovy is not None and groovy.text):
        fields.refuse("Groovy")
    return {key: value for key, value in given.items() if value}


def managed_files(fields: Fields) -> list[Action]:
    """Files that a controller would hand out, by id."""
    files = []
    for element in fields.children("managedFiles"):
        one = Fields(element)
        files.append(
            {
                "id": one.text("fileId"),
                "target": one.text("targetLocation"),
                "variable": one.text("variable"),
                "tokens": one.flag("replaceTokens"),
            }
        )
        fields.absorb(one)
    return [Action("managed-files", "managed files", {"files": files})]


def _shell(fields: Fields, job: Translation) -> list[Action]:
    command, unstable = fields.text("command"), fields.text("unstableReturn")
    given: dict[str, object] = {"command": command}
    if unstable.strip():
        given["unstable"] = int(unstable) if unstable.strip().isdecimal() else 0
    return [Action("shell", _title(command), given)]


def _inject(fields: Fields, job: Translation) -> list[Action]:
    inner = fields.inner("info")
    given = environment(inner)
    fields.absorb(inner)
    return [Action("inject", "inject variables", dict(given))]


def _describe(fields: Fields, job: Translation) -> list[Action]:
    given = {
        "regexp": fields.text("regexp"),
        "description": fields.text("description"),
        "failed_regexp": fields.text("regexpForFailed"),
        "failed_description": fields.text("descriptionForFailed"),
    }
    fields.ignore("setForMatrix")
    return [Action("describe", "set the description", dict(given))]


def _managed(fields: Fields, job: Translation) -> list[Action]:
    return managed_files(fields)


def _maven(fields: Fields, job: Translation) -> list[Action]:
    for element in (fields.child("settings"), fields.child("globalSettings")):
        provider = "" if element is None else kind_of(element)
        if provider and not provider.startswith("jenkins.mvn.Default"):
            fields.refuse(f"settings of {provider.rpartition('.')[2]}")
    fields.ignore("mavenName", "injectBuildVariables")
    given: dict[str, object] = {
        "targets": fields.text("targets"),
        "properties": fields.text("properties"),
        "pom": fields.text("pom"),
        "jvm": fields.text("jvmOptions"),
        "private": fields.flag("usePrivateRepository"),
    }
    return [Action("maven", f"mvn {given['targets']}", given)]


def _conditional(fields: Fields, job: Translation) -> list[Action]:
    return _when(fields, job, "runCondition", list(fields.children("conditionalbuilders")))


def _single(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("buildStep")
    return _when(fields, job, "condition", fields.element.findall("buildStep"))


def _when(fields: Fields, job: Translation, tag: str, steps: list[Element]) -> list[Action]:
    condition = condition_of(fields.child(tag), fields)
    runner = fields.child("runner")
    fault = "Fail" if runner is None else kind_of(runner).rpartition("$")[2]
    inside = builders(steps, job)
    title = f"when {condition['is']}"
    return [Action("when", title, {"condition": condition, "fault": fault}, inside)]


def _title(command: str) -> str:
    lines = [line.strip() for line in command.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return f"shell: {first[:100]}" if first else "shell"


HANDLERS: Handlers = {
    "hudson.tasks.Shell": _shell,
    "EnvInjectBuilder": _inject,
    "hudson.plugins.descriptionsetter.DescriptionSetterBuilder": _describe,
    "org.jenkinsci.plugins.configfiles.builder.ConfigFileBuildStep": _managed,
    "hudson.tasks.Maven": _maven,
    "org.jenkinsci.plugins.conditionalbuildstep.ConditionalBuilder": _conditional,
    "org.jenkinsci.plugins.conditionalbuildstep.singlestep.SingleConditionalBuilder": _single,
}
