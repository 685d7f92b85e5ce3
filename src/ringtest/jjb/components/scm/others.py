"""Sources in other systems: Mercurial, Bazaar, CVS, TFS, Dimensions, Store, other workspaces."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import scm
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    item,
    lower,
    maybe,
    only_text,
    option,
    printed,
    reads,
    required,
    written,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import absent, choose, each, node, present, refuse

HG_BROWSERS = {
    "bitbucket": "BitBucket",
    "bitbucketweb": "BitBucket",
    "fisheye": "FishEye",
    "googlecode": "GoogleCode",
    "hgweb": "HgWeb",
    "kilnhg": "KilnHG",
    "rhodecode": "RhodeCode",
    "rhodecode-pre-1.2.0": "RhodeCodeLegacy",
}

HG_BROWSER = "hudson.plugins.mercurial.browser."


def module_names(value: Any) -> str:
    """Modules as text, from a list of them or text."""
    return " ".join(value) if isinstance(value, list) else only_text(value)


scm(
    "hg",
    "scm",
    required("url", "source"),
    maybe("credentials-id"),
    maybe("revision-type", "branch", choices={"branch": "BRANCH", "tag": "TAG"}),
    maybe("revision", "default"),
    maybe("subdir"),
    maybe("clean", False),
    written("modules", "", module_names),
    lower("disable-changelog", False, "disableChangeLog"),
    choose(
        "browser",
        "auto",
        {
            "auto": (),
            **{
                name: (
                    node(
                        "browser",
                        required("browser-url", "url"),
                        class_=f"{HG_BROWSER}{kind}",
                    ),
                )
                for name, kind in HG_BROWSERS.items()
            },
        },
    ),
    class_="hudson.plugins.mercurial.MercurialSCM",
)

BZR_BROWSER = "hudson.plugins.bazaar.browsers."

scm(
    "bzr",
    "scm",
    required("url", "source"),
    option("clean-tree", False, "cleantree"),
    option("lightweight-checkout", False, "checkout"),
    choose(
        "browser",
        "auto",
        {
            "auto": (),
            "loggerhead": (
                node(
                    "browser",
                    required("browser-url", "url"),
                    class_=f"{BZR_BROWSER}Loggerhead",
                ),
            ),
            "opengrok": (
                node(
                    "browser",
                    required("browser-url", "url"),
                    required("opengrok-root-module", "rootModule"),
                    class_=f"{BZR_BROWSER}OpenGrok",
                ),
            ),
        },
    ),
    class_="hudson.plugins.bazaar.BazaarSCM",
)

CVS = "hudson.scm."
CVS_KINDS = {"HEAD": "Head", "TAG": "Tag", "BRANCH": "Branch"}

NAMED = (
    option("name", "", "locationName"),
    option("use-head", False, "useHeadIfNotFound"),
)


@reads("type name use-head")
def cvs_location(parent: Element, data: Any, ctx: Context) -> None:
    """The head, a tag or a branch."""
    kind = data.get("type", "HEAD")
    if kind not in CVS_KINDS:
        refuse("type", kind, CVS_KINDS, ctx)
    name = f"{CVS}CvsRepositoryLocation${CVS_KINDS[kind]}RepositoryLocation"
    element = SubElement(parent, "location", {"class": name})
    SubElement(element, "locationType").text = kind
    for part in NAMED if kind != "HEAD" else ():
        part(element, data, ctx)


scm(
    "cvs",
    "scm",
    node(
        "repositories",
        each(
            "repos",
            node(
                f"{CVS}CvsRepository",
                required("root", "cvsRoot"),
                written("compression-level", "-1", lambda level: str(int(level))),
                node(
                    "repositoryItems",
                    each(
                        "locations",
                        node(
                            f"{CVS}CvsRepositoryItem",
                            cvs_location,
                            node(
                                "modules",
                                each(
                                    "modules",
                                    node(
                                        f"{CVS}CvsModule",
                                        required("remote", "remoteName"),
                                        option("local-name", ""),
                                    ),
                                    default=REQUIRED,
                                ),
                            ),
                        ),
                        default=REQUIRED,
                    ),
                ),
                node(
                    "excludedRegions",
                    each(
                        "excluded-regions",
                        node(f"{CVS}ExcludedRegion", item("pattern")),
                    ),
                ),
            ),
            default=REQUIRED,
        ),
    ),
    option("use-update", True, "canUseUpdate"),
    option("prune-empty", True, "pruneEmptyDirectories"),
    option("skip-changelog", False, "skipChangeLog"),
    option("show-all-output", False, "disableCvsQuiet"),
    option("clean-checkout", False, "cleanOnFailedUpdate"),
    option("clean-copy", False, "forceCleanCopy"),
    class_=f"{CVS}CVSSCM",
)

STORE = "org.jenkinsci.plugins.visualworks_store."


@reads("pundles")
def pundles(parent: Element, data: Any, ctx: Context) -> None:
    """Packages and bundles, at least one."""
    if not data.get("pundles"):
        ctx.fail("'pundles' is required, with at least one")
    element = SubElement(parent, "pundles")
    for pundle in data["pundles"]:
        kind, name = next(iter(pundle.items()))
        if kind.upper() not in ("PACKAGE", "BUNDLE"):
            refuse("pundles", kind, ("package", "bundle"), ctx)
        one = SubElement(element, f"{STORE}PundleSpec")
        SubElement(one, "name").text = printed(name)
        SubElement(one, "pundleType").text = kind.upper()


scm(
    "store",
    "scm",
    required("script", "scriptName"),
    required("repository", "repositoryName"),
    pundles,
    maybe("version-regex"),
    maybe("minimum-blessing", tag="minimumBlessingLevel"),
    present("parcel-builder-file", constant("generateParcelBuilderInputFile", "true")),
    absent("parcel-builder-file", constant("generateParcelBuilderInputFile", "false")),
    maybe("parcel-builder-file", tag="parcelBuilderInputFilename"),
    class_=f"{STORE}StoreSCM",
)


@reads("web-access")
def web_access(parent: Element, data: Any, ctx: Context) -> None:
    """Where the sources are seen in a browser."""
    if "web-access" not in data:
        return
    access = data["web-access"]
    if access is not None and not isinstance(access, list):
        return
    name = "hudson.plugins.tfs.browsers.TeamSystemWebAccessBrowser"
    element = SubElement(parent, "repositoryBrowser", {"class": name})
    if access is not None:
        SubElement(element, "url").text = str(access[0].get("web-url"))


scm(
    "tfs",
    "scm",
    option("server-url", ""),
    option("project-path", ""),
    option("local-path", "."),
    option("workspace", "Hudson-${JOB_NAME}-${NODE_NAME}", "workspaceName"),
    constant("userPassword", ""),
    option("login", "", "userName"),
    option("use-update", True),
    web_access,
    class_="hudson.plugins.tfs.TeamFoundationServerScm",
)

CRITERIA = ("Any", "Not Failed", "Successful")

scm(
    "workspace",
    "scm",
    option("parent-job", "", "parentJobName"),
    choose(
        "criteria",
        "Any",
        {name: (constant("criteria", name),) for name in CRITERIA},
        fold=str.title,
    ),
    class_="hudson.plugins.cloneworkspace.CloneWorkspaceSCM",
)


scm(
    "dimensions",
    "scm",
    required("project"),
    option("permissions", "DEFAULT", choices=("DEFAULT", "READONLY", "WRITABLE")),
    option("eol", "DEFAULT", choices=("DEFAULT", "UNIX", "WINDOWS", "UNCHANGED")),
    option("update", False, "canJobUpdate"),
    option("clear-workspace", False, "canJobDelete"),
    option("force-build", False, "canJobForce"),
    option("overwrite-modified", False, "canJobRevert"),
    option("expand-vars", False, "canJobExpand"),
    option("no-metadata", False, "canJobNoMetadata"),
    option("maintain-timestamp", False, "canJobNoTouch"),
    option("slave-checkout", False, "forceAsSlave"),
    node("folders", each("folders", item("string"), default=("/",))),
    node("pathsToExclude", each("exclude", item("string"))),
    maybe("username", tag="jobUserName"),
    maybe("password", tag="jobPasswd"),
    maybe("server", tag="jobServer"),
    maybe("database", tag="jobDatabase"),
    maybe("timezone", tag="jobTimeZone"),
    maybe("web-url", tag="jobWebUrl"),
    class_="hudson.plugins.dimensionsscm.DimensionsSCM",
)


scm(
    "openshift-img-streams",
    "scm",
    option("image-stream-name", "nodejs-010-centos7"),
    option("tag", "latest"),
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("namespace", "test"),
    option("auth-token", ""),
    option("verbose", False),
    class_="com.openshift.jenkins.plugins.pipeline.OpenShiftImageStreams",
)

scm(
    "url",
    "scm",
    node(
        "urls",
        each(
            "url-list",
            node(
                "hudson.plugins.URLSCM.URLSCM_-URLTuple",
                item("urlString", printed),
            ),
            default=REQUIRED,
        ),
    ),
    option("clear-workspace", False),
    class_="hudson.plugins.URLSCM.URLSCM",
)

scm(
    "accurev",
    "scm",
    required("depot"),
    required("stream"),
    required("server-name"),
    option("ignore-parent-changes", False, "ignoreStreamParent"),
    option("clean-reference-tree", False, "cleanreftree"),
    option("build-from-snapshot", False, "useSnapshot"),
    option("do-not-pop-content", False, "dontPopContent"),
    maybe("workspace"),
    maybe("reference-tree", tag="reftree"),
    maybe("directory-offset"),
    maybe("sub-path"),
    maybe("filter-poll-scm", tag="filterForPollSCM"),
    maybe("snapshot-name-format"),
    class_="hudson.plugins.accurev.AccurevSCM",
)
