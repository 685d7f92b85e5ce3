"""What this lab accepts, and whether its programs are there."""

import shutil
from collections.abc import Iterator, Mapping

from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn
from ringtest.agent.doctor.programs import does_not_start

PROGRAMS = {"bubblewrap": "bwrap", "podman": "podman", "ssh": "ssh"}
_NAMED = {"podman": "rootfs", "ssh": "hosts"}
OPEN = (
    "a server's jobs run on this machine itself, as the agent's account: they read and write what "
    "it may, its keys and network among that; nothing is kept apart unless a definition says so"
)


def floor(lab: Lab) -> Iterator[Found]:
    """Every kind that is accepted can be had."""
    if lab.settings is None:
        return
    mine = lab.settings.floor
    yield ok("floor", f"a server's jobs run in: {mine.text}")
    if not mine.is_apart:
        advice = 'accepts = ["bubblewrap"] keeps them apart, unless the lab trusts all definitions'
        yield warn("floor", OPEN, advice)
    for kind in mine.accepts:
        if problem := why_not(kind, lab.environment):
            yield bad("floor", f"{kind} is accepted and {problem}", f"install it, or leave {kind} "
                      "out of accepts")  # fmt: skip
        key = _NAMED.get(kind, "")
        if mine.is_apart and key and not getattr(mine.limits, key):
            message = f"{kind} is accepted and limits.{key} names none: no such job runs"
            yield warn("floor", message, f"name some in limits.{key}, or leave {kind} out")


def why_not(kind: str, environment: Mapping[str, str]) -> str:
    """Why this machine cannot keep jobs apart by that kind; empty: it can, as far as is known."""
    program = PROGRAMS.get(kind)
    if program is None:
        return ""
    path = shutil.which(program, path=environment.get("PATH"))
    return does_not_start(program, path) if path else f"there is no program {program}"
