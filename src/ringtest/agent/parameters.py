"""Parameters of a run: from which of many places each value comes. Pure.

From the weakest to the strongest: the definition, the product, the topic, the lab, the job,
arguments of the command, a file of parameters, variables of the environment.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from msgspec import Struct

SCOPES = ("definition", "product", "topic", "lab", "job", "argument", "file", "environment")
VARIABLE = "RINGTEST_PARAMETER_"


class Value(Struct, frozen=True):
    """A value and where it is from; `hidden` are the ones it won over, the strongest first."""

    value: Any
    source: str
    hidden: tuple[tuple[str, Any], ...] = ()


def merge(sources: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Value]:
    """One value for each name; later sources are stronger.

    >>> merge([("definition", {"arch": "x86_64"}), ("argument", {"arch": "ppc64le"})])["arch"]
    Value(value='ppc64le', source='argument', hidden=(('definition', 'x86_64'),))
    """
    merged: dict[str, Value] = {}
    for source, values in sources:
        for name, value in values.items():
            before = merged.get(name)
            hidden = ((before.source, before.value), *before.hidden) if before else ()
            merged[name] = Value(value, source, hidden)
    return merged


def origins(merged: Mapping[str, Value]) -> tuple[str, ...]:
    """A line for each value that is not the definition's alone: it, its scope, what it won over.

    >>> origins(merge([("definition", {"a": 1, "b": 2}), ("topic", {"a": 3}), ("lab", {"a": 4})]))
    ('a = 4: lab (before topic: 3, definition: 1)',)
    """
    lines = []
    for name, one in sorted(merged.items()):
        if one.source != "definition":
            hidden = ", ".join(f"{source}: {value}" for source, value in one.hidden)
            lines.append(
                f"{name} = {one.value}: {one.source}{f' (before {hidden})' if hidden else ''}"
            )
    return tuple(lines)


def read_argument(text: str) -> tuple[str, Any]:
    """`name=value`, the value as YAML reads it; ValueError when there is no `=`.

    >>> read_argument("count=3"), read_argument("arch=x86_64"), read_argument("tags=[a, b]")
    (('count', 3), ('arch', 'x86_64'), ('tags', ['a', 'b']))
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ValueError(f"{text!r} is not name=value")
    return name.strip(), _typed(value)


def from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """Parameters that variables such as RINGTEST_PARAMETER_ARCH give, by lower-case name."""
    return {
        name.removeprefix(VARIABLE).lower(): _typed(value)
        for name, value in variables.items()
        if name.startswith(VARIABLE)
    }


def _typed(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    return value if isinstance(value, str | int | float | bool | list | dict | None) else text
