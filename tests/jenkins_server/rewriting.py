"""What becomes of a config.xml in Jenkins: read into objects, written again as XStream does.

Comments and unknown layout go, `plugin` attributes come, fields have the order and the defaults
of their class, the header says XML 1.1. Real Jenkins does this whenever it saves a job; here it
is done at each write, which is the harder case for whoever compares.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

HEADER = "<?xml version='1.1' encoding='UTF-8'?>\n"

PLUGINS = {
    "git": "5.2.0",
    "email-ext": "1814.v404722f34263",
    "envinject": "2.926.v69a_2c7a_62c6f",
    "conditional-buildstep": "1.4.3",
    "timestamper": "1.26",
    "ws-cleanup": "0.45",
    "postbuildscript": "3.2.0-550.v88192b_d3e922",
    "ssh-agent": "333.v878b_53c89511",
    "credentials-binding": "642.v737c34dea_6c2",
    "config-file-provider": "968.ve1ca_eb_913f8c",
    "build-timeout": "1.31",
    "gerrit-trigger": "2.39.2",
    "cloudbees-folder": "6.858.v898218f3609d",
    "matrix-project": "818.v7eb_e657db_924",
    "workflow-job": "1385.vb_58b_86ea_fff1",
    "junit": "1240.vf9529b_881428",
    "mailer": "463.vedf8358e006b_",
}
"""What the stand-in has installed."""

_OWNERS = {
    "hudson.plugins.git.": "git",
    "hudson.plugins.emailext.": "email-ext",
    "EnvInject": "envinject",
    "org.jenkinsci.plugins.conditionalbuildstep.": "conditional-buildstep",
    "hudson.plugins.timestamper.": "timestamper",
    "hudson.plugins.ws__cleanup.": "ws-cleanup",
    "org.jenkinsci.plugins.postbuildscript.": "postbuildscript",
    "com.cloudbees.jenkins.plugins.sshagent.": "ssh-agent",
    "org.jenkinsci.plugins.credentialsbinding.": "credentials-binding",
    "org.jenkinsci.plugins.configfiles.": "config-file-provider",
    "hudson.plugins.build__timeout.": "build-timeout",
    "com.sonyericsson.hudson.plugins.gerrit.": "gerrit-trigger",
    "com.cloudbees.hudson.plugins.folder.": "cloudbees-folder",
    "matrix-project": "matrix-project",
    "flow-definition": "workflow-job",
    "hudson.tasks.junit.": "junit",
    "hudson.tasks.Mailer": "mailer",
}

_FIELDS: Mapping[str, str | None] = {
    "actions": "",
    "description": None,
    "displayName": None,
    "keepDependencies": "false",
    "properties": "",
    "scm": None,
    "quietPeriod": None,
    "scmCheckoutRetryCount": None,
    "assignedNode": None,
    "canRoam": "true",
    "disabled": "false",
    "blockBuildWhenDownstreamBuilding": "false",
    "blockBuildWhenUpstreamBuilding": "false",
    "jdk": None,
    "authToken": None,
    "triggers": "",
    "concurrentBuild": "false",
    "customWorkspace": None,
    "axes": None,
    "childCustomWorkspace": None,
    "combinationFilter": None,
    "builders": "",
    "publishers": "",
    "buildWrappers": "",
}
"""Fields of a project in their order, and what is written where nothing was said."""

_PROJECTS = {"project", "matrix-project"}


class BadConfig(ValueError):
    """Not a config.xml."""


def read(document: bytes) -> ET.Element:
    """The elements of a document. BadConfig when it is none."""
    try:
        return ET.fromstring(document)
    except (ET.ParseError, ValueError) as error:
        raise BadConfig(str(error)) from error


def rewrite(root: ET.Element) -> str:
    """The text that Jenkins keeps."""
    if root.tag in _PROJECTS:
        _as_project(root)
    _name_plugins(root)
    pieces = [HEADER]
    _write(root, "", pieces)
    return "".join(pieces)


def _as_project(root: ET.Element) -> None:
    _move_log_rotator(root)
    given = {child.tag: child for child in root}
    for gone in list(root):
        root.remove(gone)
    for name, default in _FIELDS.items():
        if name in given:
            root.append(given[name])
        elif name == "scm":
            root.append(ET.Element("scm", {"class": "hudson.scm.NullSCM"}))
        elif default is not None and not (name == "canRoam" and "assignedNode" in given):
            ET.SubElement(root, name).text = default or None
    root.extend(child for name, child in given.items() if name not in _FIELDS)
    triggers = root.find("triggers")
    if triggers is not None:
        triggers.attrib.pop("class", None)


def _move_log_rotator(root: ET.Element) -> None:
    """An old field that newer versions keep among the properties."""
    rotator = root.find("logRotator")
    if rotator is None:
        return
    root.remove(rotator)
    properties = root.find("properties")
    if properties is None:
        properties = ET.SubElement(root, "properties")
    discarder = ET.SubElement(properties, "jenkins.model.BuildDiscarderProperty")
    rotator.tag = "strategy"
    rotator.set("class", "hudson.tasks.LogRotator")
    discarder.append(rotator)


def _name_plugins(root: ET.Element) -> None:
    for element in root.iter():
        element.attrib.pop("plugin", None)
        name = element.get("class", element.tag)
        for prefix, plugin in _OWNERS.items():
            if name.startswith(prefix):
                element.set("plugin", f"{plugin}@{PLUGINS[plugin]}")


def _write(element: ET.Element, indent: str, pieces: list[str]) -> None:
    attributes = "".join(f' {name}="{_escape(value)}"' for name, value in element.attrib.items())
    start = f"{indent}<{element.tag}{attributes}"
    if len(element):
        pieces.append(f"{start}>\n")
        for child in element:
            _write(child, indent + "  ", pieces)
        pieces.append(f"{indent}</{element.tag}>\n")
    elif element.text is None:
        pieces.append(f"{start}/>\n")
    else:
        pieces.append(f"{start}>{_escape(element.text)}</{element.tag}>\n")


def _escape(text: str) -> str:
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(plain, written)
    text = text.replace('"', "&quot;").replace("'", "&apos;")
    return re.sub("\r", "&#xd;", text)
