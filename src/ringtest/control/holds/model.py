"""How long a job may be held. Pure."""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

MOST_HOURS = 168.0
"""From the beginning of a hold: nobody extends it beyond."""
Hours = Annotated[float, Meta(gt=0, le=MOST_HOURS)]


class CreateHold(Struct):
    """Body of `POST /jobs/:id/hold`, from the lab's agent."""

    attempt: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    hours: Hours
    host: Annotated[str, Meta(max_length=255)]
    """Where it is, as the lab calls its machine."""
    shell: Annotated[str, Meta(max_length=16 * 1024)]
    """The command that gets a person in, on that machine."""


class ExtendHold(Struct):
    """Body of `POST /jobs/:id/hold/extend`."""

    hours: Hours
    """From now on."""


def extended(created_at: datetime, hours: float, now: datetime) -> datetime:
    """Until when, if somebody wants these hours more.

    >>> extended(datetime(2026, 1, 1), 24, datetime(2026, 1, 7, 12))
    datetime.datetime(2026, 1, 8, 0, 0)
    """
    return min(now + timedelta(hours=hours), created_at + timedelta(hours=MOST_HOURS))
