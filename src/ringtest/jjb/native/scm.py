"""Checkouts: Git, and several of it."""

from xml.etree.ElementTree import Element

from ringtest.jjb.native.fields import Fields, kind_of
from ringtest.jjb.native.program import Action
from ringtest.jjb.native.translation import Handlers, Translation

_EXTENSIONS = "hudson.plugins.git.extensions.impl."
_POLLING = (
    "IgnoreNotifyCommit", "MessageExclusion", "PathRestriction", "UserExclusion",
    "DisableRemotePoll", "ChangelogToBranch", "AuthorInChangelog", "ScmName",
)  # fmt: skip
"""About what starts builds and what changes are shown."""


def checkouts(element: Element | None, job: Translation) -> list[Action]:
    """What is checked out; nothing for a job without sources."""
    if element is None or kind_of(element) == "hudson.scm.NullSCM":
        return []
    if kind_of(element) == "org.jenkinsci.plugins.multiplescms.MultiSCM":
        return job.actions([one for holder in element for one in holder], HANDLERS, "scm")
    return job.actions([element], HANDLERS, "scm")


def _git(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("configVersion", "browser", "remotePoll", "gitTool", "submoduleCfg", "scmName")
    given: dict[str, object] = {
        "remotes": [_remote(one, fields) for one in fields.children("userRemoteConfigs")],
        "branches": [one.findtext("name") or "**" for one in fields.children("branches")],
        "reference": fields.text("reference"),
        "name": fields.text("gitConfigName"),
        "email": fields.text("gitConfigEmail"),
    }
    if fields.flag("recursiveSubmodules"):
        given["submodules"] = {"recursive": True}
    fields.flag("disableSubmodules")
    for element in fields.children("extensions"):
        given |= _extension(element, fields)
    remotes = [str(one["url"]) for one in _as_dicts(given["remotes"])]
    return [Action("git", f"check out {', '.join(remotes)}", given)]


def _as_dicts(value: object) -> list[dict[str, str]]:
    return value if isinstance(value, list) else []


def _remote(element: Element, holder: Fields) -> dict[str, str]:
    fields = Fields(element)
    found = {
        "name": fields.text("name") or "origin",
        "url": fields.text("url"),
        "refspec": fields.text("refspec"),
        "credentials": fields.text("credentialsId"),
    }
    holder.absorb(fields)
    return found


def _extension(element: Element, holder: Fields) -> dict[str, object]:
    kind = str(element.tag).removeprefix(_EXTENSIONS)
    if kind in _POLLING:
        return {}
    fields = Fields(element)
    made = _known(kind, fields)
    if made is None:
        holder.refuse(kind)
        return {}
    holder.absorb(fields)
    return made


def _known(kind: str, fields: Fields) -> dict[str, object] | None:
    match kind:
        case "RelativeTargetDirectory":
            return {"folder": fields.text("relativeTargetDir")}
        case "CleanCheckout" | "CleanBeforeCheckout":
            nested = fields.flag("deleteUntrackedNestedRepositories")
            return {
                "clean_after" if kind == "CleanCheckout" else "clean_before": 2 if nested else 1
            }
        case "LocalBranch":
            return {"local": fields.text("localBranch")}
        case "CloneOption":
            return _clone(fields)
        case "CheckoutOption":
            return {"checkout_minutes": fields.text("timeout")}
        case "SubmoduleOption":
            return _submodules(fields)
        case "PruneStaleBranch":
            return {"prune": True}
        case "PruneStaleTag":
            return {"prune_tags": True}
        case "WipeWorkspace":
            return {"wipe": True}
        case "PerBuildTag":
            return {"tag": True}
        case "UserIdentity":
            return {"name": fields.text("name"), "email": fields.text("email")}
        case "SparseCheckoutPaths":
            return {
                "sparse": [
                    one.findtext("path") or "" for one in fields.children("sparseCheckoutPaths")
                ]
            }
        case "GitLFSPull":
            return {"lfs": True}
        case "BuildChooserSetting":
            return _chooser(fields)
        case "PreBuildMerge":
            return _merge(fields)
        case _:
            return None


def _clone(fields: Fields) -> dict[str, object]:
    fields.ignore("honorRefspec")
    made: dict[str, object] = {
        "no_tags": fields.flag("noTags"),
        "minutes": fields.text("timeout"),
    }
    depth = fields.text("depth", "1")
    if fields.flag("shallow"):
        made["depth"] = depth
    reference = fields.text("reference")
    return {**made, "reference": reference} if reference else made


def _submodules(fields: Fields) -> dict[str, object]:
    # Both say how fast, not what.
    fields.ignore("threads", "timeout", "parentCredentials")
    disabled, recursive = fields.flag("disableSubmodules"), fields.flag("recursiveSubmodules")
    tracking, reference = fields.flag("trackingSubmodules"), fields.text("reference")
    if disabled:
        return {"submodules": {}}
    wanted = {"recursive": recursive, "tracking": tracking, "reference": reference}
    return {"submodules": wanted}


def _chooser(fields: Fields) -> dict[str, object] | None:
    element = fields.child("buildChooser")
    kind = "" if element is None else kind_of(element).rpartition(".")[2]
    if kind == "GerritTriggerBuildChooser":
        # What was fetched by the refspec of a change is built.
        fields.inner("buildChooser").ignore("separator")
        return {"fetched": True}
    return {} if kind in ("", "DefaultBuildChooser") else None


def _merge(fields: Fields) -> dict[str, object]:
    options = fields.inner("options")
    made = {
        "remote": options.text("mergeRemote"),
        "branch": options.text("mergeTarget"),
        "strategy": options.text("mergeStrategy"),
        "forward": options.text("fastForwardMode", "FF"),
    }
    fields.absorb(options)
    return {"merge": made}


HANDLERS: Handlers = {"hudson.plugins.git.GitSCM": _git}
