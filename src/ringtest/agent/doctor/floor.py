"""What this lab accepts, and whether its programs are there."""

import shutil
from collections.abc import Iterator

from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn
from ringtest.agent.doctor.programs import does_not_start

PROGRAMS = {"bubblewrap": "bwrap", "podman": "podman", "ssh": "ssh"}
_NAMED = {"podman": "rootfs", "ssh": "hosts"}


def floor(lab: Lab) -> Iterator[Found]:
    """Every kind that is accepted can be had."""
    if lab.settings is None:
        return
    mine = lab.settings.floor
    yield ok("floor", f"a server's jobs run in: {mine.text}")
    for kind in mine.accepts:
        program = PROGRAMS.get(kind)
        if program is None:
            continue
        path = shutil.which(program, path=lab.environment.get("PATH"))
        problem = does_not_start(program, path) if path else f"there is no program {program}"
        if problem:
            yield bad("floor", f"{kind} is accepted and {problem}", f"install it, or leave {kind} "
                      "out of accepts")  # fmt: skip
        key = _NAMED.get(kind, "")
        if mine.is_apart and key and not getattr(mine.limits, key):
            message = f"{kind} is accepted and limits.{key} names none: no such job runs"
            yield warn("floor", message, f"name some in limits.{key}, or leave {kind} out")
