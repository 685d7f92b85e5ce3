"""What Jenkins' remote API shows of a bean: `tree=` with ranges, or everything to a depth."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"[^\[\]{},]+|[\[\]{},]")


class BadTree(ValueError):
    """The `tree` parameter does not say anything."""


@dataclass(slots=True)
class Bean:
    """Something that is exported. Values may be functions: what nobody asks for costs nothing."""

    kind: str
    values: Mapping[str, Any]
    short: tuple[str, ...] = ()
    """What is shown of it where it is only mentioned."""


@dataclass(slots=True)
class Wish:
    """One name of a tree: what is wanted below it, and which part of a list."""

    below: dict[str, "Wish"] = field(default_factory=dict)
    part: slice | None = None


def parse_tree(text: str) -> dict[str, Wish]:
    """The names of a `tree` parameter.

    >>> wishes = parse_tree("jobs[name,builds[number]{0,2}],url")
    >>> list(wishes), list(wishes["jobs"].below), wishes["jobs"].below["builds"].part
    (['jobs', 'url'], ['name', 'builds'], slice(0, 2, None))
    """
    tokens = _TOKEN.findall(text)
    wishes, rest = _names(tokens)
    if rest:
        raise BadTree(text)
    return wishes


def _names(tokens: list[str]) -> tuple[dict[str, Wish], list[str]]:
    wishes: dict[str, Wish] = {}
    while tokens and tokens[0] not in "]":
        name, tokens = tokens[0].strip(), tokens[1:]
        wish = wishes.setdefault(name, Wish())
        if tokens and tokens[0] == "[":
            wish.below, tokens = _names(tokens[1:])
            if not tokens:
                raise BadTree("a bracket is not closed")
            tokens = tokens[1:]
        if tokens and tokens[0] == "{":
            wish.part, tokens = _range(tokens[1:])
        if tokens and tokens[0] == ",":
            tokens = tokens[1:]
    return wishes, tokens


def _range(tokens: list[str]) -> tuple[slice, list[str]]:
    end = tokens.index("}")
    first, comma, last = "".join(tokens[:end]).partition(",")
    if not comma:  # {N}: the Nth alone
        return slice(int(first), int(first) + 1), tokens[end + 1 :]
    return slice(int(first or 0), int(last) if last else None), tokens[end + 1 :]


def by_tree(bean: Bean, wishes: Mapping[str, Wish]) -> dict[str, Any]:
    """What was asked for; unknown names are left out, as Jenkins does."""
    shown: dict[str, Any] = {"_class": bean.kind}
    names = list(bean.values) if "*" in wishes else [n for n in wishes if n in bean.values]
    for name in names:
        wish = wishes.get(name, Wish())
        shown[name] = _wished(_value(bean.values[name]), wish)
    return shown


def to_depth(bean: Bean, depth: int) -> dict[str, Any]:
    """Everything of it; of what it mentions everything while `depth` lasts, else in short."""
    shown: dict[str, Any] = {"_class": bean.kind}
    for name, value in bean.values.items():
        shown[name] = _deep(_value(value), depth)
    return shown


def _value(value: Any) -> Any:
    return value() if isinstance(value, Callable) else value  # type: ignore[arg-type]


def _wished(value: Any, wish: Wish) -> Any:
    if isinstance(value, Bean):
        return by_tree(value, wish.below)
    if isinstance(value, list):
        return [_wished(each, wish) for each in (value[wish.part] if wish.part else value)]
    if isinstance(value, dict):
        return {
            k: v for k, v in value.items() if not wish.below or k in wish.below or k == "_class"
        }
    return value


def _deep(value: Any, depth: int) -> Any:
    if isinstance(value, Bean) and depth > 0:
        return to_depth(value, depth - 1)
    if isinstance(value, Bean):
        short = {name: _value(value.values[name]) for name in value.short}
        return {"_class": value.kind, **short}
    if isinstance(value, list):
        return [_deep(each, depth) for each in value]
    return value
