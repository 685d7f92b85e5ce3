"""What Git's plugin does beside a plain checkout: extensions of a job, traits of a multibranch.

An extension is an element of its own; as a trait it stands inside another element. Some are
not known as traits, and are left out there.
"""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import (
    REQUIRED,
    Described,
    constant,
    describe,
    joined,
    lower,
    lowered,
    option,
    put,
    reads,
    string,
    text,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import flagged, given, node, present, variant, within

IMPL = "hudson.plugins.git.extensions.impl."
TRAITS = "jenkins.plugins.git.traits."

CHOOSERS = {
    "default": "hudson.plugins.git.util.DefaultBuildChooser",
    "gerrit": (
        "com.sonyericsson.hudson.plugins.gerrit.trigger.hudsontrigger.GerritTriggerBuildChooser"
    ),
    "inverse": "hudson.plugins.git.util.InverseBuildChooser",
    "ancestry": "hudson.plugins.git.util.AncestryBuildChooser",
}


class Extension:
    """An extension: the element, the trait that holds it elsewhere, and its parts."""

    __slots__ = ("name", "parts", "trait")

    def __init__(self, name: str, trait: str | None, *parts: Render) -> None:
        self.name = f"{IMPL}{name}"
        self.trait = None if trait is None else f"{TRAITS}{trait}"
        self.parts = parts

    def options(self) -> Iterator[Described]:
        for part in self.parts:
            yield from describe(part)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        if parent.tag != "traits":
            element = SubElement(parent, self.name)
        elif self.trait is None:
            return
        else:
            holder = SubElement(parent, self.trait)
            element = SubElement(holder, "extension", {"class": self.name})
        for part in self.parts:
            part(element, data, ctx)


@reads("maximum-age ancestor-sha1")
def chooser_options(parent: Element, data: Any, ctx: Context) -> None:
    """How old an ancestor may be, and which one it is."""
    if data["choosing-strategy"] != "ancestry":
        return
    if data.get("maximum-age"):
        SubElement(parent, "maximumAgeInDays").text = str(data["maximum-age"])
    if data.get("ancestor-sha1"):
        put(parent, "ancestorCommitSha1", data["ancestor-sha1"], ctx)


NESTED = present("remove-stale-nested-repos", constant("deleteUntrackedNestedRepositories", "true"))

CLEANS = {
    "after": Extension("CleanCheckout", "CleanAfterCheckoutTrait", NESTED),
    "before": Extension("CleanBeforeCheckout", "CleanBeforeCheckoutTrait", NESTED),
}


@reads("clean.after.remove-stale-nested-repos clean.before.remove-stale-nested-repos")
def clean(parent: Element, data: Any, ctx: Context) -> None:
    """To clean after the checkout, before it, or both."""
    if "clean" not in data:
        return
    told_of = data["clean"]
    if isinstance(told_of, bool):
        told_of = {"after": told_of}
    for when, extension in CLEANS.items():
        options = told_of.get(when, False)
        if options is not False:
            extension(parent, {} if options is True else options, ctx)


@reads("ignore-commits-with-messages")
def excluded_messages(parent: Element, data: Any, ctx: Context) -> None:
    """Messages of commits that start nothing, an extension for each."""
    if parent.tag != "traits":
        for message in data.get("ignore-commits-with-messages", ()):
            put(
                SubElement(parent, f"{IMPL}MessageExclusion"),
                "excludedMessage",
                message,
                ctx,
            )


PATHS = Extension(
    "PathRestriction",
    None,
    present("included-regions", joined("included-regions", "\n")),
    present("excluded-regions", joined("excluded-regions", "\n")),
)


@reads("included-regions excluded-regions")
def path_restriction(parent: Element, data: Any, ctx: Context) -> None:
    """Paths that start builds, and paths that do not; excluded ones are no trait, yet stand."""
    if parent.tag == "traits":
        if "excluded-regions" in data:
            element = SubElement(parent, PATHS.name)
            for part in PATHS.parts:
                part(element, data, ctx)
    elif "included-regions" in data or "excluded-regions" in data:
        PATHS(parent, data, ctx)


CLONE = Extension(
    "CloneOption",
    "CloneOptionTrait",
    option("shallow-clone", False, "shallow"),
    option("depth", 1),
    present("do-not-fetch-tags", lower("do-not-fetch-tags", tag="noTags")),
    present("timeout", string("timeout")),
    present("honor-refspec", lower("honor-refspec")),
    present("reference-repo", string("reference-repo", tag="reference")),
)

CLONE_OPTIONS = (
    "shallow-clone",
    "timeout",
    "do-not-fetch-tags",
    "honor-refspec",
    "reference-repo",
)


@reads(" ".join((*CLONE_OPTIONS, "depth")))
def clone_option(parent: Element, data: Any, ctx: Context) -> None:
    """How the repository is cloned, when anything of that is said."""
    if any(name in data for name in CLONE_OPTIONS):
        CLONE(parent, data, ctx)


@reads("per-build-tag skip-tag")
def per_build_tag(parent: Element, data: Any, ctx: Context) -> None:
    """A tag for each build, by its name of today or of old."""
    if "skip-tag" not in data and (parent.tag == "traits" or "per-build-tag" not in data):
        return
    default = lowered(data.get("skip-tag", True)) == "false"
    if lowered(data.get("per-build-tag", default)) == "true":
        SubElement(parent, f"{IMPL}PerBuildTag")


@reads("skip-notifications")
def skip_notifications(parent: Element, data: Any, ctx: Context) -> None:
    """Known as a trait alone."""
    if parent.tag == "traits" and data.get("skip-notifications", False):
        name = "com.cloudbees.jenkins.plugins.bitbucket.notifications.SkipNotificationsTrait"
        SubElement(parent, name)


WIPE = Extension("WipeWorkspace", "WipeWorkspaceTrait")


@reads("wipe-workspace")
def wipe(parent: Element, data: Any, ctx: Context) -> None:
    """A fresh workspace, unless told otherwise."""
    if lowered(data.get("wipe-workspace", True)) == "true":
        WIPE(parent, data, ctx)


@reads("sparse-checkout.paths")
def sparse_paths(parent: Element, data: Any, ctx: Context) -> None:
    """The paths that are checked out."""
    element = SubElement(parent, "sparseCheckoutPaths")
    for path in data["sparse-checkout"].get("paths") or ():
        put(SubElement(element, f"{IMPL}SparseCheckoutPath"), "path", path, ctx)


EXTENSIONS: tuple[Render, ...] = (
    present(
        "basedir",
        Extension("RelativeTargetDirectory", None, text("basedir", tag="relativeTargetDir")),
    ),
    present(
        "changelog-against",
        Extension(
            "ChangelogToBranch",
            None,
            node(
                "options",
                within(
                    "changelog-against",
                    text("remote", "origin", "compareRemote"),
                    text("branch", "master", "compareTarget"),
                ),
            ),
        ),
    ),
    present(
        "choosing-strategy",
        Extension(
            "BuildChooserSetting",
            None,
            variant("buildChooser", "choosing-strategy", REQUIRED, CHOOSERS, chooser_options),
        ),
    ),
    clean,
    given(
        "committer",
        Extension(
            "UserIdentity",
            "UserIdentityTrait",
            within("committer", given("name", text("name")), given("email", text("email"))),
        ),
    ),
    present(
        "excluded-users",
        Extension("UserExclusion", None, joined("excluded-users", "\n")),
    ),
    path_restriction,
    excluded_messages,
    present("local-branch", Extension("LocalBranch", None, string("local-branch"))),
    present(
        "merge",
        Extension(
            "PreBuildMerge",
            None,
            node(
                "options",
                within(
                    "merge",
                    text("remote", "origin", "mergeRemote"),
                    text("branch", tag="mergeTarget"),
                    option(
                        "strategy",
                        "default",
                        "mergeStrategy",
                        (
                            "default",
                            "resolve",
                            "recursive",
                            "octopus",
                            "ours",
                            "subtree",
                        ),
                    ),
                    option("fast-forward-mode", "FF", choices=("FF", "FF_ONLY", "NO_FF")),
                ),
            ),
        ),
    ),
    present("scm-name", Extension("ScmName", None, string("scm-name", tag="name"))),
    clone_option,
    skip_notifications,
    present(
        "sparse-checkout",
        Extension("SparseCheckoutPaths", "SparseCheckoutPathsTrait", sparse_paths),
    ),
    present(
        "submodule",
        Extension(
            "SubmoduleOption",
            "SubmoduleOptionTrait",
            within(
                "submodule",
                lower("disable", False, "disableSubmodules"),
                lower("recursive", False, "recursiveSubmodules"),
                lower("tracking", False, "trackingSubmodules"),
                lower("parent-credentials", False),
                string("reference-repo", "", "reference"),
                string("timeout", 10),
                string("threads", 1),
            ),
        ),
    ),
    present("timeout", Extension("CheckoutOption", "CheckoutOptionTrait", string("timeout"))),
    flagged("force-polling-using-workspace", Extension("DisableRemotePoll", None)),
    per_build_tag,
    flagged("prune", Extension("PruneStaleBranch", "PruneStaleBranchTrait")),
    flagged("prune-tags", Extension("PruneStaleTag", "PruneStaleTagTrait")),
    flagged("ignore-notify", Extension("IgnoreNotifyCommit", None)),
    wipe,
    flagged("use-author", Extension("AuthorInChangelog", "AuthorInChangelogTrait")),
    flagged("lfs-pull", Extension("GitLFSPull", "GitLFSPullTrait")),
)


class Extensions:
    """All extensions that the options ask for; `parent` is `extensions` or `traits`."""

    def options(self) -> Iterator[Described]:
        for extension in EXTENSIONS:
            yield from describe(extension)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        for extension in EXTENSIONS:
            extension(parent, data, ctx)


extensions = Extensions()
