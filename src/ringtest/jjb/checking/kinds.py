"""Options of views, and of jobs whose kind has options of its own, that nothing reads."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ringtest.jjb.checking import options
from ringtest.jjb.checking.options import Tree
from ringtest.jjb.checking.rules import finding
from ringtest.jjb.checking.words import meant
from ringtest.jjb.components.views.columns import COLUMNS, unknown
from ringtest.jjb.expansion.expanding import Expanded
from ringtest.jjb.loading.values import Map, Seq
from ringtest.jjb.problems import Problem
from ringtest.language.places import Place

_ALWAYS: Tree = {"view-type": {}, "description": {}}


def of_jobs(jobs: Sequence[Expanded]) -> Iterator[Problem]:
    """Keys inside of `maven` and `github-org` that their kinds do not have."""
    for job in jobs:
        tree = options.known("projects", str(job.data.get("project-type", "freestyle")))
        for key, inner in (tree or {}).items():
            if inner and key in job.item.contents:
                where = job.item.contents.place_of_key(key)
                for word, place, there in options.unknown(inner, job.data.get(key), where):
                    said = f"{key} has no option {word!r}{meant(word, there)}"
                    yield finding("unknown-option", said, place, job.name)


def of_views(views: Sequence[Expanded]) -> Iterator[Problem]:
    """Keys of views that their type does not have, unless defaults brought them."""
    for view in views:
        contents = view.item.contents
        own = {key: value for key, value in view.data.items() if key in contents}
        kind = view.data.get("view-type", "list")
        for said, place in _view(kind, own, contents, contents.place()):
            yield finding("unknown-option", said, place or view.item.place, view.name)


def _view(
    kind: Any, data: Mapping[Any, Any], marked: Mapping[Any, Any], stands: Place | None
) -> Iterator[tuple[str, Place | None]]:
    """What to say, and where. marked: the same keys with their places."""
    tree = options.known("views", str(kind))
    if tree is None:
        return
    what = f"views of type {kind!r}"
    filters = tree.get("job-filters", {})
    there = {**tree, **_ALWAYS}
    for key, value in data.items():
        place = marked.place_of_key(key) if isinstance(marked, Map) else stands
        if key not in there:
            yield f"{what} have no option {key!r}{meant(key, there)}", place
        elif key == "job-filters":
            yield from _filters(filters, value, place)
        elif key == "columns" and kind != "nested":
            yield from _columns(value, place)
        elif key == "views":
            yield from _inside(value, place)
        elif key == "sections":
            yield from _sections(what, there[key], value, place)
        else:
            for word, where, inner in options.unknown(there[key], value, place):
                yield f"{what}: {key!r} has no option {word!r}{meant(word, inner)}", where


def _filters(tree: Tree, data: Any, place: Place | None) -> Iterator[tuple[str, Place | None]]:
    for name, value in data.items() if isinstance(data, Mapping) else ():
        own = tree.get(str(name).replace("_", "-"), {})
        for word, where, there in options.unknown(own, value, place):
            yield f"job filter {name!r} has no option {word!r}{meant(word, there)}", where


def _columns(data: Any, place: Place | None) -> Iterator[tuple[str, Place | None]]:
    for index, column in enumerate(data if isinstance(data, list) else ()):
        for word in unknown(column):
            where = data.place_of_item(index) if isinstance(data, Seq) else None
            yield f"no column is called {word!r}{meant(word, COLUMNS)}", where or place


def _sections(
    what: str, tree: Tree, data: Any, place: Place | None
) -> Iterator[tuple[str, Place | None]]:
    each = tree.get(options.ENTRY, {})
    plain: Tree = {options.ENTRY: {**each, "job-filters": {}, "columns": {}}}
    for word, where, there in options.unknown(plain, data, place):
        yield f"{what}: a section has no option {word!r}{meant(word, there)}", where
    for section in data if isinstance(data, list) else ():
        if isinstance(section, Mapping):
            yield from _filters(each.get("job-filters", {}), section.get("job-filters"), place)
            yield from _columns(section.get("columns"), place)


def _inside(data: Any, place: Place | None) -> Iterator[tuple[str, Place | None]]:
    for view in data if isinstance(data, list) else ():
        if isinstance(view, Mapping):
            stands = view.place() if isinstance(view, Map) else place
            yield from _view(view.get("view-type", "list"), view, view, stands)
