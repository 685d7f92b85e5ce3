"""What a build is to do, and how far it is: two files that its actions share."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from ringtest.jjb.native.program import RESULTS, Program

T = TypeVar("T")


class Plan(Struct):
    """What stays the same throughout a build. Paths are absolute.

    out: the folder of the build. home: of all runs. variables: Jenkins' own and parameters.
    credentials, managed: what `--credentials-file` and `--managed-files` named. notes: what people
    must know.
    """

    program: Program
    job: str
    number: int
    out: str
    home: str
    workspace: str
    variables: dict[str, str]
    secrets: list[str] = []
    """Names of variables that `secrets.json` holds, and nothing else."""
    credentials: str = ""
    managed: str = ""
    cell: dict[str, str] = {}
    notes: list[str] = []


class State(Struct):
    """What changes: written after each action.

    running: what was being done when the process ended. began: seconds since the epoch.
    bound: variable → (credential, part). hidden: texts of job files that are passwords.
    """

    result: str = "SUCCESS"
    variables: dict[str, str] = {}
    bound: dict[str, tuple[str, str]] = {}
    hidden: list[str] = []
    used: list[tuple[str, str]] = []
    """Secrets that stand in no variable: (credential, part)."""
    description: str = ""
    display_name: str = ""
    running: str = ""
    began: float = 0.0
    builders_began: float = 0.0
    done: list[int] = []
    """Publishers that were done."""
    tests: dict[str, int] = {}
    agents: list[int] = []
    """Process ids of those that hold keys until the end."""
    concluded: bool = False
    """All builders and publishers had their turn."""
    ended: bool = False

    def worsen(self, result: str) -> None:
        """A result never gets better.

        >>> state = State("UNSTABLE")
        >>> state.worsen("SUCCESS"); state.result
        'UNSTABLE'
        """
        if RESULTS.index(result) > RESULTS.index(self.result):
            self.result = result


def write(path: Path, data: Struct | dict[str, str], *, mode: int = 0o644) -> None:
    """Replaces a file as a whole."""
    fresh = path.with_name(f"{path.name}.fresh")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(data)))
    fresh.replace(path)


def read(path: Path, kind: type[T]) -> T:
    """A file that `write` left."""
    return msgspec.json.decode(path.read_bytes(), type=kind)
