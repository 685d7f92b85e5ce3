"""SQL of the archive. What of results is read here is read to write it to files."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.archive.model import (
    CLAIM,
    PAGE_CASES,
    PAGE_RESULTS,
    VERSION,
    Claim,
    File,
    Group,
    Scope,
)
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id

# which months --------------------------------------------------------------------


async def select_past_months(tx: Transaction, before: date) -> list[date]:
    """Months before `before` that have tables of their own or results, and no files yet."""
    found = await tx.fetch(
        """
        SELECT month FROM (
          SELECT to_date(right(c.relname, 7), 'YYYY_MM') AS month
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'test_results'::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
          UNION SELECT date_trunc('month', day)::date FROM topic_days WHERE day < $1) m
        WHERE month < $1 AND NOT EXISTS (SELECT FROM archive_begun b WHERE b.month = m.month)
        ORDER BY 1
        """,
        before,
    )
    return [row["month"] for row in found]


async def begin_month(tx: Transaction, month: date) -> None:
    """From now on results of the month want a file when they change; all there are want one.

    Whoever writes results has ended before: nobody's change is between the two.
    """
    await tx.execute("SET LOCAL lock_timeout = '300ms'")
    await tx.execute("LOCK TABLE ONLY test_results IN SHARE MODE")
    await tx.execute("INSERT INTO archive_begun VALUES ($1, $2)", month, tx.now)
    await want_month(tx, month)


async def select_begun(tx: Transaction, first: date, last: date) -> list[date]:
    """Months from `first` to `last` that are written to files."""
    found = await tx.fetch(
        "SELECT month FROM archive_begun WHERE month BETWEEN $1 AND $2 ORDER BY 1", first, last
    )
    return [row["month"] for row in found]


async def want_month(tx: Transaction, month: date) -> int:
    """Files of the month, those there are and those there should be, are to be written; how
    many."""
    return await tx.execute(
        """
        INSERT INTO archive_wanted (topic_id, month, team_id)
        SELECT DISTINCT topic_id, $1::date, team_id FROM topic_days
        WHERE day >= $1 AND day < ($1 + interval '1 month')::date
        UNION SELECT topic_id, month, team_id FROM archived_months WHERE month = $1
        """,
        month,
    )


async def want_old_versions(tx: Transaction) -> int:
    """Files with the columns of another version are to be written again; how many."""
    return await tx.execute(
        """
        INSERT INTO archive_wanted (topic_id, month, team_id)
        SELECT a.topic_id, a.month, a.team_id FROM archived_months a
        WHERE a.version <> $1 AND a.object_key IS NOT NULL
          AND NOT EXISTS (SELECT FROM retired_months m WHERE m.month = a.month)
          AND NOT EXISTS (SELECT FROM archive_wanted w WHERE w.topic_id = a.topic_id
            AND w.month = a.month AND w.team_id = a.team_id)
        """,
        VERSION,
    )


# writing -------------------------------------------------------------------------


async def claim(tx: Transaction) -> Claim | None:
    """The file that waits longest and that nobody writes; None when there is none."""
    row = await tx.fetchrow(
        """
        WITH next AS (
          SELECT w.topic_id, w.month, w.team_id FROM archive_wanted w
          WHERE NOT EXISTS (SELECT FROM archived_months a WHERE a.topic_id = w.topic_id
            AND a.month = w.month AND a.team_id = w.team_id AND a.claimed_until > $1)
          ORDER BY w.id LIMIT 1)
        INSERT INTO archived_months AS a (id, topic_id, month, team_id, claimed_until)
        SELECT $2, topic_id, month, team_id, $1::timestamp + $3::interval FROM next
        ON CONFLICT (topic_id, month, team_id) DO UPDATE SET claimed_until = excluded.claimed_until
          WHERE coalesce(a.claimed_until, $1) <= $1
        RETURNING a.id, a.topic_id, a.month, a.team_id, a.object_key, a.claimed_until,
          EXISTS (SELECT FROM retired_months m WHERE m.month = a.month) AS is_retired
        """,
        tx.now,
        new_id(),
        CLAIM,
    )
    if row is None:
        return None
    group = Group(row["topic_id"], row["month"], row["team_id"])
    return Claim(row["id"], group, row["object_key"], row["is_retired"], row["claimed_until"])


async def hold(tx: Transaction, claim: Claim) -> datetime | None:
    """Keep a claim for longer; its new end, or None when it is lost."""
    until: datetime | None = await tx.fetchval(
        "UPDATE archived_months SET claimed_until = $3::timestamp + $4::interval"
        " WHERE id = $1 AND claimed_until = $2 RETURNING claimed_until",
        claim.id,
        claim.until,
        tx.now,
        CLAIM,
    )
    return until


async def select_wanted(tx: Transaction, group: Group) -> list[int]:
    """Why a file is to be written. Read before the results: what each row stands for has
    happened by then, and what happens later adds another."""
    found = await tx.fetch(
        "SELECT id FROM archive_wanted WHERE month = $2 AND topic_id = $1 AND team_id = $3",
        group.topic_id,
        group.month,
        group.team_id,
    )
    return [row["id"] for row in found]


async def finish(tx: Transaction, claim: Claim, wanted: Sequence[int], **values: Any) -> bool:
    """The file is there, or (without values) nothing is left to be in one. False: the claim is
    lost, and nothing was done."""
    if values:
        names = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, 3))
        done = await tx.execute(
            f"UPDATE archived_months SET claimed_until = NULL, {names}"
            " WHERE id = $1 AND claimed_until = $2",
            claim.id,
            claim.until,
            *values.values(),
        )
    else:
        done = await tx.execute(
            "DELETE FROM archived_months WHERE id = $1 AND claimed_until = $2",
            claim.id,
            claim.until,
        )
    if done:
        await tx.execute("DELETE FROM archive_wanted WHERE id = ANY ($1)", wanted)
    return bool(done)


_RUN = """
SELECT r.id, r.created_at, r.job_id, r.file_id, r.attempt, r.set_key, r.plan_id, r.outcomes,
  r.states, r.durations, r.retried, r.team_id, r.topic_id, j.remoteci_id, j.name AS job_name,
  f.name AS file_name, coalesce(t.name, '') AS topic, coalesce(m.name, '') AS team,
  coalesce(l.name, '') AS remoteci
