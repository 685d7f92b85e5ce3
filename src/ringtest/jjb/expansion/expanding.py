"""From definitions to the data of each job and view, in the original's order."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringtest.jjb.chain import Step
from ringtest.jjb.expansion.compiling import Compiler
from ringtest.jjb.expansion.definitions import (
    MANAGED,
    Defaults,
    Definitions,
    Group,
    Item,
    Kind,
    Project,
    Wish,
    laid_over,
)
from ringtest.jjb.expansion.dimensions import excluding, is_excluded, points
from ringtest.jjb.expansion.parameters import Parameters
from ringtest.jjb.expansion.roots import Report
from ringtest.jjb.expansion.tables import Table
from ringtest.jjb.loading.values import Map, new_map
from ringtest.jjb.problems import Failure
from ringtest.language.places import Place

MAX_ITEMS = 200_000
MAX_FAILURES = 200


@dataclass(eq=False, slots=True)
class Expanded:
    """One job or view as plain data; `values` are those that its variables stood for."""

    item: Item
    name: str
    data: Map
    chain: tuple[Step, ...]
    values: Mapping[str, Any]

    @property
    def origin(self) -> Place | None:
        """Where it was asked for."""
        return self.chain[-1].place if self.chain else self.item.place


class Expander:
    """Expands jobs, views and projects; failures are reported, and end one point only.

    excludes: when somebody wants to know, whether each entry of an `exclude` fitted any point.
    """

    def __init__(self, definitions: Definitions, compiler: Compiler, report: Report) -> None:
        self._definitions = definitions
        self._compiler = compiler
        self._report = report
        self._settings = compiler.sources.settings
        self._contents: dict[tuple[int, Any], Map] = {}
        self._merged: dict[Any, Defaults] = {}
        self._count = 0
        self.excludes: dict[Place, bool] | None = None

    def alone(self, item: Item) -> Iterator[Expanded]:
        """A job or view that is no template; parameters are taken as they stand."""
        chain = (Step(item.what, item.place),)
        try:
            defaults = self.defaults(item.defaults, item)
            values = laid_over(defaults.parameters, item.parameters)
            yield self._made(item, self._contents_of(item, defaults), values, chain)
        except Failure as failure:
            self._report(failure.within(item.what, item.place).problem(item.name))

    def of_project(self, project: Project, kind: Kind) -> Iterator[Expanded]:
        """What a project makes of the templates and groups in its list."""
        given = laid_over(project.parameters, {"name": project.name})
        chain = (Step(project.what, project.place),)
        yield from self._wishes(project.wishes[kind], given, project.defaults, kind, chain, True)

    def _wishes(
        self,
        wishes: list[Wish],
        given: Map,
        defaults: Any,
        kind: Kind,
        chain: tuple[Step, ...],
        groups: bool,
    ) -> Iterator[Expanded]:
        for wish in wishes:
            parameters = laid_over(given, wish.parameters)
            try:
                target = self._target(wish, kind, groups)
                if isinstance(target, Group):
                    inner = (*chain, Step(target.what, wish.place))
                    parameters = laid_over(given, wish.parameters, target.parameters)
                    yield from self._wishes(target.wishes, parameters, defaults, kind, inner, False)
                elif target.template:
                    yield from self._points(target, wish, parameters, defaults, chain)
            except Failure as failure:
                self._report(_outside(failure, chain).problem())

    def _target(self, wish: Wish, kind: Kind, groups: bool) -> Item | Group:
        tables: list[Table[Item] | Table[Group]] = [
            self._definitions.items[kind],
            self._definitions.templates[kind],
        ]
        if groups:
            tables.append(self._definitions.groups[kind])
        for table in tables:
            found = table.find(wish.name)
            if found is not None:
                return found
        said = f"Failed to find suitable {kind}, template or group named {wish.name!r}"
        raise Failure(f"unknown-{kind}", said, wish.place)

    def _points(
        self, item: Item, wish: Wish, given: Map, defaults_name: Any, chain: tuple[Step, ...]
    ) -> Iterator[Expanded]:
        chain = (*chain, Step(item.what, wish.place))
        failed = 0
        try:
            defaults = self.defaults(defaults_name or item.defaults, item)
            raw = laid_over(
                defaults.parameters, item.parameters, given, {"template-name": item.name}
            )
            if item.id:
                raw["id"] = item.id
            contents = self._contents_of(item, defaults)
            parameters = Parameters(raw, self._compiler)
            for point in points(item, raw, self._compiler):
                made = self._point(item, contents, parameters, point, chain)
                if isinstance(made, Failure):
                    failed += 1
                    self._report(_outside(made, chain).problem(_probable(item, raw, point)))
                    if failed >= MAX_FAILURES:
                        said = f"{failed} points of {item.what} failed; the others are left out"
                        raise Failure("too-many-failures", said, item.place)
                elif made is not None:
                    yield made
        except Failure as failure:
            self._report(_outside(failure, chain).problem())

    def _point(
        self,
        item: Item,
        contents: Map,
        parameters: Parameters,
        point: Mapping[Any, Any],
        chain: tuple[Step, ...],
    ) -> Expanded | Failure | None:
        try:
            values = parameters.at(point)
            if self.excludes is not None:
                self._note(self.excludes, values)
            if is_excluded(values.get("exclude"), values):
                return None
            return self._made(item, contents, values, chain)
        except Failure as failure:
            return failure

    def _note(self, excludes: dict[Place, bool], values: Mapping[str, Any]) -> None:
        with contextlib.suppress(Failure):
            for place, fits in excluding(values.get("exclude"), values):
                if place is not None:
                    excludes[place] = fits or excludes.get(place, False)

    def _made(
        self, item: Item, contents: Map, values: Mapping[str, Any], chain: tuple[Step, ...]
    ) -> Expanded:
        self._count += 1
        if self._count > MAX_ITEMS:
            said = f"more than {MAX_ITEMS:,} jobs and views in one run are refused"
            raise Failure("too-many-jobs", said, item.place)
        expanded = self._compiler.node(contents).expand(values)
        data = new_map(expanded.source, expanded.mark)
        data.update(expanded)
        data.marks = expanded.marks
        description = data.get("description")
        if description is not None or not self._settings.keep_descriptions:
            if not isinstance(description, str) and description:
                said = f"the description is {description!r:.80}, not text"
                raise Failure("wrong-type", said, data.place_of_value("description"))
            data["description"] = (description or "") + MANAGED
        if item.kind == "job" and "folder" in data:
            data["name"] = f"{data['folder']}/{data['name']}"
        name = data["name"]
        if not isinstance(name, str):
            raise Failure("wrong-type", f"a name is text, not {name!r:.80}", item.place)
        return Expanded(item, name, data, chain, values)

    def _contents_of(self, item: Item, defaults: Defaults) -> Map:
        key = (id(item), defaults.name)
        if key not in self._contents:
            self._contents[key] = laid_over(defaults.contents, item.contents)
        return self._contents[key]

    def defaults(self, name: Any, user: Any) -> Defaults:
        """The defaults of that name above the global ones; raises Failure for unknown ones."""
        known = self._definitions.defaults
        try:
            base = known.find("global") or Defaults("global", new_map(), new_map(), None)
            own = known.find(name)
            if name in self._merged:
                return self._merged[name]
            if own is None and name != "global":
                said = f"{user.what} wants defaults {name!r}, but it was never defined"
                raise Failure("unknown-defaults", said, user.place)
        except TypeError:
            raise Failure("wrong-type", f"{name!r} names no defaults", user.place) from None
        made = base
        if own is not None and name != "global":
            made = Defaults(
                f"{name}",
                laid_over(base.parameters, own.parameters),
                laid_over(base.contents, own.contents),
                own.place,
            )
        self._merged[name] = made
        return made


def _outside(failure: Failure, chain: tuple[Step, ...]) -> Failure:
    for step in reversed(chain):
        failure.within(step.what, step.place)
    return failure


def _probable(item: Item, raw: Map, point: Mapping[Any, Any]) -> str:
    """What the job would be called, as far as that can be said."""
    name = item.name
    for key, value in point.items():
        name = name.replace("{%s}" % key, str(value)[:80])  # noqa: UP031
    return name


PlaceOrNone = Place | None
