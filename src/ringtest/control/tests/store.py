"""SQL of tests: results of a topic within a window, and what they hold of one test.

Only counted results are looked at, which are those that the tallies hold. Every statement
filters by the teams it is given itself; the policies do it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.db.conditions import Conditions
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.windows import Window
from ringtest.control.plans.model import ShapeKey
from ringtest.control.tests.model import Latest, Unsteady, Wobble

MAX_CASES = 2_000_000
"""Cases of the plans that a search looks through."""
MAX_RESULTS = 5_000
"""Results that are read for what was unsteady in them, the newest ones."""
_RECENT = 2_000
"""Newest results among which each lab's latest run of a test is looked for."""
_BACK = 200
"""Runs that a lab's history is followed back."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which results: of a topic, in a window, of `teams` (None: of all)."""

    topic_id: UUID
    window: Window
    teams: list[UUID] | None

    def results(self, values: list[Any] | None = None) -> Conditions:
        """Conditions of results `r`; `values` are those of the statement so far."""
        where = Conditions(["r.is_counted"], [] if values is None else values)
        where.add("r.topic_id = {}", self.topic_id)
        where.add("r.created_at >= {}", self.window.since)
        where.add("r.created_at < {}", self.window.until)
        return self._owned(where, "r")

    def days(self, alias: str, values: list[Any], *, by_lab: bool) -> Conditions:
        """Conditions of tallies by day; those of tests do not tell labs apart."""
        where = Conditions(values=values)
        where.add(f"{alias}.topic_id = {{}}", self.topic_id)
        where.add(f"{alias}.day BETWEEN {{}} AND {{}}", self.window.first, self.window.last)
        return self._owned(where, alias, by_lab=by_lab)

    def _owned(self, where: Conditions, alias: str, *, by_lab: bool = True) -> Conditions:
        if self.teams is not None:
            where.add(f"{alias}.team_id = ANY ({{}})", self.teams)
        if self.window.remoteci_id is not None and by_lab:
            where.add(f"{alias}.remoteci_id = {{}}", self.window.remoteci_id)
        return where


@dataclass(frozen=True, slots=True)
class Held:
    """Where a test stands: plans that results of a scope have, and its places in them. It may
    stand in one several times."""

    plans: list[UUID]
    places: list[int]

    def cte(self, where: Conditions) -> str:
        """The same as a table `held`."""
        plans, places = where.param(self.plans), where.param(self.places)
        return f"""
held AS MATERIALIZED (
  SELECT * FROM unnest({plans}::uuid[], {places}::int[]) AS n (plan_id, place))"""


# search --------------------------------------------------------------------------


async def search(tx: Transaction, scope: Scope, text: str) -> asyncpg.Record:
    """`cases`: of the plans to look through, together; `items`: a page of the tests in whose
    full name `text` stands, as a JSON array; `count`: of all of them. Nothing is looked at when
    the cases are more than `MAX_CASES`."""
    where = scope.results()
    inner = where.sql()
    most, wanted = where.param(MAX_CASES), where.param(text)
    limit, offset = where.param(scope.window.limit), where.param(scope.window.offset)
    row = await tx.fetchrow(
        f"""
        WITH runs AS (
          SELECT r.plan_id, max(r.created_at) AS last_at, max(r.total) AS total
          FROM test_results r WHERE {inner} GROUP BY r.plan_id),
        plans AS MATERIALIZED (
          SELECT max(runs.last_at) AS last_at, max(runs.total) AS total, min(p.id::text)::uuid AS id
          FROM runs JOIN test_plans p ON p.id = runs.plan_id GROUP BY p.digest),
        size AS MATERIALIZED (SELECT coalesce(sum(total), 0) AS cases FROM plans),
        placed AS (
          SELECT u.id, max(plans.last_at) AS last_at, min(p.team_id::text)::uuid AS team_id
          FROM plans JOIN test_plans p ON p.id = plans.id CROSS JOIN unnest(p.test_ids) AS u (id)
          WHERE (SELECT cases FROM size) <= {most} GROUP BY u.id),
        found AS MATERIALIZED (
          SELECT t.id, t.suite, t.classname, t.name, placed.last_at
          FROM placed JOIN tests t ON t.team_id = placed.team_id AND t.id = placed.id
          WHERE {wanted} = ''
            OR strpos(lower(t.suite || ' ' || t.classname || ' ' || t.name), lower({wanted})) > 0)
        SELECT (SELECT cases FROM size)::bigint AS cases, (SELECT count(*) FROM found) AS count,
          (SELECT coalesce(json_agg(row_to_json(z)), '[]')::text FROM (
            SELECT lpad(to_hex(id), 16, '0') AS id, suite, classname, name, last_at AS last_seen_at
            FROM found ORDER BY suite COLLATE "C", classname COLLATE "C", name COLLATE "C", found.id
            LIMIT {limit} OFFSET {offset}) z) AS items
        """,
        *where.values,
    )
    assert row is not None
    return row


