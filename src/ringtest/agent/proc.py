"""Processes as Linux shows them in /proc. On other systems everything here is empty.

Only `os` is imported: the guard of every running job holds this in memory.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple


class Process(NamedTuple):
    """A line of the process table. `started` is in clock ticks since boot."""

    pid: int
    state: str
    parent: int
    session: int
    started: int


def process(pid: int) -> Process | None:
    """One process, None when there is none of that number; zombies count as gone."""
    text = _read(f"/proc/{pid}/stat")
    if not text:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    state = fields[0].decode()
    if state in "ZX":
        return None
    return Process(pid, state, int(fields[1]), int(fields[3]), int(fields[19]))


def table() -> list[Process]:
    """Every living process that can be seen."""
    try:
        names = [entry.name for entry in os.scandir("/proc") if entry.name.isdigit()]
    except OSError:
        return []
    return [found for name in names if (found := process(int(name)))]


def descendants(root: int) -> set[int]:
    """Pids of the children of `root`, of their children and so on."""
    children: dict[int, list[int]] = {}
    for each in table():
        children.setdefault(each.parent, []).append(each.pid)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        fresh = [pid for pid in children.get(waiting.pop(), []) if pid not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found


def tree(session: int, known: Mapping[int, int]) -> dict[int, int]:
    """Pids and starts of the processes of a session, of those of `known` that still live, and of
    all their descendants, whatever session these opened."""
    living = table()
    found = {
        each.pid: each.started
        for each in living
        if session in (each.pid, each.session) or known.get(each.pid) == each.started
    }
    grew = True
    while grew:
        more = {
            each.pid: each.started
            for each in living
            if each.parent in found and each.pid not in found
        }
        found |= more
        grew = bool(more)
    return found


def with_variable(name: str, value: str) -> set[int]:
    """Pids of the processes that were started with this environment variable."""
    wanted = f"{name}={value}".encode()
    found = set()
    for each in table():
        if wanted in _read(f"/proc/{each.pid}/environ").split(b"\0"):
            found.add(each.pid)
    return found


def boot_id() -> str:
    """Changes with every boot: pids from before mean nothing."""
    return _read("/proc/sys/kernel/random/boot_id").decode().strip()


def _read(path: str) -> bytes:
    """A file of /proc, empty when it cannot be read (any more)."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(fd, 65536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(fd)
