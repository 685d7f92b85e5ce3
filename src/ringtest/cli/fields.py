"""Fields of resources as options of commands, and back into request bodies."""

import inspect
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ringtest.cli.calls import ask_password
from ringtest.cli.completion import names_of
from ringtest.cli.config import UsageError
from ringtest.cli.kinds import find_id
from ringtest.client import Client
from ringtest.language.placed_yaml import read_placed

FieldKind = Literal["text", "flag", "list", "data", "ref", "password", "file"]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a request body.

    `data` is JSON, or @file with JSON or YAML; `ref` names a thing of the kind `noun`
    by id or name; `password` is asked for, never given as an argument; `file` is the text of
    the file that is given.
    """

    name: str
    help: str
    kind: FieldKind = "text"
    required: bool = False
    positional: bool = False
    noun: str = ""
    option: str = ""
    updates: bool = True
    """May be changed later."""
    creates: bool = True
    """May be said when it is created."""

    def parameter(self, *, updating: bool) -> inspect.Parameter:
        """The field as a parameter of a command; optional when something is updated."""
        needed = self.required and not updating
        if self.positional and not updating:
            kind: Any = typer.Argument(help=self.help)
        else:
            complete = names_of(self.noun) if self.kind == "ref" else None
            kind = typer.Option(self._option(), help=self.help, autocompletion=complete)
        types: dict[FieldKind, Any] = {"flag": bool, "list": list[str], "password": bool}
        annotation = types.get(self.kind, str)
        default: Any = inspect.Parameter.empty
        if self.kind == "password":
            default = False
        elif not needed:
            annotation, default = annotation | None, None
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[annotation, kind],
        )

    def _option(self) -> str:
        name = (self.option or self.name.removesuffix("_id")).replace("_", "-")
        return f"--{name}/--no-{name}" if self.kind == "flag" else f"--{name}"

    def value(self, client: Client, given: Any) -> Any:
        """What goes into the body for what was given on the command line."""
        if self.kind == "ref":
            return find_id(client, self.noun, given)
        if self.kind == "data":
            return read_data(given)
        if self.kind == "password":
            return ask_password(self.help)
        return read_text(given) if self.kind == "file" else given


def body(client: Client, fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """The request body of the options that were given."""
    values = {}
    for field in fields:
        value = given.get(field.name)
        if value not in (None, []) and not (field.kind == "password" and not value):
            values[field.name] = field.value(client, value)
    return values


def read_text(name: str) -> str:
    """What is in a file, `-` is standard input, without the end of its last line. UsageError
    when it cannot be read."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"{name} cannot be read: {error}") from error
    return text.rstrip("\n")


def read_data(text: str) -> Any:
    """JSON as given, or the contents of `@file`: JSON or YAML. UsageError when it is neither.

    >>> read_data('{"a": 1}')
    {'a': 1}
    """
    if text.startswith("@"):
        return _read_file(Path(text[1:]))
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"neither JSON nor @file: {error}") from error


def _read_file(path: Path) -> Any:
    """JSON, or YAML as definitions are read: a key is a text, also where it is `on`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if text.lstrip()[:1] in ("{", "["):
        with suppress(ValueError):
            return json.loads(text)
    placed = read_placed(text, str(path))
    if placed.faults:
        raise UsageError("\n".join(str(fault) for fault in placed.faults))
    return placed.data
