"""Wrappers that give a build credentials, and keep them out of its log."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import wrapper
from ringtest.jjb.components.parts import REQUIRED, maybe, option, put, reads, required
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, given, is_since, node, present, refuse

IGNORE_MISSING = maybe("ignore-missing-credentials", False, "ignoreMissing")


@wrapper.written("ssh-agent-credentials")
@reads("users user ignore-missing-credentials")
def ssh_agent_credentials(parent: Element, data: Any, ctx: Context) -> None:
    """Keys of an agent: a list, or one of old."""
    element = SubElement(parent, "com.cloudbees.jenkins.plugins.sshagent.SSHAgentBuildWrapper")
    if "users" in data:
        users, holder, tag = data["users"], element, "user"
        if is_since(ctx, "1.5.0", "SSH Agent Plugin"):
            holder, tag = SubElement(element, "credentialIds"), "string"
    elif "user" in data:
        users, holder, tag = [data["user"]], element, "user"
    else:
        ctx.fail("'users' is required")
    for user in users:
        put(holder, tag, user, ctx)
    IGNORE_MISSING(element, data, ctx)


IMPL = "org.jenkinsci.plugins.credentialsbinding.impl."
VARIABLE = (maybe("variable"),)

BINDINGS: dict[str, tuple[str, tuple[Render, ...]]] = {
    "zip-file": (f"{IMPL}ZipFileBinding", VARIABLE),
    "file": (f"{IMPL}FileBinding", VARIABLE),
    "username-password": (f"{IMPL}UsernamePasswordBinding", VARIABLE),
    "username-password-separated": (
        f"{IMPL}UsernamePasswordMultiBinding",
        (
            required("username", "usernameVariable"),
            required("password", "passwordVariable"),
        ),
    ),
    "text": (f"{IMPL}StringBinding", VARIABLE),
    "amazon-web-services": (
        "com.cloudbees.jenkins.plugins.awscredentials.AmazonWebServicesCredentialsBinding",
        (
            required("access-key", "accessKeyVariable"),
            required("secret-key", "secretKeyVariable"),
        ),
    ),
    "ssh-user-private-key": (
        f"{IMPL}SSHUserPrivateKeyBinding",
        (
            required("key-file-variable"),
            present("username-variable", required("username-variable")),
            present("passphrase-variable", required("passphrase-variable")),
        ),
    ),
    "docker-server-creds-binding": (
        "org.jenkinsci.plugins.docker.commons.credentials.DockerServerCredentialsBinding",
        VARIABLE,
    ),
    "cert-multi-binding": (
        f"{IMPL}CertificateMultiBinding",
        (
            required("keystore-variable"),
            required("password-variable"),
            required("alias-variable"),
        ),
    ),
}

CREDENTIAL: Render = maybe("credential-id", tag="credentialsId")


@wrapper.written("credentials-binding", siblings=True)
@reads(" ".join(BINDINGS))
def credentials_binding(parent: Element, data: Any, ctx: Context) -> None:
    """Secrets in variables; all such wrappers of a job share one element."""
    name = f"{IMPL}SecretBuildWrapper"
    element = parent.find(name)
    if element is None:
        element = SubElement(parent, name)
    bindings = element.find("bindings")
    if bindings is None:
        bindings = SubElement(element, "bindings")
    for binding in data:
        for kind, options in binding.items():
            if kind not in BINDINGS:
                refuse("credentials-binding", kind, BINDINGS, ctx)
            tag, parts = BINDINGS[kind]
            one = SubElement(bindings, tag)
            for part in (*parts, CREDENTIAL):
                part(one, options, ctx)


wrapper("mask-passwords", "com.michelin.cio.hudson.plugins.maskpasswords.MaskPasswordsBuildWrapper")

wrapper(
    "inject-passwords",
    "EnvInjectPasswordWrapper",
    option("global", False, "injectGlobalPasswords"),
    option("mask-password-params", False, "maskPasswordParameters"),
    node(
        "passwordEntries",
        given(
            "job-passwords",
            each(
                "job-passwords",
                node(
                    "EnvInjectPasswordEntry",
                    required("name"),
                    required("password", "value"),
                ),
            ),
        ),
    ),
)

wrapper(
    "vault-secrets",
    "com.datapipe.jenkins.vault.VaultBuildWrapper",
    node(
        "configuration",
        option("vault-url", ""),
        option("credentials-id", "", "vaultCredentialId"),
        option("engine-version", "1"),
        option("fail-if-not-found", "true"),
        option("skip-ssl-verification", "false"),
    ),
    node(
        "vaultSecrets",
        each(
            "secrets",
            node(
                "com.datapipe.jenkins.vault.model.VaultSecret",
                maybe("secret-path", "", tag="path"),
                maybe("engine-version", "1"),
                node(
                    "secretValues",
                    each(
                        "secret-values",
                        node(
                            "com.datapipe.jenkins.vault.model.VaultSecretValue",
                            maybe("env-var", ""),
                            maybe("vault-key", ""),
                        ),
                        default=REQUIRED,
                    ),
                ),
            ),
        ),
    ),
    node("valuesToMask"),
    node("vaultAccessor"),
    plugin="hashicorp-vault-plugin",
)
