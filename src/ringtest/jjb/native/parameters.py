"""Parameters of a job: which there are, and the values of one run."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from xml.etree.ElementTree import Element

from ringtest.jjb.native.fields import Fields
from ringtest.jjb.native.program import Coverage, Parameter
from ringtest.jjb.native.translation import Translation

_SECTION = "parameters"
_CORE = "hudson.model."
_LABELS = "org.jvnet.jenkins.plugins.nodelabelparameter."
_LABELS_IGNORED = (
    "allNodesMatchingLabel", "triggerIfResult", "nodeEligibility", "allowedSlaves",
    "ignoreOfflineNodes", "allowMultiNodeSelection", "triggerConcurrentBuilds",
)  # fmt: skip


def parameters(elements: Sequence[Element], job: Translation) -> None:
    """Notes all parameters of a job in its program."""
    for element in elements:
        fields = Fields(element)
        name = fields.text("name")
        fields.ignore("description", "trim", "failedValidationMessage")
        read = _KINDS.get(str(element.tag))
        if read is None:
            # Nobody can say what such a parameter offers: whoever runs it gives a value.
            made, left = Parameter(name, "given", None), list[str]()
        else:
            made, left = read(name, fields), fields.left()
        job.program.parameters.append(made)
        why = "; ".join(f"{one} is not covered" for one in left)
        if made.default is None and made.kind != "random" and not why:
            why = f"needs -p {name}=VALUE"
        job.note(Coverage.UNCOVERED if left else Coverage.COVERED, element, _SECTION, why)


def values(
    wanted: Sequence[Parameter], given: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """A value for each parameter, and what is wrong with those that were given.

    >>> values([Parameter("COLOUR", "choice", "red", ["red", "blue"])], {"COLOUR": "green"})[1]
    ['COLOUR is red or blue, not green']
    >>> values([Parameter("LOUD", "boolean", "true")], {"LOUD": "off", "X": "1"})
    ({'LOUD': 'false'}, ['the job has no parameter X'])
    """
    chosen: dict[str, str] = {}
    faults: list[str] = []
    for one in wanted:
        value = given.get(one.name, one.default)
        if one.kind == "random" and value is None:
            value = secrets.token_hex(8)
        if value is None:
            faults.append(f"{one.name} has no default: -p {one.name}=VALUE")
            continue
        if one.kind == "boolean":
            value, fault = _boolean(one.name, value)
        else:
            fault = _fault(one, value) if one.name in given else ""
        faults += [fault] if fault else []
        chosen[one.name] = value
    known = {one.name for one in wanted}
    faults += [f"the job has no parameter {name}" for name in given if name not in known]
    return chosen, faults


def _boolean(name: str, value: str) -> tuple[str, str]:
    if value.lower() in ("true", "yes", "on", "1"):
        return "true", ""
    if value.lower() in ("false", "no", "off", "0", ""):
        return "false", ""
    return value, f"{name} is true or false, not {value}"


def _fault(one: Parameter, value: str) -> str:
    parts = value.split(one.several) if one.several else [value]
    if one.choices and not set(parts) <= set(one.choices):
        return f"{one.name} is {' or '.join(one.choices)}, not {value}"
    if one.pattern and not re.fullmatch(one.pattern, value):
        return f"{one.name} must match {one.pattern}, and {value} does not"
    return ""


def _string(name: str, fields: Fields) -> Parameter:
    return Parameter(name, "string", fields.text("defaultValue"))


def _password(name: str, fields: Fields) -> Parameter:
    return Parameter(name, "password", fields.text("defaultValue"), secret=True)


def _boolean_of(name: str, fields: Fields) -> Parameter:
    return Parameter(name, "boolean", fields.text("defaultValue", "false"))


def _choice(name: str, fields: Fields) -> Parameter:
    element = fields.child("choices")
    choices = [] if element is None else [one.text or "" for one in element.iter("string")]
    return Parameter(name, "choice", choices[0] if choices else "", choices)


def _file(name: str, fields: Fields) -> Parameter:
    return Parameter(name, "file", None)


def _random_string(name: str, fields: Fields) -> Parameter:
    return Parameter(name, "random", None)


def _validated(name: str, fields: Fields) -> Parameter:
    pattern = fields.text("regex")
    try:
        re.compile(pattern)
    except re.error as error:
        fields.refuse(f"regex {pattern}: {error}")
        pattern = ""
    return Parameter(name, "string", fields.text("defaultValue"), pattern=pattern)


def _label(name: str, fields: Fields) -> Parameter:
    fields.ignore(*_LABELS_IGNORED)
    return Parameter(name, "label", fields.text("defaultValue"))


def _node(name: str, fields: Fields) -> Parameter:
    fields.ignore(*_LABELS_IGNORED)
    return Parameter(name, "label", ",".join(fields.strings("defaultSlaves")))


def _given(name: str, fields: Fields) -> Parameter:
    fields.ignore("projectName", "filter")
    return Parameter(name, "given", None)


def _credentials(name: str, fields: Fields) -> Parameter:
    fields.ignore("credentialType", "required")
    return Parameter(name, "string", fields.text("defaultValue"))


def _extended(name: str, fields: Fields) -> Parameter:
    fields.ignore("visibleItemCount", "descriptionPropertyValue", "quoteValue")
    kind = fields.text("type")
    several = fields.text("multiSelectDelimiter", ",")
    many = kind in ("PT_MULTI_SELECT", "PT_CHECKBOX")
    value = fields.text("value")
    choices = value.split(",") if value and kind != "PT_TEXTBOX" else []
    default = fields.text("defaultValue")
    return Parameter(name, "choice", default, choices, several if many else "")


_KINDS: dict[str, Callable[[str, Fields], Parameter]] = {
    f"{_CORE}StringParameterDefinition": _string,
    f"{_CORE}TextParameterDefinition": _string,
    f"{_CORE}PasswordParameterDefinition": _password,
    f"{_CORE}BooleanParameterDefinition": _boolean_of,
    f"{_CORE}ChoiceParameterDefinition": _choice,
    f"{_CORE}FileParameterDefinition": _file,
    f"{_CORE}RunParameterDefinition": _given,
    f"{_LABELS}LabelParameterDefinition": _label,
    f"{_LABELS}NodeParameterDefinition": _node,
    "hudson.plugins.random__string__parameter.RandomStringParameterDefinition": _random_string,
    "hudson.plugins.validating__string__parameter.ValidatingStringParameterDefinition": _validated,
    "com.wangyin.parameter.WHideParameterDefinition": _string,
    "com.cloudbees.plugins.credentials.CredentialsParameterDefinition": _credentials,
    "com.cwctravel.hudson.plugins.extended__choice__parameter."
    "ExtendedChoiceParameterDefinition": _extended,
}
