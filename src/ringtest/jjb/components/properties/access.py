"""Properties about who may do what, and whose a job is."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import project_property
from ringtest.jjb.components.parts import constant, describe, item, lower, reads, text
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import each, node, refuse

CREDENTIALS = "com.cloudbees.plugins.credentials.CredentialsProvider."

PERMISSIONS = {
    "credentials-create": f"{CREDENTIALS}Create",
    "credentials-delete": f"{CREDENTIALS}Delete",
    "credentials-manage-domains": f"{CREDENTIALS}ManageDomains",
    "credentials-update": f"{CREDENTIALS}Update",
    "credentials-view": f"{CREDENTIALS}View",
    "job-build": "hudson.model.Item.Build",
    "job-cancel": "hudson.model.Item.Cancel",
    "job-configure": "hudson.model.Item.Configure",
    "job-delete": "hudson.model.Item.Delete",
    "job-discover": "hudson.model.Item.Discover",
    "job-extended-read": "hudson.model.Item.ExtendedRead",
    "job-move": "hudson.model.Item.Move",
    "job-read": "hudson.model.Item.Read",
    "job-status": "hudson.model.Item.ViewStatus",
    "job-workspace": "hudson.model.Item.Workspace",
    "ownership-jobs": "com.synopsys.arc.jenkins.plugins.ownership.OwnershipPlugin.Jobs",
    "run-delete": "hudson.model.Run.Delete",
    "run-replay": "hudson.model.Run.Replay",
    "run-update": "hudson.model.Run.Update",
    "scm-tag": "hudson.scm.SCM.Tag",
}

INHERITANCE = "org.jenkinsci.plugins.matrixauth.inheritance."
INHERITED = {"global": "InheritGlobalStrategy", "none": "NonInheritingStrategy"}
OWNER = "com.synopsys.arc.jenkins.plugins.ownership.jobs.JobOwnerJobProperty"


def add_permissions(parent: Element, tag: str, data: Any, ctx: Context) -> None:
    """Permissions of users and groups, in the order of the YAML."""
    matrix = SubElement(parent, tag)
    strategy = INHERITED.get(str(data.get("inheritance-strategy")), "InheritParentStrategy")
    SubElement(matrix, "inheritanceStrategy", {"class": f"{INHERITANCE}{strategy}"})
    for name, permissions in data.items():
        if name == "inheritance-strategy":
            continue
        for permission in permissions:
            if permission not in PERMISSIONS:
                refuse(name, permission, PERMISSIONS, ctx)
            said = f"{PERMISSIONS[permission]}:{name}"
            if name.upper().startswith(("GROUP:", "USER:")):
                kind, who = name.split(":")[:2]
                said = f"{kind.upper()}:{PERMISSIONS[permission]}:{who}"
            SubElement(matrix, "permission").text = said


@project_property.written("authorization")
@reads("inheritance-strategy *")
def authorization(parent: Element, data: Any, ctx: Context) -> None:
    """A matrix of permissions, if there is any; folders have one of their own kind."""
    if not data:
        return
    tag = "hudson.security.AuthorizationMatrixProperty"
    if ctx.job.get("project-type") in ("folder", "multibranch"):
        tag = "com.cloudbees.hudson.plugins.folder.properties.AuthorizationMatrixProperty"
    add_permissions(parent, tag, data, ctx)


def owner_of(parent: Element) -> Element:
    """The element about ownership; an empty one that is there is left alone, as it was."""
    found = parent.find(OWNER)
    return SubElement(parent, OWNER) if found is None or not len(found) else found


OWNERSHIP = (
    lower("enabled", True, "ownershipEnabled"),
    text("owner", None, "primaryOwnerId"),
    node("coownersIds", each("co-owners", item("string"))),
)


@project_property.written("ownership", siblings=True)
@reads(" ".join(found.name for part in OWNERSHIP for found in describe(part)))
def ownership(parent: Element, data: Any, ctx: Context) -> None:
    """Whose the job is."""
    element = SubElement(owner_of(parent), "ownership")
    for part in OWNERSHIP:
        part(element, data, ctx)


@project_property.written("ownership-item-specific-security", siblings=True)
@reads("inheritance-strategy *")
def ownership_security(parent: Element, data: Any, ctx: Context) -> None:
    """Permissions that belong to the owners."""
    element = SubElement(owner_of(parent), "itemSpecificSecurity")
    if not data:
        ctx.fail("it needs permissions, and has none")
    add_permissions(element, "permissionsMatrix", data, ctx)


project_property(
    "authenticated-build",
    "hudson.security.AuthorizationMatrixProperty",
    constant("permission", "hudson.model.Item.Build:authenticated"),
)
