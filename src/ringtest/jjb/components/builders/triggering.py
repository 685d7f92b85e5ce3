"""Builders that run other jobs: here, on another Jenkins, or as a phase of a multijob."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    option,
    reads,
    required,
    text,
    truth,
    written,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.results import RESULTS, add_result
from ringtest.jjb.components.shapes import (
    choose,
    each,
    either,
    given,
    node,
    present,
    refuse,
    told,
    within,
)
from ringtest.jjb.components.triggered import PARAMETERIZED, add_git_revision, add_projects

ACTIONS = ("SKIP", "NOPARMS", "FAIL")
LABELS = "org.jvnet.jenkins.plugins.nodelabelparameter.parameterizedtrigger."

FROM_FILES = (
    required("file-pattern"),
    option("no-files-found-action", "SKIP", choices=ACTIONS),
)

FACTORIES = each(
    "parameter-factories",
    choose(
        "factory",
        REQUIRED,
        {
            "filebuild": (node(f"{PARAMETERIZED}FileBuildParameterFactory", *FROM_FILES),),
            "binaryfile": (
                node(
                    f"{PARAMETERIZED}BinaryFileParameterFactory",
                    required("parameter-name"),
                    *FROM_FILES,
                ),
            ),
            "counterbuild": (
                node(
                    f"{PARAMETERIZED}CounterBuildParameterFactory",
                    required("from"),
                    required("to"),
                    required("step"),
                    option("parameters", "", "paramExpr"),
                    option("validation-fail", "FAIL", choices=ACTIONS),
                ),
            ),
            "allnodesforlabel": (
                node(
                    f"{LABELS}AllNodesForLabelBuildParameterFactory",
                    option("name", ""),
                    required("node-label"),
                    option("ignore-offline-nodes", True),
                ),
            ),
            "allonlinenodes": (node(f"{LABELS}AllNodesBuildParameterFactory"),),
        },
    ),
)


@reads("git-revision")
def revision(parent: Element, data: Any, ctx: Context) -> None:
    """The revision that is handed over."""
    add_git_revision(parent, data["git-revision"])


HANDED_OVER = (
    given("current-parameters", node(f"{PARAMETERIZED}CurrentBuildParameters")),
    given("svn-revision", node(f"{PARAMETERIZED}SubversionRevisionBuildParameters")),
    given("git-revision", revision),
    given("same-node", node(f"{PARAMETERIZED}NodeParameters")),
    present(
        "property-file",
        node(
            f"{PARAMETERIZED}FileBuildParameters",
            required("property-file", "propertiesFile"),
            option("property-file-fail-on-missing", True, "failTriggerOnMissing"),
        ),
    ),
    present(
        "predefined-parameters",
        node(
            f"{PARAMETERIZED}PredefinedBuildParameters",
            required("predefined-parameters", "properties"),
        ),
    ),
    present(
        "bool-parameters",
        node(
            f"{PARAMETERIZED}BooleanParameters",
            node(
                "configs",
                each(
                    "bool-parameters",
                    node(
                        f"{PARAMETERIZED}BooleanParameterConfig",
                        required("name"),
                        option("value", False),
                    ),
                ),
            ),
        ),
    ),
    present(
        "node-label-name",
        present(
            "node-label",
            node(
                f"{LABELS}NodeLabelBuildParameter",
                required("node-label-name", "name"),
                required("node-label"),
            ),
        ),
    ),
    present(
        "restrict-matrix-project",
        node(
            f"{PARAMETERIZED}matrix.MatrixSubsetBuildParameters",
            required("restrict-matrix-project", "filter"),
        ),
    ),
)

WAITS_FOR = (
    ("build-step-failure-threshold", "buildStepFailureThreshold", "FAILURE"),
    ("unstable-threshold", "unstableThreshold", "UNSTABLE"),
    ("failure-threshold", "failureThreshold", "FAILURE"),
)


def add_block(parent: Element, data: Any, ctx: Context) -> None:
    """Waiting for what was triggered, and which results of it count."""
    block = SubElement(parent, "block")
    given_limits = data.get("block-thresholds") or {}
    for name, tag, default in WAITS_FOR:
        value = given_limits.get(name, default)
        if value.lower() == "never":
            continue
        if value.upper() not in ("SUCCESS", "UNSTABLE", "FAILURE"):
            refuse(name, value, ("never", "SUCCESS", "UNSTABLE", "FAILURE"), ctx)
        add_result(block, tag, RESULTS[value.upper()], "true")


@builder.written("trigger-builds")
@reads(
    "project current-parameters svn-revision git-revision same-node property-file"
    " property-file-fail-on-missing predefined-parameters bool-parameters node-label-name"
    " node-label restrict-matrix-project parameter-factories block block-thresholds"
)
def trigger_builds(parent: Element, data: Any, ctx: Context) -> None:
    """Jobs with what is handed to them; nothing at all when no job is named."""
    trigger = SubElement(parent, f"{PARAMETERIZED}TriggerBuilder")
    configs = SubElement(trigger, "configs")
    for project in data:
        if "project" not in project or project["project"] == "":
            continue
        config = SubElement(configs, f"{PARAMETERIZED}BlockableBuildTriggerConfig")
        handed = SubElement(config, "configs")
        for part in HANDED_OVER:
            part(handed, project, ctx)
        booleans = handed.find(f"{PARAMETERIZED}BooleanParameters/configs")
        if booleans is not None:
            # What comes after boolean parameters lands inside them, as in the original.
            configs = booleans
        if not len(handed):
            handed.set("class", "java.util.Collections$EmptyList")
        if "parameter-factories" in project:
            FACTORIES(SubElement(config, "configFactories"), project, ctx)
        add_projects(config, "projects", project["project"], ctx)
        SubElement(config, "condition").text = "ALWAYS"
        SubElement(config, "triggerWithNoParameters").text = "false"
        SubElement(config, "buildAllNodesWithLabel").text = "false"
        if project.get("block"):
            add_block(config, project, ctx)
    if not len(configs):
        parent.remove(trigger)


def parameter_list(parent: Element, data: Any, ctx: Context) -> None:
    """The lines of parameters, one element each."""
    element = SubElement(parent, "parameterList")
    for line in data["predefined-parameters"].split("\n"):
        if line:
            SubElement(element, "string").text = line


FILE = required("property-file", "parameterFile")


@reads("property-file")
def parameter_file(parent: Element, data: Any, ctx: Context) -> None:
    """A file with parameters, if one is named."""
    named = "property-file" in data and data["property-file"] != ""
    SubElement(parent, "loadParamsFromFile").text = truth(named)
    if named:
        FILE(parent, data, ctx)


builder(
    "trigger-remote",
    "org.jenkinsci.plugins.ParameterizedRemoteTrigger.RemoteBuildConfiguration",
    required("remote-jenkins-name"),
    option("token", ""),
    required("job"),
    option("should-not-fail-build", False),
    option("poll-interval", 10),
    option("connection-retry-limit", 5),
    option("enhanced-logging", False),
    option("prevent-remote-build-queue", False),
    option("block", True, "blockBuildUntilComplete"),
    present(
        "predefined-parameters",
        text("predefined-parameters", tag="parameters"),
        parameter_list,
    ),
    parameter_file,
    constant("overrideAuth", "false"),
)

PHASE_PARAMETERS = node(
    "configs",
    given(
        "node-label-name",
        given(
            "node-label",
            node(
                f"{LABELS}NodeLabelBuildParameter",
                required("node-label-name", "name"),
                required("node-label"),
            ),
        ),
    ),
    given("node-parameters", node(f"{PARAMETERIZED}NodeParameters")),
    given(
        "git-revision",
        node(
            "hudson.plugins.git.GitRevisionBuildParameters",
            constant("combineQueuedCommits", "false"),
        ),
    ),
    given(
        "property-file",
        node(
            f"{PARAMETERIZED}FileBuildParameters",
            required("property-file", "propertiesFile"),
            constant("failTriggerOnMissing", "true"),
        ),
    ),
    given(
        "predefined-parameters",
        node(
            f"{PARAMETERIZED}PredefinedBuildParameters",
            required("predefined-parameters", "properties"),
        ),
    ),
    told(
        "restrict-matrix-project",
        node(
            f"{PARAMETERIZED}matrix.MatrixSubsetBuildParameters",
            required("restrict-matrix-project", "filter"),
        ),
    ),
)

PHASE_JOB = (
    required("name", "jobName"),
    option("current-parameters", False, "currParams"),
    given("alias", required("alias", "jobAlias")),
    PHASE_PARAMETERS,
    option("abort-all-job", False),
    option("aggregate-results", False, "aggregatedTestResults"),
    either(
        "retry",
        (
            within(
                "retry",
                required("strategy-path", "parsingRulesPath"),
                written("max-retry", 0, lambda count: str(int(count)), "maxRetries"),
            ),
            constant("enableRetryStrategy", "true"),
        ),
        (constant("enableRetryStrategy", "false"),),
    ),
    told(
        "enable-condition",
        constant("enableCondition", "true"),
        required("enable-condition", "condition"),
    ),
    told(
        "kill-phase-on",
        written("kill-phase-on", None, str.upper, "killPhaseOnJobResultCondition"),
    ),
)

builder(
    "multijob",
    "com.tikal.jenkins.plugins.multijob.MultiJobBuilder",
    required("name", "phaseName"),
    option("condition", "SUCCESSFUL", "continuationCondition"),
    option("execution-type", "PARALLEL"),
    node(
        "phaseJobs",
        each(
            "projects",
            node("com.tikal.jenkins.plugins.multijob.PhaseJobsConfig", *PHASE_JOB),
        ),
    ),
)