# flaky tests -----------------------------------------------------------------------


async def select_runs(tx: Transaction, scope: Scope) -> dict[ShapeKey, int]:
    """How often which shape ran, of all teams together."""
    where = scope.days("d", [], by_lab=True)
    found = await tx.fetch(
        f"""
        SELECT d.shape_id, min(d.team_id::text)::uuid AS team_id, sum(d.runs)::bigint AS runs
        FROM shape_days d WHERE {where.sql()} GROUP BY d.shape_id
        """,
        *where.values,
    )
    return {(row["team_id"], row["shape_id"]): row["runs"] for row in found}


_SAME_SET = """EXISTS (SELECT FROM test_results e WHERE e.id = r.previous_result_id
  AND e.topic_id = r.topic_id AND e.set_key = r.set_key AND r.set_key <> '')"""


async def select_unsteady(tx: Transaction, scope: Scope) -> list[Unsteady]:
    """Results in which something flipped or was retried, the newest `MAX_RESULTS`."""
    where = scope.results()
    inner, topic = where.sql(), where.param(scope.topic_id)
    found = await tx.fetch(
        f"""
        SELECT z.plan_id, z.remoteci_id, z.created_at, z.retried,
          CASE WHEN z.is_same THEN z.turned END AS turned,
          CASE WHEN z.is_same AND z.turned IS NULL THEN z.states ELSE ''::bytea END AS states
        FROM (
          SELECT r.plan_id, r.remoteci_id, r.created_at, r.retried, r.turned, r.states,
            coalesce(e.set_key = r.set_key AND r.set_key <> '', false) AS is_same
          FROM test_results r LEFT JOIN test_results e ON e.id = r.previous_result_id
            AND e.topic_id = {topic} AND coalesce(r.regressed, 1) + coalesce(r.recovered, 1) > 0
          WHERE {inner} AND r.shape_id IS NOT NULL) z
        WHERE z.is_same OR cardinality(z.retried) > 0
        ORDER BY z.created_at DESC LIMIT {where.param(MAX_RESULTS)}
        """,
        *where.values,
    )
    return [Unsteady(**row) for row in found]


async def select_failed(tx: Transaction, scope: Scope, ids: Sequence[int]) -> dict[int, int]:
    """How often tests failed or errored."""
    if scope.window.remoteci_id is None:
        where = scope.days("d", [], by_lab=False)
        where.add("d.test_id = ANY ({})", list(ids))
        sql = f"""SELECT d.test_id, sum(d.failed + d.errored)::bigint AS failed
          FROM test_days d WHERE {where.sql()} GROUP BY d.test_id"""
    else:
        where = scope.results()
        where.add("x.test_id = ANY ({})", list(ids))
        sql = f"""SELECT x.test_id, count(*) AS failed
          FROM test_results r JOIN test_failures x ON x.result_id = r.id
            AND x.created_at = r.created_at WHERE {where.sql()} GROUP BY x.test_id"""
    found = await tx.fetch(sql, *where.values)
    return {row["test_id"]: row["failed"] for row in found}


