"""SQL of attempts and stages. Whoever writes here holds the job's row (jobs.service.lock_job)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.attempts.model import Attempt, Order, Outcome, StageRow
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.outcome import StageStatus

_ATTEMPT = """a.*, (SELECT count(*) FROM job_attempts b WHERE b.job_id = a.job_id
  AND b.number < a.number AND b.outcome = 'lost') AS lost_before"""


def _attempt(row: asyncpg.Record | None) -> Attempt | None:
    if row is None:
        return None
    values: dict[str, Any] = dict(row)
    del values["team_id"]
    outcome = values.pop("outcome")
    return Attempt(outcome=Outcome(outcome) if outcome else None, **values)


async def select_attempt(tx: Transaction, job_id: UUID, number: int) -> Attempt | None:
    return _attempt(
        await tx.fetchrow(
            f"SELECT {_ATTEMPT} FROM job_attempts a WHERE a.job_id = $1 AND a.number = $2",
            job_id,
            number,
        )
    )


async def select_by_token(tx: Transaction, job_id: UUID, token: str) -> Attempt | None:
    return _attempt(
        await tx.fetchrow(
            f"SELECT {_ATTEMPT} FROM job_attempts a WHERE a.job_id = $1 AND a.lease_token = $2",
            job_id,
            token,
        )
    )


async def insert_attempt(tx: Transaction, attempt: Attempt, team_id: UUID) -> None:
    """A new try; stages that the tries before it left open are closed."""
    await tx.execute(
        """
        WITH closed AS (
          UPDATE job_stages SET status = 'errored', ended_at = $6, message = 'its agent was lost'
          WHERE job_id = $1 AND attempt < $3 AND status = 'running')
        INSERT INTO job_attempts (job_id, team_id, number, agent, lease_token, claimed_at,
          lease_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        attempt.job_id, team_id, attempt.number, attempt.agent, attempt.lease_token,
        attempt.claimed_at, attempt.lease_expires_at,
    )  # fmt: skip


async def save_attempt(tx: Transaction, attempt: Attempt) -> None:
    """Write what moves in an attempt: its lease, its end, how far its journal was read."""
    await tx.execute(
        "UPDATE job_attempts SET lease_expires_at = $3, ended_at = $4, outcome = $5,"
        " applied_seq = $6 WHERE job_id = $1 AND number = $2",
        attempt.job_id, attempt.number, attempt.lease_expires_at, attempt.ended_at,
        attempt.outcome, attempt.applied_seq,
    )  # fmt: skip


async def save_stages(
    tx: Transaction, attempt: Attempt, team_id: UUID, rows: Iterable[StageRow]
) -> None:
    """Write stages: where a stage began is written once, how it ended by the last to tell."""
    await tx.execute_many(
        """
        INSERT INTO job_stages (job_id, team_id, attempt, name, status, started_at, ended_at,
          message, evidence, exit_code, first_line)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (job_id, attempt, name) DO UPDATE SET status = excluded.status,
          ended_at = excluded.ended_at, message = excluded.message, evidence = excluded.evidence,
          exit_code = excluded.exit_code
        """,
        [
            (
                attempt.job_id, team_id, attempt.number, row.name, row.status, row.started_at,
                row.ended_at, row.message, row.evidence, row.exit_code, row.first_line,
            )
            for row in rows
        ],
    )  # fmt: skip


async def close_stages(
    tx: Transaction, attempt: Attempt, status: StageStatus, message: str | None
) -> None:
    """A stage does not outlive its attempt."""
    await tx.execute(
        "UPDATE job_stages SET status = $3, ended_at = $4, message = coalesce(message, $5)"
        " WHERE job_id = $1 AND attempt = $2 AND status = 'running'",
        attempt.job_id,
        attempt.number,
        status,
        tx.now,
        message,
    )


async def select_running_stage(tx: Transaction, attempt: Attempt) -> str | None:
    """The stage that an attempt was in when it was last heard."""
    name: str | None = await tx.fetchval(
        "SELECT name FROM job_stages WHERE job_id = $1 AND attempt = $2"
        " ORDER BY started_at DESC, name DESC LIMIT 1",
        attempt.job_id,
        attempt.number,
    )
    return name


