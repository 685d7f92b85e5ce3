"""What a run may take, as the kernel is told: by control groups where they can be had, and for
each process by rlimits."""

import math
import os
import resource
from collections.abc import Callable, Sequence

from msgspec import Struct

from ringtest.agent.components.names import human_size
from ringtest.agent.definitions.isolated import Isolation, parse_bytes
from ringtest.agent.isolation.cgroups import Group, make_group


class Bounds(Struct, frozen=True):
    """Applied by the guard to each command, between fork and exec."""

    rlimits: Sequence[tuple[int, int]] = ()
    """Number and value of a resource."""
    cgroups: Sequence[str] = ()
    """Files that take the process into a control group."""
    cpus: Sequence[int] = ()
    """CPUs that it may use; none: all."""


_RLIMITS = {
    "open_files": resource.RLIMIT_NOFILE,
    "file_size": resource.RLIMIT_FSIZE,
    "memory": resource.RLIMIT_AS,
    "processes": resource.RLIMIT_NPROC,
}


def bound(wanted: Isolation, name: str, say: Callable[[str], None]) -> tuple[Bounds, list[Group]]:
    """Limits for commands on this machine; how each is kept is said. The groups are the caller's
    to remove."""
    whole = amounts(wanted)
    groups = make_group(name, {key: whole[key] for key in ("memory", "cpus", "processes")})
    by_group = {key: one for one in groups for key in one.keeps}
    rlimits, cpus, told = [], list[int](), []
    for key, amount in whole.items():
        if amount is None:
            continue
        if key in by_group:
            told.append(
                f"{key} {_text(key, amount)} (cgroup v{by_group[key].version}, all together)"
            )
        elif key == "cpus":
            cpus = sorted(os.sched_getaffinity(0))[: math.ceil(amount)]
            told.append(f"cpus {len(cpus)} (affinity)")
        else:
            rlimits.append((_RLIMITS[key], _within(_RLIMITS[key], int(amount))))
            told.append(f"{key} {_text(key, amount)} ({_how(key)})")
    if told:
        say(f"limits: {', '.join(told)}")
    return Bounds(rlimits, [one.entrance for one in groups], cpus), groups


def amounts(wanted: Isolation) -> dict[str, float | None]:
    """What is limited, in bytes or numbers; None: is not."""
    return {
        "memory": parse_bytes(wanted.memory) if wanted.memory is not None else None,
        "cpus": wanted.cpus,
        "processes": wanted.processes,
        "open_files": wanted.open_files,
        "file_size": parse_bytes(wanted.file_size) if wanted.file_size is not None else None,
    }


def _within(number: int, amount: int) -> int:
    """Not above what this process may have: raising that is for privileged ones."""
    hard = resource.getrlimit(number)[1]
    return amount if hard == resource.RLIM_INFINITY else min(amount, hard)


def _text(key: str, amount: float) -> str:
    return human_size(amount) if key in ("memory", "file_size") else f"{amount:g}"


def _how(key: str) -> str:
    if key == "processes":
        return "rlimit: none for root" if os.geteuid() == 0 else "rlimit, of the account"
    return "rlimit, each process"