FROM next n JOIN test_results r ON r.id = n.id AND r.created_at = n.created_at
JOIN jobs j ON j.id = r.job_id JOIN files f ON f.id = r.file_id
LEFT JOIN topics t ON t.id = r.topic_id LEFT JOIN teams m ON m.id = r.team_id
LEFT JOIN remotecis l ON l.id = j.remoteci_id
"""


async def select_runs(
    tx: Transaction, group: Group, after: tuple[datetime, UUID] | None
) -> list[asyncpg.Record]:
    """The next results of a group in the order they came: what a row of the file says of each,
    and the packed cases."""
    at, last = after or (group.since, UUID(int=0))
    return await tx.fetch(
        f"""
        WITH page AS MATERIALIZED (
          SELECT id, created_at, total FROM test_results
          WHERE topic_id = $1 AND team_id = $2 AND is_counted AND plan_id IS NOT NULL
            AND created_at >= $3 AND created_at < $4 AND (created_at, id) > ($3, $5)
          ORDER BY created_at, id LIMIT {PAGE_RESULTS}),
        next AS (SELECT id, created_at FROM (
          SELECT id, created_at, sum(total) OVER (ORDER BY created_at, id) - total AS before
          FROM page) z WHERE before < {PAGE_CASES})
        {_RUN} ORDER BY r.created_at, r.id
        """,
        group.topic_id,
        group.team_id,
        at,
        group.until,
        last,
    )


async def select_there(tx: Transaction, file_ids: Sequence[str]) -> set[str]:
    """Those of the files that have a row."""
    found = await tx.fetch(
        "SELECT f.id::text FROM files f WHERE f.id = ANY ($1::text[]::uuid[])", list(file_ids)
    )
    return {row["id"] for row in found}


async def select_again(tx: Transaction, group: Group) -> set[str]:
    """Ids of files whose results are in the database."""
    found = await tx.fetch(
        "SELECT DISTINCT file_id::text AS id FROM test_results WHERE topic_id = $1"
        " AND team_id = $2 AND is_counted AND created_at >= $3 AND created_at < $4",
        group.topic_id,
        group.team_id,
        group.since,
        group.until,
    )
    return {row["id"] for row in found}


# reading -------------------------------------------------------------------------

_FITS = """($1::uuid[] IS NULL OR a.team_id = ANY ($1)) AND ($2::uuid IS NULL OR a.topic_id = $2)
  AND a.month BETWEEN $3 AND $4 AND a.object_key IS NOT NULL"""


def _fitting(scope: Scope) -> tuple[Any, ...]:
    return (scope.teams, scope.topic_id, *scope.months)


async def select_list(tx: Transaction, scope: Scope, *, limit: int, offset: int) -> tuple[str, int]:
    """A page of files as JSON array, the latest month first; and how many there are."""
    row = await tx.fetchrow(
        f"""
        SELECT coalesce((SELECT json_agg(row_to_json(z)) FROM (
            SELECT a.id, a.topic_id, t.name AS topic, to_char(a.month, 'YYYY-MM') AS month,
              a.team_id, m.name AS team, a.rows, a.bytes, a.digest, a.version, a.written_at
            FROM archived_months a LEFT JOIN topics t ON t.id = a.topic_id
            LEFT JOIN teams m ON m.id = a.team_id
            WHERE {_FITS} ORDER BY a.month DESC, t.name, m.name, a.id LIMIT $5 OFFSET $6) z
          ), '[]')::text AS items,
          (SELECT count(*) FROM archived_months a WHERE {_FITS}) AS count
        """,
        *_fitting(scope),
        limit,
        offset,
    )
    assert row is not None
    return row["items"], row["count"]


async def select_files(tx: Transaction, scope: Scope, file_id: UUID | None = None) -> list[File]:
    """Files, or the one of that id."""
    found = await tx.fetch(
        f"""
        SELECT a.id, a.object_key, a.bytes, a.digest FROM archived_months a
        WHERE {_FITS} AND ($5::uuid IS NULL OR a.id = $5) ORDER BY a.month, a.id
        """,
        *_fitting(scope),
        file_id,
    )
    return [File(row["id"], row["object_key"], row["bytes"], row["digest"]) for row in found]


async def select_live(
    tx: Transaction, scope: Scope, before: tuple[datetime, UUID] | None
) -> list[asyncpg.Record]:
    """The next results that no file holds, the latest first, as `select_runs` has them."""
    at, last = before or (datetime.max, UUID(int=0))
    return await tx.fetch(
        f"""
        WITH missing AS MATERIALIZED (
          SELECT DISTINCT d.topic_id, d.team_id, date_trunc('month', d.day)::date AS month
          FROM topic_days d WHERE ($1::uuid[] IS NULL OR d.team_id = ANY ($1))
            AND ($2::uuid IS NULL OR d.topic_id = $2) AND d.day BETWEEN $3 AND $4
            AND NOT EXISTS (SELECT FROM archived_months a WHERE a.topic_id = d.topic_id
              AND a.team_id = d.team_id AND a.month = date_trunc('month', d.day)::date
              AND a.object_key IS NOT NULL)),
        page AS MATERIALIZED (
          SELECT r.id, r.created_at, r.total FROM missing g JOIN test_results r
            ON r.topic_id = g.topic_id AND r.team_id = g.team_id AND r.created_at >= g.month
            AND r.created_at < g.month + interval '1 month'
          WHERE r.is_counted AND r.plan_id IS NOT NULL AND (r.created_at, r.id) < ($5, $6)
            AND r.created_at >= $3::date AND r.created_at::date <= $4
          ORDER BY r.created_at DESC, r.id DESC LIMIT {PAGE_RESULTS}),
        next AS (SELECT id, created_at FROM (
          SELECT id, created_at,
            sum(total) OVER (ORDER BY created_at DESC, id DESC) - total AS before
          FROM page) z WHERE before < {PAGE_CASES})
        {_RUN} ORDER BY r.created_at DESC, r.id DESC
        """,
        scope.teams,
        scope.topic_id,
        scope.first,
        scope.last,
        at,
        last,
    )
