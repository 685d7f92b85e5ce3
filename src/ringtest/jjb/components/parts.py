"""Words for one value: an option of the YAML that becomes the text of one element.

A part is a function of (element to write into, data, context). The words here make parts from
what Jenkins' plugins want, one line per option:

    option("num-to-keep", -1)                     <numToKeep>-1</numToKeep>, or what is given
    option("mode", "GET", "httpMode", ("GET", "POST"))   another name, a closed list
    required("url")                               an error when it is missing
    maybe("timeout-var", tag="timeoutEnvVar")     no element when it is missing
    text("owner", None)                           as it is, and only text: no numbers, no lists
    lower("sandbox", False), string("workers", 5) as Python prints it, lower-cased or not
    joined("projects", ",")                       a list in one element
    constant("spec", "")                          always the same
    item("string")                                the data itself, inside `each`

The element is named after the option (`num-to-keep` → `numToKeep`) unless a name is given.
How values turn to text differs between these words because it differs in the original, byte by
byte: `option` writes booleans in lower case and refuses nothing at all, `lower` also lowers text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.registry import Context, Render

__all__ = [
    "REQUIRED",
    "Described",
    "camel",
    "constant",
    "describe",
    "item",
    "joined",
    "lower",
    "lowered",
    "maybe",
    "negated",
    "only_text",
    "option",
    "printed",
    "put",
    "reads",
    "required",
    "string",
    "text",
    "truth",
    "written",
]


class Required:
    """The default of an option that must be given."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Required()

Choices = Sequence[Any] | Mapping[Any, Any]


class Described(NamedTuple):
    """One option, for people and for the checks: its path, element, default and choices."""

    name: str
    tag: str
    default: object
    choices: tuple[object, ...]


def camel(name: str) -> str:
    """The usual element of an option.

    >>> camel("num-to-keep"), camel("url")
    ('numToKeep', 'url')
    """
    first, *rest = name.split("-")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


READ_BY: dict[Render, tuple[str, ...]] = {}


def reads(names: str) -> Callable[[Render], Render]:
    """Says of a function which options it reads, for people and for the checks.

    names: with spaces between them; `*` when it takes names of the reader's own.
    """

    def note(render: Render) -> Render:
        READ_BY[render] = tuple(names.split())
        return render

    return note


def describe(part: Render) -> Iterator[Described]:
    """The options that a part reads, nested ones as `outer.inner`."""
    options: Callable[[], Iterator[Described]] | None = getattr(part, "options", None)
    if options is not None:
        yield from options()
    for name in READ_BY.get(part, ()):
        yield Described(name, "", None, ())


def put(parent: Element, tag: str, value: object, ctx: Context) -> Element:
    """An element with the text as it is, empty for whatever is empty or false."""
    element = SubElement(parent, tag)
    if isinstance(value, str):
        element.text = value
    elif value:
        ctx.fail(f"<{tag}> takes text, not {value!r}: put it in quotes")
    return element


class Value:
    """One option that becomes one element."""

    __slots__ = ("default", "name", "tag")

    def __init__(self, name: str, default: object, tag: str | None) -> None:
        self.name = name
        self.default = default
        self.tag = camel(name) if tag is None else tag

    def options(self) -> Iterator[Described]:
        yield Described(self.name, self.tag, self.default, ())

    def missing(self, ctx: Context) -> NoReturn:
        ctx.fail(f"'{self.name}' is required")


class Option(Value):
    """The common case: text, numbers and booleans, of a closed list or not."""

    __slots__ = ("allowed", "optional", "words")

    def __init__(
        self, name: str, default: object, tag: str | None, choices: Choices, optional: bool
    ) -> None:
        super().__init__(name, default, tag)
        self.optional = optional
        self.words: Mapping[Any, Any] | None = choices if isinstance(choices, Mapping) else None
        self.allowed: tuple[Any, ...] = tuple(choices)

    def options(self) -> Iterator[Described]:
        default = self.default if self.optional or self.default is not None else REQUIRED
        yield Described(self.name, self.tag, default, self.allowed)

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        value = data.get(self.name, self.default)
        if value is None:
            if self.optional:
                return
            self.missing(ctx)
        if isinstance(value, list | dict):
            ctx.fail(f"'{self.name}' takes one value, not {value!r}")
        if self.allowed:
            if value not in self.allowed:
                allowed = ", ".join(f"'{choice}'" for choice in self.allowed)
                ctx.fail(f"'{self.name}' is '{value}', which is none of {allowed}")
            if self.words is not None:
                value = self.words[value]
        if value is True:
            value = "true"
        elif value is False:
            value = "false"
        SubElement(parent, self.tag).text = str(value)


