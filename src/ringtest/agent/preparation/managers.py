"""The package managers of machines, and how they are told to work on another tree."""

from collections.abc import Sequence
from pathlib import Path

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import SYSTEM, Machine

SYSTEMS = ("dnf", "apt-get")
_DATABASES = {"apt-get": ("var/lib/dpkg/status",), "dnf": ("var/lib/rpm", "usr/lib/sysimage/rpm")}
_APT_FOLDERS = (
    "etc/apt/sources.list.d", "etc/apt/preferences.d", "var/lib/dpkg", "var/log/apt",
    "var/lib/apt/lists/partial", "var/cache/apt/archives/partial",
)  # fmt: skip


def system_manager(machine: Machine, asked: str = "") -> str:
    """`dnf` or `apt-get`: the one that is asked for, else the one whose database the tree has,
    else the first that is installed. StageFailed when there is none."""
    if asked:
        return asked
    for name, marks in _DATABASES.items():
        if machine.has(name) and any((machine.root / mark).exists() for mark in marks):
            return name
    for name in SYSTEMS:
        if machine.has(name):
            return name
    raise StageFailed("this machine has neither dnf nor apt-get")


def command_of(machine: Machine, manager: str) -> Sequence[str]:
    """How a manager is called, without a question and for the machine's tree."""
    if manager == "dnf":
        there = () if machine.root == SYSTEM else ("--installroot", str(machine.root))
        return ("dnf", "-y", *there)
    if machine.root == SYSTEM:
        return ("apt-get", "-y", "-q")
    _make_apt_tree(machine.root)
    return (
        "apt-get", "-y", "-q", "-o", f"Dir={machine.root}",
        "-o", f"Dir::State::status={machine.root}/var/lib/dpkg/status",
        "-o", f"DPkg::Options::=--root={machine.root}",
    )  # fmt: skip


def _make_apt_tree(root: Path) -> None:
    """What apt and dpkg want to find; nothing that is there is touched."""
    for folder in _APT_FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
