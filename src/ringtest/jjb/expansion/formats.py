"""The rules of `{variable}` in strings, each string cut into its parts once.

`{name}` alone gives the value with its type, as `{obj:name}` does; `{name|text}` falls back
to the text; `{{` and `}}` are braces; the rest is that of Python's `str.format`, indexes and
format specifications included.
"""

import re
import string
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ringtest.jjb.loading.values import Tagged
from ringtest.jjb.problems import Failure

MAX_TEXT: Final = 8 << 20


class Undefined:
    """Stands for a parameter that was asked for and is nowhere."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __format__(self, specification: str) -> str:
        raise Failure("missing-parameter", f"{self.name!r} is undefined")

    def __str__(self) -> str:
        return format(self)

    def __repr__(self) -> str:
        return "Undefined"


# A variable between braces, with a default perhaps; doubled braces around it come in pairs.
_VARIABLE = r"(?<!{){({{)*(?:obj:)?(?P<key>\w+)(?:\|(?P<default>[^}]*))?}(}})*(?!})"
_FIELD = re.compile(_VARIABLE)
_ALONE = re.compile(f"^{_VARIABLE}$")
_NAME = re.compile(r"^[^.\[\]]+$")
Part = tuple[str, str | None]


class Format:
    """One string of a job file, ready to be formatted.

    alone: the variable whose value stands for the whole string, if it is one.
    required: names of variables, with those that have defaults; a parameter waits for them.
    needs: these and what format specifications name; None when only the values can tell.
    error: why the string is no format; raised when it is used.
    """

    __slots__ = ("_parts", "alone", "constant", "defaults", "error", "needs", "required", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        alone = _ALONE.match(text)
        self.alone: str | None = alone["key"] if alone else None
        self.defaults: list[tuple[str, str]] = [
            (found["key"], found["default"])
            for found in _FIELD.finditer(text)
            if found["default"] is not None
        ]
        self._parts: dict[frozenset[str], list[Part] | str] = {}
        self.required: tuple[str, ...] = ()
        self.error: Failure | None = None
        try:
            self.required = tuple(_required(text))
        except Failure as failure:
            self.error = failure
        self.needs: tuple[str, ...] | None = None
        if self.error is None and not any("{" in default for _, default in self.defaults):
            self.needs = tuple(dict.fromkeys((*self.required, *_in_specifications(text))))
        # A string without variables is the same in every job.
        self.constant: str | None = None
        if not self.required and self.error is None:
            self.constant = text.replace("{{", "{").replace("}}", "}")

    def format(self, values: Mapping[str, Any], allow_empty: bool) -> Any:
        """The string with its variables filled in; raises Failure without a place."""
        if self.constant is not None:
            return self.constant
        if self.alone is not None:
            value = values.get(self.alone, self)
            if value is not self and type(value) is not Undefined:
                return value
        missing: frozenset[str] = frozenset()
        if self.defaults:
            missing = frozenset(
                key for key, _ in self.defaults if type(values.get(key, _ABSENT)) is Undefined
            )
        parts = self._parts.get(missing)
        if parts is None:
            parts = self._parts[missing] = self._cut(missing)
        if isinstance(parts, str):
            return self._slow(parts, values, allow_empty)
        return self._joined(parts, values, allow_empty)

    def _joined(self, parts: list[Part], values: Mapping[str, Any], allow_empty: bool) -> str:
        made: list[str] = []
        for literal, name in parts:
            made.append(literal)
            if name is not None:
                try:
                    value = values[name]
                except KeyError:
                    value = _missing(name, allow_empty)
                made.append(value if type(value) is str else _shown(value, self.text))
        text = "".join(made)
        if len(text) > MAX_TEXT:
            raise Failure("too-large", f"a string grows beyond {MAX_TEXT >> 20} MiB")
        return text

    def _cut(self, missing: frozenset[str]) -> list[Part] | str:
        """Literals and names; the text itself when it holds more than plain variables."""

        def filled(found: re.Match[str]) -> str:
            if found["default"] is None:
                return found[0]
            return found["default"] if found["key"] in missing else "{%s}" % found["key"]  # noqa: UP031

        text = _FIELD.sub(filled, self.text) if self.defaults else self.text
        parts: list[Part] = []
        try:
            for literal, name, specification, conversion in string.Formatter().parse(text):
                if name is not None and (
                    specification or conversion or not _NAME.match(name) or name.isdigit()
                ):
                    return text
                parts.append((literal, name))
        except ValueError:
            return text
        return parts

    def _slow(self, text: str, values: Mapping[str, Any], allow_empty: bool) -> str:
        short = text if len(text) <= 40 else text[:80] + "..."
        try:
            return _Python(allow_empty).vformat(text, (), values)
        except Failure as failure:
            message = f"While formatting string {short!r}: {failure.message}"
            raise Failure(failure.rule, message) from None
        except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
            said = f"While formatting string {short!r}: {type(error).__name__}: {error}"
            raise Failure("format", said) from None


class _Python(string.Formatter):
    """Python's own formatting, for indexes, attributes and format specifications."""

    def __init__(self, allow_empty: bool) -> None:
        self._allow_empty = allow_empty

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if isinstance(key, int):
            raise Failure("format", "positional format arguments are not supported")
        try:
            return kwargs[key]
        except KeyError:
            return _missing(key, self._allow_empty)

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        if re.search(r"\._|\[_", field_name):
            raise Failure("format", f"{field_name!r} looks inside of values, and is refused")
        return super().get_field(field_name, args, kwargs)

    def format_field(self, value: Any, format_spec: str) -> str:
        width = re.search(r"\d+", format_spec)
        if width and int(width[0]) > 100_000:
            raise Failure("too-large", f"the width {width[0]} is beyond all bounds")
        return str(format(value, format_spec))


_ABSENT = Undefined("")


def _missing(name: str, allow_empty: bool) -> str:
    if allow_empty:
        return ""
    raise Failure("missing-parameter", f"Missing parameter: {name!r}")


def _shown(value: Any, text: str) -> str:
    if type(value) is Tagged:
        raise Failure("format", f"{value.tag} cannot be put into {text[:40]!r}")
    try:
        return format(value, "")
    except (RecursionError, TypeError) as error:
        raise Failure("format", f"a value cannot be put into {text[:40]!r}: {error}") from None


def _required(text: str) -> Iterator[str]:
    if "{" not in text and "}" not in text:
        return
    plain = _FIELD.sub(lambda found: "{%s}" % found["key"], text)  # noqa: UP031
    try:
        for _, name, _, _ in string.Formatter().parse(plain):
            if name is None:
                continue
            first = re.split(r"[.\[]", name, maxsplit=1)[0]
            if first == "" or first.isdigit():
                raise Failure(
                    "format", f"Positional format arguments are not supported: {text[:80]!r}"
                )
            yield first
    except ValueError as error:
        raise Failure("format", f"While formatting string {text[:80]!r}: {error}") from None


def _in_specifications(text: str) -> Iterator[str]:
    """Variables in format specifications, as `width` in `{name:{width}}`."""
    if ":{" not in text and "{" not in text.partition(":")[2]:
        return
    plain = _FIELD.sub(lambda found: "{%s}" % found["key"], text)  # noqa: UP031
    for _, name, specification, _ in string.Formatter().parse(plain):
        if name is not None and specification:
            yield from re.findall(r"{([^{}\[.!:]*)", specification)


@lru_cache(maxsize=200_000)
def compiled(text: str) -> Format:
    """The format of a string; each text is looked at once."""
    return Format(text)
