"""SQL of the feed: events a tenant may see, and progress of jobs that move."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from ringtest.control.db.pool import Transaction

# The same rule as the policy events_read, so that it holds without policies too.
_VISIBLE = """
  ($1 OR e.team_id = ANY ($2) OR (e.team_id IS NULL AND e.topic_id IN (
    SELECT t.id FROM topics t WHERE t.state <> 'archived' AND (
      $3 OR ((t.export_control OR $4) AND t.product_id IN (
        SELECT product_id FROM products_teams WHERE team_id = ANY ($2)))))))
"""
_JSON = """json_build_object('id', e.id, 'type', e.type, 'payload', e.payload,
  'team_id', e.team_id, 'topic_id', e.topic_id, 'created_at', e.created_at)"""


def _rights(tx: Transaction) -> tuple[bool, list[UUID], bool, bool]:
    tenant = tx.tenant
    return (
        tenant.scope in ("all", "read"),
        sorted(tenant.teams),
        tenant.scope in ("all", "read", "catalog"),
        tenant.pre_release,
    )


async def select_events(tx: Transaction, ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """(id, type, JSON) of those of `ids` that the tenant may see, in order."""
    rows = await tx.fetch(
        f"SELECT e.id, e.type, {_JSON}::text AS json FROM events e"
        f" WHERE {_VISIBLE} AND e.id = ANY ($5) ORDER BY e.id",
        *_rights(tx),
        list(ids),
    )
    return [(row["id"], row["type"], row["json"]) for row in rows]


async def select_since(
    tx: Transaction, *, last_id: int, overlap: timedelta, limit: int
) -> list[tuple[int, str, str]]:
    """Events after `last_id`, and those committed late around it.

    Ids are given before commit, so a smaller id can appear after a greater one: events
    younger than `overlap` before the last one are told again, and readers drop doubles by id.
    """
    rows = await tx.fetch(
        f"SELECT e.id, e.type, {_JSON}::text AS json FROM events e"
        f" WHERE {_VISIBLE} AND (e.id > $5 OR e.created_at >="
        " (SELECT created_at FROM events WHERE id = $5) - $6::interval)"
        " ORDER BY e.id LIMIT $7",
        *_rights(tx),
        last_id,
        overlap,
        limit,
    )
    return [(row["id"], row["type"], row["json"]) for row in rows]


async def select_page(
    tx: Transaction, *, after: int, types: Sequence[str], limit: int
) -> tuple[str, int | None]:
    """A JSON array of events with id > `after`, oldest first, and the last id on the page."""
    row = await tx.fetchrow(
        f"SELECT coalesce(json_agg(x.json), '[]')::text AS items, max(x.id) AS last FROM ("
        f" SELECT e.id, {_JSON} AS json FROM events e WHERE {_VISIBLE} AND e.id > $5"
        " AND (cardinality($6::text[]) = 0 OR e.type = ANY ($6)) ORDER BY e.id LIMIT $7) x",
        *_rights(tx),
        after,
        list(types),
        limit,
    )
    assert row is not None
    return row["items"], row["last"]


async def select_progress(tx: Transaction, job_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """id, team_id and progress (JSON text or None) of jobs."""
    rows = await tx.fetch(
        "SELECT id, team_id, progress FROM jobs WHERE id = ANY ($1)", list(job_ids)
    )
    return [dict(row) for row in rows]
