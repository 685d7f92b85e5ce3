"""What surrounds the builders: variables, secrets, limits of time, cleaned workspaces."""

from xml.etree.ElementTree import Element

from ringtest.jjb.native.builders import environment, managed_files
from ringtest.jjb.native.fields import Fields, kind_of
from ringtest.jjb.native.program import Action, Timeout
from ringtest.jjb.native.translation import Handlers, Translation

_BINDINGS = "org.jenkinsci.plugins.credentialsbinding.impl."
_BOUND = {
    "FileBinding": {"file": "variable"},
    "ZipFileBinding": {"unzipped": "variable"},
    "StringBinding": {"text": "variable"},
    "UsernamePasswordBinding": {"pair": "variable"},
    "UsernamePasswordMultiBinding": {
        "username": "usernameVariable",
        "password": "passwordVariable",
    },
    "SSHUserPrivateKeyBinding": {
        "key_file": "keyFileVariable",
        "username": "usernameVariable",
        "passphrase": "passphraseVariable",
    },
}
_BEFORE_CHECKOUT = ("wipe", "passwords")
_OPERATIONS = "hudson.plugins.build__timeout.operations."


def wrappers(elements: list[Element], job: Translation) -> None:
    """Puts what wrappers do into the program of a job, ahead of the checkout or after it."""
    for action in job.actions(elements, HANDLERS, "wrappers"):
        early = action.kind in _BEFORE_CHECKOUT
        (job.program.before if early else job.program.wrappers).append(action)


def patterns_of(fields: Fields) -> dict[str, list[str]]:
    """Patterns of files to delete and to keep."""
    found: dict[str, list[str]] = {"include": [], "exclude": []}
    for element in fields.children("patterns"):
        one = Fields(element)
        found["exclude" if one.text("type") == "EXCLUDE" else "include"].append(one.text("pattern"))
    return found


def _timeout(fields: Fields, job: Translation) -> list[Action]:
    strategy = fields.child("strategy")
    kind = "" if strategy is None else kind_of(strategy).rpartition(".")[2]
    inner = fields.inner("strategy")
    match kind:
        case "AbsoluteTimeOutStrategy":
            made = Timeout("absolute", _minutes(inner.text("timeoutMinutes")))
        case "NoActivityTimeOutStrategy":
            made = Timeout("activity", inner.text("timeoutSecondsString"))
        case "DeadlineTimeOutStrategy":
            inner.ignore("deadlineToleranceInMinutes")
            made = Timeout("deadline", clock=inner.text("deadlineTime"))
        case "ElasticTimeOutStrategy":
            # Without earlier builds the plugin takes the default as well.
            inner.ignore("timeoutPercentage", "numberOfBuilds", "failSafeTimeoutDuration")
            made = Timeout("absolute", _minutes(inner.text("timeoutMinutesElasticDefault")))
        case _:
            fields.refuse(f"timeout {kind or 'without a strategy'}")
            return []
    fields.absorb(inner)
    result, description = "ABORTED", ""
    for operation in fields.children("operationList"):
        name = str(operation.tag).removeprefix(_OPERATIONS)
        if name == "FailOperation":
            result = "FAILURE"
        elif name == "WriteDescriptionOperation":
            description = operation.findtext("description") or ""
        elif name != "AbortOperation":
            fields.refuse(name)
    name = fields.text("timeoutEnvVar")
    job.program.timeouts.append(Timeout(made.kind, made.seconds, made.clock, result, description))
    if name and made.kind == "deadline":
        fields.refuse(f"timeoutEnvVar {name} of a deadline")
    elif name:
        given = {"name": name, "seconds": made.seconds}
        return [Action("timeout-variable", f"variable {name}", dict(given))]
    return []


def _minutes(text: str) -> str:
    """Minutes as seconds; with variables in it, as a product.

    >>> _minutes("3"), _minutes("$LIMIT")
    ('180', '60*$LIMIT')
    """
    return str(60 * int(text)) if text.strip().isdecimal() else f"60*{text}"


