"""SQL of what is taken in: where it stands, and marked lines."""

from collections.abc import Sequence
from uuid import UUID

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.outcome import Stage
from ringtest.control.logs.model import End
from ringtest.control.records.model import Mark, State
from ringtest.language.redaction import Held


async def select_ground(tx: Transaction, job_id: UUID, attempt: int) -> tuple[End, State]:
    """Where the log of an attempt ends, and where the taking in of it stands, what is held
    as it is stored."""
    row = await tx.fetchrow(
        """SELECT f.seq, f.line, f.byte, f.at, s.*, s.attempt IS NOT NULL AS is_known
        FROM (VALUES (1)) one
        LEFT JOIN LATERAL (SELECT seq, first_line + line_count AS line,
          byte_start + byte_count AS byte, coalesce(ended_at, created_at) AS at FROM log_frames
          WHERE job_id = $1 AND attempt = $2 ORDER BY seq DESC LIMIT 1) f ON true
        LEFT JOIN log_states s ON s.job_id = $1 AND s.attempt = $2""",
        job_id,
        attempt,
    )
    assert row is not None
    end = End(row["seq"], row["line"], row["byte"], row["at"]) if row["seq"] else End()
    if not row["is_known"]:
        return end, State()
    return end, State(
        held=Held(row["held"], row["seen"], row["key_lines"]),
        shown=row["shown"],
        stage=Stage(row["stage"]) if row["stage"] else None,
        is_open=row["is_open"],
        steps=row["steps"],
        errors=frozenset(row["errors"]),
    )


async def save_state(
    tx: Transaction, job_id: UUID, team_id: UUID, attempt: int, state: State
) -> None:
    await tx.execute(
        """INSERT INTO log_states (job_id, team_id, attempt, stage, held, seen, shown, key_lines,
          is_open, steps, errors)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (job_id, attempt) DO UPDATE SET stage = excluded.stage, held = excluded.held,
          seen = excluded.seen, shown = excluded.shown, key_lines = excluded.key_lines,
          is_open = excluded.is_open, steps = excluded.steps, errors = excluded.errors""",
        job_id, team_id, attempt, state.stage, state.held.data, state.held.seen, state.shown,
        state.held.key_lines, state.is_open, state.steps, sorted(state.errors),
    )  # fmt: skip


async def insert_marks(
    tx: Transaction, job_id: UUID, team_id: UUID, attempt: int, marks: Sequence[Mark]
) -> None:
    await tx.execute_many(
        "INSERT INTO log_marks (job_id, team_id, attempt, line, kind, stage, text)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        [(job_id, team_id, attempt, mark.line, mark.kind, mark.stage, mark.text) for mark in marks],
    )


async def select_left(tx: Transaction, *, limit: int) -> list[tuple[UUID, int]]:
    """Job and number of attempts that are over and have bytes held back."""
    rows = await tx.fetch(
        """SELECT s.job_id, s.attempt FROM log_states s JOIN jobs j ON j.id = s.job_id
        WHERE s.held <> '' AND (j.status = 'finished' OR s.attempt < j.attempt) LIMIT $1""",
        limit,
    )
    return [(row["job_id"], row["attempt"]) for row in rows]


async def lock_over(tx: Transaction, job_id: UUID, attempt: int) -> tuple[UUID, UUID] | None:
    """Team and lab of the job, which is held; None when the attempt is not over any more."""
    row = await tx.fetchrow(
        "SELECT team_id, remoteci_id FROM jobs WHERE id = $1"
        " AND (status = 'finished' OR $2 < attempt) FOR UPDATE",
        job_id,
        attempt,
    )
    return (row["team_id"], row["remoteci_id"]) if row else None
