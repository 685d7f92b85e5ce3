"""What the stand-in answers at each address."""

from collections.abc import Callable
from typing import Any

from tests.jenkins_server import build_routes, node_routes
from tests.jenkins_server.exported import (
    item_bean,
    plugin_bean,
    plugins_bean,
    queued_bean,
    top_bean,
    view_bean,
)
from tests.jenkins_server.messages import Call, Reply
from tests.jenkins_server.rewriting import BadConfig
from tests.jenkins_server.state import FOLDER, Controller, Item, Refused
from tests.jenkins_server.tree import BadTree, Bean, by_tree, parse_tree, to_depth


def exported(bean: Bean, call: Call) -> Reply:
    """`api/json` of a bean."""
    tree = call.query.get("tree")
    try:
        data: Any = by_tree(bean, parse_tree(tree)) if tree else to_depth(bean, _depth(call))
    except (BadTree, ValueError) as error:
        raise Refused(400, f"tree: {error}") from error
    return Reply.json(data)


def _depth(call: Call) -> int:
    return int(call.query.get("depth") or 0)


def answer(controller: Controller, call: Call) -> Reply:
    """The answer to a request that may be made. Refused otherwise."""
    names = list(call.names)
    first = names[0] if names else ""
    if first == "queue":
        return _queue(controller, call, names[1:])
    if first == "computer":
        return node_routes.answer(controller, call, names[1:])
    if first == "pluginManager" and names[1:] == ["api", "json"]:
        return exported(plugins_bean(), call)
    if names[:2] == ["pluginManager", "plugin"] and names[3:] == ["api", "json"]:
        return exported(plugin_bean(names[2]), call)
    if first in ("me", "user"):
        return Reply.json({"_class": "hudson.model.User", "id": call.person and call.person.name})
    if first in ("restart", "safeRestart") and call.method == "POST":
        return Reply.see(call.url)
    item = controller.top
    while len(names) >= 2 and names[0] == "job":
        item, names = controller.find([*_path(item), names[1]]), names[2:]
    return _of_item(controller, call, item, names)


def _path(item: Item) -> list[str]:
    return item.full_name.split("/") if item.name else []


def _of_item(controller: Controller, call: Call, item: Item, names: list[str]) -> Reply:
    rest = "/".join(names)
    if rest in ("", "index"):
        return Reply.text("<html>Jenkins</html>", "text/html")
    if rest == "api/json":
        bean = item_bean(item, call.url) if item.name else top_bean(controller, call.url)
        return exported(bean, call)
    if names[0] == "view":
        return _view(controller, call, item, names[1], "/".join(names[2:]))
    if item.name and (names[0].isdigit() or names[0].startswith("last")):
        return build_routes.answer(call, item, names)
    verb = _VERBS.get((call.method, rest))
    if verb is None:
        raise Refused(404, rest)
    return verb(controller, call, item)


def _create(controller: Controller, call: Call, item: Item) -> Reply:
    form = call.form
    name = form.get("name", "")
    if form.get("mode") == "copy":
        source = controller.find([*_path(item), *form.get("from", "").split("/")])
        controller.create(item, name, source.config.encode())
        return Reply.see(f"{call.url}{item.path}job/{name}/")
    if form.get("mode"):
        controller.create(item, name, f"<{FOLDER}/>".encode())
        return Reply.see(f"{call.url}{item.path}job/{name}/")
    if "xml" not in call.content_type:
        raise Refused(400, "No mode given")
    controller.create(item, name, call.body)
    return Reply()


def _read_config(controller: Controller, call: Call, item: Item) -> Reply:
    if not item.name:
        raise Refused(404, "config.xml")
    return Reply.text(item.config, "application/xml")


def _write_config(controller: Controller, call: Call, item: Item) -> Reply:
    if not item.name:
        raise Refused(404, "config.xml")
    item.configure(call.body)
    return Reply()


def _delete(controller: Controller, call: Call, item: Item) -> Reply:
    if item.parent is None:
        raise Refused(404, "doDelete")
    del item.parent.children[item.name]
    return Reply.see(call.url + item.parent.path)


def _able(disabled: str) -> Callable[[Controller, Call, Item], Reply]:
    def change(controller: Controller, call: Call, item: Item) -> Reply:
        item.set_field("disabled", disabled)
        return Reply.see(call.url + item.path)

    return change


def _describe(controller: Controller, call: Call, item: Item) -> Reply:
    item.set_field("description", call.form.get("description", ""))
    return Reply.see(call.url + item.path)


def _create_view(controller: Controller, call: Call, item: Item) -> Reply:
    controller.create_view(item, call.form.get("name", ""), call.body)
    return Reply()


def _configure_page(controller: Controller, call: Call, item: Item) -> Reply:
    """The form of a job, as far as a browser changes what passes through it."""
    text = item.root.findtext("description") or ""
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), ("\r", "&#13;")):
        text = text.replace(plain, written)
    page = (
        f'<form method="post" action="configSubmit"><input type="hidden" name="json">'
        f'<textarea name="description">{text}</textarea><button>Save</button></form>'
        "<script>const form = document.querySelector('form');"
        "form.addEventListener('submit', () => { form.elements.json.value ="
        " JSON.stringify({description: form.elements.description.value}); });</script>"
    )
    return Reply.text(f"<!doctype html><html><body>{page}</body></html>", "text/html")


def _build(controller: Controller, call: Call, item: Item) -> Reply:
    return build_routes.start(controller, call, item)


_VERBS: dict[tuple[str, str], Callable[[Controller, Call, Item], Reply]] = {
    ("POST", "createItem"): _create,
    ("POST", "createView"): _create_view,
    ("GET", "config.xml"): _read_config,
    ("POST", "config.xml"): _write_config,
    ("POST", "doDelete"): _delete,
    ("POST", "disable"): _able("true"),
    ("POST", "enable"): _able("false"),
    ("POST", "submitDescription"): _describe,
    ("POST", "build"): _build,
    ("POST", "buildWithParameters"): _build,
    ("GET", "configure"): _configure_page,
    ("POST", "configSubmit"): build_routes.submit_form,
}


def _view(controller: Controller, call: Call, folder: Item, name: str, rest: str) -> Reply:
    if name not in folder.views:
        raise Refused(404, f"no view {name}")
    view = folder.views[name]
    if rest == "api/json":
        return exported(view_bean(view, folder, call.url), call)
    if rest == "config.xml" and call.method == "GET":
        return Reply.text(view.config, "application/xml")
    if rest == "config.xml" and call.method == "POST":
        folder.views[name] = controller.view_of(name, call.body)
        return Reply()
    if rest == "doDelete" and call.method == "POST":
        del folder.views[name]
        return Reply.see(call.url)
    raise Refused(404, rest)


def _queue(controller: Controller, call: Call, names: list[str]) -> Reply:
    if names == ["cancelItem"]:
        wanted = controller.queue.get(int(call.query.get("id", "0")))
        if wanted and not wanted.build:
            wanted.cancelled = True
        return Reply(204)
    if names == ["api", "json"]:
        waiting = [each for each in controller.queue.values() if not each.build]
        items = [queued_bean(each, call.url) for each in waiting if not each.cancelled]
        return exported(Bean("hudson.model.Queue", {"items": items, "discoverableItems": []}), call)
    if len(names) == 4 and names[0] == "item" and names[1].isdigit():
        queued = controller.queue.get(int(names[1]))
        if queued is None:
            raise Refused(404, "the item is gone")
        controller.look_at(queued)
        return exported(queued_bean(queued, call.url), call)
    raise Refused(404, "/".join(names))


__all__ = ["BadConfig", "answer", "exported"]
