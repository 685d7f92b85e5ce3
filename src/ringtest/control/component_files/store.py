"""SQL of component files. Who may see the component was asked before."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.paging import ListQuery

_KINDS: dict[str, Kind] = {
    **rows.COMMON,
    "mime": "text",
    "md5": "text",
    "sha256": "text",
    "size": "int",
}
_FILE = """f.id, f.created_at, f.updated_at, f.etag, f.state, f.name, f.mime, f.md5, f.sha256,
  f.size, f.component_id"""


def _files(component_id: UUID) -> Conditions:
    conditions = Conditions(["f.state <> 'archived'"])
    conditions.add("f.component_id = {}", component_id)
    return conditions


async def select_files(tx: Transaction, component_id: UUID, query: ListQuery) -> rows.Page:
    """Files of a component: JSON array and count."""
    conditions = _files(component_id)
    apply_where(conditions, query, _KINDS, "f")
    order = order_by(query, _KINDS, "f", "-created_at")
    return await rows.everything(
        tx, _FILE, "component_files f", conditions, order=order, fields=query.fields
    )


async def select_file(tx: Transaction, component_id: UUID, file_id: UUID) -> rows.Found:
    """JSON and etag of a file."""
    conditions = _files(component_id)
    conditions.add("f.id = {}", file_id)
    return await rows.one(tx, _FILE, "component_files f", conditions)


async def select_same(
    tx: Transaction, *, topic_id: UUID, team_id: UUID | None, sha256: str, size: int
) -> str | None:
    """The object of a file with this content, of a component of the topic that is the same
    team's (None: of no team); the file's row is held. One that is being removed is passed over."""
    key: str | None = await tx.fetchval(
        "SELECT f.object_key FROM component_files f JOIN components c ON c.id = f.component_id"
        " WHERE f.sha256 = $1 AND f.size = $2 AND c.topic_id = $3"
        " AND c.team_id IS NOT DISTINCT FROM $4 LIMIT 1 FOR KEY SHARE OF f SKIP LOCKED",
        sha256,
        size,
        topic_id,
        team_id,
    )
    return key


async def set_object(tx: Transaction, file_id: UUID, object_key: str) -> None:
    """The file has an object of its own after all."""
    await tx.execute(
        "UPDATE component_files SET object_key = $2 WHERE id = $1", file_id, object_key
    )


async def find_file(
    tx: Transaction, component_id: UUID, *, file_id: UUID | None = None, name: str | None = None
) -> asyncpg.Record | None:
    """id, name, mime, size, sha256, object_key and chunks_size of a file, by id or by name."""
    conditions = _files(component_id)
    conditions.add("(f.id = {} OR f.name = {})", file_id, name)
    return await tx.fetchrow(
        "SELECT f.id, f.name, f.mime, f.size, f.sha256, f.object_key, f.chunks_size"
        f" FROM component_files f WHERE {conditions.sql()}",
        *conditions.values,
    )


async def claim_unlisted(
    tx: Transaction, *, smallest: int, pause: timedelta
) -> asyncpg.Record | None:
    """object_key and size of a file whose list of chunks has not been made, and `known`: the
    bytes of a list that another file of the same object has. Nobody else gets it for a while."""
    return await tx.fetchrow(
        """
        UPDATE component_files f SET chunks_at = $1::timestamp + $3 FROM (
          SELECT id FROM component_files WHERE chunks_size IS NULL AND state <> 'archived'
            AND size >= $2 AND coalesce(chunks_at, $1) <= $1
          ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED) c
        WHERE f.id = c.id RETURNING f.object_key, f.size,
          (SELECT max(o.chunks_size) FROM component_files o WHERE o.object_key = f.object_key)
            AS known
        """,
        tx.now,
        smallest,
        pause,
    )


async def set_list(tx: Transaction, *, object_key: str, size: int) -> None:
    """The list of an object's chunks is there, of so many bytes; 0: there will be none."""
    await tx.execute(
        "UPDATE component_files SET chunks_size = $2 WHERE object_key = $1 AND chunks_size IS NULL",
        object_key,
        size,
    )


async def secret_of(tx: Transaction, *, hour: datetime, fresh: bytes) -> bytes:
    """The secret of an hour, `fresh` if it has none yet; those of days ago are forgotten."""
    await tx.execute("DELETE FROM permit_hours WHERE hour < $1::timestamp - interval '1 day'", hour)
    await tx.execute("INSERT INTO permit_hours VALUES ($1, $2) ON CONFLICT DO NOTHING", hour, fresh)
    secret: bytes = await tx.fetchval("SELECT secret FROM permit_hours WHERE hour = $1", hour)
    return secret


async def find_secret(tx: Transaction, *, hour: datetime) -> bytes | None:
    """The secret of an hour, if it has one."""
    found: bytes | None = await tx.fetchval("SELECT secret FROM permit_hours WHERE hour = $1", hour)
    return found
