"""Publishers that start other jobs, this one again, or keep it from starting."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    joined,
    lower,
    lowered,
    maybe,
    option,
    reads,
    required,
    string,
    text,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.results import add_result, result_named, threshold
from ringtest.jjb.components.shapes import absent, given, node, present
from ringtest.jjb.components.triggered import (
    PARAMETERIZED,
    PARAMETERS,
    add_parameters,
    add_projects,
)

WHEN = (
    text("condition", "ALWAYS"),
    maybe("trigger-from-child-projects", False),
    maybe("trigger-with-no-params", False, "triggerWithNoParameters"),
)


@publisher.written("trigger-parameterized-builds")
@reads(
    "project condition trigger-from-child-projects trigger-with-no-params combine-queued-commits"
    " fail-on-missing property-multiline file-encoding use-matrix-child-files"
    " matrix-child-combination-filter only-exact-matrix-child-runs include-upstream "
    + " ".join(PARAMETERS)
)
def trigger_parameterized_builds(parent: Element, data: Any, ctx: Context) -> None:
    """Jobs with what is handed to them."""
    trigger = SubElement(parent, f"{PARAMETERIZED}BuildTrigger")
    configs = SubElement(trigger, "configs")
    for project in data:
        config = SubElement(configs, f"{PARAMETERIZED}BuildTriggerConfig")
        handed = SubElement(config, "configs")
        add_parameters(handed, project, ctx, "trigger-parameterized-builds")
        if not len(handed):
            handed.set("class", "java.util.Collections$EmptyList")
        add_projects(config, "projects", project["project"], ctx)
        for part in WHEN:
            part(config, project, ctx)


@publisher.written("pipeline")
@reads(
    "project projects combine-queued-commits fail-on-missing property-multiline file-encoding"
    " use-matrix-child-files matrix-child-combination-filter only-exact-matrix-child-runs"
    " include-upstream " + " ".join(PARAMETERS)
)
def pipeline(parent: Element, data: Any, ctx: Context) -> None:
    """The next jobs of a build pipeline."""
    projects = ",".join(data.get("projects", [data.get("project", "")]))
    if projects:
        name = "au.com.centrumsystems.hudson.plugin.buildpipeline.trigger.BuildPipelineTrigger"
        trigger = SubElement(parent, name)
        configs = SubElement(trigger, "configs")
        add_parameters(configs, data, ctx, "pipeline")
        SubElement(trigger, "downstreamProjectNames").text = projects


publisher(
    "trigger",
    "hudson.tasks.BuildTrigger",
    text("project", tag="childProjects"),
    threshold("threshold", "SUCCESS", "threshold"),
)


@reads("publishers")
def joined_publishers(parent: Element, data: Any, ctx: Context) -> None:
    """What is published when all jobs are done."""
    element = SubElement(parent, "joinPublishers")
    for one in data.get("publishers", []):
        made = Element("dummy")
        ctx.dispatch("publishers", made, one)
        element.extend(made)


@reads("even-if-unstable")
def even_if_unstable(parent: Element, data: Any, ctx: Context) -> None:
    """Said only when it was said."""
    value = lowered(data.get("even-if-unstable", ""))
    if value:
        SubElement(parent, "evenIfDownstreamUnstable").text = value


publisher(
    "join-trigger",
    "join.JoinTrigger",
    joined("projects", ",", ("",), "joinProjects"),
    joined_publishers,
    even_if_unstable,
    given("threshold", threshold("threshold", "", "resultThreshold")),
)


@reads("criteria")
def downstream_threshold(parent: Element, data: Any, ctx: Context) -> None:
    """The result that the build is compared with."""
    result = result_named(data.get("criteria", "success").upper(), "criteria", ctx)
    add_result(parent, "threshold", result, result.complete)


publisher(
    "downstream-ext",
    "hudson.plugins.downstream__ext.DownstreamTrigger",
    joined("projects", ",", REQUIRED, "childProjects"),
    downstream_threshold,
    option(
        "condition",
        "equal-or-over",
        "thresholdStrategy",
        {
            "equal-or-over": "AND_HIGHER",
            "equal-or-under": "AND_LOWER",
            "equal": "EXACT",
        },
    ),
    option("only-on-scm-change", False, "onlyIfSCMChanges"),
    option("only-on-local-scm-change", False, "onlyIfLocalSCMChanges"),
)

FIXED = node(
    "delay",
    string("fixed-delay", "0", "delay"),
    class_="com.chikli.hudson.plugin.naginator.FixedDelay",
)

PROGRESSIVE = node(
    "delay",
    string("progressive-delay-increment", "0", "increment"),
    string("progressive-delay-maximum", "0", "max"),
    class_="com.chikli.hudson.plugin.naginator.ProgressiveDelay",
)


@reads("fixed-delay progressive-delay-increment progressive-delay-maximum")
def delay(parent: Element, data: Any, ctx: Context) -> None:
    """How long to wait: always the same, or longer and longer."""
    longer = "progressive-delay-increment" in data or "progressive-delay-maximum" in data
    if longer and "fixed-delay" in data:
        ctx.fail("'fixed-delay' does not go with a progressive delay")
    (PROGRESSIVE if longer else FIXED)(parent, data, ctx)


def checks_log(parent: Element, data: Any, ctx: Context) -> None:
    """Whether there is an expression to look for."""
    SubElement(parent, "checkRegexp").text = lowered("regular-expression" in data)


publisher(
    "naginator",
    "com.chikli.hudson.plugin.naginator.NaginatorPublisher",
    string("regular-expression", "", "regexpForRerun"),
    checks_log,
    lower("rerun-unstable-builds", False, "rerunIfUnstable"),
    lower("rerun-matrix-part", False),
    delay,
    string("max-failed-builds", "0", "maxSchedule"),
)

ROTATOR = node(
    "logRotator",
    option("days-to-keep", -1),
    option("num-to-keep", -1),
    constant("artifactDaysToKeep", "-1"),
    constant("artifactNumToKeep", "-1"),
)


@reads("days-to-keep num-to-keep")
def rotator(parent: Element, data: Any, ctx: Context) -> None:
    """How many are kept, when that is said."""
    if "days-to-keep" in data or "num-to-keep" in data:
        ROTATOR(parent, data, ctx)


publisher(
    "build-publisher",
    "hudson.plugins.build__publisher.BuildPublisher",
    option("publish-unstable-builds", True),
    option("publish-failed-builds", True),
    rotator,
)

publisher(
    "disable-failed-job",
    "disableFailedJob.disableFailedJob.DisableFailedJob",
    required(
        "when-to-disable",
        "whenDisable",
        ("Only Failure", "Failure and Unstable", "Only Unstable"),
    ),
    present(
        "no-of-failures",
        required("no-of-failures", "failureTimes"),
        constant("optionalBrockChecked", "true"),
    ),
    absent("no-of-failures", constant("optionalBrockChecked", "false")),
    plugin="disable-failed-job",
)


publisher(
    "rundeck",
    "org.jenkinsci.plugins.rundeck.RundeckNotifier",
    required("job-id"),
    option("options", ""),
    option("node-filters", ""),
    option("tag", ""),
    option("wait-for-rundeck", False, "shouldWaitForRundeckJob"),
    option("fail-the-build", False, "shouldFailTheBuild"),
)
