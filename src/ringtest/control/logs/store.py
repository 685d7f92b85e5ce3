"""SQL of log frames."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.outcome import Stage
from ringtest.control.logs.model import Frame, Log

_INDEX = "seq, stage, first_line, line_count, byte_start, byte_count, object_key, ended_at, moments"
_FRAME = f"{_INDEX}, data"


def _frame(row: asyncpg.Record) -> Frame:
    values = dict(row)
    stage = values.pop("stage")
    moments = tuple(values.pop("moments") or ())
    return Frame(stage=Stage(stage) if stage else None, moments=moments, **values)


async def select_log(
    tx: Transaction, job_id: UUID, teams: Sequence[UUID] | None, attempt: int | None
) -> Log | None:
    """The log of an attempt (None: of the newest); None when there is no such attempt."""
    row = await tx.fetchrow(
        """SELECT j.id AS job_id, j.team_id, coalesce(a.number, 0) AS attempt,
          CASE WHEN a.number IS NULL THEN j.status = 'finished' ELSE a.ended_at IS NOT NULL END
            AS ended, coalesce(f.line_end, 0) AS line_end, coalesce(f.byte_end, 0) AS byte_end,
          coalesce(s.shown, '') AS shown
        FROM jobs j LEFT JOIN job_attempts a
          ON a.job_id = j.id AND a.number = coalesce($3, j.attempt)
        LEFT JOIN log_states s ON s.job_id = j.id AND s.attempt = a.number
        LEFT JOIN LATERAL (SELECT first_line + line_count AS line_end,
          byte_start + byte_count AS byte_end FROM log_frames l
          WHERE l.job_id = j.id AND l.attempt = a.number ORDER BY seq DESC LIMIT 1) f ON true
        WHERE j.id = $1 AND j.state <> 'archived' AND ($2::uuid[] IS NULL OR j.team_id = ANY ($2))
        AND ($3::int IS NULL OR a.number IS NOT NULL)""",
        job_id,
        teams,
        attempt,
    )
    return Log(**row) if row else None


async def select_last(tx: Transaction, job_id: UUID, attempt: int) -> Frame | None:
    row = await tx.fetchrow(
        f"SELECT {_FRAME} FROM log_frames WHERE job_id = $1 AND attempt = $2"
        " ORDER BY seq DESC LIMIT 1",
        job_id,
        attempt,
    )
    return _frame(row) if row else None


async def insert_frames(
    tx: Transaction, job_id: UUID, team_id: UUID, attempt: int, frames: Sequence[Frame]
) -> None:
    """Append; the attempt's job is held, so that numbers follow each other."""
    await tx.execute_many(
        """INSERT INTO log_frames (job_id, team_id, attempt, seq, stage, created_at, first_line,
          line_count, byte_start, byte_count, data, ended_at, moments)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        [
            (
                job_id, team_id, attempt, frame.seq, frame.stage, tx.now, frame.first_line,
                frame.line_count, frame.byte_start, frame.byte_count, frame.data,
                frame.ended_at, frame.moments,
            )
            for frame in frames
        ],
    )  # fmt: skip


async def select_frames(
    tx: Transaction, log: Log, *, from_line: int, from_byte: int, after_seq: int, limit: int
) -> list[Frame]:
    """Frames after `after_seq` that may hold bytes of `from_line` or of lines after it, from
    `from_byte` on."""
    rows = await tx.fetch(
        f"SELECT {_FRAME} FROM log_frames WHERE job_id = $1 AND attempt = $2 AND seq > $3"
        " AND first_line + line_count >= $4 AND byte_start + byte_count > $5"
        " ORDER BY seq LIMIT $6",
        log.job_id,
        log.attempt,
        after_seq,
        from_line,
        from_byte,
        limit,
    )
    return [_frame(row) for row in rows]


async def select_moment(tx: Transaction, log: Log, moment: datetime) -> Frame | None:
    """The first frame with something that came at `moment` or later, without its data."""
    row = await tx.fetchrow(
        f"SELECT {_INDEX}, NULL::bytea AS data FROM log_frames WHERE job_id = $1 AND attempt = $2"
        " AND coalesce(ended_at, created_at) >= $3 ORDER BY seq LIMIT 1",
        log.job_id,
        log.attempt,
        moment,
    )
    return _frame(row) if row else None


async def select_marks(tx: Transaction, log: Log) -> str:
    """Stages with their first lines, steps and first errors: JSON."""
    text: str = await tx.fetchval(
        """SELECT json_build_object('attempt', $2::int,
          'stages', (SELECT coalesce(json_agg(json_build_object('name', s.name,
              'status', s.status, 'line', s.first_line) ORDER BY s.name), '[]') FROM job_stages s
            WHERE s.job_id = $1 AND s.attempt = $2),
          'steps', (SELECT coalesce(json_agg(json_build_object('line', m.line, 'stage', m.stage,
              'text', m.text) ORDER BY m.line), '[]') FROM log_marks m
            WHERE m.job_id = $1 AND m.attempt = $2 AND m.kind = 'step'),
          'errors', (SELECT coalesce(json_agg(json_build_object('line', m.line, 'stage', m.stage,
              'text', m.text) ORDER BY m.line), '[]') FROM log_marks m
            WHERE m.job_id = $1 AND m.attempt = $2 AND m.kind = 'error'))::text""",
        log.job_id,
        log.attempt,
    )
    return text


# sealing ------------------------------------------------------------------------


async def select_unsealed(tx: Transaction, *, limit: int) -> list[Log]:
    """Attempts that are over and still have hot frames.

    Walks over attempts, not over frames: those of running jobs may be many.
    """
    rows = await tx.fetch(
        """
        WITH RECURSIVE hot AS (
          (SELECT job_id, attempt FROM log_frames WHERE data IS NOT NULL
           ORDER BY job_id, attempt LIMIT 1)
          UNION ALL
          SELECT n.job_id, n.attempt FROM hot CROSS JOIN LATERAL (
            SELECT f.job_id, f.attempt FROM log_frames f
            WHERE f.data IS NOT NULL AND (f.job_id, f.attempt) > (hot.job_id, hot.attempt)
            ORDER BY f.job_id, f.attempt LIMIT 1) n)
        SELECT hot.job_id, j.team_id, hot.attempt, true AS ended
        FROM hot JOIN jobs j ON j.id = hot.job_id
        WHERE j.status = 'finished' OR hot.attempt < j.attempt LIMIT $1
        """,
        limit,
    )
    return [Log(**row) for row in rows]


async def select_hot(tx: Transaction, log: Log, *, limit: int, most: int) -> list[Frame]:
    """The first hot frames of a log: at least one if there is one, else no more than `most`
    raw bytes, so that the data of others is not read."""
    rows = await tx.fetch(
        f"""SELECT {_FRAME} FROM log_frames WHERE job_id = $1 AND attempt = $2
        AND data IS NOT NULL AND seq <= (SELECT max(seq) FROM (
          SELECT seq, byte_count, sum(byte_count) OVER (ORDER BY seq) AS total FROM (
            SELECT seq, byte_count FROM log_frames WHERE job_id = $1 AND attempt = $2
            AND data IS NOT NULL ORDER BY seq LIMIT $3) first) summed
          WHERE total <= $4 OR total = byte_count) ORDER BY seq""",
        log.job_id,
        log.attempt,
        limit,
        most,
    )
    return [_frame(row) for row in rows]


async def lock_hot(tx: Transaction, log: Log, first: int, last: int) -> list[int]:
    """Numbers of the hot frames from `first` to `last`, held."""
    rows = await tx.fetch(
        "SELECT seq FROM log_frames WHERE job_id = $1 AND attempt = $2 AND seq BETWEEN $3 AND $4"
        " AND data IS NOT NULL ORDER BY seq FOR UPDATE",
        log.job_id,
        log.attempt,
        first,
        last,
    )
    return [row["seq"] for row in rows]


async def swap(tx: Transaction, log: Log, group: Sequence[Frame], sealed: Frame) -> None:
    """The sealed frame takes the place of the hot ones it is made of."""
    await tx.execute(
        "DELETE FROM log_frames WHERE job_id = $1 AND attempt = $2 AND seq = ANY ($3)",
        log.job_id,
        log.attempt,
        [frame.seq for frame in group if frame.seq != sealed.seq],
    )
    await tx.execute(
        "UPDATE log_frames SET stage = $4, first_line = $5, line_count = $6, byte_start = $7,"
        " byte_count = $8, data = NULL, object_key = $9, ended_at = $10, moments = $11"
        " WHERE job_id = $1 AND attempt = $2 AND seq = $3",
        log.job_id, log.attempt, sealed.seq, sealed.stage, sealed.first_line, sealed.line_count,
        sealed.byte_start, sealed.byte_count, sealed.object_key, sealed.ended_at, sealed.moments,
    )  # fmt: skip
