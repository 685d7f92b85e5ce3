"""The sections of a job that hold components, in the original's order."""

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.loading.values import Seq
from ringtest.jjb.problems import Failure
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.rendering.general import add, as_text, properties_of

Data = Mapping[str, Any]
_WITHOUT_SCM = ("githuborg", "multibranch", "multibranch-defaults", "pipeline")


def properties(root: Element, data: Data, components: Components) -> None:
    """`properties`: these alone may know the whole job."""
    components.all_of("properties", properties_of(root), data.get("properties", []), 2, data)


def metadata(root: Element, data: Data, components: Components) -> None:
    """`metadata`, which reaches no job as a key, but leaves the element of properties."""
    properties_of(root)


def parameters(root: Element, data: Data, components: Components) -> None:
    """`parameters`."""
    where = properties_of(root)
    wanted = data.get("parameters", [])
    if not wanted:
        return
    definition = where.find("hudson.model.ParametersDefinitionProperty")
    if definition is None:
        definition = SubElement(where, "hudson.model.ParametersDefinitionProperty")
    inside = definition.find("parameterDefinitions")
    if inside is None:
        inside = SubElement(definition, "parameterDefinitions")
    components.all_of("parameters", inside, wanted, 4)


def notifications(root: Element, data: Data, components: Components) -> None:
    """`notifications`."""
    where = properties_of(root)
    wanted = data.get("notifications", [])
    if wanted:
        name = "com.tikal.hudson.plugins.notification.HudsonNotificationProperty"
        endpoints = SubElement(SubElement(where, name), "endpoints")
        components.all_of("notifications", endpoints, wanted, 4)


def pipeline_scm(root: Element, data: Data, components: Components) -> None:
    """`pipeline-scm`: where a pipeline's script comes from."""
    wanted = data.get("pipeline-scm", {})
    scms = wanted.get("scm") if isinstance(wanted, Mapping) else None
    if not scms:
        return
    if len(scms) != 1:
        raise Failure("component", "Only one SCM can be specified as pipeline-scm")
    definition = root.find("definition")
    if definition is None:
        raise Failure("component", "'pipeline-scm' belongs to a pipeline job")
    first = scms[0]
    if isinstance(scms, Seq):
        components.settle(scms.place_of_item(0))
    components.dispatch("scm", definition, first)
    path = wanted.get("script-path", "Jenkinsfile")
    if path is not None:
        add(definition, "scriptPath", as_text(path))
    lightweight = wanted.get("lightweight-checkout")
    if lightweight is not None:
        if lightweight not in (True, False):
            raise Failure("component", f"lightweight-checkout is true or false, not {lightweight}")
        add(definition, "lightweight", as_text(lightweight))


def scm(root: Element, data: Data, components: Components) -> None:
    """`scm`: none, one, or several under one element."""
    if data.get("project-type") in _WITHOUT_SCM:
        return
    hold = Element("scms")
    wanted = data.get("scm", [])
    components.apart("scm", hold, wanted)
    if len(hold) == 0:
        SubElement(root, "scm", {"class": "hudson.scm.NullSCM"})
    elif len(hold) == 1:
        root.append(hold[0])
    else:
        several = "org.jenkinsci.plugins.multiplescms.MultiSCM"
        parent = SubElement(root, "scm", {"class": several})
        for child in hold:
            name = child.attrib.pop("class", None)
            if name is not None:
                child.tag = name
        parent.append(hold)


def triggers(root: Element, data: Data, components: Components) -> None:
    """`triggers`."""
    wanted = data.get("triggers", [])
    if not wanted:
        return
    if data.get("project-type", "freestyle") != "pipeline":
        components.all_of("triggers", SubElement(root, "triggers", {"class": "vector"}), wanted, 2)
        return
    name = "org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty"
    inside = SubElement(SubElement(properties_of(root), name), "triggers")
    components.all_of("triggers", inside, wanted, 4)


def reporters(root: Element, data: Data, components: Components) -> None:
    """`reporters` of a Maven job."""
    if "reporters" not in data:
        return
    if root.tag != "maven2-moduleset":
        raise Failure("component", "Reporters may only be used for Maven modules.")
    components.all_of("reporters", SubElement(root, "reporters"), data["reporters"], 2)


def builders(root: Element, data: Data, components: Components) -> None:
    """`prebuilders`, `builders` and `postbuilders`."""
    for name in ("prebuilders", "builders", "postbuilders"):
        if name in data:
            components.all_of("builders", SubElement(root, name), data[name], 2)
    kind = data.get("project-type", "freestyle")
    if kind in ("freestyle", "matrix") and "builders" not in data:
        SubElement(root, "builders")


def publishers(root: Element, data: Data, components: Components) -> None:
    """`publishers`, which a pipeline has not."""
    if data.get("project-type", "freestyle") != "pipeline":
        where = SubElement(root, "publishers")
        components.all_of("publishers", where, data.get("publishers", []), 2)


def hipchat(root: Element, data: Data, components: Components) -> None:
    """`hipchat`: a property and a publisher of old, a publisher alone of newer plugins."""
    wanted = data.get("hipchat")
    if not wanted or not wanted.get("enabled", True):
        return
    section = 'plugin "hipchat"'
    token = components.settings.sections.get(section, {}).get("authtoken")
    if token == "":
        raise Failure("component", "the ini file's section hipchat has an empty authtoken")
    given = dict(wanted)
    if "room" in given:
        given.setdefault("rooms", [given["room"]])
    version = components.plugin_version("Jenkins HipChat Plugin")
    if version >= "0.1.9":
        found = root.find("publishers")
        where = SubElement(root, "publishers") if found is None else found
        components.dispatch("publishers", where, {"hipchat": given})
        return
    name = "jenkins.plugins.hipchat.HipChatNotifier_-HipChatJobProperty"
    old = SubElement(properties_of(root), name)
    add(old, "room", ",".join(given["rooms"]) if "rooms" in given else None)
    started = given.get("notify-start", given.get("start-notify", False))
    add(old, "startNotification", str(started).lower())
    if version >= "0.1.5":
        for word in ("Success", "Aborted", "NotBuilt", "Unstable", "Failure", "BackToNormal"):
            key = "notify" + "".join(f"-{c.lower()}" if c.isupper() else c for c in word)
            add(old, f"notify{word}", as_text(given.get(key, False)))
    found = root.find("publishers")
    where = SubElement(root, "publishers") if found is None else found
    notifier = SubElement(where, "jenkins.plugins.hipchat.HipChatNotifier")
    url = components.option(section, "url")
    if version >= "0.1.8":
        add(notifier, "buildServerUrl", url)
        add(notifier, "sendAs", components.option(section, "send-as"))
    else:
        add(notifier, "jenkinsUrl", url)
    add(notifier, "authToken", token)
    add(notifier, "room", "")


def wrappers(root: Element, data: Data, components: Components) -> None:
    """`wrappers`, which a pipeline has not."""
    if data.get("project-type", "freestyle") != "pipeline":
        where = SubElement(root, "buildWrappers")
        components.all_of("wrappers", where, data.get("wrappers", []), 2)


SECTIONS: tuple[Callable[[Element, Data, Components], None], ...] = (
    properties,
    metadata,
    parameters,
    notifications,
    pipeline_scm,
    scm,
    triggers,
    reporters,
    builders,
    publishers,
    hipchat,
    wrappers,
)
