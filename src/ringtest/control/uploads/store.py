"""SQL of resumable uploads and their parts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.db.pool import Transaction

_UPLOAD = """u.id, u.created_at, u.updated_at, u.expires_at, u.size, u.received, u.team_id,
  u.file_id, u.failure, u.metadata"""

Part = tuple[int, int, str]
"""Start, size and object of some bytes."""


async def insert(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Add an upload of nothing yet."""
    row = {"created_at": tx.now, "updated_at": tx.now, **values}
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await tx.execute(f"INSERT INTO uploads ({', '.join(row)}) VALUES ({places})", *row.values())


async def select(tx: Transaction, upload_id: UUID, owner: UUID) -> asyncpg.Record | None:
    """An upload of its owner, with its JSON; None when there is none or it has expired."""
    return await tx.fetchrow(
        f"""
        SELECT u.*, (SELECT row_to_json(z) FROM (SELECT {_UPLOAD}) z)::text AS json
        FROM uploads u WHERE u.id = $1 AND u.owner_id = $2 AND u.expires_at > $3
        """,
        upload_id,
        owner,
        tx.now,
    )


async def select_open(tx: Transaction, owner: UUID, limit: int) -> tuple[str, int]:
    """Unfinished uploads of an owner, newest first: JSON array and count."""
    row = await tx.fetchrow(
        f"""
        SELECT coalesce(json_agg(row_to_json(z)), '[]')::text AS items, count(*) AS count FROM (
          SELECT {_UPLOAD} FROM uploads u WHERE u.owner_id = $1 AND u.expires_at > $2
            AND u.file_id IS NULL AND u.failure IS NULL
          ORDER BY u.created_at DESC, u.id LIMIT $3) z
        """,
        owner,
        tx.now,
        limit,
    )
    assert row is not None
    return row["items"], row["count"]


async def advance(
    tx: Transaction, upload_id: UUID, *, start: int, parts: Sequence[Part], expires_at: datetime
) -> bool:
    """Bytes arrived after `start`; False when others did, or the upload is over."""
    end = parts[-1][0] + parts[-1][1]
    done = await tx.execute(
        "UPDATE uploads SET received = $3, updated_at = $4, expires_at = $5"
        " WHERE id = $1 AND received = $2 AND file_id IS NULL AND failure IS NULL",
        upload_id,
        start,
        end,
        tx.now,
        expires_at,
    )
    if done:
        starts, sizes, keys = zip(*parts, strict=True)
        await tx.execute(
            "INSERT INTO upload_parts (upload_id, start, size, object_key)"
            " SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[])",
            upload_id,
            starts,
            sizes,
            keys,
        )
    return bool(done)


async def select_parts(tx: Transaction, upload_id: UUID) -> list[Part]:
    """All parts in order."""
    found = await tx.fetch(
        "SELECT start, size, object_key FROM upload_parts WHERE upload_id = $1 ORDER BY start",
        upload_id,
    )
    return [(row["start"], row["size"], row["object_key"]) for row in found]


async def end(
    tx: Transaction, upload_id: UUID, *, file_id: UUID | None, failure: str | None
) -> list[str]:
    """It became a file, or cannot: the objects of its parts, which go."""
    await tx.execute(
        "UPDATE uploads SET file_id = $2, failure = $3, updated_at = $4 WHERE id = $1",
        upload_id,
        file_id,
        failure,
        tx.now,
    )
    found = await tx.fetch(
        "DELETE FROM upload_parts WHERE upload_id = $1 RETURNING object_key", upload_id
    )
    return [row["object_key"] for row in found]


async def delete(tx: Transaction, upload_id: UUID) -> list[str]:
    """Forget an upload: the objects of its parts."""
    keys = [key for _, _, key in await select_parts(tx, upload_id)]
    await tx.execute("DELETE FROM uploads WHERE id = $1", upload_id)
    return keys


async def select_expired(tx: Transaction, limit: int) -> list[UUID]:
    """Uploads that nobody went on with, and ended ones of that age; held until the end."""
    found = await tx.fetch(
        "SELECT id FROM uploads WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2"
        " FOR UPDATE SKIP LOCKED",
        tx.now,
        limit,
    )
    return [row["id"] for row in found]
