"""The beans of Jenkins' remote API: what each kind of thing shows of itself."""

from typing import Any

from tests.jenkins_server.rewriting import PLUGINS
from tests.jenkins_server.state import Build, Controller, Item, Node, Queued, View
from tests.jenkins_server.tree import Bean


def folder_bean(item: Item, url: str) -> dict[str, Any]:
    """What everything has that holds items."""
    return {
        "jobs": lambda: [item_bean(child, url) for child in item.children.values()],
        "views": lambda: [view_bean(view, item, url) for view in item.views.values()],
        "primaryView": lambda: view_bean(next(iter(item.views.values())), item, url),
    }


def top_bean(controller: Controller, url: str) -> Bean:
    """The controller itself."""
    values = {
        "assignedLabels": [{}],
        "mode": "NORMAL",
        "nodeDescription": "the Jenkins controller's built-in node",
        "nodeName": "",
        "numExecutors": 0,
        "description": None,
        "quietingDown": False,
        "useCrumbs": True,
        "useSecurity": True,
        "url": url,
        **folder_bean(controller.top, url),
    }
    return Bean("hudson.model.Hudson", values)


def item_bean(item: Item, url: str) -> Bean:
    """A job or a folder."""
    values: dict[str, Any] = {
        "actions": [{}],
        "description": lambda: item.root.findtext("description"),
        "displayName": lambda: item.root.findtext("displayName") or item.name,
        "fullDisplayName": lambda: item.full_name.replace("/", " » "),
        "fullName": lambda: item.full_name,
        "name": item.name,
        "url": lambda: url + item.path,
        "healthReport": [],
    }
    if item.is_folder:
        return Bean(item.kind, values | folder_bean(item, url), ("name", "url"))
    return Bean(item.kind, values | _job_values(item, url), ("name", "url", "color"))


def _job_values(item: Item, url: str) -> dict[str, Any]:
    def of(index: int) -> Bean | None:
        return build_bean(item.builds[index], url) if item.builds else None

    def done(result: str) -> Bean | None:
        found = [each for each in item.builds if each.result == result]
        return build_bean(found[-1], url) if found else None

    return {
        "buildable": not item.disabled,
        "builds": lambda: [build_bean(each, url) for each in item.builds[:-101:-1]],
        "allBuilds": lambda: [build_bean(each, url) for each in item.builds[::-1]],
        "color": item.color,
        "firstBuild": lambda: of(0),
        "lastBuild": lambda: of(-1),
        "lastSuccessfulBuild": lambda: done("SUCCESS"),
        "lastFailedBuild": lambda: done("FAILURE"),
        "inQueue": False,
        "keepDependencies": False,
        "nextBuildNumber": len(item.builds) + 1,
        "property": lambda: _properties(item),
        "queueItem": None,
        "concurrentBuild": item.root.findtext("concurrentBuild") == "true",
        "disabled": item.disabled,
    }


def _properties(item: Item) -> list[dict[str, Any]]:
    found = []
    for each in item.root.iterfind("properties/*"):
        shown: dict[str, Any] = {"_class": each.tag}
        definitions = each.findall("parameterDefinitions/*")
        if definitions:
            shown["parameterDefinitions"] = [
                {
                    "_class": one.tag,
                    "name": one.findtext("name"),
                    "type": one.tag.rpartition(".")[2],
                    "description": one.findtext("description"),
                    "defaultParameterValue": {"value": one.findtext("defaultValue")},
                }
                for one in definitions
            ]
        found.append(shown)
    return found


def build_bean(build: Build, url: str) -> Bean:
    """One build."""
    where = f"{url}{build.job.path}{build.number}/"
    parameters = [
        {"_class": "hudson.model.StringParameterValue", "name": name, "value": value}
        for name, value in build.parameters.items()
    ]
    actions = [
        {"_class": "hudson.model.ParametersAction", "parameters": parameters} if parameters else {},
        {"_class": "hudson.model.CauseAction", "causes": [{"shortDescription": "Started by user"}]},
    ]
    artifacts = [
        {"displayPath": path.rpartition("/")[2], "fileName": path.rpartition("/")[2],
         "relativePath": path}
        for path in (build.outcome.artifacts if not build.building else ())
    ]  # fmt: skip
    values = {
        "actions": actions,
        "artifacts": artifacts,
        "building": build.building,
        "description": None,
        "displayName": f"#{build.number}",
        "duration": 0 if build.building else 1000,
        "estimatedDuration": 1000,
        "fullDisplayName": f"{build.job.full_name} #{build.number}",
        "id": str(build.number),
        "number": build.number,
        "queueId": build.queue_id,
        "result": build.result,
        "timestamp": 1_767_268_800_000 + build.number,
        "url": where,
        "builtOn": "",
    }
    kind = build.job.kind.replace("Project", "Build").replace("WorkflowJob", "WorkflowRun")
    return Bean(kind, values, ("number", "url"))


def queued_bean(queued: Queued, url: str) -> Bean:
    """A wish in the queue, or one that left it."""
    parameters = [{"name": name, "value": value} for name, value in queued.parameters.items()]
    values: dict[str, Any] = {
        "actions": [{"_class": "hudson.model.ParametersAction", "parameters": parameters}],
        "blocked": False,
        "buildable": False,
        "id": queued.id,
        "inQueueSince": 1_767_268_800_000,
        "params": "".join(f"\n{name}={value}" for name, value in queued.parameters.items()),
        "stuck": False,
        "task": item_bean(queued.job, url),
        "url": f"queue/item/{queued.id}/",
        "why": None if queued.build else "In the quiet period. Expires in 5 sec",
    }
    if queued.build or queued.cancelled:
        values["cancelled"] = queued.cancelled
        values["executable"] = build_bean(queued.build, url) if queued.build else None
    return Bean(queued.kind, values)


def view_bean(view: View, folder: Item, url: str) -> Bean:
    """A view: shown with all items of its folder."""
    where = f"{url}{folder.path}" + ("" if view.name in ("all", "All") else f"view/{view.name}/")
    values: dict[str, Any] = {
        "description": view.description,
        "jobs": lambda: [item_bean(child, url) for child in folder.children.values()],
        "name": view.name,
        "property": [],
        "url": where,
    }
    return Bean(view.kind, values, ("name", "url"))


def node_bean(node: Node) -> Bean:
    """An agent."""
    settings = node.settings
    labels = str(settings.get("labelString") or "").split()
    values: dict[str, Any] = {
        "assignedLabels": [{"name": each} for each in (*labels, node.name)],
        "description": settings.get("nodeDescription"),
        "displayName": node.name,
        "executors": [],
        "idle": True,
        "jnlpAgent": True,
        "numExecutors": int(str(settings.get("numExecutors") or 1)),
        "offline": not node.connected or node.offline_reason is not None,
        "offlineCauseReason": node.offline_reason or "",
        "oneOffExecutors": [],
        "temporarilyOffline": node.offline_reason is not None,
    }
    return Bean("hudson.slaves.SlaveComputer", values, ("displayName",))


def plugins_bean() -> Bean:
    """What is installed."""
    return Bean("hudson.LocalPluginManager", {"plugins": [plugin_bean(name) for name in PLUGINS]})


def plugin_bean(name: str) -> Bean:
    """One plugin."""
    values = {
        "active": True,
        "bundled": False,
        "enabled": True,
        "longName": name.replace("-", " ").title() + " plugin",
        "shortName": name,
        "version": PLUGINS[name],
    }
    return Bean("hudson.PluginWrapper", values)
