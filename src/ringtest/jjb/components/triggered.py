"""What a job hands to the jobs that it triggers: parameters, revisions, nodes."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import lower, lowered, option, printed, put, required, text
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import given, node, present, since

PARAMETERIZED = "hudson.plugins.parameterizedtrigger."

NODE_LABEL = (
    "org.jvnet.jenkins.plugins.nodelabelparameter.parameterizedtrigger.NodeLabelBuildParameter"
)

OLD_ORDER = (
    "predefined-parameters",
    "git-revision",
    "property-file",
    "current-parameters",
    "node-parameters",
    "svn-revision",
    "restrict-matrix-project",
    "node-label-name",
    "node-label",
    "boolean-parameters",
)


def add_git_revision(parent: Element, revision: Any) -> None:
    """The revision that was built; `revision` is a mapping of options, or anything true."""
    combine = revision.get("combine-queued-commits", False) if isinstance(revision, dict) else False
    element = SubElement(parent, "hudson.plugins.git.GitRevisionBuildParameters")
    SubElement(element, "combineQueuedCommits").text = lowered(combine)


def git_revision(parent: Element, data: Any, ctx: Context) -> None:
    """The revision, its option in the old place or in the place of today."""
    old = "combine-queued-commits"
    add_git_revision(parent, data if old in data else data["git-revision"])


def node_label(parent: Element, data: Any, ctx: Context) -> None:
    """A label for the node, once."""
    if parent.find(NODE_LABEL) is not None:
        return
    element = SubElement(parent, NODE_LABEL)
    put(element, "name", data.get("node-label-name"), ctx)
    put(element, "nodeLabel", data.get("node-label"), ctx)


def boolean_parameters(parent: Element, data: Any, ctx: Context) -> None:
    """Parameters that are true or false."""
    element = SubElement(parent, f"{PARAMETERIZED}BooleanParameters")
    configs = SubElement(element, "configs")
    for name, value in data["boolean-parameters"].items():
        config = SubElement(configs, f"{PARAMETERIZED}BooleanParameterConfig")
        SubElement(config, "name").text = printed(name)
        SubElement(config, "value").text = printed(value or False)


PARAMETERS: dict[str, Render] = {
    "predefined-parameters": node(
        f"{PARAMETERIZED}PredefinedBuildParameters",
        text("predefined-parameters", tag="properties"),
    ),
    "git-revision": given("git-revision", git_revision),
    "property-file": node(
        f"{PARAMETERIZED}FileBuildParameters",
        required("property-file", "propertiesFile"),
        option("fail-on-missing", False, "failTriggerOnMissing"),
        since(
            "parameterized-trigger",
            "2.35.2",
            (option("property-multiline", False, "textParamValueOnNewLine"),),
        ),
        present("file-encoding", text("file-encoding", tag="encoding")),
        present(
            "use-matrix-child-files",
            required("use-matrix-child-files", "useMatrixChild"),
            option("matrix-child-combination-filter", "", "combinationFilter"),
            option("only-exact-matrix-child-runs", False, "onlyExactRuns"),
        ),
    ),
    "current-parameters": given(
        "current-parameters", node(f"{PARAMETERIZED}CurrentBuildParameters")
    ),
    "node-parameters": given("node-parameters", node(f"{PARAMETERIZED}NodeParameters")),
    "svn-revision": given(
        "svn-revision",
        node(
            f"{PARAMETERIZED}SubversionRevisionBuildParameters",
            lower("include-upstream", False, "includeUpstreamParameters"),
        ),
    ),
    "restrict-matrix-project": given(
        "restrict-matrix-project",
        node(
            f"{PARAMETERIZED}matrix.MatrixSubsetBuildParameters",
            text("restrict-matrix-project", tag="filter"),
        ),
    ),
    "node-label-name": node_label,
    "node-label": node_label,
    "boolean-parameters": given("boolean-parameters", boolean_parameters),
}


def add_parameters(configs: Element, project: Any, ctx: Context, plugin: str) -> None:
    """What is handed over, in the order of the YAML.

    plugin: its section of the ini file may ask for the order of versions long gone.
    """
    in_order = ctx.option(f'plugin "{plugin}"', "param_order_from_yaml", "true").lower() != "false"
    for name in project if in_order else OLD_ORDER:
        if project.get(name) is not None and name in PARAMETERS:
            PARAMETERS[name](configs, project, ctx)


def add_projects(parent: Element, tag: str, projects: Any, ctx: Context) -> None:
    """Names of projects, a list of them or text."""
    put(parent, tag, ",".join(projects) if isinstance(projects, list) else projects, ctx)