# one test --------------------------------------------------------------------------


async def select_held(tx: Transaction, scope: Scope, test_id: int) -> Held:
    """Where the test stands, asked once for all that follows."""
    where = scope.days("d", [], by_lab=True)
    inner, test = where.sql(), where.param(test_id)
    found = await tx.fetch(
        f"""
        WITH ran AS MATERIALIZED (
          SELECT DISTINCT d.team_id, d.shape_id FROM shape_days d WHERE {inner})
        SELECT p.id, place - 1 AS place
        FROM (SELECT DISTINCT s.plan_id FROM ran
          JOIN test_shapes s ON s.team_id = ran.team_id AND s.id = ran.shape_id) n
        JOIN test_plans p ON p.id = n.plan_id
        CROSS JOIN LATERAL unnest(array_positions(p.test_ids, {test}::bigint)) AS place
        """,
        *where.values,
    )
    return Held([row["id"] for row in found], [row["place"] for row in found])


async def select_days(
    tx: Transaction, scope: Scope, test_id: int, held: Held
) -> list[asyncpg.Record]:
    """day, runs, absent, failed, errored; `changes`: how often it changed or was retried.

    Of one lab the failures themselves are counted, and `changes` is 1 wherever it ran: tallies
    of tests do not tell labs apart.
    """
    shapes = scope.days("d", [], by_lab=True)
    values = shapes.values
    if scope.window.remoteci_id is None:
        bad = scope.days("b", values, by_lab=False)
        bad.add("b.test_id = {}", test_id)
        columns = """b.day, sum(b.failed) AS failed, sum(b.errored) AS errored,
          sum(b.regressed + b.recovered + b.retried) AS changes"""
        source = f"test_days b WHERE {bad.sql()} GROUP BY b.day"
        changes = "coalesce(bad.changes, 0)"
    else:
        results = scope.results(values)
        columns = """r.created_at::date AS day, count(*) FILTER (WHERE x.outcome = 'f') AS failed,
          count(*) FILTER (WHERE x.outcome = 'e') AS errored"""
        results.add("x.test_id = {}", test_id)
        source = f"""test_results r JOIN test_failures x ON x.result_id = r.id
          AND x.created_at = r.created_at WHERE {results.sql()} GROUP BY 1"""
        changes = "1"
    ctes = held.cte(shapes)
    return await tx.fetch(
        f"""
        WITH {ctes},
        ran AS (
          SELECT d.day, coalesce(sum(d.runs) FILTER (WHERE NOT g.gone), 0) AS runs,
            coalesce(sum(d.runs) FILTER (WHERE g.gone), 0) AS absent
          FROM shape_days d JOIN test_shapes s ON s.team_id = d.team_id AND s.id = d.shape_id
          JOIN held h ON h.plan_id = s.plan_id
          CROSS JOIN LATERAL (SELECT CASE WHEN h.place < length(s.absent) * 8
            THEN get_bit(s.absent, h.place) = 1 ELSE false END AS gone) g
          WHERE {shapes.sql()} GROUP BY d.day),
        bad AS (SELECT {columns} FROM {source})
        SELECT ran.day, ran.runs::int, ran.absent::int, coalesce(bad.failed, 0)::int AS failed,
          coalesce(bad.errored, 0)::int AS errored, {changes}::int AS changes
        FROM ran LEFT JOIN bad ON bad.day = ran.day ORDER BY ran.day
        """,
        *values,
    )


