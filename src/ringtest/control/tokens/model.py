"""What a token may be: its body, its scopes, its end. Pure."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringtest.control.accounts.model import Caller, Machine
from ringtest.control.identity.model import SCOPES, TOKEN_PREFIX
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.texts import Name

HINT = len(TOKEN_PREFIX) + 6
"""Characters of a token that are shown later, to tell it from others."""


class CreateToken(Struct):
    """Body of POST /tokens. Without a machine it is the caller's own."""

    name: Name
    scopes: Annotated[list[Name], Meta(min_length=1, max_length=20)]
    expires_at: datetime
    team_id: UUID | None = None
    remoteci_id: UUID | None = None
    feeder_id: UUID | None = None


def new_token() -> str:
    """256 random bits behind the prefix that tells what it is."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def checked_scopes(scopes: list[str]) -> list[str]:
    """The scopes without repetitions; 400 names the known ones.

    >>> checked_scopes(["read", "jobs:write", "read"])
    ['jobs:write', 'read']
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise BadRequest(f"unknown scope {unknown[0][:80]!r}", valid_scopes=sorted(SCOPES))
    return sorted(set(scopes))


def checked_end(end: datetime, now: datetime, max_days: int) -> datetime:
    """The end as naive UTC; 400 when it is not within the days that tokens may live."""
    try:
        naive = end.astimezone(UTC).replace(tzinfo=None) if end.tzinfo else end
    except OverflowError:
        raise BadRequest("expires_at is out of range") from None
    latest = now + timedelta(days=max_days)
    if not now < naive <= latest:
        raise BadRequest(
            f"expires_at must lie ahead, and at most {max_days} days",
            latest=latest.isoformat(timespec="seconds"),
        )
    return naive


def holder_of(body: CreateToken, caller: Caller) -> tuple[Machine, UUID] | None:
    """The machine that the token is for; None: the person who asks."""
    if body.remoteci_id and body.feeder_id:
        raise BadRequest("a token is for one machine: give remoteci_id or feeder_id")
    if body.remoteci_id:
        return "remoteci", body.remoteci_id
    if body.feeder_id:
        return "feeder", body.feeder_id
    return None if caller.kind == "user" else (caller.kind, caller.id)
