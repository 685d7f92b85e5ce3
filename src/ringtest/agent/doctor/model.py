"""What a check looks at and what it finds. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ringtest.agent.settings import AgentSettings

State = Literal["ok", "warn", "bad"]


class Found(Struct, frozen=True):
    """One line: `bad` keeps jobs from running, `warn` may, `advice` says what to do about it."""

    check: str
    state: State
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Lab:
    """What is examined. `settings` are None, and `problem` says why, when they cannot be used."""

    settings: AgentSettings | None
    problem: str
    config: Path | None
    files: Sequence[Path]
    environment: Mapping[str, str]


Check = Callable[[Lab], Iterable[Found]]
"""Raises nothing but for faults of its own."""


def ok(check: str, message: str) -> Found:
    """All is well."""
    return Found(check, "ok", message)


def warn(check: str, message: str, advice: str) -> Found:
    """Jobs may run all the same."""
    return Found(check, "warn", message, advice)


def bad(check: str, message: str, advice: str) -> Found:
    """No job will run, or not to its end."""
    return Found(check, "bad", message, advice)
