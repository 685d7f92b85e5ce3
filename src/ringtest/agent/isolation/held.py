"""What a run leaves, kept for people to look at: when, how one gets in, and how it is let go."""

import shlex
from pathlib import Path

import msgspec
from msgspec import Struct

from ringtest.agent.attempt import Attempt, write_durably
from ringtest.agent.definitions.isolated import Hold, Isolation
from ringtest.agent.isolation.box import Box

HELD = "held.json"
_ENTER = "enter"
_LONGEST = 200
"""Characters of a command that people still read."""


class Held(Struct, frozen=True):
    """`held.json` of a run that is held: all that is needed to get in, and to end it later."""

    shell: str
    host: str
    isolation: Isolation
    cookie: str
    far: str = ""
    """Folder on a machine under test."""
    work: str = ""
    """Where its commands start, when that is not in the run's folder."""


def is_due(hold: Hold | None, result: str) -> bool:
    """Whether a run that ended so is held. One that people cancelled is not a failure.

    >>> is_due(Hold(), "failed"), is_due(Hold(), "passed"), is_due(Hold("always"), "passed")
    (True, False, True)
    """
    if hold is None:
        return False
    return hold.after == "always" or result in ("failed", "errored")


def keep_note(attempt: Attempt, box: Box, host: str) -> Held:
    """Write down that a run is held."""
    shell = box.way_in
    if len(shell) > _LONGEST:
        script = attempt.folder / _ENTER
        write_durably(script, f"#!/bin/sh\nexec {shell}\n".encode())
        shell = f"sh {shlex.quote(str(script))}"
    held = Held(shell, host, box.wanted, box.cookie, box.far, str(attempt.work))
    write_durably(attempt.folder / HELD, msgspec.json.encode(held))
    return held


def read_note(folder: Path) -> Held | None:
    """The note of a run's folder; None when it is not held."""
    try:
        return msgspec.json.decode((folder / HELD).read_bytes(), type=Held)
    except (OSError, msgspec.MsgspecError):
        return None


async def let_go(attempt: Attempt, held: Held) -> list[str]:
    """Remove what was kept beside the folder of the run; what could not be removed."""
    said: list[str] = []
    box = Box(held.isolation, attempt, cookie=held.cookie, say=said.append)
    left = await box.dispose(held.far)
    for name in (_ENTER, HELD):
        (attempt.folder / name).unlink(missing_ok=True)
    return left
