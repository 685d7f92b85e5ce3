"""Words for structure: parts made of parts.

    node("strategy", option("days-to-keep", -1), class_="hudson.tasks.LogRotator")
    within("redis", option("host", "localhost"))      the data are those under `redis`
    each("users", item("string"))                     once for every entry of a list
    every(item("string"))                             once for every entry of the data themselves
    present("room", ...), absent("room", ...)         when it is there; when it is not
    told("room", ...)                                 when it is neither absent nor null
    given("room", ...), flagged("room", ...)          when it is not empty; when it says true
    either("jdk", (...), (...))                       when it is not empty, and when it is
    since("Groovy", "2.0.0", (...), (...))            by the version of the plugin
    choose("type", "a", {"a": (...), "b": (...)})     by the value of an option
    variant("runner", "on-failure", "fail", {...})    an element whose class is chosen

A function with the signature of a part may stand wherever a part may: what no word says is
written as one.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import REQUIRED, Described, describe
from ringtest.jjb.components.registry import NEWEST, Context, Render

__all__ = [
    "absent",
    "attributes_of",
    "choose",
    "each",
    "either",
    "every",
    "flagged",
    "given",
    "is_since",
    "node",
    "present",
    "refuse",
    "since",
    "told",
    "variant",
    "within",
]

Parts = tuple[Render, ...]
Fold = Callable[[Any], Any] | None
NOTHING: Mapping[str, Any] = {}


def attributes_of(words: Mapping[str, str]) -> dict[str, str]:
    """Attributes from keyword arguments: `class_` and `enum_type` are `class` and `enum-type`.

    >>> attributes_of({"class_": "vector", "enum_type": "a.B", "plugin": "git"})
    {'class': 'vector', 'enum-type': 'a.B', 'plugin': 'git'}
    """
    return {word.rstrip("_").replace("_", "-"): value for word, value in words.items()}


def options_of(parts: Parts) -> Iterator[Described]:
    """The options that these parts read, all of them."""
    for part in parts:
        yield from describe(part)


def not_always(parts: Parts) -> Iterator[Described]:
    """The options of parts that are not always read: none of them must be given."""
    for one in options_of(parts):
        yield one._replace(default=None) if one.default is REQUIRED else one


class Node:
    """An element with parts inside."""

    __slots__ = ("attributes", "parts", "tag")

    def __init__(self, tag: str, parts: Parts, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.parts = parts
        self.attributes = attributes

    def options(self) -> Iterator[Described]:
        return options_of(self.parts)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        element = SubElement(parent, self.tag, self.attributes)
        for part in self.parts:
            part(element, data, ctx)


class Keyed:
    """Parts that depend on one option."""

    __slots__ = ("name", "parts")

    def __init__(self, name: str, parts: Parts) -> None:
        self.name = name
        self.parts = parts

    def options(self) -> Iterator[Described]:
        inner = list(not_always(self.parts))
        if all(one.name != self.name for one in inner):
            yield Described(self.name, "", None, ())
        yield from inner


class Within(Keyed):
    """Parts of the data under an option."""

    def options(self) -> Iterator[Described]:
        for one in options_of(self.parts):
            yield one._replace(name=f"{self.name}.{one.name}")

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        inner = data.get(self.name, NOTHING)
        for part in self.parts:
            part(parent, inner, ctx)


class Each(Keyed):
    """Parts for each entry of a list."""

    __slots__ = ("default",)

    def __init__(self, name: str, parts: Parts, default: object) -> None:
        super().__init__(name, parts)
        self.default = default

    def options(self) -> Iterator[Described]:
        yield Described(self.name, "", self.default, ())
        for one in options_of(self.parts):
            yield one._replace(name=f"{self.name}[].{one.name}")

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        entries = data.get(self.name, self.default)
        if entries is REQUIRED:
            ctx.fail(f"'{self.name}' is required")
        for entry in entries:
            for part in self.parts:
                part(parent, entry, ctx)


class Present(Keyed):
    """Parts of an option that is there."""

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        if self.name in data:
            for part in self.parts:
                part(parent, data, ctx)


class Absent(Keyed):
    """Parts in place of an option that is not there."""

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        if self.name not in data:
            for part in self.parts:
                part(parent, data, ctx)


class Told(Keyed):
    """Parts of an option that is not null."""

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        if data.get(self.name) is not None:
            for part in self.parts:
                part(parent, data, ctx)


class Flagged(Keyed):
    """Parts of an option that says true."""

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        if str(data.get(self.name)).lower() == "true":
            for part in self.parts:
                part(parent, data, ctx)


class Every:
    """Parts once for every entry of the data."""

    __slots__ = ("parts",)

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def options(self) -> Iterator[Described]:
        for one in options_of(self.parts):
            yield one._replace(name=f"[].{one.name}")

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        for entry in data:
            for part in self.parts:
                part(parent, entry, ctx)


class Either(Keyed):
    """Parts of an option that is not empty, and those in its place."""

    __slots__ = ("default", "others")

    def __init__(self, name: str, parts: Parts, others: Parts, default: object) -> None:
        super().__init__(name, parts)
        self.others = others
        self.default = default

    def options(self) -> Iterator[Described]:
        yield from super().options()
        yield from not_always(self.others)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        for part in self.parts if data.get(self.name, self.default) else self.others:
            part(parent, data, ctx)


class Since:
    """Parts by the version of a plugin; a plugin that nobody told of is the newest."""

    __slots__ = ("older", "parts", "plugins", "version")

    def __init__(self, plugins: tuple[str, ...], version: str, parts: Parts, older: Parts) -> None:
        self.plugins = plugins
        self.version = version
        self.parts = parts
        self.older = older

    def options(self) -> Iterator[Described]:
        seen = set()
        for one in (*options_of(self.parts), *options_of(self.older)):
            if one.name not in seen:
                seen.add(one.name)
                yield one

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        newer = is_since(ctx, self.version, *self.plugins)
        for part in self.parts if newer else self.older:
            part(parent, data, ctx)


class Choose:
    """Parts by the value of an option."""

    __slots__ = ("cases", "default", "fold", "name", "strict")

    def __init__(
        self, name: str, default: object, cases: Mapping[Any, Parts], strict: bool, fold: Fold
    ) -> None:
        self.name = name
        self.default = default
        self.cases = cases
        self.strict = strict
        self.fold = fold

    def options(self) -> Iterator[Described]:
        yield Described(self.name, "", self.default, tuple(self.cases))
        seen = {self.name}
        for parts in self.cases.values():
            for one in not_always(parts):
                if one.name not in seen:
                    seen.add(one.name)
                    yield one

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        value = data.get(self.name, self.default)
        folded = value if self.fold is None else self.fold(value)
        parts = self.cases.get(folded) if isinstance(folded, Hashable) else None
        if parts is None:
            if self.strict:
                refuse(self.name, value, self.cases, ctx)
            return
        for part in parts:
            part(parent, data, ctx)


class Variant(Node):
    """An element whose class is chosen by an option."""

    __slots__ = ("default", "fold", "kinds", "name")

    def __init__(
        self,
        tag: str,
        name: str,
        default: object,
        kinds: Mapping[str, str],
        parts: Parts,
        fold: Fold,
    ) -> None:
        super().__init__(tag, parts, {})
        self.name = name
        self.default = default
        self.kinds = kinds
        self.fold = fold

    def options(self) -> Iterator[Described]:
        yield Described(self.name, self.tag, self.default, tuple(self.kinds))
        yield from options_of(self.parts)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        value = data.get(self.name, self.default)
        kind = self.kinds.get(value if self.fold is None else self.fold(value))
        if kind is None:
            refuse(self.name, value, self.kinds, ctx)
        element = SubElement(parent, self.tag, {"class": kind})
        for part in self.parts:
            part(element, data, ctx)


def refuse(name: str, value: object, allowed: Iterable[object], ctx: Context) -> NoReturn:
    """Say what a value should have been."""
    if value is REQUIRED:
        ctx.fail(f"'{name}' is required")
    choices = ", ".join(f"'{choice}'" for choice in allowed)
    ctx.fail(f"'{name}' is '{value}', which is none of {choices}")


def is_since(ctx: Context, version: str, *plugins: str) -> bool:
    """Whether the plugin is of that version or later."""
    told_of = ctx.plugin_version(*plugins)
    return told_of is NEWEST or told_of >= version


def node(tag: str, *parts: Render, **attributes: str) -> Node:
    """An element, its attributes as keywords (`class_` for class)."""
    return Node(tag, parts, attributes_of(attributes))


def within(name: str, *parts: Render) -> Within:
    """The same element; the data are those under an option, empty ones when it is not there."""
    return Within(name, parts)


def each(name: str, *parts: Render, default: object = ()) -> Each:
    """The parts once for every entry; `default=REQUIRED` when the list must be given."""
    return Each(name, parts, default)


def present(name: str, *parts: Render) -> Present:
    """The parts when the option is there, whatever its value."""
    return Present(name, parts)


def absent(name: str, *parts: Render) -> Absent:
    """The parts when the option is not there."""
    return Absent(name, parts)


def every(*parts: Render) -> Every:
    """The parts once for every entry of the data, which are a list."""
    return Every(parts)


def told(name: str, *parts: Render) -> Told:
    """The parts when the option is there and not null."""
    return Told(name, parts)


def flagged(name: str, *parts: Render) -> Flagged:
    """The parts when the option says true, as a boolean or as text of any case."""
    return Flagged(name, parts)


def given(name: str, *parts: Render, default: object = None) -> Either:
    """The parts when the option is neither empty nor false."""
    return Either(name, parts, (), default)


def either(name: str, parts: Parts, others: Parts, default: object = None) -> Either:
    """The first parts when the option is neither empty nor false, else the others."""
    return Either(name, parts, others, default)


def since(plugins: str | tuple[str, ...], version: str, parts: Parts, older: Parts = ()) -> Since:
    """The parts from that version of the plugin on, else the older ones."""
    names = (plugins,) if isinstance(plugins, str) else plugins
    return Since(names, version, parts, older)


def choose(
    name: str,
    default: object,
    cases: Mapping[Any, Parts],
    *,
    strict: bool = True,
    fold: Fold = None,
) -> Choose:
    """The parts that belong to the value, folded; others are errors unless not `strict`."""
    return Choose(name, default, cases, strict, fold)


def variant(
    tag: str,
    name: str,
    default: object,
    kinds: Mapping[str, str],
    *parts: Render,
    fold: Fold = None,
) -> Variant:
    """An element whose class belongs to the value of an option, folded."""
    return Variant(tag, name, default, kinds, parts, fold)
