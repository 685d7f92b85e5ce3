"""What files define: jobs, views, their templates and groups, projects, defaults, macros."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ringtest.jjb.expansion.keys import DEFAULTS_KEYS, JOB_KEYS, VIEW_KEYS
from ringtest.jjb.expansion.tables import Table, Uses
from ringtest.jjb.loading.values import Map, Seq, new_map
from ringtest.jjb.problems import Failure
from ringtest.language.places import Place

MANAGED = "<!-- Managed by Jenkins Job Builder -->"
Kind = Literal["job", "view"]
KINDS: tuple[Kind, ...] = ("job", "view")
MACROS = {
    # as written alone: as its list is called
    "parameter": "parameters",
    "property": "properties",
    "builder": "builders",
    "wrapper": "wrappers",
    "trigger": "triggers",
    "publisher": "publishers",
    "scm": "scm",
    "pipeline-scm": "pipeline-scm",
    "reporter": "reporters",
    "notification": "notifications",
}


@dataclass(eq=False, slots=True)
class Defaults:
    """Parameters and contents that others start from."""

    name: str
    parameters: Map
    contents: Map
    place: Place | None


@dataclass(eq=False, slots=True)
class Item:
    """A job or view, or a template of one.

    id: another name for it in lists of projects and groups; a template's parameter `id` too.
    contents: what is rendered; `parameters`: what its variables stand for.
    """

    kind: Kind
    template: bool
    name: str
    id: Any
    defaults: Any
    contents: Map
    parameters: Map
    place: Place | None

    @property
    def what(self) -> str:
        """As it is called in a chain."""
        return f"{self.kind}{' template' if self.template else ''} {self.name!r}"


@dataclass(frozen=True, slots=True)
class Wish:
    """One entry of the list of a project or group: a name and its parameters."""

    name: Any
    parameters: Mapping[Any, Any]
    place: Place | None


@dataclass(eq=False, slots=True)
class Group:
    """Templates under one name, with parameters for all of them."""

    kind: Kind
    name: str
    wishes: list[Wish]
    parameters: Map
    place: Place | None

    @property
    def what(self) -> str:
        """As it is called in a chain."""
        return f"{self.kind} group {self.name!r}"


@dataclass(eq=False, slots=True)
class Project:
    """Which templates are made with which parameters."""

    name: str
    defaults: Any
    wishes: dict[Kind, list[Wish]]
    parameters: Map
    place: Place | None

    @property
    def what(self) -> str:
        """As it is called in a chain."""
        return f"project {self.name!r}"


@dataclass(eq=False, slots=True)
class Macro:
    """Components under one name.

    kind: singular, as it is written: "builder", "scm".
    body: its components as they stand in the file.
    """

    kind: str
    name: str
    defaults: Any
    body: Any
    parameters: Map
    place: Place | None

    @property
    def what(self) -> str:
        """As it is called in a chain."""
        return f"{self.kind} macro {self.name!r}"


class Definitions:
    """All that the files of a run define, by name."""

    def __init__(self) -> None:
        self.uses = Uses()
        self.defaults: Table[Defaults] = self._table("defaults")
        self.projects: Table[Project] = self._table("project")
        self.items: dict[Kind, Table[Item]] = {kind: self._table(kind) for kind in KINDS}
        self.templates: dict[Kind, Table[Item]] = {
            kind: self._table(f"{kind}-template") for kind in KINDS
        }
        self.groups: dict[Kind, Table[Group]] = {
            kind: self._table(f"{kind}-group") for kind in KINDS
        }
        self.macros: dict[str, Table[Macro]] = {kind: self._table(kind) for kind in MACROS}

    def _table(self, name: str) -> Table[Any]:
        return Table(name, self.uses)

    def all(self) -> dict[str, Table[Any]]:
        """Every table by its element's name in YAML."""
        tables: list[Table[Any]] = [self.defaults, self.projects, *self.macros.values()]
        tables += [*self.items.values(), *self.templates.values(), *self.groups.values()]
        return {table.name: table for table in tables}


def taken(data: Map, name: str) -> str:
    """The required text of that key, removed. Raises Failure."""
    if name not in data:
        raise Failure("missing-key", f"Missing required element: {name!r}", data.place())
    return str(data.pop(name))


def copied(data: Map) -> Map:
    """A mapping to take keys from, with the places of the original."""
    made = new_map(data.source, data.mark)
    made.update(data)
    made.marks = data.marks
    return made


