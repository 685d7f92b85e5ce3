"""SQL of identity: sessions, and the grants of one team."""

from datetime import datetime
from uuid import UUID

from ringtest.control.db.pool import Transaction


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


async def granted_to(tx: Transaction, team_id: UUID) -> frozenset[UUID]:
    """Ids of the teams whose components `team_id` may see."""
    found = await tx.fetch(
        "SELECT access_team_id FROM teams_components_access WHERE team_id = $1", team_id
    )
    return frozenset(row["access_team_id"] for row in found)
