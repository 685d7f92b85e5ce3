"""What a run left behind on this machine: looked for, removed where it is ours, named otherwise."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ringtest.agent import proc
from ringtest.agent.isolation.cgroups import Group
from ringtest.agent.processes import COOKIE

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORKS = Path("/run/netns")
_SHARED = tuple(Path(one) for one in ("/tmp", "/var/tmp", "/dev/shm"))
_GROUP_SECONDS = 2.0
_MOST_NAMED = 20


class Seen(Struct, frozen=True):
    """What there was before the first command."""

    mounts: frozenset[str]
    networks: frozenset[str]
    shared: frozenset[str]


class Cleanup(Struct, frozen=True, omit_defaults=True):
    """`cleanup.json`: what was looked at, and what is left."""

    looked: list[str]
    left: list[str]
    """Of this run for certain."""
    appeared: list[str] = []
    """Came up while it ran; may be somebody else's."""
    kept: list[str] = []
    """Stays on purpose."""


def see() -> Seen:
    """The machine as it is."""
    return Seen(frozenset(_mounts()), frozenset(_names(_NETWORKS)), frozenset(_shared()))


def look(
    before: Seen, *, folder: Path, work: Path, cookie: str, groups: Sequence[Group],
    outside: bool, left: Sequence[str], kept: Sequence[str],
) -> Cleanup:  # fmt: skip
    """Blocks for a moment. `outside`: commands could write beside their folders; `left` is what
    the sandbox itself could not remove."""
    looked, found = ["processes", "mounts", "network namespaces"], list(left)
    for pid in sorted(proc.with_variable(COOKIE, cookie)):
        found.append(f"process {pid}: {_command(pid)}")
    if groups:
        looked.append("control groups")
        found += [f"control group {one.folder}" for one in groups if not _removed(one)]
    ours = tuple(f"{one}/" for one in (folder, work))
    appeared: list[str] = []
    for mount in sorted(set(_mounts()) - before.mounts):
        mine = f"{mount}/".startswith(ours)
        (found if mine else appeared).append(f"mount {mount}")
    for name in sorted(set(_names(_NETWORKS)) - before.networks):
        appeared.append(f"network namespace {name}")
    looked.append("files in shared folders" if outside else "folders of the sandbox")
    if outside:
        appeared += [f"file {one}" for one in sorted(set(_shared()) - before.shared)]
    if len(appeared) > _MOST_NAMED:
        appeared[_MOST_NAMED:] = [f"{len(appeared) - _MOST_NAMED} more"]
    return Cleanup(looked, found, appeared, list(kept))


def remember_groups(file: Path, groups: Sequence[Group]) -> None:
    """For an agent that has to clean up after this one."""
    if groups:
        file.write_bytes(msgspec.json.encode(groups))


def remove_groups(file: Path) -> None:
    """What `remember_groups` wrote, of an agent that died: nothing runs in them any more."""
    try:
        groups = msgspec.json.decode(file.read_bytes(), type=list[Group])
    except (OSError, msgspec.MsgspecError):
        return
    for group in groups:
        _removed(group)


def _removed(group: Group) -> bool:
    """The kernel needs a moment after the last process has ended."""
    give_up = time.monotonic() + _GROUP_SECONDS
    while not group.remove():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def _mounts() -> list[str]:
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line.split(" ")[4].replace("\\040", " ") for line in lines]


def _names(folder: Path) -> list[str]:
    try:
        return [one.name for one in folder.iterdir()]
    except OSError:
        return []


def _shared() -> list[str]:
    """What is directly in folders that everybody writes to, as far as it is this account's."""
    found, own = [], os.geteuid()
    for folder in _SHARED:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.stat(follow_symlinks=False).st_uid == own:
                    found.append(entry.path)
            except OSError:
                continue
    return found


def _command(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "?"
    return line.replace(b"\0", b" ").decode(errors="replace").strip()[:200]
