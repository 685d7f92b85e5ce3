"""Properties that limit when and how often a job runs, and what is kept of it."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import project_property
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    item,
    joined,
    maybe,
    option,
    reads,
    required,
    truth,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import each, given, node, refuse, since


@reads("option")
def throttle_option(parent: Element, data: Any, ctx: Context) -> None:
    """Whether the job or its category is counted."""
    allowed = ("category", "project")
    value = data.get("option")
    if value not in allowed:
        refuse("option", value, allowed, ctx)
    SubElement(parent, "throttleOption").text = value


project_property(
    "throttle",
    "hudson.plugins.throttleconcurrents.ThrottleJobProperty",
    option("max-per-node", "0", "maxConcurrentPerNode"),
    option("max-total", "0", "maxConcurrentTotal"),
    option("enabled", True, "throttleEnabled"),
    given("categories", node("categories", each("categories", item("string", str)))),
    throttle_option,
    constant("configVersion", "1"),
    option("parameters-limit", False, "limitOneJobWithMatchingParams"),
    node(
        "matrixOptions",
        option("matrix-builds", True, "throttleMatrixBuilds"),
        option("matrix-configs", False, "throttleMatrixConfigurations"),
    ),
    joined("parameters-check-list", ",", tag="paramsToUseForLimit"),
)

project_property(
    "build-blocker",
    "hudson.plugins.buildblocker.BuildBlockerProperty",
    option("use-build-blocker", True),
    joined("blocking-jobs", "\n", REQUIRED),
    option("block-level", "GLOBAL", choices=("GLOBAL", "NODE")),
    option("queue-scanning", "DISABLED", "scanQueueFor", ("DISABLED", "ALL", "BUILDABLE")),
)


@reads("resources label")
def not_both(parent: Element, data: Any, ctx: Context) -> None:
    """Resources by their names or by a label."""
    if data.get("resources") and data.get("label"):
        ctx.fail("'resources' and 'label' do not go together")


project_property(
    "lockable-resources",
    "org.jenkins.plugins.lockableresources.RequiredResourcesProperty",
    not_both,
    option("resources", "", "resourceNames"),
    option("var-name", "", "resourceNamesVar"),
    option("number", 0, "resourceNumber"),
    option("label", "", "labelName"),
    node(
        "resourceMatchScript",
        maybe("match-script", tag="script"),
        maybe("groovy-sandbox", False, "sandbox"),
    ),
)

project_property(
    "resource-gating",
    "io.jenkins.plugins.gating.ResourceRequirementProperty",
    node(
        "resources",
        node("c", each("resources", item("string", str), default=REQUIRED), class_="list"),
        node("list", reference="../c"),
        class_="java.util.Collections$UnmodifiableRandomAccessList",
        resolves_to="java.util.Collections$UnmodifiableList",
    ),
    plugin="gating-core",
)

SORTER = "PrioritySorter"

project_property.made_of(
    "priority-sorter",
    since(
        SORTER,
        "3.0",
        (
            node(
                "jenkins.advancedqueue.jobinclusion.strategy.JobInclusionJobProperty",
                option("use", True, "useJobGroup"),
                required("priority", "jobGroupName"),
            ),
        ),
        (
            since(
                SORTER,
                "2.0",
                (
                    node(
                        "jenkins.advancedqueue.priority.strategy.PriorityJobProperty",
                        option("use", True, "useJobPriority"),
                        required("priority"),
                    ),
                ),
                (
                    node(
                        "hudson.queueSorter.PrioritySorterJobProperty",
                        required("priority"),
                    ),
                ),
            ),
        ),
    ),
)


@reads("slave-percentage")
def share(parent: Element, data: Any, ctx: Context) -> None:
    """The share of a machine in percent; any share is exclusive."""
    percent = int(data.get("slave-percentage", 0))
    SubElement(parent, "needsExclusiveAccessToNode").text = truth(percent)
    SubElement(parent, "slaveUtilizationPercentage").text = str(percent)


project_property(
    "slave-utilization",
    "com.suryagaddipati.jenkins.SlaveUtilizationProperty",
    share,
    option("single-instance-per-slave", False),
)


project_property(
    "build-discarder",
    "jenkins.model.BuildDiscarderProperty",
    node(
        "strategy",
        option("days-to-keep", -1),
        option("num-to-keep", -1),
        option("artifact-days-to-keep", -1),
        option("artifact-num-to-keep", -1),
        class_="hudson.tasks.LogRotator",
    ),
)

project_property(
    "heavy-job",
    "hudson.plugins.heavy__job.HeavyJobProperty",
    option("weight", 1),
)

project_property(
    "branch-api",
    "jenkins.branch.RateLimitBranchProperty_-JobPropertyImpl",
    option(
        "time-period",
        "hour",
        "durationName",
        choices=("second", "minute", "hour", "day", "week", "month", "year"),
    ),
    option("number-of-builds", 1, "count"),
    option("skip-rate-limit", False, "userBoost"),
    plugin="branch-api",
)

project_property(
    "disable-resume", "org.jenkinsci.plugins.workflow.job.properties.DisableResumeJobProperty"
)

project_property(
    "speed-durability",
    "org.jenkinsci.plugins.workflow.job.properties.DurabilityHintJobProperty",
    required(
        "hint",
        choices={
            "performance-optimized": "PERFORMANCE_OPTIMIZED",
            "survivable-non-atomic": "SURVIVABLE_NONATOMIC",
            "max-survivability": "MAX_SURVIVABILITY",
        },
    ),
)

project_property(
    "least-load",
    "org.bstick12.jenkinsci.plugins.leastload.LeastLoadDisabledProperty",
    option("disabled", True, "leastLoadDisabled"),
)

project_property("disk-usage", "hudson.plugins.disk__usage.DiskUsageProperty")

project_property(
    "naginator-opt-out",
    "com.chikli.hudson.plugin.naginator.NaginatorOptOutProperty",
    option("opt-out", False),
)

project_property(
    "slave-prerequisites",
    "com.cloudbees.plugins.JobPrerequisites",
    required("script"),
    option(
        "interpreter", "shell", choices={"cmd": "windows batch command", "shell": "shell script"}
    ),
)

project_property(
    "builds-chain-fingerprinter",
    "org.jenkinsci.plugins.buildschainfingerprinter.AutomaticFingerprintJobProperty",
    option("per-builds-chain", False, "isPerBuildsChainEnabled"),
    option("per-job-chain", False, "isPerJobsChainEnabled"),
)

project_property(
    "rebuild",
    "com.sonyericsson.rebuild.RebuildSettings",
    option("auto-rebuild", False),
    option("rebuild-disabled", False),
    plugin="rebuild",
)

project_property(
    "cachet-gating",
    "com.redhat.jenkins.plugins.cachet.CachetJobProperty",
    option("required-resources", True),
    given(
        "resources",
        node(
            "resources",
            each(
                "resources",
                item("string", str),
            ),
        ),
    ),
    plugin="cachet-gating",
)
