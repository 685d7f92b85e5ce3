"""`packages`: of the system's own package manager, and of pip."""

from collections.abc import Mapping, Sequence
from typing import Any

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine

_MANAGERS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    # name: install, remove
    "dnf": (("dnf", "-y", "install"), ("dnf", "-y", "remove")),
    "apt-get": (
        ("apt-get", "-y", "-q", "--no-install-recommends", "install"),
        ("apt-get", "-y", "-q", "remove"),
    ),
    "pip": (
        ("python", "-m", "pip", "install", "--progress-bar", "off"),
        ("python", "-m", "pip", "uninstall", "-y"),
    ),
}


async def install_packages(machine: Machine, old: Any, new: Any) -> None:
    """`new` is a list for the system's manager, or `{system: [...], pip: [...]}`. What was on
    record and is wanted no more is removed."""
    before, wanted = _by_manager(machine, old), _by_manager(machine, new)
    for manager in _MANAGERS:
        have, want = before.get(manager, []), wanted.get(manager, [])
        install, remove = _MANAGERS[manager]
        if gone := [one for one in have if one not in want]:
            await machine.run(*remove, *gone)
        if more := [one for one in want if one not in have]:
            await machine.run(*install, *more, DEBIAN_FRONTEND="noninteractive")


def _by_manager(machine: Machine, said: Any) -> dict[str, list[str]]:
    parts = said if isinstance(said, Mapping) else {"system": said or []}
    unknown = sorted(set(parts) - {"system", "pip"})
    if unknown:
        raise StageFailed(f"packages: there is no {unknown[0]}; there are system and pip")
    found: dict[str, list[str]] = {}
    for kind, names in parts.items():
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise StageFailed(f"packages: {kind} is a list of names")
        if names:
            found["pip" if kind == "pip" else _system(machine)] = names
    return found


def _system(machine: Machine) -> str:
    for name in ("dnf", "apt-get"):
        if machine.has(name):
            return name
    raise StageFailed("packages: this machine has neither dnf nor apt-get")
