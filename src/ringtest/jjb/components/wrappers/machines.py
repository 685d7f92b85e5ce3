"""Wrappers that bring machines, displays and things that only one build may have at a time."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import wrapper
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    describe,
    item,
    maybe,
    option,
    printed,
    put,
    reads,
    required,
    string,
    text,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import choose, each, either, every, given, node, present, within

OPENSTACK = "jenkins.plugins.openstack.compute."

wrapper.made_of(
    "openstack",
    present(
        "instances",
        node(
            f"{OPENSTACK}JCloudsBuildWrapper",
            node(
                "instancesToRun",
                each(
                    "instances",
                    node(
                        f"{OPENSTACK}InstancesToRun",
                        required("cloud-name"),
                        option("count", 1),
                        either(
                            "manual-template",
                            (required("template-name", "manualTemplateName"),),
                            (required("template-name"),),
                        ),
                    ),
                ),
            ),
        ),
    ),
    given("single-use", node(f"{OPENSTACK}JCloudsOneOffSlave")),
)

JCLOUDS = "jenkins.plugins.jclouds.compute."

INSTANCE = (
    maybe("cloud-name", ""),
    maybe("count", "1"),
    maybe("stop-on-terminate", False, "suspendOrTerminate"),
)


@reads("instances")
def instances(parent: Element, data: Any, ctx: Context) -> None:
    """Machines by their templates."""
    if "instances" not in data:
        return
    wrapped = SubElement(parent, f"{JCLOUDS}JCloudsBuildWrapper")
    element = SubElement(wrapped, "instancesToRun")
    for templates in data["instances"]:
        for template, options in templates.items():
            one = SubElement(element, f"{JCLOUDS}InstancesToRun")
            put(one, "templateName", template, ctx)
            for part in INSTANCE:
                part(one, options, ctx)


wrapper.made_of("jclouds", instances, given("single-use", node(f"{JCLOUDS}JCloudsOneOffSlave")))

DOCKER = "com.cloudbees.jenkins.plugins.okidocki."

IMAGES: dict[str, tuple[Render, ...]] = {
    "dockerfile": (
        node(
            "selector",
            option("context-path", "."),
            option("dockerfile", "Dockerfile"),
            class_=f"{DOCKER}DockerfileImageSelector",
        ),
    ),
    "pull": (node("selector", option("image", ""), class_=f"{DOCKER}PullDockerImageSelector"),),
}


@reads("image-type context-path dockerfile image")
def image(parent: Element, data: Any, ctx: Context) -> None:
    """Where the image comes from; a type that is unknown says nothing."""
    if data["image-type"] not in list(IMAGES):
        SubElement(parent, "selector")
        return
    for part in IMAGES[data["image-type"]]:
        part(parent, data, ctx)


wrapper(
    "docker-custom-build-env",
    f"{DOCKER}DockerBuildWrapper",
    image,
    text("docker-tool", "Default", "dockerInstallation"),
    node(
        "dockerHost",
        maybe("host", tag="uri"),
        maybe("credentials-id"),
        plugin="docker-commons",
    ),
    text("registry-credentials-id", "", "dockerRegistryCredentials"),
    either(
        "volumes",
        (
            node(
                "volumes",
                each(
                    "volumes",
                    node(
                        f"{DOCKER}Volume",
                        within("volume", text("host-path", ""), text("path", "")),
                    ),
                ),
            ),
        ),
        (node("volumes", class_="empty-list"),),
    ),
    option("force-pull", False),
    option("privileged", False),
    option("verbose", False),
    option("group", ""),
    option("command", "/bin/cat"),
    option("net", "bridge"),
    option("memory-limit", "", "memory"),
    option("cpu-shares", "", "cpu"),
    plugin="docker-custom-build-environment",
)


@reads("hardware-properties")
def hardware(parent: Element, data: Any, ctx: Context) -> None:
    """Properties of the emulated machine."""
    element = SubElement(parent, "hardwareProperties")
    for name, value in data.get("hardware-properties", {}).items():
        one = SubElement(
            element,
            "hudson.plugins.android__emulator.AndroidEmulator_-HardwareProperty",
        )
        SubElement(one, "key").text = printed(name)
        SubElement(one, "value").text = printed(value)


@reads("avd os")
def check_emulator(parent: Element, data: Any, ctx: Context) -> None:
    """A device or a version, not both."""
    if bool(data.get("avd")) == bool(data.get("os")):
        ctx.fail("one of 'avd' and 'os' is required")


wrapper(
    "android-emulator",
    "hudson.plugins.android__emulator.AndroidEmulator",
    check_emulator,
    either(
        "avd",
        (string("avd", tag="avdName"),),
        (
            required("os", "osVersion"),
            option("screen-density", "mdpi"),
            option("screen-resolution", "WVGA"),
            option("locale", "en_US", "deviceLocale"),
            option("target-abi", ""),
            option("sd-card", "", "sdCardSize"),
        ),
    ),
    hardware,
    option("wipe", False, "wipeData"),
    option("show-window", False),
    option("snapshot", False, "useSnapshots"),
    option("delete", False, "deleteAfterBuild"),
    option("startup-delay", 0),
    option("commandline-options", "", "commandLineOptions"),
    option("exe", "", "executable"),
)

SELENIUM = (
    node(
        "seleniumInformation",
        option("starting-url", "", "seleniumBrowsers"),
        constant("isWebDriver", "false"),
        node(
            "seleniumBrowsers",
            each("platforms", item("string", printed), default=REQUIRED),
        ),
    ),
    node("seleniumBrowsers", reference="../seleniumInformation/seleniumBrowsers"),
)

WEBDRIVER = (
    node(
        "seleniumInformation",
        node(
            "webDriverBrowsers",
            each("platforms", item("string", printed), default=REQUIRED),
        ),
        constant("isWebDriver", "true"),
    ),
    node("webDriverBrowsers", reference="../seleniumInformation/webDriverBrowsers"),
)

BROWSERS = choose("type", "selenium", {"selenium": SELENIUM, "webdriver": WEBDRIVER}, strict=False)


@reads(" ".join(found.name for found in describe(BROWSERS)))
def platforms(parent: Element, data: Any, ctx: Context) -> None:
    """Browsers by their platforms; a type that is unknown has none."""
    if data.get("type", "selenium") not in ["selenium", "webdriver"]:
        ctx.warn("'type' is neither 'selenium' nor 'webdriver': no browsers are asked for")
        SubElement(parent, "seleniumInformation")
    BROWSERS(parent, data, ctx)


wrapper(
    "sauce-ondemand",
    "hudson.plugins.sauce__ondemand.SauceOnDemandBuildWrapper",
    option("enable-sauce-connect", False),
    option("sauce-host", "", "seleniumHost"),
    option("sauce-port", "", "seleniumPort"),
    option("launch-sauce-connect-on-slave", False),
    option("https-protocol", ""),
    option("sauce-connect-options", "", "options"),
    given(
        "override-username",
        given(
            "override-api-access-key",
            node(
                "credentials",
                required("override-username", "username"),
                required("override-api-access-key", "apiKey"),
            ),
        ),
    ),
    platforms,
)


@reads("names name")
def ports(parent: Element, data: Any, ctx: Context) -> None:
    """Ports by their names: a list, or one of old."""
    element = SubElement(parent, "ports")
    for name in data.get("names") or [data["name"]]:
        port = SubElement(element, "org.jvnet.hudson.plugins.port__allocator.DefaultPortType")
        put(port, "name", name, ctx)


wrapper("port-allocator", "org.jvnet.hudson.plugins.port__allocator.PortAllocator", ports)

wrapper(
    "exclusion",
    "org.jvnet.hudson.plugins.exclusion.IdAllocator",
    node(
        "ids",
        each(
            "resources",
            node(
                "org.jvnet.hudson.plugins.exclusion.DefaultIdType",
                item("name", str.upper),
            ),
        ),
    ),
    plugin="Exclusion",
)

LOCKS = node(
    "hudson.plugins.locksandlatches.LockWrapper",
    node(
        "locks",
        every(
            node(
                "hudson.plugins.locksandlatches.LockWrapper_-LockWaitConfig",
                item("name"),
            )
        ),
    ),
)


@wrapper.written("locks")
def locks(parent: Element, data: Any, ctx: Context) -> None:
    """Locks by their names, if there are any."""
    if data:
        LOCKS(parent, data, ctx)


wrapper(
    "mongo-db",
    "org.jenkinsci.plugins.mongodb.MongoBuildWrapper",
    required("name", "mongodbName"),
    option("port", ""),
    option("data-directory", "", "dbpath"),
    option("startup-params", "", "parameters"),
    option("start-timeout", 0),
    plugin="mongodb",
)

wrapper(
    "xvnc",
    "hudson.plugins.xvnc.Xvnc",
    option("screenshot", False, "takeScreenshot"),
    option("xauthority", True, "useXauthority"),
    plugin="xvnc",
)

wrapper(
    "xvfb",
    "org.jenkinsci.plugins.xvfb.XvfbBuildWrapper",
    option("installation-name", "default"),
    option("auto-display-name", False),
    option("display-name", ""),
    option("assigned-labels", ""),
    option("parallel-build", False),
    option("timeout", 0),
    option("screen", "1024x768x24"),
    option("display-name-offset", 1),
    option("additional-options", ""),
    option("debug", False),
    option("shutdown-with-build", False),
)
