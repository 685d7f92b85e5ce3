"""SQL of builds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.builds.model import Build
from ringtest.control.db.pool import Transaction

_COLUMNS = """b.id, b.job_id, b.team_id, b.controller_id, b.attempt, b.lease, b.name,
  b.parameters, b.offered, b.artifacts, b.queue_id, b.number, b.result, b.log_start, b.seq,
  b.starts, b.problem"""
_JSON = ("parameters", "offered", "artifacts")
_SHOWN = """json_build_object('id', b.id, 'created_at', b.created_at, 'attempt', b.attempt,
  'ci_controller', json_build_object('id', c.id, 'name', c.name, 'url', c.url), 'name', b.name,
  'parameters', b.parameters, 'queue_id', b.queue_id, 'number', b.number, 'result', b.result,
  'problem', b.problem, 'ended_at', b.ended_at)"""


async def select_waiting(
    tx: Transaction, labs: Sequence[UUID], *, runner: str, limit: int
) -> list[asyncpg.Record]:
    """Queued jobs of labs whose definition has a step for that runner, the oldest first: id,
    remoteci_id. Those that a build still belongs to are not among them."""
    return await tx.fetch(
        """
        SELECT j.id, j.remoteci_id FROM jobs j JOIN job_definitions d ON d.id = j.definition_id
        WHERE j.remoteci_id = ANY ($1) AND j.status = 'queued' AND j.state = 'active'
          AND jsonb_path_exists(d.spec, '$.stages.*[*] ? (@.runner == $runner)',
            jsonb_build_object('runner', $2::text))
          AND NOT EXISTS (SELECT 1 FROM ci_builds b WHERE b.job_id = j.id AND b.ended_at IS NULL)
        ORDER BY j.created_at, j.id LIMIT $3
        """,
        list(labs),
        runner,
        limit,
    )


async def insert(tx: Transaction, values: dict[str, Any]) -> None:
    """A build that is to start now."""
    row = {"created_at": tx.now, "due_at": tx.now, **values}
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await tx.execute(f"INSERT INTO ci_builds ({', '.join(row)}) VALUES ({places})", *row.values())


async def claim_due(tx: Transaction, *, is_over: bool, until: datetime, limit: int) -> list[Build]:
    """Builds to look at, for this process alone until `until`."""
    found = await tx.fetch(
        f"""
        UPDATE ci_builds b SET claimed_until = $2 WHERE id IN (
          SELECT id FROM ci_builds WHERE ended_at IS NULL AND due_at <= $1
            AND (claimed_until IS NULL OR claimed_until <= $1) AND (result IS NOT NULL) = $3
          ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
        RETURNING {_COLUMNS}
        """,
        tx.now,
        until,
        is_over,
        limit,
    )
    return [_build(row) for row in found]


async def select_open(tx: Transaction) -> list[Build]:
    """Every build that has not ended."""
    found = await tx.fetch(
        f"SELECT {_COLUMNS} FROM ci_builds b WHERE b.ended_at IS NULL ORDER BY b.id"
    )
    return [_build(row) for row in found]


def _build(row: asyncpg.Record) -> Build:
    values = dict(row)
    return Build(**{**values, **{name: msgspec.json.decode(values[name]) for name in _JSON}})


async def update(tx: Transaction, build_id: UUID, values: dict[str, Any]) -> None:
    """Set columns."""
    places = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 2))
    await tx.execute(f"UPDATE ci_builds SET {places} WHERE id = $1", build_id, *values.values())


async def let_go(tx: Transaction, build_id: UUID, *, after: timedelta) -> None:
    """Nobody works on the build now; look again after a while."""
    await update(tx, build_id, {"claimed_until": None, "due_at": tx.now + after})


async def select_of_job(tx: Transaction, job_id: UUID, teams: list[UUID] | None) -> tuple[str, int]:
    """JSON array of a job's builds, the latest attempt first, and their number."""
    row = await tx.fetchrow(
        f"SELECT coalesce(json_agg({_SHOWN} ORDER BY b.attempt DESC), '[]')::text AS items,"
        " count(*) AS number FROM ci_builds b JOIN ci_controllers c ON c.id = b.controller_id"
        " WHERE b.job_id = $1 AND ($2::uuid[] IS NULL OR b.team_id = ANY ($2))",
        job_id,
        teams,
    )
    assert row is not None
    return row["items"], row["number"]
