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
