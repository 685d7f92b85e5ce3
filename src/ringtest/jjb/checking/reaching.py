"""Which templates and groups projects ask for, and who gives them which variables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringtest.jjb.expansion.definitions import KINDS, Definitions, Group, Item, Kind, Project, Wish
from ringtest.language.places import Place

_PROJECT_KEYS = ("jobs", "views", "defaults", "name")


@dataclass(frozen=True, slots=True)
class Giver:
    """Whoever sets variables: a project, a group, or an entry of their lists.

    keys: those that it has beside its variables.
    """

    what: str
    parameters: Mapping[Any, Any]
    place: Place | None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """A template as one project makes it; what later givers set counts."""

    item: Item
    project: Project
    givers: tuple[Giver, ...]


@dataclass(slots=True)
class Reach:
    """All that projects ask for; `asked` holds ids of templates, jobs and groups."""

    templates: list[Reached] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    idle: bool = True


def reach(definitions: Definitions) -> Reach:
    """What the projects of these definitions ask for. idle: nothing is made at all."""
    found = Reach()
    for project in definitions.projects:
        found.idle = False
        own = Giver(project.what, project.parameters, project.place, _PROJECT_KEYS)
        for kind in KINDS:
            for wish in project.wishes[kind]:
                found.templates += _wished(definitions, found, project, kind, wish, (own,), True)
    found.idle = found.idle and not any(definitions.items[kind].names() for kind in KINDS)
    return found


def _wished(
    definitions: Definitions,
    found: Reach,
    project: Project,
    kind: Kind,
    wish: Wish,
    givers: tuple[Giver, ...],
    groups: bool,
) -> Iterator[Reached]:
    target = _target(definitions, kind, wish.name, groups)
    if target is None:
        return
    found.asked.add(id(target))
    own = Giver(f"entry {wish.name!r}", wish.parameters, wish.place)
    if isinstance(target, Group):
        keys = ("name", f"{kind}s")
        group = Giver(target.what, target.parameters, target.place, keys)
        for inner in target.wishes:
            yield from _wished(
                definitions, found, project, kind, inner, (*givers, own, group), False
            )
    elif target.template:
        yield Reached(target, project, (*givers, own))


def _target(definitions: Definitions, kind: Kind, name: Any, groups: bool) -> Item | Group | None:
    try:
        found = definitions.items[kind].find(name) or definitions.templates[kind].find(name)
        return found or (definitions.groups[kind].find(name) if groups else None)
    except TypeError:  # a list as a name
        return None
