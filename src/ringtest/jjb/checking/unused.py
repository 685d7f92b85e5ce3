"""Definitions that nobody asks for, those that are there twice, and files that they miss."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from ringtest.jjb.checking.mentions import tags
from ringtest.jjb.checking.reaching import Reach
from ringtest.jjb.checking.rules import finding
from ringtest.jjb.expansion.definitions import KINDS, Definitions
from ringtest.jjb.expansion.formats import compiled
from ringtest.jjb.loading.sources import Sources
from ringtest.jjb.loading.values import FILE_TAGS, Tagged
from ringtest.jjb.problems import Failure, Problem

IsUsed = Callable[[str, str], bool]


def dead(definitions: Definitions, reach: Reach, macro_used: IsUsed) -> Iterator[Problem]:
    """Templates, groups, macros and defaults without a user.

    Files that make nothing at all are there for others, and nothing in them is dead.
    """
    if reach.idle:
        return
    for kind in KINDS:
        for template in definitions.templates[kind]:
            if id(template) not in reach.asked:
                said = f"nothing asks for {template.what}"
                yield finding("dead-template", said, template.place)
        for group in definitions.groups[kind]:
            if id(group) not in reach.asked:
                yield finding("dead-group", f"nothing asks for {group.what}", group.place)
    for table in definitions.macros.values():
        for macro in table:
            if not macro_used(macro.kind, macro.name):
                yield finding("dead-macro", f"nothing uses {macro.what}", macro.place)
    asked = _asked_defaults(definitions)
    for defaults in definitions.defaults:
        if defaults.name not in asked:
            said = f"nothing asks for defaults {defaults.name!r}"
            yield finding("dead-defaults", said, defaults.place)


def _asked_defaults(definitions: Definitions) -> set[str]:
    asked = ["global", *(project.defaults for project in definitions.projects)]
    for kind in KINDS:
        items = (*definitions.items[kind], *definitions.templates[kind])
        asked += [item.defaults for item in items]
    asked += [macro.defaults for table in definitions.macros.values() for macro in table]
    return {name for name in asked if isinstance(name, str)}


def mentioned(definitions: Definitions) -> set[str]:
    """Texts that stand where a macro's name may stand, in whatever is defined."""
    found: set[str] = set()
    seen: set[int] = set()
    for _, raw in _raw(definitions):
        _collect(raw, found, seen)
    return found


def _collect(raw: Any, found: set[str], seen: set[int]) -> None:
    if isinstance(raw, str):
        found.add(raw)
    elif isinstance(raw, dict | list) and id(raw) not in seen:
        seen.add(id(raw))
        for part in (*raw, *raw.values()) if isinstance(raw, dict) else raw:
            _collect(part, found, seen)


def missing_files(definitions: Definitions, sources: Sources) -> Iterator[Problem]:
    """Included files that are not there, also where nobody asks for what includes them."""
    seen: set[int] = set()
    for what, raw in _raw(definitions):
        for tag in tags(raw, seen):
            for path in tag.paths if tag.tag in FILE_TAGS else ():
                name = compiled(path).constant
                if name is None:
                    continue
                try:
                    sources.find(name, tag.scope, tag.place())
                except Failure as failure:
                    yield finding(failure.rule, f"{failure.message} ({what})", failure.place)


def same(definitions: Definitions) -> Iterator[Problem]:
    """Macros of a kind, and templates, that differ in nothing but their names."""
    prints = Prints()
    first: dict[tuple[Any, ...], Any] = {}
    for table in definitions.macros.values():
        for macro in table:
            if macro.body:
                parts = (macro.body, macro.parameters, macro.defaults)
                yield from _twice(first, (macro.kind, *map(prints.of, parts)), macro)
    for kind in KINDS:
        for item in definitions.templates[kind]:
            contents = {key: value for key, value in item.contents.items() if key != "name"}
            if len(contents) > 1:
                parts = (contents, item.parameters, item.defaults)
                yield from _twice(first, (kind, *map(prints.of, parts)), item)


def _twice(
    first: dict[tuple[Any, ...], Any], key: tuple[Any, ...], found: Any
) -> Iterator[Problem]:
    before = first.setdefault(key, found)
    if before is not found:
        said = f"{_called(found)} holds the same as {_called(before)} at {before.place}"
        yield finding("same-content", said, found.place)


def _called(found: Any) -> str:
    identity = getattr(found, "id", None)
    return f"{found.what} (id {identity!r})" if identity else str(found.what)


class Prints:
    """What tells raw values from each other, with the types of what they hold."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, str]] = {}

    def of(self, raw: Any) -> str:
        """Equal for equal values; each value is looked at once."""
        if isinstance(raw, Tagged):
            return repr((raw.tag, raw.paths, str(raw.scope.folder)))
        if not isinstance(raw, dict | list):
            return repr(raw)
        found = self._known.get(id(raw))
        if found is None:
            self._known[id(raw)] = (raw, "itself")
            entries = raw.items() if isinstance(raw, dict) else enumerate(raw)
            text = "\0".join(f"{self.of(key)}\1{self.of(value)}" for key, value in entries)
            digest = hashlib.sha256(f"{isinstance(raw, dict)}{text}".encode()).hexdigest()
            found = self._known[id(raw)] = (raw, digest)
        return found[1]


def _raw(definitions: Definitions) -> Iterator[tuple[str, Any]]:
    """All raw values, and what they belong to."""
    for defaults in definitions.defaults:
        yield f"defaults {defaults.name!r}", [defaults.parameters, defaults.contents]
    for project in definitions.projects:
        yield project.what, project.parameters
    for kind in KINDS:
        for item in (*definitions.items[kind], *definitions.templates[kind]):
            yield item.what, [item.parameters, item.contents]
        for group in definitions.groups[kind]:
            yield group.what, group.parameters
    for table in definitions.macros.values():
        for macro in table:
            yield macro.what, [macro.parameters, macro.body]
