"""Sources in Subversion, and in the many repositories of Google's repo."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import scm
from ringtest.jjb.components.parts import (
    describe,
    item,
    joined,
    lower,
    maybe,
    option,
    reads,
    required,
    string,
    text,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, given, node, present, variant

MODULE = node(
    "hudson.scm.SubversionSCM_-ModuleLocation",
    required("url", "remote"),
    option("basedir", ".", "local"),
    maybe("credentials-id"),
    maybe(
        "repo-depth",
        "infinity",
        "depthOption",
        ("infinity", "empty", "files", "immediates", "unknown"),
    ),
    maybe("ignore-externals", False, "ignoreExternalsOption"),
)


@reads("repos " + " ".join(found.name for found in describe(MODULE)))
def locations(parent: Element, data: Any, ctx: Context) -> None:
    """Several repositories, or the one of the options themselves."""
    element = SubElement(parent, "locations")
    if "repos" not in data and "url" not in data:
        ctx.fail("one of 'repos' and 'url' is required")
    for repository in data.get("repos", [data]):
        MODULE(element, repository, ctx)


def lines(name: str, tag: str | None = None) -> Render:
    """A list of lines, when there is any."""
    return given(name, joined(name, "\n", tag=tag))


UPDATERS = {
    "wipeworkspace": "CheckoutUpdater",
    "revertupdate": "UpdateWithRevertUpdater",
    "emulateclean": "UpdateWithCleanUpdater",
    "update": "UpdateUpdater",
}

scm(
    "svn",
    "scm",
    present(
        "viewvc-url",
        node(
            "browser",
            required("viewvc-url", "url"),
            class_="hudson.scm.browsers.ViewSVN",
        ),
    ),
    locations,
    present(
        "additional-credentials",
        node(
            "additionalCredentials",
            each(
                "additional-credentials",
                node(
                    "hudson.scm.SubversionSCM_-AdditionalCredentials",
                    text("realm"),
                    present("credentials-id", text("credentials-id")),
                ),
            ),
        ),
    ),
    variant(
        "workspaceUpdater",
        "workspaceupdater",
        "wipeworkspace",
        {name: f"hudson.scm.subversion.{kind}" for name, kind in UPDATERS.items()},
    ),
    lines("excluded-regions"),
    lines("included-regions"),
    lines("excluded-users"),
    given(
        "exclusion-revprop-name",
        string("exclusion-revprop-name", tag="excludedRevprop"),
    ),
    lines("excluded-commit-messages"),
    lower("ignore-property-changes-on-directories", False, "ignoreDirPropChanges"),
    lower("filter-changelog", False),
    class_="hudson.scm.SubversionSCM",
)

scm(
    "repo",
    "scm",
    required("manifest-url", "manifestRepositoryUrl"),
    option("jobs", 0),
    option("depth", 0),
    option("current-branch", True),
    option("reset-first", False),
    option("clean-first", False),
    option("quiet", True),
    option("force-sync", False),
    option("no-tags", False),
    option("trace", False),
    option("show-all-changes", False),
    maybe("manifest-branch"),
    maybe("manifest-file"),
    maybe("manifest-group"),
    maybe("destination-dir"),
    maybe("repo-url"),
    maybe("mirror-dir"),
    maybe("local-manifest"),
    node(
        "ignoreProjects",
        each("ignore-projects", item("string", str), default=("",)),
        class_="linked-hash-set",
    ),
    class_="hudson.plugins.repo.RepoScm",
)
