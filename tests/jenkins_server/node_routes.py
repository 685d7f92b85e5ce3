"""Addresses of agents: create, look, drain, delete, the secret of an inbound one."""

import json
from xml.sax.saxutils import escape

from tests.jenkins_server.exported import node_bean
from tests.jenkins_server.messages import Call, Reply
from tests.jenkins_server.state import Controller, Node, Refused
from tests.jenkins_server.tree import Bean, by_tree, parse_tree, to_depth


def answer(controller: Controller, call: Call, names: list[str]) -> Reply:
    """Everything below `computer/`."""
    rest = "/".join(names)
    if rest == "api/json":
        nodes = [node_bean(each) for each in controller.nodes.values()]
        return _exported(Bean("hudson.model.ComputerSet", {"computer": nodes}), call)
    if not rest:
        return Reply.text("<html>Nodes</html>", "text/html")
    if rest == "doCreateItem" and call.method == "POST":
        return _create(controller, call)
    if not names or names[0] not in controller.nodes:
        raise Refused(404, f"no node {rest}")
    return _of_node(controller, call, controller.nodes[names[0]], "/".join(names[1:]))


def _of_node(controller: Controller, call: Call, node: Node, rest: str) -> Reply:
    if not rest:
        return Reply.text("<html>a node</html>", "text/html")
    if rest == "api/json":
        return _exported(node_bean(node), call)
    if rest == "config.xml" and call.method == "GET":
        return Reply.text(_config(node), "application/xml")
    if rest in ("jenkins-agent.jnlp", "slave-agent.jnlp"):
        return Reply.text(_launch_file(controller, node, call.url), "application/x-java-jnlp-file")
    if rest == "toggleOffline" and call.method == "POST":
        reason = call.form.get("offlineMessage", "")
        node.offline_reason = reason if node.offline_reason is None else None
        return Reply.see(f"{call.url}computer/{node.name}/")
    if rest == "doDelete" and call.method == "POST":
        del controller.nodes[node.name]
        return Reply.see(f"{call.url}computer/")
    raise Refused(404, rest)


def _create(controller: Controller, call: Call) -> Reply:
    form = call.form
    name = form.get("name", "")
    if not name or form.get("type") != "hudson.slaves.DumbSlave$DescriptorImpl":
        raise Refused(400, "Query parameter 'name' is required")
    if name in controller.nodes:
        raise Refused(400, f"Agent called ‘{name}’ already exists")
    controller.nodes[name] = Node(name, json.loads(form["json"]))
    return Reply.see(f"{call.url}computer/")


def _config(node: Node) -> str:
    launcher = node.settings.get("launcher")
    settings = launcher if isinstance(launcher, dict) else {}
    return (
        "<?xml version='1.1' encoding='UTF-8'?>\n<slave>\n"
        f"  <name>{escape(node.name)}</name>\n"
        f"  <remoteFS>{escape(str(node.settings.get('remoteFS')))}</remoteFS>\n"
        f'  <launcher class="{settings.get("stapler-class")}">\n'
        f"    <webSocket>{str(bool(settings.get('webSocket'))).lower()}</webSocket>\n"
        "  </launcher>\n</slave>"
    )


def _launch_file(controller: Controller, node: Node, url: str) -> str:
    arguments = [controller.secret_of(node.name), node.name, "-webSocket", "-url", url]
    body = "".join(f"<argument>{escape(each)}</argument>" for each in arguments)
    return f"<jnlp><application-desc>{body}</application-desc></jnlp>"


def _exported(bean: Bean, call: Call) -> Reply:
    tree = call.query.get("tree")
    depth = int(call.query.get("depth") or 0)
    return Reply.json(by_tree(bean, parse_tree(tree)) if tree else to_depth(bean, depth))
