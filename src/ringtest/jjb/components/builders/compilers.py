"""Builders that call a build tool: Maven, Ant, Gradle, CMake, Xcode and their like."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.managed_files import MAVEN_SETTINGS
from ringtest.jjb.components.parts import (
    constant,
    joined,
    maybe,
    option,
    put,
    reads,
    required,
    text,
    truth,
    written,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import each, given, node, present, since


def assignments(properties: Any) -> str:
    """Properties as lines of `name=value`."""
    return "".join(f"{name}={value}\n" for name, value in properties.items())


ANT = (
    maybe("targets"),
    maybe("buildfile", tag="buildFile"),
    maybe("ant-name", "default"),
    present("java-opts", joined("java-opts", "\n", tag="antOpts")),
    present("properties", written("properties", None, assignments)),
)


@builder.written("ant")
@reads("targets buildfile ant-name properties java-opts")
def ant(parent: Element, data: Any, ctx: Context) -> None:
    """Ant, by its targets alone or by options."""
    element = SubElement(parent, "hudson.tasks.Ant")
    for part in ANT:
        part(element, {"targets": data} if isinstance(data, str) else data, ctx)


builder(
    "maven-target",
    "hudson.tasks.Maven",
    text("goals", tag="targets"),
    joined("properties", "\n"),
    maybe("maven-version", tag="mavenName"),
    maybe("pom"),
    maybe("private-repository", False, "usePrivateRepository"),
    present("java-opts", joined("java-opts", " ", tag="jvmOptions")),
    *MAVEN_SETTINGS,
)

CMAKE_TYPES = ("Debug", "Release", "RelWithDebInfo", "MinSizeRel")


@reads("build-type")
def cmake_build_type(parent: Element, data: Any, ctx: Context) -> None:
    """The type, or another one beside it."""
    kind = data.get("build-type", CMAKE_TYPES[0])
    known = kind in CMAKE_TYPES
    put(parent, "buildType", kind if known else CMAKE_TYPES[0], ctx)
    put(parent, "otherBuildType", "" if known else kind, ctx)
    SubElement(parent, "builderImpl")


builder(
    "cmake",
    "hudson.plugins.cmake.CmakeBuilder",
    required("source-dir"),
    option("generator", "Unix Makefiles"),
    option("clean-build-dir", False, "cleanBuild"),
    since(
        "CMake plugin",
        "2.0",
        (
            maybe("preload-script"),
            maybe("working-dir", ""),
            maybe("build-type", "Debug"),
            maybe("installation-name", "InSearchPath"),
            maybe("other-arguments", "", "toolArgs"),
            node(
                "toolSteps",
                each(
                    "build-tool-invocations",
                    node(
                        "hudson.plugins.cmake.BuildToolStep",
                        option("use-cmake", False, "withCmake"),
                        option("arguments", "", "args"),
                        option("environment-variables", "", "vars"),
                    ),
                ),
            ),
        ),
        (
            option("preload-script", ""),
            option("build-dir", ""),
            option("install-dir", ""),
            option("make-command", "make"),
            option("install-command", "make install"),
            option("other-arguments", "", "cmakeArgs"),
            option("custom-cmake-path", "", "projectCmakePath"),
            option("clean-install-dir", False),
            cmake_build_type,
        ),
    ),
)


@reads("version-technical version-marketing")
def xcode_version(parent: Element, data: Any, ctx: Context) -> None:
    """The version of the application, when there is one."""
    technical, marketing = data.get("version-technical"), data.get("version-marketing")
    told = bool(technical or marketing)
    SubElement(parent, "provideApplicationVersion").text = "true" if told else "false"
    put(
        parent,
        "cfBundleVersionValue",
        data.get("version-technical", "") if told else None,
        ctx,
    )
    put(
        parent,
        "cfBundleShortVersionStringValue",
        data.get("version-marketing", "") if told else None,
        ctx,
    )


XCODE = node(
    "au.com.rayh.XCodeBuilder",
    option("clean-build", False, "cleanBeforeBuild"),
    option("clean-test-reports", False),
    option("archive", False, "generateArchive"),
    option("configuration", "Release"),
    option("configuration-directory", "", "configurationBuildDir"),
    option("target", ""),
    option("sdk", ""),
    option("symroot", "", "symRoot"),
    option("project-path", "", "xcodeProjectPath"),
    option("project-file", "", "xcodeProjectFile"),
    option("build-arguments", "", "xcodebuildArguments"),
    option("schema", "", "xcodeSchema"),
    option("workspace", "", "xcodeWorkspaceFile"),
    option("profile", "", "embeddedProfileFile"),
    option("codesign-id", "", "codeSigningIdentity"),
    option("allow-failing", False, "allowFailingBuildResults"),
    xcode_version,
    written("ipa-version", None, truth, "buildIpa"),
    option("ipa-export-method", "", choices=("", "ad-hoc", "app-store", "development")),
    option("ipa-version", "", "ipaName"),
    option("ipa-output", "", "ipaOutputDirectory"),
    option("development-team-id", "", "developmentTeamID"),
    option("keychain-name", ""),
    option("keychain-path", ""),
    option("keychain-password", "", "keychainPwd"),
    option("keychain-unlock", False, "unlockKeychain"),
    option("compile-bitcode", True),
    option("upload-bitcode", True),
    option("upload-symbols", True),
    written("provisioning-profiles", None, truth, "manualSigning"),
    given(
        "provisioning-profiles",
        node(
            "provisioningProfiles",
            each(
                "provisioning-profiles",
                node(
                    "au.com.rayh.ProvisioningProfile",
                    option("bundle-id", "", "provisioningProfileAppId"),
                    option("provisioning-profile-uuid", "", "provisioningProfileUUID"),
                ),
            ),
        ),
    ),
)

builder.made_of(
    "xcode",
    given(
        "developer-profile",
        node("au.com.rayh.DeveloperProfileLoader", maybe("developer-profile", tag="id")),
    ),
    XCODE,
)


builder(
    "gradle",
    "hudson.plugins.gradle.Gradle",
    constant("description", ""),
    option("build-file", "build.gradle"),
    required("tasks"),
    option("root-build-script-dir", ""),
    option("gradle-name", ""),
    option("wrapper", False, "useWrapper"),
    option("executable", False, "makeExecutable"),
    option("use-root-dir", False, "fromRootBuildScriptDir"),
    option("pass-system-properties", False, "passAllAsSystemProperties"),
    option("pass-project-properties", False, "passAllAsProjectProperties"),
    joined("switches", "\n"),
)

builder(
    "grails",
    "com.g2one.hudson.grails.GrailsBuilder",
    required("targets"),
    option("name", "(Default)"),
    option("work-dir", "", "grailsWorkDir"),
    option("project-dir", "", "projectWorkDir"),
    option("base-dir", "", "projectBaseDir"),
    option("server-port", ""),
    option("properties", ""),
    option("force-upgrade", False),
    option("non-interactive", False),
    option("use-wrapper", False),
    option("plain-output", False),
    option("stack-trace", False),
    option("verbose", False),
    option("refresh-dependencies", False),
    plugin="grails",
)

builder(
    "sbt",
    "org.jvnet.hudson.plugins.SbtPluginBuilder",
    option("name", ""),
    option("jvm-flags", ""),
    option("sbt-flags", "-Dsbt.log.noformat=true"),
    option("actions", ""),
    option("subdir-path", ""),
)

builder(
    "maven-builder",
    "org.jfrog.hudson.maven3.Maven3Builder",
    required("name", "mavenName"),
    required("goals"),
    option("pom", "pom.xml", "rootPom"),
    option("maven-opts", ""),
)

builder(
    "msbuild",
    "hudson.plugins.msbuild.MsBuildBuilder",
    option("msbuild-version", "(Default)", "msBuildName"),
    required("solution-file", "msBuildFile"),
    option("extra-parameters", "", "cmdLineArgs"),
    option("pass-build-variables", True, "buildVariablesAsProperties"),
    option("continue-on-build-failure", False),
    option("unstable-if-warnings", False),
    plugin="msbuild",
)

builder(
    "doxygen",
    "hudson.plugins.doxygen.DoxygenBuilder",
    required("doxyfile", "doxyfilePath"),
    required("install", "installationName"),
    option("ignore-failure", False, "continueOnBuildFailure"),
    option("unstable-warning", False, "unstableIfWarnings"),
)

builder(
    "change-assembly-version",
    "org.jenkinsci.plugins.changeassemblyversion.ChangeAssemblyVersion",
    option("version", "1.0.0", "task"),
    option("assembly-file", "AssemblyInfo.cs"),
)

builder(
    "scan-build",
    "jenkins.plugins.clangscanbuild.ClangScanBuildBuilder",
    required("target"),
    option("target-sdk", "iphonesimulator"),
    option("config", "Debug"),
    option("clang-install-name", "", "clangInstallationName"),
    option("xcode-sub-path", "myProj/subfolder", "xcodeProjectSubPath"),
    option("workspace", ""),
    option("scheme", ""),
    option("scan-build-args", "--use-analyzer Xcode", "scanbuildargs"),
    option("xcode-build-args", "-derivedDataPath $WORKSPACE/build", "xcodebuildargs"),
    option("report-folder", "clangScanBuildReports", "outputFolderName"),
    plugin="clang-scanbuild",
)
