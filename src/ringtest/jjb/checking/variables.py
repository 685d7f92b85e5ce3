"""Variables that nothing uses, and those that nothing sets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringtest.jjb.checking.mentions import Mentions, Names
from ringtest.jjb.checking.reaching import Giver, Reach, Reached
from ringtest.jjb.checking.rules import finding
from ringtest.jjb.checking.words import closest, meant
from ringtest.jjb.expansion.definitions import KINDS, Definitions, Item
from ringtest.jjb.expansion.expanding import Expander
from ringtest.jjb.expansion.keys import JOB_KEYS, VIEW_KEYS
from ringtest.jjb.loading.values import Map, Tagged
from ringtest.jjb.problems import Failure, Problem
from ringtest.language.places import Place

_ALWAYS = frozenset({"name", "id", "template-name", "exclude", "defaults"})
_KEYS = {"job": JOB_KEYS, "view": VIEW_KEYS}


@dataclass(slots=True)
class _Use:
    """What is known of one set of variables: the names that anything made with it uses."""

    giver: Giver
    used: set[Any] = field(default_factory=set)
    open: bool = False


class Variables:
    """The findings of one run; nothing is told where files or templates hide what is used."""

    def __init__(
        self,
        definitions: Definitions,
        expander: Expander,
        mentions: Mentions,
        allow_empty: bool,
    ) -> None:
        self._definitions = definitions
        self._expander = expander
        self._mentions = mentions
        self._allow_empty = allow_empty
        self._uses: dict[int, _Use] = {}
        self._bases: dict[tuple[int, str], Names] = {}
        self._undefined: set[tuple[int, Any]] = set()

    def findings(self, reach: Reach, generated: frozenset[str] = frozenset()) -> Iterator[Problem]:
        """All of them. generated: files that no person writes; their variables are left alone."""
        for reached in reach.templates:
            yield from self._made(reached.item, reached)
        for kind in KINDS:
            for item in self._definitions.items[kind]:
                yield from self._made(item, None)
        for use in self._uses.values():
            place = use.giver.place
            if not use.open and (place is None or place.file not in generated):
                yield from self._unused(use)
        yield from self._of_macros()
        yield from self._of_defaults()

    def _made(self, item: Item, reached: Reached | None) -> Iterator[Problem]:
        """Notes what one template uses of what is given; tells of what nothing sets."""
        keys = tuple(_KEYS[item.kind])
        givers = [Giver(item.what, item.parameters, item.place, keys)]
        if reached is not None:
            givers += reached.givers
        uses = [self._use(giver) for giver in givers if giver.parameters]
        try:
            wanted = reached.project.defaults if reached is not None else None
            defaults = self._expander.defaults(wanted or item.defaults, item)
        except Failure:
            for use in uses:
                use.open = True
            return
        key = (id(item), defaults.name)
        if key not in self._bases:
            self._bases[key] = self._base(item, defaults.contents)
        raw = dict(defaults.parameters)
        for giver in givers:
            raw.update(giver.parameters)
        names, unset = self._closed(self._bases[key], raw)
        used = names.all()
        for use in uses:
            use.used |= used
            use.open = use.open or names.open
        if self._allow_empty and not names.open:
            for name in sorted(unset):
                if (id(item), name) not in self._undefined:
                    self._undefined.add((id(item), name))
                    said = f"{name!r} is set nowhere for {item.what}"
                    yield finding("undefined-variable", said, item.place)

    def _use(self, giver: Giver) -> _Use:
        found = self._uses.get(id(giver.parameters))
        if found is None:
            found = self._uses[id(giver.parameters)] = _Use(giver)
        return found

    def _base(self, item: Item, contents: Mapping[Any, Any]) -> Names:
        names = Names()
        for value in {**contents, **item.contents}.values():
            names.add(self._mentions.of(value))
        names.add(self._mentions.of(item.id))
        return names

    def _closed(self, base: Names, raw: Mapping[Any, Any]) -> tuple[Names, set[str]]:
        """All names that these lead to, by variables whose values name others; unset ones."""
        names = Names()
        names.add(base)
        excluded = raw.get("exclude")
        for entry in excluded if isinstance(excluded, list) else ():
            names.optional |= {str(axis) for axis in entry} if isinstance(entry, dict) else set()
            names.add(self._mentions.of(entry))
        brought: set[Any] = set()
        done: set[str] = set()
        left = names.all()
        while left:
            for name in left:
                value = raw.get(name)
                names.add(self._mentions.of(value))
                brought |= _brought(value)
                if isinstance(value, Tagged):
                    names.open = True
            done |= left
            left = names.all() - done
        return names, names.needed - raw.keys() - brought - _ALWAYS

    def _unused(self, use: _Use) -> Iterator[Problem]:
        giver = use.giver
        for key in giver.parameters:
            if key in use.used or not _is_variable(key):
                continue
            place = _place(giver.parameters, key, giver.place)
            known = closest(key, giver.keys)
            if known is not None:
                said = f"{giver.what} has a key {key!r} that nothing reads; did you mean {known!r}?"
                yield finding("unknown-key", said, place)
            elif giver.what.startswith(("job '", "view '")):
                yield finding("unknown-key", f"{giver.what} has no key {key!r}", place)
            else:
                said = f"{giver.what} sets {key!r}, which nothing uses{meant(key, use.used)}"
                yield finding("unused-variable", said, place)

    def _of_macros(self) -> Iterator[Problem]:
        for table in self._definitions.macros.values():
            for macro in table:
                names = self._mentions.of(macro.body)
                for key in () if names.open else macro.parameters:
                    if key not in names.all() and _is_variable(key):
                        said = f"{macro.what} sets {key!r}, which it does not use"
                        place = _place(macro.parameters, key, macro.place)
                        yield finding("unused-variable", said, place)

    def _of_defaults(self) -> Iterator[Problem]:
        """A variable of defaults that is named nowhere at all."""
        known = self._definitions
        if not any(defaults.parameters for defaults in known.defaults):
            return
        names = Names()
        for defaults in known.defaults:
            names.add(self._mentions.of(defaults.parameters))
            names.add(self._mentions.of(defaults.contents))
        for kind in KINDS:
            for item in (*known.items[kind], *known.templates[kind]):
                names.add(self._mentions.of(item.contents))
                names.add(self._mentions.of(item.parameters))
        for use in self._uses.values():  # of projects, groups and entries of their lists
            names.add(self._mentions.of(use.giver.parameters))
        for table in known.macros.values():
            for macro in table:
                names.add(self._mentions.of(macro.body))
        if names.open:
            return
        for defaults in known.defaults:
            for key in defaults.parameters:
                if key not in names.all() and _is_variable(key):
                    said = f"defaults {defaults.name!r} set {key!r}, which nothing uses"
                    place = _place(defaults.parameters, key, defaults.place)
                    yield finding("unused-variable", said, place)


def _brought(value: Any) -> set[Any]:
    """Variables that the values of an axis bring along."""
    found: set[Any] = set()
    for entry in value if isinstance(value, list) else ():
        for more in entry.values() if isinstance(entry, dict) else ():
            found |= more.keys() if isinstance(more, dict) else set()
    return found


def _is_variable(key: Any) -> bool:
    """Keys with an underscore hold anchors, by custom."""
    return isinstance(key, str) and key not in _ALWAYS and not key.startswith("_")


def _place(parameters: Mapping[Any, Any], key: Any, place: Place | None) -> Place | None:
    return parameters.place_of_key(key) or place if isinstance(parameters, Map) else place
