"""What a run leaves, kept for people to look at. Pure but for the files of the run."""

from pathlib import Path

import msgspec
from msgspec import Struct

from ringtest.agent.attempt import write_durably
from ringtest.agent.definitions.isolated import Hold

HELD = "held.json"


class Held(Struct, frozen=True):
    """`held.json` of a run that is held: how to get inside, on which machine."""

    shell: str
    host: str
    until: str
    """UTC, ISO."""


def is_due(hold: Hold | None, result: str) -> bool:
    """Whether a run that ended so is held. One that people cancelled is not a failure.

    >>> is_due(Hold(), "failed"), is_due(Hold(), "passed"), is_due(Hold("always"), "passed")
    (True, False, True)
    """
    if hold is None:
        return False
    return hold.on == "always" or result in ("failed", "errored")


def keep_note(folder: Path, held: Held) -> None:
    """Write down that a run is held."""
    write_durably(folder / HELD, msgspec.json.encode(held))


def read_note(folder: Path) -> Held | None:
    """The note of a run's folder; None when it is not held."""
    try:
        return msgspec.json.decode((folder / HELD).read_bytes(), type=Held)
    except (OSError, msgspec.MsgspecError):
        return None
