"""SQL of identity: functions that answer before a tenant is known, and sessions."""

from datetime import datetime
from uuid import UUID

from ringtest.control.db.pool import Database, Transaction

_TEAMS = frozenset({"teams", "teams_components_access"})
PERSON = _TEAMS | {"users", "users_teams"}
"""Tables that a person's identity is made of; a remembered one ends when any changes."""
SESSION = PERSON | {"sessions"}
MACHINE = _TEAMS | {"remotecis", "feeders", "credentials"}
TOKEN = PERSON | MACHINE | {"api_tokens"}


async def person_by_login(db: Database, login: str) -> str | None:
    """The active user of that name, else of that e-mail address, as JSON."""
    found: str | None = await db.ask("SELECT rt_person_by_login($1)", login)
    return found


async def person(db: Database, user_id: UUID) -> str | None:
    """An active user as JSON."""
    found: str | None = await db.ask("SELECT rt_person($1)", user_id)
    return found


async def person_by_session(db: Database, token_hash: bytes) -> str | None:
    """The active user of a session, with the session's end."""
    found: str | None = await db.ask("SELECT rt_person_by_session($1)", token_hash)
    return found


async def machine(db: Database, kind: str, machine_id: UUID) -> str | None:
    """An active remote CI or feeder, its team and keys, as JSON."""
    found: str | None = await db.ask("SELECT rt_machine($1, $2)", kind, machine_id)
    return found


async def token(db: Database, token_hash: bytes) -> str | None:
    """A token that was not revoked, with its holder, as JSON."""
    found: str | None = await db.ask("SELECT rt_by_token($1)", token_hash)
    return found


async def note_token_used(db: Database, token_id: UUID, now: datetime) -> None:
    await db.ask("SELECT rt_token_used($1, $2)", token_id, now)


async def replace_hash(db: Database, user_id: UUID, old: str, new: str) -> None:
    """The same password, hashed otherwise; nothing when it changed meanwhile."""
    await db.ask("SELECT rt_rehash($1, $2, $3)", user_id, old, new)


async def add_session(
    tx: Transaction, token_hash: bytes, user_id: UUID, expires_at: datetime
) -> None:
    """Add a session; the user's expired ones go."""
    await tx.execute(
        "DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2", user_id, tx.now
    )
    await tx.execute(
        "INSERT INTO sessions (token_hash, user_id, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4)",
        token_hash,
        user_id,
        tx.now,
        expires_at,
    )


async def drop_session(tx: Transaction, token_hash: bytes) -> None:
    await tx.execute("DELETE FROM sessions WHERE token_hash = $1", token_hash)
