"""Jobs that find branches and make a job of each: multibranch, and organizations of GitHub."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.branch_sources.github import ORGANIZATION
from ringtest.jjb.components.branch_sources.strategies import BUILD_STRATEGIES
from ringtest.jjb.components.kinds import job_kind
from ringtest.jjb.components.parts import constant, maybe, option
from ringtest.jjb.components.registry import Context, Render, find
from ringtest.jjb.components.shapes import Node, choose, either, given, node, refuse, within

FOLDER = "com.cloudbees.hudson.plugins.folder."
WORKFLOW = "org.jenkinsci.plugins.workflow.multibranch."
DEFAULTS = "org.jenkinsci.plugins.pipeline.multibranch.defaults."
ORGANIZATION_FOLDER = "jenkins.branch.OrganizationFolder"
PROPERTY_LIST = "hudson.model.View$PropertyList"
SOURCES = ("bitbucket", "gerrit", "git", "github", "svn")

# How often branches are looked for: the clock that Jenkins shows, and milliseconds.
INTERVALS = {
    "1m": ("* * * * *", 60_000),
    "2m": ("*/2 * * * *", 120_000),
    "5m": ("*/5 * * * *", 300_000),
    "10m": ("H/6 * * * *", 600_000),
    "15m": ("H/6 * * * *", 900_000),
    "20m": ("H/3 * * * *", 1_200_000),
    "25m": ("H/3 * * * *", 1_500_000),
    "30m": ("H/2 * * * *", 1_800_000),
    "1h": ("H * * * *", 3_600_000),
    "2h": ("H * * * *", 7_200_000),
    "4h": ("H * * * *", 14_400_000),
    "8h": ("H * * * *", 28_800_000),
    "12h": ("H H * * *", 43_200_000),
    "1d": ("H H * * *", 86_400_000),
    "2d": ("H H * * *", 172_800_000),
    "1w": ("H H * * *", 604_800_000),
    "2w": ("H H * * *", 1_209_600_000),
    "4w": ("H H * * *", 2_419_200_000),
}
TRIGGERS = node(
    "triggers",
    given(
        "periodic-folder-trigger",
        node(
            f"{FOLDER}computed.PeriodicFolderTrigger",
            choose(
                "periodic-folder-trigger",
                None,
                {
                    name: (constant("spec", spec), constant("interval", str(milliseconds)))
                    for name, (spec, milliseconds) in INTERVALS.items()
                },
            ),
            plugin="cloudbees-folder",
        ),
    ),
)
HEALTH = node(
    "healthMetrics",
    node(
        f"{FOLDER}health.WorstChildHealthMetric",
        constant("nonRecursive", "false"),
        plugin="cloudbees-folder",
    ),
)


def owner(kind: str, reference: str = "../..") -> Render:
    """The job, as its parts refer to it."""
    return node("owner", class_=kind, reference=reference)


def orphans(*more: Render) -> Render:
    """What becomes of jobs whose branches are gone."""
    return node(
        "orphanedItemStrategy",
        option("prune-dead-branches", True, choices=(True, False)),
        option("days-to-keep", -1),
        option("number-to-keep", -1, "numToKeep"),
        *more,
        class_=f"{FOLDER}computed.DefaultOrphanedItemStrategy",
        plugin="cloudbees-folder",
    )


job_kind(
    "githuborg",
    ORGANIZATION_FOLDER,
    node("properties"),
    node(
        "folderViews",
        node("owner", reference="../.."),
        class_="jenkins.branch.OrganizationFolderViewHolder",
    ),
    HEALTH,
    node("icon", owner(ORGANIZATION_FOLDER), class_="jenkins.branch.MetadataActionFolderIcon"),
    orphans(),
    TRIGGERS,
    node("navigators", within("github-org", ORGANIZATION)),
    node(
        "projectFactories",
        node(
            f"{WORKFLOW}WorkflowMultiBranchProjectFactory",
            maybe("script-path", "Jenkinsfile"),
            plugin="workflow-multibranch",
        ),
    ),
    within("github-org", BUILD_STRATEGIES),
    plugin="branch-api",
)


def sources(parent: Element, data: Any, ctx: Context) -> None:
    """The entries of `scm`, which mean other things here than in other jobs."""
    for entry in data["scm"]:
        names = list(entry)
        for name in names:
            if find("branch-sources", name) is None:
                refuse("scm", name, SOURCES, ctx)
            element = SubElement(parent, "jenkins.branch.BranchSource")
            ctx.dispatch(
                "branch-sources", element, entry if len(names) == 1 else {name: entry[name]}
            )


KEPT_SCRIPT = (maybe("script-id"), maybe("sandbox", tag="useSandbox"))


def script_alone(parent: Element, data: Any, ctx: Context) -> None:
    """A script has one place, and only one that Jenkins keeps runs in a sandbox."""
    if data.get("script-id") and data.get("script-path"):
        ctx.fail("'script-id' and 'script-path' cannot both be given")
    if data.get("sandbox") and not data.get("script-id"):
        ctx.fail("'sandbox' goes with 'script-id' alone")


def multibranch(name: str, kind: str, by_path: dict[str, str], by_id: dict[str, str]) -> None:
    """A job of branches. by_path, by_id: attributes of what makes a job of a script."""

    factory = either(
        "script-id",
        (Node("factory", (owner(kind), *KEPT_SCRIPT), by_id),),
        (Node("factory", (owner(kind), maybe("script-path", "Jenkinsfile")), by_path),),
    )
    job_kind(
        name,
        kind,
        node("properties"),
        node(
            "views",
            node(
                "hudson.model.AllView",
                constant("name", "All"),
                constant("filterExecutors", "false"),
                constant("filterQueue", "false"),
                node("properties", class_=PROPERTY_LIST),
                owner(kind, "../../.."),
            ),
        ),
        node("viewsTabBar", class_="hudson.views.DefaultViewsTabBar"),
        node(
            "folderViews",
            owner(kind),
            class_="jenkins.branch.MultiBranchProjectViewHolder",
            plugin="branch-api",
        ),
        HEALTH,
        node(
            "icon",
            owner(kind),
            class_="jenkins.branch.MetadataActionFolderIcon",
            plugin="branch-api",
        ),
        orphans(option("abort-builds", False, choices=(True, False))),
        TRIGGERS,
        node(
            "sources",
            node("data", sources),
            owner(kind),
            class_="jenkins.branch.MultiBranchProject$BranchSourceList",
            plugin="branch-api",
        ),
        script_alone,
        factory,
        plugin="workflow-multibranch",
    )


multibranch(
    "multibranch",
    f"{WORKFLOW}WorkflowMultiBranchProject",
    {"class": f"{WORKFLOW}WorkflowBranchProjectFactory"},
    {
        "class": (
            "org.jenkinsci.pipeline.workflow.multibranch.defaults."
            "PipelineBranchDefaultsProjectFactory"
        ),
        "plugin": "pipeline-multibranch-defaults",
    },
)
multibranch(
    "multibranch-defaults",
    f"{DEFAULTS}PipelineMultiBranchDefaultsProject",
    {"class": f"{WORKFLOW}WorkflowBranchProjectFactory", "plugin": "workflow-multibranch"},
    {"class": f"{DEFAULTS}PipelineBranchDefaultsProjectFactory"},
)