async def select_wobbles(
    tx: Transaction, scope: Scope, held: Held, days: Sequence[date]
) -> list[Wobble]:
    """Unsteady runs of a test on these days, the newest `MAX_RESULTS`."""
    where = scope.results()
    ctes = held.cte(where)
    found = await tx.fetch(
        f"""
        WITH {ctes}
        SELECT z.created_at, z.remoteci_id, z.flipped, z.retried FROM (
          SELECT r.created_at, r.remoteci_id, h.place = ANY (r.retried) AS retried,
            get_byte(r.states, h.place::int) IN (114, 99) AND {_SAME_SET} AS flipped
          FROM test_results r JOIN held h ON h.plan_id = r.plan_id
          WHERE {where.sql()} AND r.shape_id IS NOT NULL
            AND r.created_at::date = ANY ({where.param(list(days))}::date[])) z
        WHERE z.flipped OR z.retried
        ORDER BY z.created_at DESC LIMIT {where.param(MAX_RESULTS)}
        """,
        *where.values,
    )
    return [Wobble(**row) for row in found]


async def select_page(tx: Transaction, scope: Scope, held: Held) -> list[asyncpg.Record]:
    """A page of the runs of a test, newest first: job_id, file_id, position, at, remoteci_id,
    remoteci_name, team_id, team_name, set_key, outcome, state, duration (packed), retried."""
    where = scope.results()
    ctes = held.cte(where)
    inner = where.sql()
    limit, offset = where.param(scope.window.limit), where.param(scope.window.offset)
    return await tx.fetch(
        f"""
        WITH {ctes},
        page AS MATERIALIZED (
          SELECT r.id, r.created_at, h.place::int AS place
          FROM test_results r JOIN held h ON h.plan_id = r.plan_id
          WHERE {inner} AND r.shape_id IS NOT NULL
          ORDER BY r.created_at DESC, r.id, h.place LIMIT {limit} OFFSET {offset})
        SELECT r.job_id, r.file_id, page.place AS position, r.created_at AS at,
          r.remoteci_id, m.name AS remoteci_name, r.team_id, t.name AS team_name, r.set_key,
          get_byte(r.outcomes, page.place) AS outcome, get_byte(r.states, page.place) AS state,
          substring(r.durations FROM page.place * 4 + 1 FOR 4) AS duration,
          page.place = ANY (r.retried) AS retried
        FROM page JOIN test_results r ON r.id = page.id AND r.created_at = page.created_at
        LEFT JOIN remotecis m ON m.id = r.remoteci_id LEFT JOIN teams t ON t.id = r.team_id
        ORDER BY r.created_at DESC, r.id, page.place
        """,
        *where.values,
    )


async def select_latest(tx: Transaction, scope: Scope, test_id: int, held: Held) -> list[Latest]:
    """The newest run of a test in each lab, among the newest `_RECENT` results that list it.
    Whether it ran there its shape says: outcomes are read of the newest alone."""
    where = scope.results()
    ctes = held.cte(where)
    inner = where.sql()
    recent, test = where.param(_RECENT), where.param(test_id)
    found = await tx.fetch(
        f"""
        WITH {ctes},
        recent AS (
          SELECT r.id, r.job_id, r.remoteci_id, r.name, r.created_at, r.team_id, r.shape_id,
            h.place
          FROM test_results r JOIN held h ON h.plan_id = r.plan_id
          WHERE {inner} AND r.shape_id IS NOT NULL ORDER BY r.created_at DESC LIMIT {recent}),
        gone AS MATERIALIZED (
          SELECT s.team_id, s.id, h.place FROM test_shapes s JOIN held h ON h.plan_id = s.plan_id
          WHERE h.place < length(s.absent) * 8 AND get_bit(s.absent, h.place) = 1),
        newest AS MATERIALIZED (
          SELECT DISTINCT ON (y.remoteci_id, j.name, j.configuration, y.name)
            y.id, y.job_id, y.remoteci_id, j.name AS job_name, j.configuration, y.name,
            y.created_at, y.team_id, y.shape_id
          FROM recent y JOIN jobs j ON j.id = y.job_id
          WHERE NOT EXISTS (SELECT FROM gone g
            WHERE g.team_id = y.team_id AND g.id = y.shape_id AND g.place = y.place)
          ORDER BY y.remoteci_id, j.name, j.configuration, y.name, y.created_at DESC, y.id DESC),
        latest AS (
          SELECT DISTINCT ON (n.id) n.*, h.place, get_byte(r.outcomes, h.place) AS outcome
          FROM newest n JOIN test_results r ON r.id = n.id AND r.created_at = n.created_at
          JOIN held h ON h.plan_id = r.plan_id
          WHERE get_byte(r.outcomes, h.place) NOT IN (115, 98)
          ORDER BY n.id, get_byte(r.outcomes, h.place) IN (102, 101) DESC)
        SELECT l.job_id, l.remoteci_id, l.job_name, l.configuration, l.name, l.created_at,
          l.outcome, x.since_at
        FROM latest l LEFT JOIN test_failures x ON x.result_id = l.id AND x.position = l.place
          AND x.created_at = l.created_at AND x.test_id = {test}
        """,
        *where.values,
    )
    return [Latest(**row) for row in found]