def _cleanup(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("externalDelete", "disableDeferredWipeout")
    if fields.element.findtext("externalDelete"):
        fields.refuse("externalDelete")
    given: dict[str, object] = {
        **patterns_of(fields),
        "folders": fields.flag("deleteDirs"),
        "parameter": fields.text("cleanupParameter"),
    }
    return [Action("wipe", "clean the workspace", given)]


def _inject(fields: Fields, job: Translation) -> list[Action]:
    inner = fields.inner("info")
    given = environment(inner)
    fields.absorb(inner)
    return [Action("inject", "inject variables", dict(given))]


def _script(fields: Fields, job: Translation) -> list[Action]:
    fields.only("scriptType", "unixScript")
    fields.ignore("runOnlyOnParent")
    if job.program.is_matrix and fields.element.findtext("runOnlyOnParent") == "true":
        fields.refuse("runOnlyOnParent")
    return [Action("inject-output", "variables of a script", {"script": fields.text("script")})]


def _passwords(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("maskPasswordParameters")
    if fields.flag("injectGlobalPasswords"):
        fields.refuse("passwords of the whole controller")
    entries = [Fields(one) for one in fields.children("passwordEntries")]
    pairs = [[one.text("name"), one.text("value")] for one in entries]
    return [Action("passwords", "passwords", {"pairs": pairs})]


def _mask(fields: Fields, job: Translation) -> list[Action]:
    pairs = []
    for tag in ("varPasswordPairs", "varMaskRegexes"):
        for element in fields.children(tag):
            name, value = element.get("var"), element.get("password")
            if name and value is not None:
                pairs.append([name, value])
            else:
                fields.refuse(str(element.tag))
    return [Action("passwords", "mask passwords", {"pairs": pairs})]


def _bind(fields: Fields, job: Translation) -> list[Action]:
    bound = []
    for element in fields.children("bindings"):
        kind = str(element.tag).removeprefix(_BINDINGS)
        one = Fields(element)
        if kind not in _BOUND:
            fields.refuse(kind)
            continue
        made = {"id": one.text("credentialsId")}
        made |= {part: name for part, tag in _BOUND[kind].items() if (name := one.text(tag))}
        bound.append(made)
        fields.absorb(one)
    return [Action("bind", "bind credentials", {"bindings": bound})]


def _ssh_agent(fields: Fields, job: Translation) -> list[Action]:
    given = {
        "ids": fields.strings("credentialIds") or [fields.text("user")],
        "ignore_missing": fields.flag("ignoreMissing"),
    }
    return [Action("ssh-agent", "start ssh-agent", given)]


def _managed(fields: Fields, job: Translation) -> list[Action]:
    return managed_files(fields)


def _name(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("runAtStart", "runAtEnd")
    given = {"name": fields.text("template"), "description": fields.text("descriptionTemplate")}
    return [Action("name", "name the build", dict(given))]


def _user(fields: Fields, job: Translation) -> list[Action]:
    return [Action("user", "variables of the user")]


HANDLERS: Handlers = {
    "hudson.plugins.build__timeout.BuildTimeoutWrapper": _timeout,
    "hudson.plugins.ws__cleanup.PreBuildCleanup": _cleanup,
    "EnvInjectBuildWrapper": _inject,
    "com.lookout.jenkins.EnvironmentScript": _script,
    "EnvInjectPasswordWrapper": _passwords,
    "com.michelin.cio.hudson.plugins.maskpasswords.MaskPasswordsBuildWrapper": _mask,
    "org.jenkinsci.plugins.credentialsbinding.impl.SecretBuildWrapper": _bind,
    "com.cloudbees.jenkins.plugins.sshagent.SSHAgentBuildWrapper": _ssh_agent,
    "org.jenkinsci.plugins.configfiles.buildwrapper.ConfigFileBuildWrapper": _managed,
    "org.jenkinsci.plugins.buildnamesetter.BuildNameSetter": _name,
    "org.jenkinsci.plugins.builduser.BuildUser": _user,
}