def chosen(data: Map, keys: frozenset[str], inside: bool) -> Map:
    """The keys that are in the set, or those that are not."""
    made = new_map(data.source, data.mark)
    made.update({key: value for key, value in data.items() if (key in keys) is inside})
    made.marks = data.marks
    return made


def laid_over(*parts: Mapping[Any, Any]) -> Map:
    """One mapping of several, the later above the earlier, with the places of all."""
    made = new_map()
    for part in parts:
        if isinstance(part, Map):
            if not made.source:
                made.source, made.mark = part.source, part.mark
            if part.source == made.source:
                made.marks.update(part.marks)
            else:
                made.marks.update(
                    (key, (part.place_of_key(key), part.place_of_value(key))) for key in part
                )
        made.update(part)
    return made


def read_defaults(data: Map, place: Place | None) -> Defaults:
    """An element `defaults`."""
    rest = copied(data)
    name = taken(rest, "name")
    return Defaults(
        name, chosen(rest, DEFAULTS_KEYS, False), chosen(rest, DEFAULTS_KEYS, True), place
    )


def read_item(data: Map, kind: Kind, template: bool, place: Place | None) -> Item:
    """An element `job`, `view`, or a template of one."""
    rest = copied(data)
    name = taken(rest, "name")
    identity = rest.pop("id", None)
    description = rest.pop("description", None)
    defaults = rest.pop("defaults", "global")
    own: dict[str, Any] = {}
    if kind == "job":
        keys = JOB_KEYS
        own = {"name": name}
        own.update(
            {key: value for key in ("project-type", "folder") if (value := rest.pop(key, None))}
        )
    else:
        keys = VIEW_KEYS
        view_type = rest.pop("view-type", "list")
    contents = chosen(rest, keys, True)
    if description is not None:
        contents["description"] = description
    if kind == "view":
        contents = laid_over({"name": name, "view-type": view_type}, contents)
    contents.update(own)
    contents.marks = data.marks
    return Item(
        kind, template, name, identity, defaults, contents, chosen(rest, keys, False), place
    )


def read_group(data: Map, kind: Kind, place: Place | None) -> Group:
    """An element `job-group` or `view-group`."""
    rest = copied(data)
    name = taken(rest, "name")
    try:
        wishes = _wishes(rest.pop(f"{kind}s", None), data, f"{kind}s")
    except Failure as failure:
        raise failure.within(f"{kind} group {name!r}", place) from None
    return Group(kind, name, wishes, rest, place)


def read_project(data: Map, place: Place | None) -> Project:
    """An element `project`."""
    rest = copied(data)
    name = taken(rest, "name")
    defaults = rest.pop("defaults", None)
    try:
        jobs = _wishes(rest.pop("jobs", None), data, "jobs")
        views = _wishes(rest.pop("views", None), data, "views")
    except Failure as failure:
        raise failure.within(f"project {name!r}", place) from None
    return Project(name, defaults, {"job": jobs, "view": views}, rest, place)


def read_macro(data: Map, kind: str, list_name: str, place: Place | None) -> Macro:
    """A macro: `builder`, `publisher` and so on; its components stand under `list_name`."""
    rest = copied(data)
    name = taken(rest, "name")
    defaults = rest.pop("defaults", "global")
    if list_name not in rest:
        raise Failure("missing-key", f"Missing required element: {list_name!r}", data.place())
    body = rest.pop(list_name)
    return Macro(kind, name, defaults, body or [], rest, place)


def _wishes(raw: Any, data: Map, key: str) -> list[Wish]:
    if raw is None:
        return []
    if not isinstance(raw, Seq):
        said = f"{key!r} is a list of names, not {raw!r:.80}"
        raise Failure("wrong-type", said, data.place_of_value(key))
    return [_wish(item, raw.place_of_item(index)) for index, item in enumerate(raw)]


def _wish(raw: Any, place: Place | None) -> Wish:
    if isinstance(raw, str):
        return Wish(raw, {}, place)
    if not isinstance(raw, Map):
        said = f"a name or a mapping with one is wanted here, not {raw!r:.80}: missing indent?"
        raise Failure("wrong-type", said, place)
    if len(raw) != 1:
        said = f"one name is wanted here, not the keys {list(raw)!r:.200}: missing indent?"
        raise Failure("wrong-type", said, place)
    name, parameters = next(iter(raw.items()))
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        said = f"parameters of {name!r} are a mapping, not {parameters!r:.80}: missing indent?"
        raise Failure("wrong-type", said, raw.place_of_value(name))
    return Wish(name, parameters, place)
