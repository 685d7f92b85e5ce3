"""Publishers as actions, in the order of the job."""

from xml.etree.ElementTree import Element

from ringtest.jjb.native.builders import builders
from ringtest.jjb.native.fields import Fields
from ringtest.jjb.native.program import Action
from ringtest.jjb.native.translation import Handlers, Translation
from ringtest.jjb.native.wrappers import patterns_of

_CLEAN_WHEN = {
    "cleanWhenSuccess": "SUCCESS",
    "cleanWhenUnstable": "UNSTABLE",
    "cleanWhenFailure": "FAILURE",
    "cleanWhenNotBuilt": "NOT_BUILT",
    "cleanWhenAborted": "ABORTED",
}


def publishers(elements: list[Element], job: Translation) -> list[Action]:
    """What is done after the builders."""
    return job.actions(elements, HANDLERS, "publishers")


def _archive(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("fingerprint", "latestOnly", "followSymlinks", "caseSensitive", "defaultExcludes")
    if fields.element.findtext("caseSensitive") == "false":
        fields.refuse("caseSensitive false")
    given: dict[str, object] = {
        "include": fields.text("artifacts"),
        "exclude": fields.text("excludes"),
        "allow_empty": fields.flag("allowEmptyArchive"),
        "only_if_success": fields.flag("onlyIfSuccessful"),
    }
    return [Action("archive", "archive artifacts", given)]


def _junit(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("keepLongStdio", "healthScaleFactor", "skipPublishingChecks")
    given: dict[str, object] = {
        "include": fields.text("testResults"),
        "allow_empty": fields.flag("allowEmptyResults"),
        "keep_result": fields.flag("skipMarkingBuildUnstable"),
    }
    for element in fields.children("testDataPublishers"):
        fields.refuse(str(element.tag).rpartition(".")[2])
    return [Action("junit", "read JUnit files", given)]


def _xunit(fields: Fields, job: Translation) -> list[Action]:
    """JUnit files of the xunit plugin, with its thresholds of failed and skipped tests."""
    fields.ignore("extraConfiguration", "testTimeMargin")
    if fields.text("thresholdMode", "1") not in ("", "1"):
        fields.refuse("thresholds in percent")
    made = []
    for element in [*fields.children("tools"), *fields.children("types")]:
        one = Fields(element)
        if element.tag not in ("JUnitType", "GoogleTestType", "PHPUnitJunitHudsonTestType"):
            fields.refuse(str(element.tag))
            continue
        one.ignore("failIfNotNew", "deleteOutputFiles", "faildedIfNotNew")
        given: dict[str, object] = {
            "include": one.text("pattern"),
            "allow_empty": one.flag("skipNoTestFiles"),
            "keep_result": True,
        }
        one.ignore("stopProcessingIfError")
        fields.absorb(one)
        made.append(Action("junit", "read JUnit files", given))
    limits: dict[str, dict[str, str]] = {}
    for element in fields.children("thresholds"):
        one = Fields(element)
        counted = "failed" if str(element.tag).endswith("FailedThreshold") else "skipped"
        limits[counted] = {
            "UNSTABLE": one.text("unstableThreshold"),
            "FAILURE": one.text("failureThreshold"),
        }
        fields.absorb(one)
    return [*made, Action("thresholds", "thresholds of tests", {"limits": limits})]


def _robot(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("logFileLink", "enableCache", "disableArchiveOutput", "onlyCritical")
    given: dict[str, object] = {
        "folder": fields.text("outputPath"),
        "output": fields.text("outputFileName", "output.xml"),
        "pass": fields.text("passThreshold", "0.0"),
        "unstable": fields.text("unstableThreshold", "0.0"),
        "files": [
            fields.text("reportFileName", "report.html"),
            fields.text("logFileName", "log.html"),
            *fields.strings("otherFiles"),
        ],
    }
    return [Action("robot", "read Robot Framework's output", given)]


def _after(fields: Fields, job: Translation) -> list[Action]:
    """postbuildscript since 2.0."""
    config = fields.inner("config")
    made = []
    for element in config.children("scriptFiles"):
        one = Fields(element)
        if one.only("scriptType", "GENERIC") == "GENERIC":
            command = f'exec /bin/sh "{one.text("filePath")}"'
            run = Action("shell", f"script {one.text('filePath')}", {"command": command})
            made.append(_by_result(one, [run]))
        one.ignore("filePath", "results", "role", "executeOn")
        config.absorb(one)
    for _ in config.children("groovyScripts"):
        config.refuse("Groovy")
    for element in config.children("buildSteps"):
        one = Fields(element)
        inside = builders(one.children("buildSteps"), job)
        made.append(_by_result(one, inside))
        config.absorb(one)
    unstable = config.flag("markBuildUnstable")
    fields.absorb(config)
    fields.ignore("config")
    if "config" not in {str(child.tag) for child in fields.element}:
        return [_after_of_old(fields, job)]
    return [Action("after", "scripts after the build", {"unstable": unstable}, made)]


def _by_result(fields: Fields, inside: list[Action]) -> Action:
    results = fields.strings("results")
    if fields.text("executeOn") == "MATRIX":
        fields.refuse("executeOn MATRIX")
    fields.ignore("role")
    if fields.element.findtext("role") == "MASTER":
        fields.refuse("role MASTER")
    return Action("on-result", f"after {' or '.join(results)}", {"results": results}, inside)


def _after_of_old(fields: Fields, job: Translation) -> Action:
    """postbuildscript before 2.0."""
    made = []
    for element in fields.children("genericScriptFileList"):
        path = element.findtext("filePath") or ""
        made.append(Action("shell", f"script {path}", {"command": f'exec /bin/sh "{path}"'}))
    made += builders(fields.children("buildSteps"), job)
    succeeded, failed = fields.flag("scriptOnlyIfSuccess"), fields.flag("scriptOnlyIfFailure")
    results = ["SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED"]
    if succeeded and not failed:
        results = ["SUCCESS"]
    elif failed and not succeeded:
        results = ["FAILURE"]
    if fields.text("executeOn") == "MATRIX":
        fields.refuse("executeOn MATRIX")
    unstable = fields.flag("markBuildUnstable")
    inside = [Action("on-result", f"after {' or '.join(results)}", {"results": results}, made)]
    return Action("after", "scripts after the build", {"unstable": unstable}, inside)


def _cleanup(fields: Fields, job: Translation) -> list[Action]:
    fields.ignore("externalDelete", "disableDeferredWipeout", "cleanupMatrixParent", "notFailBuild")
    if fields.element.findtext("externalDelete"):
        fields.refuse("externalDelete")
    results = [result for tag, result in _CLEAN_WHEN.items() if fields.flag(tag, True)]
    given: dict[str, object] = {**patterns_of(fields), "folders": fields.flag("deleteDirs")}
    wipe = Action("wipe", "clean the workspace", given)
    return [Action("on-result", "clean the workspace", {"results": results}, [wipe])]


def _find_text(fields: Fields, job: Translation) -> list[Action]:
    results = {
        "succeedIfFound": "SUCCESS",
        "unstableIfFound": "UNSTABLE",
        "notBuiltIfFound": "NOT_BUILT",
    }
    chosen = [result for tag, result in results.items() if fields.flag(tag)]
    given: dict[str, object] = {
        "regexp": fields.text("regexp"),
        "include": fields.text("fileSet"),
        "console": fields.flag("alsoCheckConsoleOutput"),
        "result": chosen[-1] if chosen else "FAILURE",
    }
    return [Action("find-text", "look for text", given)]


def _describe(fields: Fields, job: Translation) -> list[Action]:
    given = {
        "regexp": fields.text("regexp"),
        "failed_regexp": fields.text("regexpForFailed"),
        "description": fields.text("description"),
        "failed_description": fields.text("descriptionForFailed"),
    }
    fields.ignore("setForMatrix")
    return [Action("describe", "set the description", dict(given))]


def _trigger(fields: Fields, job: Translation) -> list[Action]:
    """Other jobs are not started: that is told, and is never harmless."""
    names = [one.text or "" for one in fields.element.iter() if one.tag in _STARTED and one.text]
    fields.ignore(*(str(child.tag) for child in fields.element))
    fields.refuse(f"starting {', '.join(names) or 'other jobs'}")
    return []


def _rerun(fields: Fields, job: Translation) -> list[Action]:
    """Nobody runs a job again by itself here, as Jenkins would with its limit."""
    fields.ignore(*(str(child.tag) for child in fields.element))
    fields.refuse("starting the job again")
    return []


_STARTED = ("projects", "childProjects")
HANDLERS: Handlers = {
    "hudson.tasks.ArtifactArchiver": _archive,
    "hudson.tasks.junit.JUnitResultArchiver": _junit,
    "xunit": _xunit,
    "hudson.plugins.robot.RobotPublisher": _robot,
    "org.jenkinsci.plugins.postbuildscript.PostBuildScript": _after,
    "hudson.plugins.ws__cleanup.WsCleanup": _cleanup,
    "hudson.plugins.textfinder.TextFinderPublisher": _find_text,
    "hudson.plugins.descriptionsetter.DescriptionSetterPublisher": _describe,
    "hudson.plugins.parameterizedtrigger.BuildTrigger": _trigger,
    "hudson.tasks.BuildTrigger": _trigger,
    "com.chikli.hudson.plugin.naginator.NaginatorPublisher": _rerun,
}
