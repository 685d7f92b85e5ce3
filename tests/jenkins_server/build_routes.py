"""Addresses of builds: start, log, report, artifacts, stop."""

import json

from tests.jenkins_server.exported import build_bean
from tests.jenkins_server.messages import Call, Reply
from tests.jenkins_server.state import Build, Controller, Item, Refused
from tests.jenkins_server.tree import by_tree, parse_tree, to_depth


def start(controller: Controller, call: Call, item: Item) -> Reply:
    """Into the queue: 201 with the place to look at."""
    definitions = {
        str(each.findtext("name")): each.findtext("defaultValue") or ""
        for each in item.root.iterfind(
            "properties/hudson.model.ParametersDefinitionProperty/parameterDefinitions/*"
        )
    }
    with_parameters = call.names[-1] == "buildWithParameters"
    if with_parameters and not definitions:
        raise Refused(500, f"IllegalStateException: the job {item.name} is not parameterized")
    if not with_parameters and definitions and not call.query.get("delay"):
        raise Refused(400, "Nothing is submitted")
    given = {name: value for name, value in call.form.items() if name in definitions}
    queued = controller.build(item, definitions | given)
    return Reply(201, b"", {"Location": f"{call.url}queue/item/{queued.id}/"})


def submit_form(controller: Controller, call: Call, item: Item) -> Reply:
    """What a person saves in the browser."""
    form = json.loads(call.form["json"])
    item.set_field("description", str(form["description"]))
    return Reply.see(call.url + item.path)


def answer(call: Call, item: Item, names: list[str]) -> Reply:
    """Everything below `job/NAME/NUMBER/`."""
    build, rest = _build_of(item, names[0]), "/".join(names[1:])
    if rest == "api/json":
        bean = build_bean(build, call.url)
        tree = call.query.get("tree")
        return Reply.json(by_tree(bean, parse_tree(tree)) if tree else to_depth(bean, 0))
    if rest == "logText/progressiveText":
        return _log(build, int(call.query.get("start") or 0))
    if rest == "consoleText":
        return Reply.text(build.log)
    if rest == "testReport/api/json":
        if build.outcome.report is None or build.building:
            raise Refused(404, "no report")
        return Reply.json(build.outcome.report)
    if names[1:2] == ["artifact"]:
        content = build.outcome.artifacts.get("/".join(names[2:]))
        if content is None or build.building:
            raise Refused(404, "no such artifact")
        return Reply(200, content, {"Content-Type": "application/octet-stream"})
    if rest in ("stop", "term", "kill") and call.method == "POST":
        build.stopped = build.stopped or ("ABORTED" if build.building else "")
        return Reply.see(call.url + item.path)
    raise Refused(404, rest)


def _build_of(item: Item, name: str) -> Build:
    if name == "lastBuild" and item.builds:
        return item.builds[-1]
    if not name.isdigit() or not 0 < int(name) <= len(item.builds):
        raise Refused(404, f"no build {name}")
    return item.builds[int(name) - 1]


def _log(build: Build, begin: int) -> Reply:
    """The log from a place on. Each look lets the build go on by one piece."""
    build.go_on()
    data = build.log.encode()
    headers = {"Content-Type": "text/plain;charset=utf-8", "X-Text-Size": str(len(data))}
    if build.building:
        headers["X-More-Data"] = "true"
    return Reply(200, data[min(begin, len(data)) :], headers)