async def select_way_back(
    tx: Transaction, scope: Scope, test_id: int, newest: Latest
) -> list[tuple[UUID, int]]:
    """Job and outcome of the runs of a test up to `newest` in its lab, newest first: at most
    those in `_BACK` results, however old."""
    found = await tx.fetch(
        """
        WITH runs AS MATERIALIZED (
          SELECT r.id, r.job_id, r.created_at, r.plan_id, r.outcomes
          FROM jobs j JOIN test_results r ON r.job_id = j.id
          WHERE j.remoteci_id = $1 AND j.topic_id = $2 AND j.name IS NOT DISTINCT FROM $3
            AND j.configuration IS NOT DISTINCT FROM $4 AND r.name = $5 AND r.created_at <= $6
            AND r.is_counted AND r.shape_id IS NOT NULL
            AND ($9::uuid[] IS NULL OR r.team_id = ANY ($9))
          ORDER BY r.created_at DESC, r.id DESC LIMIT $8),
        held AS MATERIALIZED (
          SELECT p.id AS plan_id, place - 1 AS place
          FROM (SELECT DISTINCT plan_id FROM runs) d JOIN test_plans p ON p.id = d.plan_id
          CROSS JOIN LATERAL unnest(array_positions(p.test_ids, $7::bigint)) AS place)
        SELECT y.job_id, y.outcome FROM (
          SELECT r.id, r.job_id, r.created_at, get_byte(r.outcomes, h.place::int) AS outcome
          FROM runs r JOIN held h ON h.plan_id = r.plan_id) y
        ORDER BY y.created_at DESC, y.id DESC, y.outcome IN (102, 101) DESC
        """,
        newest.remoteci_id,
        scope.topic_id,
        newest.job_name,
        newest.configuration,
        newest.name,
        newest.created_at,
        test_id,
        _BACK,
        scope.teams,
    )
    return [(row["job_id"], row["outcome"]) for row in found]


async def select_sightings(
    tx: Transaction, job_ids: Sequence[UUID], teams: list[UUID] | None
) -> str:
    """JSON object: `triage.model.Sighting` by id of the job."""
    text: str = await tx.fetchval(
        """
        SELECT coalesce(json_object_agg(j.id, json_build_object('job_id', j.id,
          'at', coalesce(j.finished_at, j.created_at), 'set_key', j.set_key, 'components', (
            SELECT coalesce(json_agg(json_build_object('id', c.id, 'type', c.type,
              'version', c.version, 'display_name', c.display_name) ORDER BY c.type, c.id), '[]')
            FROM jobs_components jc JOIN components c ON c.id = jc.component_id
            WHERE jc.job_id = j.id))), '{}')::text
        FROM jobs j WHERE j.id = ANY ($1) AND ($2::uuid[] IS NULL OR j.team_id = ANY ($2))
        """,
        list(job_ids),
        teams,
    )
    return text
