"""Files that Jenkins keeps (config-file-provider): put in place, or as settings of Maven."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import option, reads, required
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, node, refuse

MANAGED_FILES = node(
    "managedFiles",
    each(
        "files",
        node(
            "org.jenkinsci.plugins.configfiles.buildwrapper.ManagedFile",
            required("file-id"),
            option("target", "", "targetLocation"),
            option("variable", ""),
            option("replace-tokens", False),
        ),
    ),
)

KEPT = "org.jenkinsci.plugins.configfiles.maven."


def settings(name: str, tag: str, kind: str, old_id: str) -> Render:
    """Settings of Maven: the default, a file, or a file that Jenkins keeps."""

    @reads(f"{name} {name}-type")
    def add(parent: Element, data: Any, ctx: Context) -> None:
        if name not in data:
            SubElement(parent, tag, {"class": f"jenkins.mvn.Default{kind}Provider"})
            return
        file = str(data[name])
        where = data.get(f"{name}-type", "file")
        if file.startswith(old_id):  # written before the type could be said
            where = "cfp"
        if where == "file":
            element = SubElement(parent, tag, {"class": f"jenkins.mvn.FilePath{kind}Provider"})
            SubElement(element, "path").text = file
        elif where == "cfp":
            element = SubElement(parent, tag, {"class": f"{KEPT}job.Mvn{kind}Provider"})
            SubElement(element, "settingsConfigId").text = file
        else:
            refuse(f"{name}-type", where, ("file", "cfp"), ctx)

    return add


MAVEN_SETTINGS = (
    settings("settings", "settings", "Settings", f"{KEPT}MavenSettingsConfig"),
    settings(
        "global-settings",
        "globalSettings",
        "GlobalSettings",
        f"{KEPT}GlobalMavenSettingsConfig",
    ),
)
