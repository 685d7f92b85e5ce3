"""Builders of configuration management: Ansible and Salt."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.parts import (
    constant,
    lower,
    lowered,
    option,
    put,
    reads,
    required,
    string,
    text,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import either, refuse

INVENTORIES = ("path", "content", "do-not-specify")
ANSIBLE = "org.jenkinsci.plugins.ansible."


@reads("inventory-type inventory")
def inventory(parent: Element, data: Any, ctx: Context) -> None:
    """The hosts: a file, text, or none said."""
    kind = str(data.get("inventory-type", "path")).lower()
    hosts = data.get("inventory", {})
    if kind not in INVENTORIES:
        refuse("inventory-type", kind, INVENTORIES, ctx)
    if kind == "do-not-specify":
        SubElement(parent, "inventory", {"class": f"{ANSIBLE}InventoryDoNotSpecify"})
        return
    if kind not in hosts:
        ctx.fail(f"'inventory.{kind}' is required")
    name = f"{ANSIBLE}Inventory{kind.capitalize()}"
    element = SubElement(parent, "inventory", {"class": name})
    put(element, kind, hosts[kind], ctx)
    if kind == "content":
        SubElement(element, "dynamic").text = lowered(hosts.get("dynamic", False))


@reads("variables")
def extra_variables(parent: Element, data: Any, ctx: Context) -> None:
    """Variables of the playbook, hidden ones among them."""
    variables = data.get("variables", [])
    if not variables:
        return
    element = SubElement(parent, "extraVars")
    for number, given_variable in enumerate(variables):
        if not isinstance(given_variable, dict) or "name" not in given_variable:
            ctx.fail(f"'variables[{number}]' needs a 'name', and takes 'value' and 'hidden'")
        one = SubElement(element, f"{ANSIBLE}ExtraVar")
        put(one, "key", given_variable["name"], ctx)
        put(one, "value", given_variable.get("value", ""), ctx)
        SubElement(one, "hidden").text = lowered(given_variable.get("hidden", False))


builder(
    "ansible-playbook",
    f"{ANSIBLE}AnsiblePlaybookBuilder",
    string("playbook"),
    inventory,
    text("hosts", "", "limit"),
    text("tags-to-run", "", "tags"),
    text("tags-to-skip", "", "skippedTags"),
    text("task-to-start-at", "", "startAtTask"),
    text("credentials-id", ""),
    text("vault-credentials-id", ""),
    either(
        "sudo",
        (constant("sudo", "true"), text("sudo-user", "")),
        (constant("sudo", "false"),),
    ),
    either(
        "become",
        (constant("become", "true"), text("become-user", "")),
        (constant("become", "false"),),
    ),
    string("workers", "5", "forks"),
    lower("unbuffered-output", True),
    lower("colorized-output", False),
    lower("disable-host-key-checking", False),
    lower("host-key-checking", True),
    string("additional-parameters", ""),
    constant("copyCredentialsInWorkspace", "false"),
    extra_variables,
)

ORDERED_MAP = "org.apache.commons.collections.map.ListOrderedMap"

SALT = (
    required("servername"),
    required("credentials", "credentialsId"),
    option("authtype", "pam", choices=("pam", "ldap")),
    option("target", ""),
    option(
        "targettype",
        "glob",
        choices=(
            "glob",
            "pcre",
            "list",
            "grain",
            "pillar",
            "nodegroup",
            "range",
            "compound",
        ),
    ),
    option(
        "clientinterface",
        "local",
        "clientInterface",
        ("local", "local-batch", "runner"),
    ),
    option("function", ""),
    option("arguments", ""),
    option("kwarguments", ""),
    option("setpillardata", False, "usePillar"),
    option("pillarkey", ""),
    option("pillarvalue", ""),
    option("wait", False, "blockbuild"),
    option("polltime", "", "jobPollTime"),
    option("batchsize", "100%", "batchSize"),
    option("mods", ""),
    option("saveoutput", False, "saveEnvVar"),
)


def ordered_map(parent: Element) -> tuple[Element, Element]:
    """Where the keys of a map go in order, and where its entries go."""
    element = SubElement(parent, ORDERED_MAP)
    default = SubElement(element, "default")
    entries = SubElement(element, "map")
    return SubElement(default, "insertOrder"), entries


def map_of(parent: Element) -> Element:
    """The element of a map's entries."""
    words = {"class": ORDERED_MAP, "serialization": "custom"}
    return SubElement(parent, "properties", words)


def add_pillar(entry: Element, data: Any, ctx: Context) -> None:
    """The pillar as a map inside the map."""
    holder = SubElement(entry, "net.sf.json.JSONObject")
    SubElement(holder, "nullObject").text = "false"
    properties = map_of(holder)
    SubElement(properties, "unserializable-parents")
    order, entries = ordered_map(properties)
    for name in ("pillarkey", "pillarvalue"):
        SubElement(order, "string").text = name
        pair = SubElement(entries, "entry")
        SubElement(pair, "string").text = name
        put(pair, "string", data.get(name), ctx)


def client_interface(data: Any) -> list[tuple[str, Any]]:
    """What the chosen interface of the client is told."""
    interface = data.get("clientinterface", "local")
    chosen = ("clientInterface", interface)
    if interface == "local":
        waits, polls = lowered(data.get("wait", False)), str(data.get("polltime", ""))
        return [("blockbuild", waits), ("jobPollTime", polls), chosen]
    if interface == "local-batch":
        return [("batchSize", data.get("batchsize", "100%")), chosen]
    told_more: list[tuple[str, Any]] = [("mods", data.get("mods", "")), chosen]
    if lowered(data.get("setpillardata", False)) == "true":
        told_more.append(("usePillar", "true"))
    return told_more


@builder.written("saltstack")
@reads(
    "servername credentials authtype target targettype clientinterface function arguments"
    " kwarguments setpillardata pillarkey pillarvalue wait polltime batchsize mods saveoutput"
)
def saltstack(parent: Element, data: Any, ctx: Context) -> None:
    """Salt's API; what its client is told comes twice, the second time as a map."""
    element = SubElement(parent, "com.waytta.SaltAPIBuilder")
    for part in SALT:
        part(element, data, ctx)
    interfaces = SubElement(element, "clientInterfaces")
    SubElement(interfaces, "nullObject").text = "false"
    order, entries = ordered_map(map_of(interfaces))
    for name, value in client_interface(data):
        SubElement(order, "string").text = name
        entry = SubElement(entries, "entry")
        SubElement(entry, "string").text = name
        if name == "usePillar":
            add_pillar(entry, data, ctx)
        else:
            put(entry, "string", value, ctx)
