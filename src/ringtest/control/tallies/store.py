"""SQL of tallies. Counting itself is in the database, where no writer can forget it
(migration 0022): a result whose `is_counted` is set is in the tallies."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from ringtest.control.db.pool import Transaction
from ringtest.control.tallies.model import Shape


async def insert_shapes(
    tx: Transaction, teams: Sequence[UUID], plans: Sequence[UUID], shapes: Sequence[Shape]
) -> None:
    """Remember which cases are absent in these shapes; in the order of their keys."""
    await tx.execute(
        """
        INSERT INTO test_shapes (team_id, id, plan_id, absent)
        SELECT DISTINCT ON (n.team_id, n.id) n.team_id, n.id, n.plan_id, n.absent
        FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[])
          AS n (team_id, id, plan_id, absent)
        ORDER BY n.team_id, n.id ON CONFLICT DO NOTHING
        """,
        teams,
        [one.id for one in shapes],
        plans,
        [one.absent for one in shapes],
    )


# months ------------------------------------------------------------------------


async def select_months(tx: Transaction) -> list[date]:
    """Months that have tables of their own."""
    found = await tx.fetch(
        """
        SELECT to_date(right(c.relname, 7), 'YYYY_MM') AS month
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'test_results'::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
        ORDER BY 1
        """
    )
    return [row["month"] for row in found]


async def add_month(tx: Transaction, month: date) -> bool:
    """Give a month tables of its own; False when it has them."""
    added: bool = await tx.fetchval("SELECT rt_add_month($1)", month)
    return added


async def drop_months(tx: Transaction, months: Sequence[date]) -> int:
    """Forget all results of months that have tables of their own; how many months went."""
    dropped: int = await tx.fetchval("SELECT rt_drop_months($1, $2)", months, tx.now)
    return dropped


async def select_archived(tx: Transaction, months: Sequence[date]) -> list[date]:
    """Those of the months whose results are in files of the archive, all of them."""
    found = await tx.fetch(
        "SELECT m FROM unnest($1::date[]) WITH ORDINALITY z (m, n) WHERE rt_is_archived(m)"
        " ORDER BY n",
        months,
    )
    return [row["m"] for row in found]


async def delete_before(tx: Transaction, day: date, limit: int, *, archived: bool) -> int:
    """Forget results from before `day` that lie in no month's table, with `archived` those that
    are in files of the archive alone; how many went."""
    return await tx.execute(
        """
        WITH old AS (SELECT id, created_at FROM test_results WHERE created_at < $1::date
          AND (NOT $4 OR rt_is_archived(date_trunc('month', created_at)::date)) LIMIT $2),
        noted AS (INSERT INTO retired_months
          SELECT DISTINCT date_trunc('month', created_at)::date, $3::timestamp FROM old
          ON CONFLICT DO NOTHING)
        DELETE FROM test_results r USING old
        WHERE r.id = old.id AND r.created_at = old.created_at
        """,
        day,
        limit,
        tx.now,
        archived,
    )


_RETIRED = """
  EXISTS (SELECT FROM retired_months m WHERE m.month = date_trunc('month', f.created_at)::date)
  AND j.tests IS NOT NULL AND f.state <> 'archived'
  AND NOT EXISTS (SELECT FROM test_results r WHERE r.file_id = f.id)"""


async def select_retired(tx: Transaction, job_id: UUID, attempt: int | None) -> bool:
    """Whether an attempt of a job has a file from a retired month, and had results."""
    found: bool = await tx.fetchval(
        f"SELECT EXISTS (SELECT FROM jobs j JOIN files f ON f.job_id = j.id WHERE j.id = $1"
        f" AND f.attempt = coalesce($2, j.attempt) AND {_RETIRED})",
        job_id,
        attempt,
    )
    return found


async def select_archived_month(tx: Transaction, job_id: UUID, attempt: int | None) -> str | None:
    """The month of the archive's file that has an attempt's results, if any does."""
    month: str | None = await tx.fetchval(
        """
        SELECT to_char(a.month, 'YYYY-MM') FROM jobs j JOIN files f ON f.job_id = j.id
        JOIN archived_months a ON a.topic_id = j.topic_id AND a.team_id = j.team_id
          AND a.month = date_trunc('month', f.created_at)::date AND a.object_key IS NOT NULL
        WHERE j.id = $1 AND f.attempt = coalesce($2, j.attempt) AND f.state <> 'archived'
        ORDER BY a.month LIMIT 1
        """,
        job_id,
        attempt,
    )
    return month


async def select_file_retired(tx: Transaction, file_id: UUID) -> bool:
    """The same of one file."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM files f JOIN jobs j ON j.id = f.job_id WHERE f.id = $1"
        f" AND {_RETIRED})",
        file_id,
    )
    return found


# results that wait to be counted -------------------------------------------------


async def take_waiting(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Results that wait, the latest first, no longer waiting: `id`, `created_at`, `team_id`,
    `topic_id`, `plan_id`, `outcomes`, `digest`, `is_counted`, and whether it is to be
    (`is_live`). Nobody else takes the same."""
    return await tx.fetch(
        """
        WITH taken AS (
          DELETE FROM uncounted_results WHERE (result_id, created_at) IN (
            SELECT result_id, created_at FROM uncounted_results
            ORDER BY created_at DESC, result_id LIMIT $1 FOR UPDATE SKIP LOCKED)
          RETURNING result_id, created_at)
        SELECT r.id, r.created_at, r.team_id, r.plan_id, r.outcomes, p.digest, r.is_counted,
          coalesce(r.topic_id, j.topic_id) AS topic_id,
          j.state <> 'archived' AND f.state <> 'archived' AS is_live
        FROM taken t
        LEFT JOIN test_results r ON r.id = t.result_id AND r.created_at = t.created_at
        LEFT JOIN test_plans p ON p.id = r.plan_id
        LEFT JOIN jobs j ON j.id = r.job_id LEFT JOIN files f ON f.id = r.file_id
        """,
        limit,
    )


async def hold_topics(tx: Transaction, topics: Sequence[UUID], teams: Sequence[UUID]) -> None:
    """Nobody else counts results of these topics of these teams until the transaction ends."""
    await tx.execute(
        """
        SELECT pg_advisory_xact_lock(k) FROM (
          SELECT DISTINCT hashtextextended(topic::text || team::text, 0) AS k
          FROM unnest($1::uuid[], $2::uuid[]) AS n (topic, team) ORDER BY k) z
        """,
        topics,
        teams,
    )


async def set_uncounted(tx: Transaction, found: Sequence[asyncpg.Record]) -> None:
    """These results count no longer."""
    await tx.execute(
        "UPDATE test_results SET is_counted = false WHERE id = ANY ($1)",
        [row["id"] for row in found],
    )


async def set_counted(
    tx: Transaction, found: Sequence[asyncpg.Record], shapes: Sequence[int | None]
) -> None:
    """These results count, as their jobs stand."""
    await tx.execute(
        """
        UPDATE test_results r SET is_counted = true, shape_id = n.shape_id,
          topic_id = j.topic_id, remoteci_id = j.remoteci_id, set_key = j.set_key
        FROM unnest($1::uuid[], $2::timestamp[], $3::bigint[]) AS n (id, created_at, shape_id),
          jobs j
        WHERE r.id = n.id AND r.created_at = n.created_at AND j.id = r.job_id
        """,
        [row["id"] for row in found],
        [row["created_at"] for row in found],
        shapes,
    )
