"""Triggers that watch files, folders, addresses and scripts."""

from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import trigger
from ringtest.jjb.components.parts import (
    constant,
    joined,
    lowered,
    maybe,
    negated,
    option,
    put,
    reads,
    required,
    string,
    text,
    truth,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import given, node, refuse

URL = "org.jenkinsci.plugins.urltrigger."
FILES = "org.jenkinsci.plugins.fstrigger.triggers."


class Content(NamedTuple):
    """How a kind of content is checked: its name, and where its patterns go, if it has any."""

    name: str
    collection: str = ""
    entry: str = ""


URL_CONTENTS = {
    "simple": Content("Simple"),
    "json": Content("JSON", "jsonPaths", "jsonPath"),
    "text": Content("TEXT", "regExElements", "regEx"),
    "xml": Content("XML", "xPaths", "xPath"),
}

FILE_CONTENTS = {
    "simple": Content("Simple"),
    "jar": Content("JAR"),
    "tar": Content("Tar"),
    "zip": Content("ZIP"),
    "xml": Content("XML", "expressions", "expression"),
    "text": Content("Text", "regexElements", "regex"),
}

KEYED_CONTENTS = {
    "source-manifest": "SourceManifest",
    "jar-manifest": "JARManifest",
    "properties": "Properties",
}


def add_content(parent: Element, base: str, content: Content, patterns: Any, ctx: Context) -> None:
    """A kind of content and its patterns; `base` has places for kind and role of the element."""
    suffix = "Type" if base is URL_BASE else ""
    element = SubElement(parent, base.format(content.name, suffix))
    if content.collection and patterns:
        collection = SubElement(element, content.collection)
        for pattern in patterns:
            entry = SubElement(collection, base.format(content.name, "Entry"))
            put(entry, content.entry, pattern, ctx)


URL_BASE = f"{URL}content.{{}}Content{{}}"
FILE_BASE = f"{FILES}filecontent.{{}}FileContent{{}}"

URL_ENTRY = (
    maybe("proxy", False, "proxyActivated"),
    maybe("timeout", 300),
    maybe("check-etag", False, "checkETag"),
    maybe("check-date", False, "checkLastModificationDate"),
)

STATUS_CODE = maybe("check-status", "", "statusCode")


def add_url(parent: Element, data: Any, checked: int, ctx: Context) -> None:
    """One address; `checked` counts those so far whose status is checked."""
    element = SubElement(parent, f"{URL}URLTriggerEntry")
    put(element, "url", data["url"], ctx)
    for name in ("username", "password"):
        if name in data:
            put(element, name, data[name], ctx)
    if "check-status" in data:
        SubElement(element, "checkStatus").text = "true"
    else:
        SubElement(element, "checkStatus").text = "false"
        SubElement(element, "statusCode").text = "200"
    # The original adds the status once more for each entry before that had one.
    for part in (*URL_ENTRY, *([STATUS_CODE] * checked)):
        part(element, data, ctx)
    contents = data.get("check-content", [])
    SubElement(element, "inspectingContent").text = truth(contents)
    types = SubElement(element, "contentTypes")
    for content in contents:
        kind, patterns = next(iter(content.items()))
        if kind not in URL_CONTENTS:
            refuse("check-content", kind, URL_CONTENTS, ctx)
        if patterns:
            add_content(types, URL_BASE, URL_CONTENTS[kind], patterns, ctx)


@reads("urls")
def url_entries(parent: Element, data: Any, ctx: Context) -> None:
    """The addresses that are watched."""
    element = SubElement(parent, "entries")
    if not data.get("urls"):
        ctx.fail("'urls' is required, with at least one")
    checked = 0
    for url in data["urls"]:
        checked += "check-status" in url
        add_url(element, url, checked, ctx)


def on_label(name: str, default: str = "triggerLabel") -> tuple[Render, ...]:
    """The label of the machine that watches."""
    return (
        written(name, None, truth, "labelRestriction"),
        given(name, text(name, tag=default)),
    )


trigger(
    "pollurl",
    f"{URL}URLTrigger",
    text("cron", "", "spec"),
    *on_label("polling-node"),
    url_entries,
)

trigger(
    "monitor-folders",
    f"{FILES}FolderContentTrigger",
    option("path", ""),
    option("cron", "", "spec"),
    joined("includes", ","),
    text("excludes", ""),
    written("check-modification-date", True, negated, "excludeCheckLastModificationDate"),
    written("check-content", True, negated, "excludeCheckContent"),
    written("check-fewer", True, negated, "excludeCheckFewerOrMoreFiles"),
    plugin="fstrigger",
)

FILE = (
    required("path", "filePathPattern"),
    option("strategy", "LATEST", choices=("LATEST", "IGNORE")),
    written("check-content", [], truth, "inspectingContentFile"),
)


def add_file_content(parent: Element, kind: str, patterns: Any, ctx: Context) -> None:
    """What is checked of a file."""
    if kind in FILE_CONTENTS:
        if patterns:
            add_content(parent, FILE_BASE, FILE_CONTENTS[kind], patterns, ctx)
        return
    if kind not in KEYED_CONTENTS:
        refuse("check-content", kind, (*FILE_CONTENTS, *KEYED_CONTENTS), ctx)
    if not patterns:
        ctx.fail(f"'{kind}' needs something under it")
    for keyed in patterns:
        element = SubElement(parent, FILE_BASE.format(KEYED_CONTENTS[kind], ""))
        if keyed.get("keys"):
            SubElement(element, "keys2Inspect").text = ",".join(keyed["keys"])
        SubElement(element, "allKeys").text = lowered(keyed.get("all-keys", True))


@reads("files")
def watched_files(parent: Element, data: Any, ctx: Context) -> None:
    """The files that are watched."""
    if not data.get("files"):
        ctx.fail("'files' is required, with at least one")
    element = SubElement(parent, "fileInfo")
    for file in data["files"]:
        one = SubElement(element, f"{FILES}FileNameTriggerInfo")
        for part in FILE:
            part(one, file, ctx)
        types = SubElement(one, "contentFileTypes")
        contents = file.get("check-content", [])
        for content in contents:
            kind = next(iter(content))
            add_file_content(types, kind, content[kind], ctx)
        if contents:
            ignored = lowered(file.get("ignore-modificaton-date", True))
            SubElement(one, "doNotCheckLastModificationDate").text = ignored


trigger(
    "monitor-files",
    f"{FILES}FileNameTrigger",
    string("cron", "", "spec"),
    watched_files,
)

trigger(
    "ivy",
    "org.jenkinsci.plugins.ivytrigger.IvyTrigger",
    maybe("path", tag="ivyPath"),
    maybe("settings-path", tag="ivySettingsPath"),
    maybe("properties-content"),
    maybe("debug", False),
    maybe("download-artifacts", True),
    maybe("enable-concurrent", False, "enableConcurrentBuild"),
    maybe("cron", "", "spec"),
    joined("properties-file", ";", tag="propertiesFilePath"),
    *on_label("label"),
)

LABEL = (
    written("label", None, truth, "labelRestriction"),
    maybe("label", tag="triggerLabel"),
)

trigger(
    "script",
    "org.jenkinsci.plugins.scripttrigger.ScriptTrigger",
    maybe("script", ""),
    maybe("script-file-path", ""),
    maybe("cron", "", "spec"),
    maybe("enable-concurrent", False, "enableConcurrentBuild"),
    maybe("exit-code", 0),
    *LABEL,
    plugin="scripttrigger",
)

trigger(
    "groovy-script",
    "org.jenkinsci.plugins.scripttrigger.groovy.GroovyScriptTrigger",
    maybe("system-script", False, "groovySystemScript"),
    maybe("script", "", "groovyExpression"),
    maybe("script-file-path", "", "groovyFilePath"),
    maybe("property-file-path", "", "propertiesFilePath"),
    maybe("enable-concurrent", False, "enableConcurrentBuild"),
    maybe("cron", "", "spec"),
    *LABEL,
    plugin="scripttrigger",
)


trigger(
    "artifactory",
    "org.jfrog.hudson.trigger.ArtifactoryTrigger",
    option("schedule", "", "spec"),
    option("paths", ""),
    constant("branches", ""),
    constant("lastModified", ""),
    node(
        "details",
        required("artifactory-server", "artifactoryName"),
        constant("stagingPlugin", ""),
    ),
    plugin="artifactory",
)
