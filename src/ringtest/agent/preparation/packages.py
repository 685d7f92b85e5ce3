"""`packages`: of the system's own package manager, and of pip."""

from collections.abc import Mapping, Sequence
from typing import Any

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.managers import command_of, system_manager

PIP = ("python", "-m", "pip")
_VERBS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "dnf": (("install",), ("remove",)),
    "apt-get": (("--no-install-recommends", "install"), ("remove",)),
    "pip": (("install", "--progress-bar", "off"), ("uninstall", "-y")),
}
_KINDS = {"system": "", "dnf": "dnf", "apt": "apt-get", "pip": "pip"}
"""How a definition names them; `system` is whichever the machine has."""


async def install_packages(machine: Machine, old: Any, new: Any) -> None:
    """`new` is a list for the system's manager, or lists under `system`, `dnf`, `apt` and `pip`:
    of `dnf` and `apt` only what the machine has counts. What was on record and is wanted no more
    is removed."""
    before, wanted = _by_manager(machine, old), _by_manager(machine, new)
    for manager, (install, remove) in _VERBS.items():
        have, want = before.get(manager, []), wanted.get(manager, [])
        gone = [one for one in have if one not in want]
        more = [one for one in want if one not in have]
        if not gone and not more:
            continue
        call = PIP if manager == "pip" else command_of(machine, manager)
        if gone:
            await machine.run(*call, *remove, *gone, DEBIAN_FRONTEND="noninteractive")
        if more:
            await machine.run(*call, *install, *more, DEBIAN_FRONTEND="noninteractive")


def read_packages(said: Any) -> dict[str, list[str]]:
    """Names by kind; StageFailed for anything else."""
    parts = said if isinstance(said, Mapping) else {"system": said or []}
    unknown = sorted(set(parts) - set(_KINDS))
    if unknown:
        raise StageFailed(f"packages: there is no {unknown[0]}; there are {', '.join(_KINDS)}")
    for kind, names in parts.items():
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise StageFailed(f"packages: {kind} is a list of names")
    return dict(parts)


def _by_manager(machine: Machine, said: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, names in read_packages(said).items():
        if not names:
            continue
        own = "pip" if kind == "pip" else system_manager(machine)
        if _KINDS[kind] in ("", own):
            found[own] = [*found.get(own, []), *names]
    return found
