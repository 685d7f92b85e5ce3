"""SQL of forgotten objects and of the search for left-over ones."""

from collections.abc import Sequence
from datetime import timedelta

from ringtest.control.db.pool import Transaction


async def add(tx: Transaction, keys: Sequence[str]) -> None:
    """Say that these objects are not needed."""
    await tx.execute(
        "INSERT INTO objects_to_delete (object_key, created_at)"
        " SELECT k, $2 FROM unnest($1::text[]) AS k ON CONFLICT DO NOTHING",
        keys,
        tx.now,
    )


async def claim(tx: Transaction, *, limit: int, pause: timedelta) -> list[str]:
    """Some keys to delete now; who does not finish in `pause` leaves them to another."""
    found = await tx.fetch(
        """
        UPDATE objects_to_delete o SET retry_at = $1::timestamp + $3 FROM (
          SELECT object_key FROM objects_to_delete WHERE coalesce(retry_at, $1) <= $1
          ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED) c
        WHERE o.object_key = c.object_key RETURNING o.object_key
        """,
        tx.now,
        limit,
        pause,
    )
    return [row["object_key"] for row in found]


async def remove(tx: Transaction, keys: Sequence[str]) -> None:
    """They are gone."""
    await tx.execute("DELETE FROM objects_to_delete WHERE object_key = ANY ($1)", keys)


async def in_use(tx: Transaction, keys: Sequence[str]) -> frozenset[str]:
    """Those that a row names."""
    found = await tx.fetch("SELECT k FROM rt_objects_in_use($1) AS k", keys)
    return frozenset(row["k"] for row in found)


async def claim_sweep(tx: Transaction, *, pause: timedelta) -> str | None:
    """After which key to look on, if it is time and nobody else does."""
    after: str | None = await tx.fetchval(
        "UPDATE object_sweeps SET next_at = $1::timestamp + $2 WHERE next_at <= $1"
        " RETURNING after_key",
        tx.now,
        pause,
    )
    return after


async def save_sweep(tx: Transaction, *, after: str, wait: timedelta, found: int) -> None:
    """Go on after this key, in so long."""
    await tx.execute(
        "UPDATE object_sweeps SET after_key = $1, next_at = $2::timestamp + $3, found = found + $4",
        after,
        tx.now,
        wait,
        found,
    )
