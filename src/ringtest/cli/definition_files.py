"""Definition files and parameters as commands take them, and where runs alone keep things."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer

from ringtest.agent.definitions.model import Definition
from ringtest.agent.definitions.reading import Faulty, Runners, read_definition
from ringtest.agent.parameters import Value, from_environment, merge, read_argument
from ringtest.cli.exits import EXIT_USAGE


def read_file(file: Path, *, runners: Runners | None = None) -> Definition:
    """A definition file; ends with its faults when it has some. `runners`: those there are."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}")
    try:
        return read_definition(text, str(file), runners=runners)
    except Faulty as faulty:
        refuse(str(faulty))


def refuse(message: str) -> NoReturn:
    """End with exit code 2 and what is wrong."""
    print(message, file=sys.stderr)
    raise typer.Exit(EXIT_USAGE)


def merge_parameters(
    definition: Definition, arguments: list[str], file: Path | None
) -> dict[str, Value]:
    """The parameters of a run, with where each is from; ends with what is wrong with them."""
    try:
        given = dict(read_argument(one) for one in arguments)
        stored = msgspec.yaml.decode(file.read_bytes(), type=dict[str, Any]) if file else {}
    except (ValueError, OSError) as error:
        refuse(f"parameters: {error}")
    return merge(
        [
            ("definition", definition.parameters),
            ("argument", given),
            ("file", stored),
            ("environment", from_environment(os.environ)),
        ]
    )


def cache_folder() -> Path:
    """What runs without a server keep for the next one."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ringtest"


def show(data: bytes) -> None:
    """What commands print, as it comes."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
