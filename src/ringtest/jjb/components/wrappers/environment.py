"""Wrappers that set the stage of a build: variables, files, tools, a clean workspace."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.cleaned import patterns
from ringtest.jjb.components.kinds import wrapper
from ringtest.jjb.components.managed_files import MANAGED_FILES
from ringtest.jjb.components.parts import (
    constant,
    item,
    joined,
    maybe,
    option,
    printed,
    reads,
    required,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import each, given, is_since, node

wrapper(
    "config-file-provider",
    "org.jenkinsci.plugins.configfiles.buildwrapper.ConfigFileBuildWrapper",
    MANAGED_FILES,
    plugin="config-file-provider",
)

wrapper(
    "workspace-cleanup",
    "hudson.plugins.ws__cleanup.PreBuildCleanup",
    patterns(printed),
    option("dirmatch", False, "deleteDirs"),
    option("check-parameter", "", "cleanupParameter"),
    option("external-deletion-command", "", "externalDelete"),
    option("disable-deferred-wipeout", False),
    plugin="ws-cleanup",
)

wrapper(
    "copy-to-slave",
    "com.michelin.cio.hudson.plugins.copytoslave.CopyToSlaveBuildWrapper",
    joined("includes", ",", ("",)),
    joined("excludes", ",", ("",)),
    option("flatten", False),
    option("include-ant-excludes", False),
    option(
        "relative-to",
        "userContent",
        choices=("home", "somewhereElse", "userContent", "workspace"),
    ),
    constant("hudsonHomeRelative", "false"),
)


NODEJS = required("name", "nodeJSInstallationName")


@wrapper.written("nodejs-installator")
@reads("name")
def nodejs_installator(parent: Element, data: Any, ctx: Context) -> None:
    """Node.js by the name of its installation; the version of the plugin is said."""
    version = ctx.plugin_version("nodejs", default="0")
    words = {"plugin": f"nodejs@{version}"}
    element = SubElement(parent, "jenkins.plugins.nodejs.NodeJSBuildWrapper", words)
    NODEJS(element, data, ctx)


FAIL_ON_ERROR = option("failOnError", False)


@wrapper.written("pre-scm-buildstep")
@reads("buildsteps failOnError")
def pre_scm_buildstep(parent: Element, data: Any, ctx: Context) -> None:
    """Builders that run before the sources are fetched: a list, or a list with options."""
    element = SubElement(parent, "org.jenkinsci.plugins.preSCMbuildstep.PreSCMBuildStepsWrapper")
    steps = SubElement(element, "buildSteps")
    for step in data if isinstance(data, list) else data.get("buildsteps"):
        made = Element("dummy")
        ctx.dispatch("builders", made, step)
        steps.extend(made)
    if not isinstance(data, list) and is_since(ctx, "0.3", "preSCMbuildstep"):
        FAIL_ON_ERROR(element, data, ctx)


wrapper(
    "inject",
    "EnvInjectBuildWrapper",
    node(
        "info",
        maybe("properties-file", tag="propertiesFilePath"),
        maybe("properties-content"),
        maybe("script-file", tag="scriptFilePath"),
        maybe("script-content"),
        maybe("load-from-master", False, tag="loadFilesFromMaster"),
        node(
            "secureGroovyScript",
            maybe("groovy-script", tag="script"),
            maybe("groovy-sandbox", False, tag="sandbox"),
        ),
    ),
)

wrapper(
    "inject-ownership-variables",
    "com.synopsys.arc.jenkins.plugins.ownership.wrappers.OwnershipBuildWrapper",
    option("node-variables", False, "injectNodeOwnership"),
    option("job-variables", False, "injectJobOwnership"),
)

wrapper(
    "env-file",
    "hudson.plugins.envfile.EnvFileBuildWrapper",
    maybe("properties-file", tag="filePath"),
)

wrapper(
    "env-script",
    "com.lookout.jenkins.EnvironmentScript",
    option("script-content", "", "script"),
    option(
        "script-type",
        "unix-script",
        choices={
            "unix-script": "unixScript",
            "power-shell": "powerShell",
            "batch-script": "batchScript",
        },
    ),
    option("only-run-on-parent", False, "runOnlyOnParent"),
)

wrapper("build-user-vars", "org.jenkinsci.plugins.builduser.BuildUser")

wrapper(
    "custom-tools",
    "com.cloudbees.jenkins.plugins.customtools.CustomToolInstallWrapper",
    node(
        "selectedTools",
        each(
            "tools",
            node(
                "com.cloudbees.jenkins.plugins.customtools.CustomToolInstallWrapper_-SelectedTool",
                item("name", printed),
            ),
        ),
    ),
    node(
        "multiconfigOptions",
        option("skip-master-install", False, "skipMasterInstallation"),
    ),
    option("convert-homes-to-upper", False, "convertHomesToUppercase"),
)

wrapper(
    "sonar",
    "hudson.plugins.sonar.SonarBuildWrapper",
    given(
        "install-name",
        option("install-name", "", "installationName"),
    ),
    plugin="sonar",
)

wrapper(
    "delivery-pipeline",
    "se.diabol.jenkins.pipeline.PipelineVersionContributor",
    option("version-template", ""),
    option("set-display-name", False, "updateDisplayName"),
    plugin="delivery-pipeline-plugin",
)

wrapper(
    "matrix-tie-parent",
    "matrixtieparent.BuildWrapperMtp",
    required("node", "labelName"),
)

wrapper(
    "live-screenshot",
    "org.jenkinsci.plugins.livescreenshot.LiveScreenshotBuildWrapper",
    option("full-size", "screenshot.png", "fullscreenFilename"),
    option("thumbnail", "screenshot-thumb.png", "thumbnailFilename"),
    plugin="livescreenshot",
)
