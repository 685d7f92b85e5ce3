"""The root element of each kind of job."""

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb import borrowed
from ringtest.jjb.components import registry
from ringtest.jjb.problems import Failure
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.rendering.general import add, as_text
from ringtest.jjb.rendering.matrix import matrix

Data = Mapping[str, Any]
_CPS = "org.jenkinsci.plugins.workflow.cps."


def freestyle(data: Data, components: Components) -> Element:
    """A freestyle job."""
    return Element("project")


def externaljob(data: Data, components: Components) -> Element:
    """A job that runs elsewhere."""
    return Element("hudson.model.ExternalJob")


def multijob(data: Data, components: Components) -> Element:
    """A job of phases of jobs."""
    return Element("com.tikal.jenkins.plugins.multijob.MultiJobProject")


def folder(data: Data, components: Components) -> Element:
    """A folder."""
    root = Element("com.cloudbees.hudson.plugins.folder.Folder", {"plugin": "cloudbees-folder"})
    SubElement(root, "icon", {"class": "com.cloudbees.hudson.plugins.folder.icons.StockFolderIcon"})
    SubElement(root, "views")
    SubElement(root, "viewsTabBar", {"class": "hudson.views.DefaultViewsTabBar"})
    add(root, "primaryView", "All")
    add(root, "healthMetrics", "")
    return root


def flow(data: Data, components: Components) -> Element:
    """A job of the build flow plugin."""
    root = Element("com.cloudbees.plugins.flow.BuildFlow")
    add(root, "dsl", told(data, "dsl", ""))
    add(root, "buildNeedsWorkspace", told(data, "needs-workspace", False))
    if data.get("needs-workspace", False) and "dsl-file" in data:
        add(root, "dslFile", data["dsl-file"])
    return root


def pipeline(data: Data, components: Components) -> Element:
    """A pipeline, by its script or by where its script lies."""
    root = Element("flow-definition", {"plugin": "workflow-job"})
    if "dsl" in data and "pipeline-scm" in data:
        said = "You cannot declare both 'dsl' and 'pipeline-scm' on a pipeline job"
        raise Failure("component", said)
    if "dsl" in data:
        definition = _definition(root, "CpsFlowDefinition")
        add(definition, "script", data["dsl"])
    elif "pipeline-scm" in data:
        definition = _definition(root, "CpsScmFlowDefinition")
    else:
        raise Failure("component", "Either 'dsl' or 'pipeline-scm' is required for pipeline job")
    add(definition, "sandbox", str(data.get("sandbox", False)).lower())
    return root


def workflow(data: Data, components: Components) -> Element:
    """A pipeline as it was called before."""
    root = Element("flow-definition", {"plugin": "workflow-job"})
    definition = _definition(root, "CpsFlowDefinition")
    add(definition, "script", told(data, "dsl", None))
    add(definition, "sandbox", told(data, "sandbox", False))
    return root


def _definition(root: Element, name: str) -> Element:
    return SubElement(root, "definition", {"class": f"{_CPS}{name}", "plugin": "workflow-cps"})


def told(data: Data, key: str, default: Any) -> str:
    """A value as text, flags in lower case. Raises Failure when it is required and lacks."""
    value = data.get(key, default)
    if value is None:
        raise Failure("component", f"Missing {key} from a job")
    return as_text(value)


KINDS: dict[str, Callable[[Data, Components], Element]] = {
    "externaljob": externaljob,
    "flow": flow,
    "folder": folder,
    "freestyle": freestyle,
    "matrix": matrix,
    "multijob": multijob,
    "pipeline": pipeline,
    "workflow": workflow,
}


def root_of(data: Data, components: Components) -> Element:
    """The root of a job. Raises Failure for kinds that nobody knows."""
    kind = data.get("project-type", "freestyle")
    made = KINDS.get(kind) if isinstance(kind, str) else None
    if made is not None:
        return made(data, components)
    row = registry.find("projects", kind) if isinstance(kind, str) else None
    if row is not None:
        hold = Element("projects")
        row(hold, data, components)
        return hold[0]
    root = borrowed.root("projects", kind, data, components)
    if root is not None:
        components.borrowed["projects", kind] += 1
        return root
    known = (*KINDS, *registry.names("projects"), *borrowed.names("projects"))
    said = f"Unrecognized project-type: {kind} (supported types are: {', '.join(sorted(known))})"
    raise Failure("unknown-kind", said)
