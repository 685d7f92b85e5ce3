"""Definition files and parameters as commands take them, and where runs alone keep things."""

import os
import re
import sys
from datetime import UTC, datetime
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


def result_folder(out: Path | None, name: str) -> Path:
    """An empty folder for the result of a run, made at once: `out`, else one below `runs` that
    no other run has. Ends when there cannot be one."""
    wanted = out or Path("runs") / f"{_file_name(name)}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    folder, number = wanted, 1
    try:
        while out is None and folder.exists():
            number += 1
            folder = wanted.with_name(f"{wanted.name}-{number}")
        folder.mkdir(parents=True, exist_ok=out is not None)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        refuse(f"{folder} cannot be made: {error.strerror}; name another with --out")
    if not is_empty:
        refuse(f"{folder} is there already and not empty: name another with --out")
    if not os.access(folder, os.W_OK):
        refuse(f"{folder} cannot be written: name another with --out")
    return folder


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:80] or "run"


def cache_folder() -> Path:
    """What runs without a server keep for the next one."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ringtest"


def show(data: bytes) -> None:
    """What commands print, as it comes."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
