"""What a lab accepts of a server's definitions: kinds of isolation, and the most that a run takes.

A definition that asks for less runs under the floor where that can be, and is refused else: it
then has no step that could run.
"""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ringtest.agent.definitions.isolated import Isolation, Kind, Path, Size, parse_bytes
from ringtest.agent.definitions.model import Definition

ON_THE_MACHINE: tuple[Kind, ...] = ("none", "venv")
"""Kinds whose commands may do what the agent's account may: who accepts one accepts the other."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """The most that a server's definition gets, whatever it asks for."""

    memory: Size | None = None
    cpus: Annotated[float, Meta(gt=0)] | None = None
    processes: Annotated[int, Meta(ge=1)] | None = None
    open_files: Annotated[int, Meta(ge=8)] | None = None
    file_size: Size | None = None
    seconds: Annotated[float, Meta(gt=0)] | None = None
    network: bool = True
    """Whether bubblewrap and podman may have the machine's network."""
    readable: list[Path] = []
    """Folders of which definitions may name some as `readable`, or what is in them; and files of
    them in options of runners, which the agent itself reads."""
    rootfs: list[Path] = []
    """The same for `rootfs` of podman."""
    writable: bool = False
    """Whether podman may change a root filesystem."""
    hosts: list[str] = []
    """Patterns of machines under test for ssh: `board-*`."""


AMOUNTS = ("memory", "cpus", "processes", "open_files", "file_size", "seconds")


class Floor(Struct, frozen=True):
    """`accepts` without a kind: every kind, with whatever it names."""

    accepts: tuple[Kind, ...] = ()
    limits: Limits = Limits()

    @property
    def is_apart(self) -> bool:
        """Whether no job may run on the machine itself."""
        return bool(self.accepts) and not set(self.accepts) & set(ON_THE_MACHINE)

    @property
    def text(self) -> str:
        """One line for people.

        >>> Floor(("bubblewrap",), Limits(memory="2GiB", network=False)).text
        'bubblewrap; at most memory 2GiB; no network'
        """
        limits = self.limits
        most = [f"{key} {amount}" for key in AMOUNTS if (amount := getattr(limits, key))]
        return "; ".join(
            [
                ", ".join(self.accepts) or "every kind of isolation",
                *(["at most " + ", ".join(most)] if most else []),
                *([] if limits.network else ["no network"]),
            ]
        )


class Floored(Struct, frozen=True):
    """A definition as this lab runs it; one that is `refused` has no steps."""

    definition: Definition
    said: Sequence[str] = ()
    """What is otherwise than the definition has it, for the job's log."""
    refused: str = ""


class _Refused(Exception):
    """The message names the setting."""


def under(floor: Floor, definition: Definition) -> Floored:
    """What the lab makes of a server's definition.

    >>> floored = under(Floor(("bubblewrap", "ssh")), Definition(isolation="none"))
    >>> floored.definition.isolated.kind, floored.said[0]
    ('bubblewrap', 'bubblewrap instead of none: accepts of this lab is bubblewrap, ssh')
    >>> under(Floor(("ssh",)), Definition()).refused
    'isolation venv is not accepted here: accepts of this lab is ssh'
    """
    try:
        if floor.is_apart:
            _refuse_the_machine(definition)
        isolated, said = _of_a_kind(floor, definition.isolated)
        if floor.is_apart:
            _refuse_names(floor.limits, isolated)
        if isolated.network and not floor.limits.network:
            raise _Refused("network: limits.network of this lab is false")
    except _Refused as error:
        return Floored(
            Definition(name=definition.name, isolation=definition.isolation), refused=str(error)
        )
    capped = dict(_capped(floor.limits, isolated))
    if capped:
        most = ", ".join(f"{key} {amount}" for key, amount in capped.items())
        said.append(f"at most {most}: limits of this lab")
    if not said:
        return Floored(definition)
    isolated = msgspec.structs.replace(isolated, **capped)
    return Floored(msgspec.structs.replace(definition, isolation=isolated), said)


def _of_a_kind(floor: Floor, wanted: Isolation) -> tuple[Isolation, list[str]]:
    """Under one that is accepted. Of the kinds that need nothing more than their name, bubblewrap
    alone keeps jobs apart."""
    accepts = ", ".join(floor.accepts)
    is_on_machine = wanted.kind in ON_THE_MACHINE
    if not floor.accepts or wanted.kind in floor.accepts or (is_on_machine and not floor.is_apart):
        return wanted, []
    if not is_on_machine or "bubblewrap" not in floor.accepts:
        message = f"isolation {wanted.kind} is not accepted here: accepts of this lab is {accepts}"
        raise _Refused(message)
    network = floor.limits.network
    moved = msgspec.structs.replace(wanted, kind="bubblewrap", network=network, readable=[])
    said = [f"bubblewrap instead of {wanted.kind}: accepts of this lab is {accepts}"]
    return moved, said if network else [*said, "no network: limits.network of this lab is false"]


def _refuse_the_machine(definition: Definition) -> None:
    """What the agent itself does to the machine for a definition goes around every sandbox."""
    for key in ("environment", "guard"):
        if getattr(definition, key):
            raise _Refused(
                f"{key} is of the machine itself, and accepts of this lab has neither none nor venv"
            )


def _refuse_names(limits: Limits, wanted: Isolation) -> None:
    for path in wanted.readable if wanted.kind in ("bubblewrap", "podman") else []:
        if not _is_within(path, limits.readable):
            raise _Refused(f"readable: {path} is in no folder of limits.readable of this lab")
    if wanted.kind == "podman" and not _is_within(wanted.rootfs, limits.rootfs):
        raise _Refused(f"rootfs: {wanted.rootfs} is in no folder of limits.rootfs of this lab")
    if wanted.kind == "podman" and wanted.writable and not limits.writable:
        raise _Refused("writable: limits.writable of this lab is false")
    if wanted.kind == "ssh" and not any(fnmatchcase(wanted.host, one) for one in limits.hosts):
        raise _Refused(f"host: {wanted.host} is none of limits.hosts of this lab")


def _is_within(path: str, folders: Sequence[str]) -> bool:
    """Links are followed: where one leads is what a job would see."""
    real = os.path.realpath(path)
    within = (os.path.realpath(folder) for folder in folders)
    return any(real == one or real.startswith(f"{one.rstrip('/')}/") for one in within)


def _capped(limits: Limits, wanted: Isolation) -> Iterator[tuple[str, Any]]:
    for key in AMOUNTS:
        most, asked = getattr(limits, key), getattr(wanted, key)
        if most is not None and (asked is None or _number(asked) > _number(most)):
            yield key, most


def _number(amount: float | str) -> float:
    return parse_bytes(amount) if isinstance(amount, str) else amount
