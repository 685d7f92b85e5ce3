"""Which component an item of `components` means. Pure.

`ocp` the latest by release, `ocp=4.19.1` that one, `ocp?tags:build:ga&version:4.19*` the latest of
those that fit, or a mapping `{type, priority_tags, max_age}`: the first tag that has one.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

RELEASES = ("build:nightly", "build:dev", "build:candidate", "build:ga")
"""Asking for one accepts those behind it too."""


class ComponentQuery(Struct, frozen=True, omit_defaults=True):
    """What is looked for. `fields` are exact, `prefixes` begin so, `tags` are all there."""

    type: str
    fields: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    priority_tags: tuple[str, ...] = ()
    max_age_days: float | None = None

    def __str__(self) -> str:
        """As an item of a file has it.

        >>> str(read_query("ocp?tags:build:ga&version:4.19*"))
        'ocp?version:4.19*&tags:build:ga'
        """
        parts = [f"{name}:{value}" for name, value in self.fields.items()]
        parts += [f"{name}:{value}*" for name, value in self.prefixes.items()]
        parts += [f"tags:{tag}" for tag in self.tags]
        if self.priority_tags:
            parts.append(f"the first of {', '.join(self.priority_tags)}")
        if self.max_age_days is not None:
            parts.append(f"at most {self.max_age_days:g} days old")
        return "?".join(filter(None, (self.type, "&".join(parts))))

    @property
    def is_pinned(self) -> bool:
        """It means one component, now and later."""
        return "version" in self.fields or "id" in self.fields


def read_query(item: object) -> ComponentQuery:
    """What an item means; ValueError says what is wrong with it.

    >>> read_query("ocp=4.19.1").fields, read_query("ocp=4.19.1").is_pinned
    ({'version': '4.19.1'}, True)
    >>> kernel = read_query("rpm?tags:kernel%3a6.1&name:kern*")
    >>> kernel.tags, kernel.prefixes
    (('kernel:6.1',), {'name': 'kern'})
    >>> read_query({"type": "ocp", "priority_tags": ["build:ga"], "max_age": 7}).max_age_days
    7
    """
    if isinstance(item, ComponentQuery):
        return item
    if isinstance(item, Mapping):
        return _from_mapping(item)
    if not isinstance(item, str) or not item:
        raise ValueError(f"a component is a text or a mapping, not {item!r}")
    if "?" in item:
        kind, _, rest = item.partition("?")
        return _with_conditions(_kind(kind), rest)
    kind, sign, version = item.partition("=")
    if sign and not version:
        raise ValueError(f"{item}: there is no version behind the =")
    return ComponentQuery(_kind(kind), {"version": unquote(version)} if sign else {})


def _kind(text: str) -> str:
    if not text:
        raise ValueError("a component needs a type")
    return unquote(text)


def _with_conditions(kind: str, text: str) -> ComponentQuery:
    fields: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    tags: list[str] = []
    for part in filter(None, text.split("&")):
        name, sign, value = part.partition(":")
        if not sign or not value:
            raise ValueError(f"{part!r} is not field:value")
        if name == "tags":
            tags.append(unquote(value))
        elif value.endswith("*"):
            prefixes[name] = unquote(value[:-1])
        else:
            fields[name] = unquote(value)
    return ComponentQuery(kind, fields, prefixes, tuple(tags))


def _from_mapping(item: Mapping[Any, Any]) -> ComponentQuery:
    unknown = sorted(set(item) - {"type", "priority_tags", "max_age"})
    if unknown:
        raise ValueError(f"there is no key {unknown[0]}; there are type, priority_tags, max_age")
    tags, age = item.get("priority_tags") or [], item.get("max_age")
    if not isinstance(tags, list) or not all(isinstance(one, str) for one in tags):
        raise ValueError("priority_tags is a list of tags")
    if age is not None and (isinstance(age, bool) or not isinstance(age, int | float) or age <= 0):
        raise ValueError("max_age is a number of days")
    return ComponentQuery(
        _kind(str(item.get("type") or "")), priority_tags=tuple(tags), max_age_days=age
    )


def accepted_tags(tag: str) -> Sequence[str]:
    """Tags that fulfil a wish for this one.

    >>> accepted_tags("build:candidate"), accepted_tags("mine")
    (('build:candidate', 'build:ga'), ('mine',))
    """
    return RELEASES[RELEASES.index(tag) :] if tag in RELEASES else (tag,)
