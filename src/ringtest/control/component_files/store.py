"""SQL of component files. Who may see the component was asked before."""

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
    """id, name, mime, size, sha256 and object_key of a file, by id or by name."""
    conditions = _files(component_id)
    conditions.add("(f.id = {} OR f.name = {})", file_id, name)
    return await tx.fetchrow(
        "SELECT f.id, f.name, f.mime, f.size, f.sha256, f.object_key FROM component_files f"
        f" WHERE {conditions.sql()}",
        *conditions.values,
    )
