"""Parameters that are one value: text, yes or no, one of a list, a file, a run."""

from ringtest.jjb.components.kinds import parameter
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    item,
    lower,
    option,
    required,
    text,
    written,
)
from ringtest.jjb.components.shapes import choose, each, node

SIMPLE = "hudson.model."
GEM = "com.gem.persistentparameter.Persistent"
NAMED = (text("name"), text("description", ""))


def default_text(value: object) -> str:
    """The default, empty when there is none."""
    return "" if value is None else str(value)


WITH_DEFAULT = (*NAMED, written("default", None, default_text, "defaultValue"))
BOOLEAN = (*NAMED, lower("default", False, "defaultValue"))

CHOICES = node(
    "choices",
    node("a", each("choices", item("string"), default=REQUIRED), class_="string-array"),
    class_="java.util.Arrays$ArrayList",
)

TRIM = option("trim", False)
SUCCESSFUL = option("successfulOnly", False)

parameter("string", f"{SIMPLE}StringParameterDefinition", *WITH_DEFAULT, TRIM)
parameter("password", f"{SIMPLE}PasswordParameterDefinition", *WITH_DEFAULT)
parameter("bool", f"{SIMPLE}BooleanParameterDefinition", *BOOLEAN)
parameter("file", f"{SIMPLE}FileParameterDefinition", *NAMED)
parameter("text", f"{SIMPLE}TextParameterDefinition", *WITH_DEFAULT)
parameter("choice", f"{SIMPLE}ChoiceParameterDefinition", *NAMED, CHOICES)
parameter("run", f"{SIMPLE}RunParameterDefinition", *NAMED, required("project-name"))
parameter("hidden", "com.wangyin.parameter.WHideParameterDefinition", *WITH_DEFAULT)

parameter(
    "persistent-string",
    f"{GEM}StringParameterDefinition",
    *WITH_DEFAULT,
    TRIM,
    SUCCESSFUL,
)

parameter("persistent-bool", f"{GEM}BooleanParameterDefinition", *BOOLEAN, SUCCESSFUL)
parameter("persistent-text", f"{GEM}TextParameterDefinition", *WITH_DEFAULT, TRIM, SUCCESSFUL)
parameter("persistent-choice", f"{GEM}ChoiceParameterDefinition", *NAMED, CHOICES, SUCCESSFUL)

parameter(
    "random-string",
    "hudson.plugins.random__string__parameter.RandomStringParameterDefinition",
    required("name"),
    option("description", ""),
    option("failed-validation-message", ""),
)

parameter(
    "validating-string",
    "hudson.plugins.validating__string__parameter.ValidatingStringParameterDefinition",
    *WITH_DEFAULT,
    required("regex"),
    required("msg", "failedValidationMessage"),
)

parameter(
    "credentials",
    "com.cloudbees.plugins.credentials.CredentialsParameterDefinition",
    *NAMED,
    text("default", "", "defaultValue"),
    choose(
        "type",
        "any",
        {
            kind: (constant("credentialType", name),)
            for kind, name in (
                ("any", "com.cloudbees.plugins.credentials.common.StandardCredentials"),
                (
                    "usernamepassword",
                    "com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl",
                ),
                (
                    "sshkey",
                    "com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey",
                ),
                (
                    "secretfile",
                    "org.jenkinsci.plugins.plaincredentials.impl.FileCredentialsImpl",
                ),
                (
                    "secrettext",
                    "org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl",
                ),
                (
                    "certificate",
                    "com.cloudbees.plugins.credentials.impl.CertificateCredentialsImpl",
                ),
            )
        },
        fold=str.lower,
    ),
    lower("required", False),
)


parameter(
    "git-parameter",
    "net.uaznia.lukanus.hudson.plugins.gitparameter.GitParameterDefinition",
    required("name"),
    option("description", ""),
    option(
        "type",
        "PT_TAG",
        choices=("PT_TAG", "PT_BRANCH", "PT_BRANCH_TAG", "PT_REVISION", "PT_PULL_REQUEST"),
    ),
    option("branch", ""),
    option("tagFilter", "*"),
    option("branchFilter", ".*"),
    option(
        "sortMode",
        "NONE",
        choices=("NONE", "ASCENDING", "ASCENDING_SMART", "DESCENDING", "DESCENDING_SMART"),
    ),
    option("defaultValue", ""),
    option("selectedValue", "NONE", choices=("NONE", "TOP", "DEFAULT")),
    option("useRepository", ""),
    option("quickFilterEnabled", False),
)

parameter(
    "parameter-separator",
    "jenkins.plugins.parameter__separator.ParameterSeparatorDefinition",
    node("description"),
    option("name", ""),
    option("section-header", ""),
    option("section-header-style", ""),
    option("separator-style", ""),
)