async def select_work(tx: Transaction, job_id: UUID) -> asyncpg.Record | None:
    """What an agent needs of a job: `spec`, `components` with their files, and `parameters` by
    scope, where `data` of its product, its topic, its lab or itself has some; all JSON text.

    None when the caller may not see the job's definition.
    """
    return await tx.fetchrow(
        """
        SELECT d.spec, (SELECT coalesce(json_agg(json_build_object('id', c.id, 'type', c.type,
            'version', c.version, 'display_name', c.display_name, 'data', c.data, 'files',
            (SELECT coalesce(json_agg(json_build_object('id', f.id, 'name', f.name, 'size', f.size,
               'sha256', f.sha256, 'md5', f.md5, 'mime', f.mime) ORDER BY f.created_at, f.id), '[]')
             FROM component_files f WHERE f.component_id = c.id AND f.state <> 'archived'))
            ORDER BY c.type, c.id), '[]')
          FROM jobs_components jc JOIN components c ON c.id = jc.component_id
          WHERE jc.job_id = j.id) AS components,
          (SELECT coalesce(json_object_agg(s.scope, s.data -> 'parameters'), '{}')
           FROM (SELECT 'product', p.data FROM products p WHERE p.id = j.product_id
             UNION ALL SELECT 'topic', t.data FROM topics t WHERE t.id = j.topic_id
             UNION ALL SELECT 'lab', r.data FROM remotecis r WHERE r.id = j.remoteci_id
             UNION ALL SELECT 'job', j.data) s (scope, data)
           WHERE jsonb_typeof(s.data -> 'parameters') = 'object') AS parameters
        FROM jobs j JOIN job_definitions d ON d.id = j.definition_id WHERE j.id = $1
        """,
        job_id,
    )


async def select_orders(
    tx: Transaction, remoteci_ids: Sequence[UUID], *, limit: int
) -> list[tuple[UUID, Order]]:
    """What agents of labs should know, by lab: queued jobs, oldest first, and running ones to
    stop."""
    rows = await tx.fetch(
        """
        SELECT l.id, o.kind, o.job_id, o.key
        FROM unnest($1::uuid[]) l (id) CROSS JOIN LATERAL (
          (SELECT 'cancel' AS kind, id AS job_id, cancel_requested_at::text AS key FROM jobs
           WHERE remoteci_id = l.id AND status = 'running' AND cancel_requested_at IS NOT NULL
           AND definition_id IS NOT NULL LIMIT $2)
          UNION ALL
          (SELECT 'assignment', id, attempt::text FROM jobs
           WHERE remoteci_id = l.id AND status = 'queued' AND definition_id IS NOT NULL
           AND state = 'active' ORDER BY created_at, id LIMIT $2)) o
        """,
        list(remoteci_ids),
        limit,
    )
    return [(row["id"], Order(row["kind"], row["job_id"], row["key"])) for row in rows]


async def select_expired(tx: Transaction, *, limit: int) -> list[UUID]:
    """Jobs whose lease has run out."""
    rows = await tx.fetch(
        """SELECT a.job_id FROM job_attempts a JOIN jobs j ON j.id = a.job_id
          AND j.attempt = a.number AND j.status = 'running'
        WHERE a.ended_at IS NULL AND a.lease_expires_at <= $1
        ORDER BY a.lease_expires_at LIMIT $2""",
        tx.now,
        limit,
    )
    return [row["job_id"] for row in rows]


async def select_overdue(tx: Transaction, *, asked_before: datetime, limit: int) -> list[UUID]:
    """Jobs past their time whose agent is heard: nobody asked them to stop, or it was before
    `asked_before`."""
    rows = await tx.fetch(
        """SELECT j.id FROM jobs j JOIN job_attempts a ON a.job_id = j.id AND a.number = j.attempt
        WHERE j.status = 'running' AND j.definition_id IS NOT NULL AND a.ended_at IS NULL
        AND a.claimed_at + j.timeout_seconds * interval '1 second' <= $1
        AND a.lease_expires_at > $1
        AND (j.cancel_requested_at IS NULL OR (j.cancel_requested_at <= $2
          AND a.claimed_at + j.timeout_seconds * interval '1 second' <= $2))
        ORDER BY a.claimed_at LIMIT $3""",
        tx.now,
        asked_before,
        limit,
    )
    return [row["id"] for row in rows]


async def select_stages(tx: Transaction, job_id: UUID) -> tuple[str, int]:
    """Stages of every attempt in order: JSON array, count."""
    row = await tx.fetchrow(
        """SELECT coalesce(json_agg(row_to_json(z)), '[]')::text AS items, count(*) AS count
        FROM (SELECT attempt, name, status, started_at, ended_at, message, evidence, exit_code,
          first_line FROM job_stages WHERE job_id = $1 ORDER BY attempt, name) z""",
        job_id,
    )
    assert row is not None
    return row["items"], row["count"]


async def select_attempts(tx: Transaction, job_id: UUID) -> tuple[str, int]:
    """Attempts in order, without their tokens: JSON array, count."""
    row = await tx.fetchrow(
        """SELECT coalesce(json_agg(row_to_json(z)), '[]')::text AS items, count(*) AS count
        FROM (SELECT number, agent, claimed_at, ended_at, outcome FROM job_attempts
          WHERE job_id = $1 ORDER BY number) z""",
        job_id,
    )
    assert row is not None
    return row["items"], row["count"]


async def select_failed_stage(tx: Transaction, job_id: UUID) -> asyncpg.Record | None:
    """name, message and evidence of the first broken stage of the job's last attempt."""
    return await tx.fetchrow(
        "SELECT s.name, s.message, s.evidence FROM job_stages s"
        " JOIN jobs j ON j.id = s.job_id AND s.attempt = j.attempt"
        " WHERE s.job_id = $1 AND s.status IN ('failed', 'errored') ORDER BY s.name LIMIT 1",
        job_id,
    )
