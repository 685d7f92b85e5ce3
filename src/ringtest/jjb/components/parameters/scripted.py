"""Parameters whose choices come from scripts, files or services."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import parameter
from ringtest.jjb.components.parameters.plain import NAMED
from ringtest.jjb.components.parts import (
    constant,
    item,
    lower,
    maybe,
    option,
    printed,
    reads,
    required,
    text,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, given, node, present, within

SELECTS = {
    "single-select": "PT_SINGLE_SELECT",
    "multi-select": "PT_MULTI_SELECT",
    "multi-level-single-select": "PT_MULTI_LEVEL_SINGLE_SELECT",
    "multi-level-multi-select": "PT_MULTI_LEVEL_MULTI_SELECT",
    "radio": "PT_RADIO",
    "checkbox": "PT_CHECKBOX",
    "textbox": "PT_TEXTBOX",
    "json": "PT_JSON",
}

ONLY_ONE = (
    ("value", "property-file", "groovy-script", "groovy-script-file"),
    ("default-value", "default-property-file", "default-groovy-script"),
    (
        "value-description",
        "description-property-file",
        "description-groovy-script",
        "description-groovy-script-file",
    ),
    ("javascript", "javascript-file"),
)


def only_one_source(parent: Element, data: Any, ctx: Context) -> None:
    """Each thing is said in one way alone."""
    for names in ONLY_ONE:
        found = [f"'{name}'" for name in names if name in data]
        if len(found) > 1:
            ctx.fail(f"{' and '.join(found)} do not go together")


parameter(
    "extended-choice",
    "com.cwctravel.hudson.plugins.extended__choice__parameter.ExtendedChoiceParameterDefinition",
    only_one_source,
    *NAMED,
    option("value", ""),
    option("visible-items", 5, "visibleItemCount"),
    option("multi-select-delimiter", ","),
    option("quote-value", False),
    option("default-value", ""),
    option("value-description", "", "descriptionPropertyValue"),
    option(
        "type",
        "single-select",
        choices={**SELECTS, **{name: name for name in SELECTS.values()}},
    ),
    option("property-file", ""),
    option("property-key", ""),
    option("default-property-file", ""),
    option("default-property-key", ""),
    option("description-property-file", ""),
    option("description-property-key", ""),
    option("bindings", ""),
    option("groovy-script", ""),
    option("groovy-script-file", ""),
    option("classpath", "", "groovyClasspath"),
    option("default-groovy-script", ""),
    option("default-groovy-classpath", ""),
    option("description-groovy-script", ""),
    option("description-groovy-script-file", ""),
    option("description-groovy-classpath", ""),
    option("javascript", ""),
    option("javascript-file", ""),
    option("save-json-parameter-to-file", False, "saveJSONParameterToFile"),
)

parameter(
    "rest-list",
    "io.jenkins.plugins.restlistparam.RestListParameterDefinition",
    *NAMED,
    option("rest-endpoint", ""),
    option("mime-type", ""),
    option("credentials-id", "", "credentialId"),
    option("value-expression", "$.*"),
    option("display-expression", "$"),
    option("cache-time", 0),
    option("default-value", ""),
    option("filter", ".*"),
    option("value-order", "NONE"),
)

DYNAMIC = "com.seitenbau.jenkins.plugins.dynamicparameter."

SCRIPTED = (
    *NAMED,
    lower("remote", False, "__remote"),
    text("script", None, "__script"),
    node(
        "__localBaseDirectory",
        node(
            "hudson.FilePath",
            node(
                "default",
                constant("remote", "/var/lib/jenkins/dynamic_parameter/classpath"),
            ),
            constant("boolean", "true"),
        ),
        serialization="custom",
    ),
    constant("__remoteBaseDirectory", "dynamic_parameter_classpath"),
    text("classpath", None, "__classPath"),
    lower("read-only", False, "readonlyInputField"),
)

SCRIPTLER = (
    *NAMED,
    node(
        "__parameters",
        given(
            "parameters",
            each(
                "parameters",
                node(
                    f"{DYNAMIC}scriptler.ScriptlerParameterDefinition_-ScriptParameter",
                    required("name"),
                    required("value"),
                ),
            ),
        ),
    ),
    required("script-id", "__scriptlerScriptId"),
    option("remote", False, "__remote"),
    option("read-only", False, "readonlyInputField"),
)

parameter("dynamic-choice", f"{DYNAMIC}ChoiceParameterDefinition", *SCRIPTED)
parameter("dynamic-string", f"{DYNAMIC}StringParameterDefinition", *SCRIPTED)

parameter(
    "dynamic-choice-scriptler",
    f"{DYNAMIC}scriptler.ScriptlerChoiceParameterDefinition",
    *SCRIPTLER,
)

parameter(
    "dynamic-string-scriptler",
    f"{DYNAMIC}scriptler.ScriptlerStringParameterDefinition",
    *SCRIPTLER,
)

UNO = "org.biouno.unochoice."


def script(name: str, tag: str) -> Render:
    """A script of Groovy, its sandbox and its classes."""
    return node(
        tag,
        within(
            name,
            text("groovy", "", "script"),
            lower("use-groovy-sandbox", True, "sandbox"),
            present(
                "script-additional-classpath",
                node(
                    "classpath",
                    each("script-additional-classpath", node("entry", item("url"))),
                ),
            ),
        ),
    )


SCRIPTS = node(
    "script",
    script("fallback-script", "secureFallbackScript"),
    script("script", "secureScript"),
    class_=f"{UNO}model.GroovyScript",
)


def of_project(parent: Element, data: Any, ctx: Context) -> None:
    """The job's name, alone and with its folders."""
    name = ctx.job["name"]
    SubElement(parent, "projectName").text = name.split("/")[-1]
    SubElement(parent, "projectFullName").text = name


ACTIVE = (
    SCRIPTS,
    required("name"),
    option("description", ""),
    option(
        "choice-type",
        "single-select",
        choices={
            "single-select": "PT_SINGLE_SELECT",
            "multi-select": "PT_MULTI_SELECT",
            "radio-buttons": "PT_RADIO",
            "checkboxes": "PT_CHECKBOX",
        },
    ),
    option("enable-filters", False, "filterable"),
    option("filter-starts-at", 1, "filterLength"),
    of_project,
)


@reads("random-name")
def random_name(parent: Element, data: Any, ctx: Context) -> None:
    """The name inside Jenkins, made of that of the parameter."""
    name = data.get("random-name", f"choice-param-{data['name']}".lower())
    if name is not None:
        SubElement(parent, "randomName").text = printed(name)


parameter("active-choices", f"{UNO}ChoiceParameter", *ACTIVE)

parameter(
    "active-choices-reactive",
    f"{UNO}CascadeChoiceParameter",
    *ACTIVE,
    maybe("referenced-parameters", ""),
    random_name,
    maybe("visible-items", 1, "visibleItemCount"),
    node("parameters", class_="linked-hash-map"),
)

parameter(
    "dynamic-reference",
    f"{UNO}DynamicReferenceParameter",
    SCRIPTS,
    node("parameters"),
    required("name"),
    option("description", ""),
    option(
        "choice-type",
        "input-text-box",
        choices={
            "input-text-box": "ET_TEXT_BOX",
            "numbered-list": "ET_ORDERED_LIST",
            "bullet-items-list": "ET_UNORDERED_LIST",
            "formatted-html": "ET_FORMATTED_HTML",
            "formatted-hidden-html": "ET_FORMATTED_HIDDEN_HTML",
        },
    ),
    of_project,
    option("referenced-parameters", ""),
    option("omit-value-field", False),
)
