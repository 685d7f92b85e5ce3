"""Reading what PostgreSQL's notifications say. Pure."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LiveMove:
    """A job moved in a way that is not worth an event: new log lines, new counts."""

    kind: Literal["log", "progress"]
    job_id: UUID


def parse_event_id(payload: str) -> int | None:
    """The id in `<type> <id> <consumers>`; None for the wake-up that follows a reconnect.

    >>> parse_event_id("job.finished 17 reporting,triage"), parse_event_id("job.changed 18 ")
    (17, 18)
    >>> parse_event_id("") is None
    True
    """
    words = payload.split(" ")
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def parse_live(payload: str) -> LiveMove | None:
    """What a payload of the live channel means; unknown kinds are ignored.

    >>> parse_live("log 6ba7b810-9dad-11d1-80b4-00c04fd430c8").kind
    'log'
    """
    words = payload.split(" ")
    if len(words) < 2:
        return None
    try:
        job_id = UUID(words[1])
    except ValueError:
        return None
    if words[0] == "log":
        return LiveMove("log", job_id)
    return LiveMove("progress", job_id) if words[0] == "progress" else None
