"""Matrix jobs: strategies and axes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.problems import Failure
from ringtest.jjb.rendering.general import add

if TYPE_CHECKING:
    from ringtest.jjb.rendering.dispatch import Components

_AXES = {
    "label-expression": "hudson.matrix.LabelExpAxis",
    "user-defined": "hudson.matrix.TextAxis",
    "slave": "hudson.matrix.LabelAxis",
    "jdk": "hudson.matrix.JDKAxis",
    "dynamic": "ca.silvermaplesolutions.jenkins.plugins.daxis.DynamicAxis",
    "python": "jenkins.plugins.shiningpanda.matrix.PythonAxis",
    "tox": "jenkins.plugins.shiningpanda.matrix.ToxAxis",
    "groovy": "org.jenkinsci.plugins.GroovyAxis",
    "yaml": "org.jenkinsci.plugins.yamlaxis.YamlAxis",
    "elastic": "org.jenkinsci.plugins.elasticaxisplugin.ElasticAxis",
}
_STRATEGIES = {
    "execution-strategy": "hudson.matrix.DefaultMatrixExecutionStrategyImpl",
    "yaml-strategy": "org.jenkinsci.plugins.yamlaxis.YamlMatrixExecutionStrategy",
    "p4-strategy": "org.jenkinsci.plugins.p4.matrix.MatrixOptions",
}
_FIXED_NAMES = {"jdk": "jdk", "python": "PYTHON", "tox": "TOXENV"}
_RESULTS = {"STABLE": ("SUCCESS", "0", "BLUE"), "UNSTABLE": ("UNSTABLE", "1", "YELLOW")}


def matrix(data: Mapping[str, Any], components: "Components") -> Element:
    """A job that runs at each combination of its axes."""
    root = Element("matrix-project")
    names = [key for key in data if key.endswith("-strategy")] or ["execution-strategy"]
    if len(names) > 1:
        said = f"matrix-project does not support multiple strategies: {', '.join(names)}"
        raise Failure("component", said)
    name = names[0]
    strategy = data.get(name, {})
    made = SubElement(root, "executionStrategy", {"class": _STRATEGIES[name]})
    if name == "execution-strategy":
        _execution(root, made, strategy)
    elif name == "yaml-strategy":
        _yaml(made, strategy)
    else:
        add(made, "runSequentially", str(strategy.get("sequential", False)).lower())
        add(made, "buildParent", str(strategy.get("build-parent", False)).lower())
    axes = SubElement(root, "axes")
    for entry in data.get("axes", []):
        _axis(axes, entry["axis"])
    return root


def _execution(root: Element, made: Element, strategy: Mapping[str, Any]) -> None:
    if "combination-filter" in strategy:
        add(root, "combinationFilter", str(strategy["combination-filter"]).rstrip())
    add(made, "runSequentially", str(strategy.get("sequential", False)).lower())
    if "touchstone" not in strategy:
        return
    add(made, "touchStoneCombinationFilter", str(strategy["touchstone"].get("expr", "")))
    result = strategy["touchstone"].get("result", "stable").upper()
    if result not in _RESULTS:
        said = f"{result!r} is an invalid value for touchstone: valid are {', '.join(_RESULTS)}"
        raise Failure("component", said)
    condition = SubElement(made, "touchStoneResultCondition")
    for tag, text in zip(("name", "ordinal", "color"), _RESULTS[result], strict=True):
        add(condition, tag, text)


def _yaml(made: Element, strategy: Mapping[str, Any]) -> None:
    filename = str(strategy.get("filename", ""))
    text = str(strategy.get("text", ""))
    if bool(filename) == bool(text):
        raise Failure("component", 'yaml-strategy must be given either "filename" or "text"')
    add(made, "yamlType", "file" if filename else "text")
    add(made, "yamlFile", filename)
    add(made, "yamlText", text)
    add(made, "excludeKey", str(strategy.get("exclude-key", "")))


def _axis(axes: Element, axis: Mapping[str, Any]) -> None:
    kind = axis["type"]
    if kind not in _AXES:
        raise Failure("component", f"Only {', '.join(_AXES)} axes types are supported")
    made = SubElement(axes, _AXES[kind])
    if kind == "elastic":
        add(made, "name", str(axis.get("name", "label")))
        add(made, "label", str(axis.get("label", "")))
        add(made, "ignoreOffline", str(axis.get("ignore-offline-nodes", False)).lower())
        add(made, "dontExpandLabels", str(axis.get("once-per-label", False)).lower())
        return
    add(made, "name", _FIXED_NAMES.get(kind) or str(axis.get("name", "")))
    if kind == "groovy":
        add(made, "groovyString", axis.get("command"))
        add(made, "computedValues", "")
        return
    values = SubElement(made, "values")
    given = axis.get("values", [""])
    if kind == "dynamic":
        add(values, "string", str(given[0]))
        add(made, "varName", str(given[0]))
        add(SubElement(made, "axisValues"), "string", "default")
    elif kind == "yaml":
        add(values, "string", axis.get("filename"))
    else:
        for value in given:
            add(values, "string", str(value))
