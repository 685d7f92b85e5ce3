"""A whole job: its properties, sections and axes."""

from xml.etree.ElementTree import Element

from ringtest.jjb.native import harmless
from ringtest.jjb.native.axes import axes
from ringtest.jjb.native.builders import builders, environment
from ringtest.jjb.native.fields import Fields
from ringtest.jjb.native.parameters import parameters
from ringtest.jjb.native.program import Action, Coverage, Finding, Program
from ringtest.jjb.native.publishers import publishers
from ringtest.jjb.native.scm import checkouts
from ringtest.jjb.native.tracing import Tree
from ringtest.jjb.native.translation import MATRIX, Handlers, Translation
from ringtest.jjb.native.wrappers import wrappers

_SECTIONS = (
    "properties", "scm", "scmCheckoutRetryCount", "triggers", "builders", "publishers",
    "buildWrappers", "customWorkspace", "childCustomWorkspace", "axes", "combinationFilter",
    "executionStrategy", "jdk",
)  # fmt: skip
_PARAMETERS = "hudson.model.ParametersDefinitionProperty"
_KINDS = ("project", MATRIX)


def program_of(tree: Tree) -> Program:
    """What a job does, and what of it cannot be done here."""
    job = Translation(tree)
    root = tree.root
    if root.tag not in _KINDS:
        kind = str(root.tag)
        why = "only freestyle and matrix jobs run without Jenkins"
        found = Finding(Coverage.UNCOVERED, "project-type", kind, why, tree.place)
        job.program.findings.append(found)
        return job.program
    _general(root, job)
    properties = _inside(root, "properties")
    for one in properties:
        if one.tag == _PARAMETERS:
            parameters(list(one.iterfind("parameterDefinitions/*")), job)
    others = [one for one in properties if one.tag != _PARAMETERS]
    job.program.before += job.actions(others, _PROPERTIES, "properties")
    wrappers(_inside(root, "buildWrappers"), job)
    job.program.checkout += _again(root, checkouts(root.find("scm"), job))
    job.actions(_inside(root, "triggers"), {}, "triggers")
    job.program.builders += builders(_inside(root, "builders"), job)
    job.program.publishers += publishers(_inside(root, "publishers"), job)
    if job.program.is_matrix:
        axes(root, job)
    job.program.findings.sort(key=lambda one: tuple(one.place or ()))
    return job.program


def _inside(root: Element, tag: str) -> list[Element]:
    # Raw XML may bring a section that a component brought before.
    return [one for section in root.findall(tag) for one in section]


def _general(root: Element, job: Translation) -> None:
    """All that stands in no section."""
    for element in root:
        kind = str(element.tag)
        # Every job has those for which there is nothing to say.
        silent = harmless.of("job", kind) == "" or (kind == "disabled" and element.text != "true")
        if kind not in _SECTIONS and not silent:
            job.one(element, {}, "job")
    if root.findtext("jdk"):
        _uncovered(job, "jdk", f"which Java is used is not covered: {root.findtext('jdk')}")
    for tag in ("customWorkspace", "childCustomWorkspace"):
        folder = root.findtext(tag) or ""
        if folder.startswith(("/", "~")) or ".." in folder.split("/"):
            _uncovered(job, "workspace", f"{folder} is outside of the folder of runs")
        elif folder and (tag == "childCustomWorkspace") == job.program.is_matrix:
            job.program.workspace = folder


def _uncovered(job: Translation, name: str, why: str) -> None:
    found = Finding(Coverage.UNCOVERED, "job", name, why, job.program.place)
    job.program.findings.append(found)


def _again(root: Element, actions: list[Action]) -> list[Action]:
    times = (root.findtext("scmCheckoutRetryCount") or "").strip()
    tries = int(times) if times.isdecimal() else 0
    return [
        Action(one.kind, one.title, {**one.given, "retries": tries}, one.actions) for one in actions
    ]


def _inject(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("keepJenkinsSystemVariables", "keepBuildVariables", "overrideBuildParameters")
    if not fields.flag("on", True):
        fields.ignore("info")
        return []
    inner = fields.inner("info")
    given = environment(inner)
    fields.absorb(inner)
    override = fields.flag("overrideBuildParameters")
    return [Action("inject", "inject variables", {**given, "ahead": True, "override": override})]


_PROPERTIES: Handlers = {
    "EnvInjectJobProperty": _inject,
}
