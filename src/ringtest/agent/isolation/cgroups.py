"""Control groups of version 2, and of version 1 where a machine still has those."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

ROOT = Path("/sys/fs/cgroup")
_PERIOD = 100_000
"""Microseconds over which CPU time is counted."""
_CONTROLLERS = {"memory": "memory", "cpus": "cpu", "processes": "pids"}


class Group(Struct, frozen=True):
    """A control group of one run."""

    folder: str
    version: int
    keeps: tuple[str, ...]
    """Which limits."""

    @property
    def entrance(self) -> str:
        """What is written to this file goes in: 0 is the writer."""
        return f"{self.folder}/cgroup.procs"

    @property
    def processes(self) -> list[int]:
        """Pids inside."""
        try:
            return [int(one) for one in Path(self.entrance).read_text(encoding="ascii").split()]
        except OSError:
            return []

    def remove(self) -> bool:
        """Remove it; False when the kernel does not let it go. Nothing there: True."""
        try:
            Path(self.folder).rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def make_group(
    name: str, amounts: Mapping[str, float | None], *, root: Path = ROOT,
    own: Path = Path("/proc/self/cgroup"),
) -> list[Group]:  # fmt: skip
    """Groups below the agent's own that keep these limits, as far as this account may make them.

    Memory in bytes, cpus and processes as numbers.
    """
    wanted = {key: amount for key, amount in amounts.items() if amount is not None}
    made: list[Group] = []
    if not wanted:
        return made
    places = _places(root, own)
    if "" in places:
        group = _make_second(places[""] / name, wanted)
        if group:
            made.append(group)
    kept = {key for one in made for key in one.keeps}
    for key, amount in wanted.items():
        parent = places.get(_CONTROLLERS[key])
        if key not in kept and parent is not None:
            group = _make_first(parent / name, key, amount)
            if group:
                made.append(group)
    return made


def _places(root: Path, own: Path) -> dict[str, Path]:
    """The agent's own group for each controller; that of version 2 under the empty name."""
    places: dict[str, Path] = {}
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except OSError:
        return places
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            unified = root / "unified"
            places[""] = (unified if unified.is_dir() else root) / path.lstrip("/")
        for one in filter(None, controllers.split(",")):
            places[one] = root / controllers / path.lstrip("/")
            if not places[one].is_dir():
                places[one] = root / one / path.lstrip("/")
    return places


def _make_second(folder: Path, wanted: Mapping[str, float]) -> Group | None:
    needed = " ".join(f"+{_CONTROLLERS[key]}" for key in wanted)
    with contextlib.suppress(OSError):  # they may be there already, or not be ours to ask for
        (folder.parent / "cgroup.subtree_control").write_text(needed, encoding="ascii")
    try:
        folder.mkdir()
    except OSError:
        return None
    kept = []
    for key, amount in wanted.items():
        file, text = {
            "memory": ("memory.max", str(int(amount))),
            "cpus": ("cpu.max", f"{int(amount * _PERIOD)} {_PERIOD}"),
            "processes": ("pids.max", str(int(amount))),
        }[key]
        if _write(folder / file, text):
            kept.append(key)
    _write(folder / "memory.swap.max", "0")
    if not kept:
        folder.rmdir()
        return None
    return Group(str(folder), 2, tuple(kept))


def _make_first(folder: Path, key: str, amount: float) -> Group | None:
    try:
        folder.mkdir()
    except OSError:
        return None
    files = {
        "memory": [("memory.limit_in_bytes", str(int(amount)))],
        "cpus": [("cpu.cfs_period_us", str(_PERIOD)),
                 ("cpu.cfs_quota_us", str(int(amount * _PERIOD)))],
        "processes": [("pids.max", str(int(amount)))],
    }[key]  # fmt: skip
    if all([_write(folder / file, text) for file, text in files]):
        return Group(str(folder), 1, (key,))
    folder.rmdir()
    return None


def _write(file: Path, text: str) -> bool:
    """False when there is no such file, or it does not take this."""
    try:
        with file.open("r+", encoding="ascii") as opened:
            opened.write(text)
    except OSError:
        return False
    return True
