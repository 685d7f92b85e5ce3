"""What every job has, whatever its kind: description, node, flags, rotation of logs."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.raw_xml import raw_xml

ROTATION = ("daysToKeep", "numToKeep", "artifactDaysToKeep", "artifactNumToKeep")


def general(root: Element, data: Mapping[str, Any]) -> None:
    """Adds the elements that come first. Raises Failure for raw XML that is none."""
    pipeline = data.get("project-type", "freestyle") == "pipeline"
    if data.get("jdk"):
        add(root, "jdk", data["jdk"])
    SubElement(root, "actions")
    if data.get("description") is not None:
        add(root, "description", data["description"])
    add(root, "keepDependencies", "false")
    if data.get("disabled") is not None:
        add(root, "disabled", str(data["disabled"]).lower())
    if "display-name" in data:
        add(root, "displayName", data["display-name"])
    if not pipeline:
        add(root, "blockBuildWhenDownstreamBuilding", _flag(data.get("block-downstream")))
        add(root, "blockBuildWhenUpstreamBuilding", _flag(data.get("block-upstream")))
    if data.get("auth-token") is not None:
        add(root, "authToken", data["auth-token"])
    if not pipeline:
        add(root, "concurrentBuild", _flag(data.get("concurrent")))
    elif not data.get("concurrent"):
        name = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
        SubElement(properties_of(root), name)
    _place_of_work(root, data, pipeline)
    if "retry-count" in data:
        add(root, "scmCheckoutRetryCount", str(data["retry-count"]))
    if "logrotate" in data:
        rotation = SubElement(root, "logRotator")
        for key in ROTATION:
            add(rotation, key, str(data["logrotate"].get(key, -1)))
    if "raw" in data:
        raw_xml(root, data["raw"])


def _place_of_work(root: Element, data: Mapping[str, Any], pipeline: bool) -> None:
    if not pipeline and "workspace" in data:
        add(root, "customWorkspace", str(data["workspace"]))
    if root.tag == "matrix-project" and "child-workspace" in data:
        add(root, "childCustomWorkspace", str(data["child-workspace"]))
    if "quiet-period" in data:
        add(root, "quietPeriod", str(data["quiet-period"]))
    if pipeline:
        return
    node = data.get("node")
    if node:
        add(root, "assignedNode", node)
        add(root, "canRoam", "false")
    else:
        add(root, "canRoam", "true")


def add(parent: Element, tag: str, text: Any) -> Element:
    """A child with that text."""
    child = SubElement(parent, tag)
    child.text = text
    return child


def as_text(value: Any) -> str:
    """A value as Jenkins reads it: flags in lower case.

    >>> as_text(True), as_text("Yes"), as_text(3)
    ('true', 'Yes', '3')
    """
    return str(value).lower() if type(value) is bool else str(value)


def properties_of(root: Element) -> Element:
    """The element for properties, made when it is not there."""
    found = root.find("properties")
    return SubElement(root, "properties") if found is None else found


def _flag(value: Any) -> str:
    return "true" if value else "false"