class Text(Value):
    """Text as it is; what is empty or false makes an empty element."""

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        value = data.get(self.name, self.default)
        if value is REQUIRED:
            self.missing(ctx)
        if not isinstance(value, str):
            if value:
                ctx.fail(f"'{self.name}' takes text, not {value!r}: put it in quotes")
            value = None
        SubElement(parent, self.tag).text = value


class Written(Value):
    """Any value as a function writes it."""

    __slots__ = ("how",)

    def __init__(
        self, name: str, default: object, tag: str | None, how: Callable[[Any], str]
    ) -> None:
        super().__init__(name, default, tag)
        self.how = how

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        value = data.get(self.name, self.default)
        if value is REQUIRED:
            self.missing(ctx)
        SubElement(parent, self.tag).text = self.how(value)


class Joined(Value):
    """A list of texts in one element."""

    __slots__ = ("separator",)

    def __init__(self, name: str, default: object, tag: str | None, separator: str) -> None:
        super().__init__(name, default, tag)
        self.separator = separator

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        value = data.get(self.name, self.default)
        if value is REQUIRED:
            self.missing(ctx)
        SubElement(parent, self.tag).text = self.separator.join(value)


class Constant:
    """The same element whatever the data say."""

    __slots__ = ("tag", "text")

    def __init__(self, tag: str, text: str) -> None:
        self.tag = tag
        self.text = text

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        SubElement(parent, self.tag).text = self.text


class Item:
    """The data itself as the text of an element."""

    __slots__ = ("how", "tag")

    def __init__(self, tag: str, how: Callable[[Any], str] | None) -> None:
        self.tag = tag
        self.how = how

    def __call__(self, parent: Element, data: Any, ctx: Context) -> None:
        put(parent, self.tag, data if self.how is None else self.how(data), ctx)


def option(name: str, default: object, tag: str | None = None, choices: Choices = ()) -> Option:
    """An option with a default; `choices` closes the list, a mapping of them also translates."""
    return Option(name, default, tag, choices, optional=False)


def required(name: str, tag: str | None = None, choices: Choices = ()) -> Option:
    """An option that must be given."""
    return Option(name, None, tag, choices, optional=False)


def maybe(
    name: str, default: object = None, tag: str | None = None, choices: Choices = ()
) -> Option:
    """An option whose element is left out when there is nothing to write."""
    return Option(name, default, tag, choices, optional=True)


def text(name: str, default: object = REQUIRED, tag: str | None = None) -> Text:
    """An option that is written as it is and has to be text."""
    return Text(name, default, tag)


def lowered(value: object) -> str:
    """As Python prints it, in lower case.

    >>> lowered(True), lowered("Yes"), lowered(None)
    ('true', 'yes', 'none')
    """
    return str(value).lower()


def lower(name: str, default: object = REQUIRED, tag: str | None = None) -> Written:
    """An option in lower case: flags that may be given as text."""
    return Written(name, default, tag, lowered)


def string(name: str, default: object = REQUIRED, tag: str | None = None) -> Written:
    """An option as Python prints it."""
    return Written(name, default, tag, str)


def printed(value: object) -> str:
    """As `option` writes a value.

    >>> printed(False), printed(7)
    ('false', '7')
    """
    if value is None or isinstance(value, list | dict):
        raise TypeError(f"one value is wanted, not {value!r}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def only_text(value: object) -> str:
    """Text, or nothing for whatever is empty or false; numbers and lists are refused.

    >>> only_text("x"), only_text(None)
    ('x', '')
    """
    if value and not isinstance(value, str):
        raise TypeError(f"{value!r} is no text: put it in quotes")
    return str(value or "")


def truth(value: object) -> str:
    """Whether there is anything.

    >>> truth([]), truth("x")
    ('false', 'true')
    """
    return "true" if value else "false"


def negated(value: object) -> str:
    """Whether there is nothing.

    >>> negated(True), negated(None)
    ('false', 'true')
    """
    return "false" if value else "true"


def written(
    name: str, default: object, how: Callable[[Any], str], tag: str | None = None
) -> Written:
    """An option that a function turns to text."""
    return Written(name, default, tag, how)


def joined(name: str, separator: str, default: object = (), tag: str | None = None) -> Joined:
    """A list in one element; `default=REQUIRED` when it must be given."""
    return Joined(name, default, tag, separator)


def constant(tag: str, value: str) -> Constant:
    """An element that is always the same."""
    return Constant(tag, value)


def item(tag: str, how: Callable[[Any], str] | None = None) -> Item:
    """The data themselves, as the text of an element; `how` turns them to text."""
    return Item(tag, how)
