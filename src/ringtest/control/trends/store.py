"""SQL of trends. Every statement filters by the teams it is given; the policies do it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from ringtest.control.db.conditions import Conditions
from ringtest.control.db.job_fields import STATUS_WORD, add_job_filter
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.query import Node
from ringtest.control.kernel.windows import Window
from ringtest.control.trends.model import CASES, RESULTS, By, Key

MOST = 200
"""Columns of a table of statistics, and rows."""
_STATUS = f"({STATUS_WORD.format('j')})"
_RATE = "round(sum(d.passed)::numeric / nullif(sum(d.passed + d.failed + d.errored), 0), 6)"


@dataclass(frozen=True, slots=True)
class Scope:
    """Days, maybe of one lab, and whose rows count: `teams`, None for all."""

    window: Window
    teams: Sequence[UUID] | None


def _of(scope: Scope, alias: str) -> Conditions:
    conditions = Conditions()
    if scope.teams is not None:
        conditions.add(f"{alias}.team_id = ANY ({{}}::uuid[])", list(scope.teams))
    if scope.window.remoteci_id is not None:
        conditions.add(f"{alias}.remoteci_id = {{}}", scope.window.remoteci_id)
    return conditions


async def select_trend(tx: Transaction, scope: Scope, topic_id: UUID, by: By) -> str:
    """JSON array, a point for each day, week or month in which there were results."""
    c = _of(scope, "d")
    c.add("d.topic_id = {}", topic_id)
    c.add("d.day BETWEEN {} AND {}", scope.window.first, scope.window.last)
    at = "d.day" if by == "day" else f"date_trunc('{by}', d.day)::date"
    text: str = await tx.fetchval(
        f"""
        SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.at), '[]')::text FROM (
          SELECT {at} AS at, sum(d.results) AS results, sum(d.total) AS total,
            sum(d.passed) AS passed, sum(d.failed) AS failed, sum(d.errored) AS errored,
            sum(d.skipped) AS skipped, sum(d.regressed) AS regressed,
            sum(d.recovered) AS recovered, sum(d.retried) AS retried, {_RATE} AS pass_rate,
            round(sum(d.micros) / 1e6, 3) AS seconds
          FROM topic_days d WHERE {c.sql()} GROUP BY 1) x
        """,
        *c.values,
    )
    return text


async def select_vectors(
    tx: Transaction, scope: Scope, topic_id: UUID
) -> tuple[list[asyncpg.Record], int]:
    """Rows of plan_id, digest, outcomes, durations: the newest results of each plan, `CASES`
    cases of them together, the plans in turn; and how many results there are.

    Plans of several teams that list the same tests are one.
    """
    c = _of(scope, "r")
    c.add("r.topic_id = {}", topic_id)
    c.add("r.created_at >= {} AND r.created_at < {}", scope.window.since, scope.window.until)
    rows = await tx.fetch(
        f"""
        WITH found AS MATERIALIZED (
          SELECT r.id, r.created_at, r.total, p.digest, row_number() OVER (
              PARTITION BY p.digest ORDER BY r.created_at DESC, r.id) AS place
          FROM test_results r JOIN test_plans p ON p.id = r.plan_id
          WHERE {c.sql()} AND r.is_counted),
        chosen AS (
          SELECT f.id, f.created_at, f.digest, f.total,
            sum(f.total) OVER (ORDER BY f.place, f.created_at DESC, f.id) AS cases
          FROM found f WHERE f.place <= {RESULTS})
        SELECT r.plan_id, c.digest, r.outcomes, r.durations, (SELECT count(*) FROM found) AS number
        FROM chosen c JOIN test_results r ON r.id = c.id AND r.created_at = c.created_at
        WHERE c.cases - c.total < {CASES}
        """,
        *c.values,
    )
    return rows, rows[0]["number"] if rows else 0


async def select_coverage(
    tx: Transaction,
    scope: Scope,
    granted: Sequence[UUID] | None,
    *,
    topic_id: UUID,
    type_: str,
) -> tuple[str, int]:
    """A page of the topic's components, newest first, and what ran with each: JSON array and
    how many components there are. `granted`: teams whose components are shown, None: all."""
    window = scope.window
    c = _of(scope, "x")
    topic = c.param(topic_id)
    days = f"{c.param(window.first)} AND {c.param(window.last)}"
    moments = f"x.created_at >= {c.param(window.since)} AND x.created_at < {c.param(window.until)}"
    listed = [f"k.topic_id = {topic} AND k.state <> 'archived'"]
    if granted is not None:
        listed.append(f"(k.team_id IS NULL OR k.team_id = ANY ({c.param(list(granted))}::uuid[]))")
    if type_:
        listed.append(f"k.type = {c.param(type_)}")
    which = " AND ".join(listed)
    row = await tx.fetchrow(
        f"""
        WITH page AS MATERIALIZED (
          SELECT k.id, k.type, k.version, k.display_name, k.released_at
          FROM components k WHERE {which}
          ORDER BY k.released_at DESC, k.id LIMIT {window.limit} OFFSET {window.offset}),
        ran AS (
          SELECT l.component_id AS id, count(*) AS jobs, count(DISTINCT x.remoteci_id) AS labs,
            count(DISTINCT x.team_id) AS teams, max(x.created_at) AS last_at
          FROM jobs x JOIN jobs_components l ON l.job_id = x.id
          WHERE l.component_id IN (SELECT id FROM page) AND x.topic_id = {topic}
            AND x.state <> 'archived' AND {moments} AND {c.sql()}
          GROUP BY 1),
        sums AS MATERIALIZED (
          SELECT x.set_key, x.team_id, sum(x.passed) AS passed, sum(x.failed) AS failed,
            sum(x.errored) AS errored, sum(x.total) AS total
          FROM topic_days x WHERE x.topic_id = {topic} AND x.day BETWEEN {days} AND {c.sql()}
          GROUP BY 1, 2),
        told AS (
          SELECT m.component_id AS id, sum(d.passed) AS passed, sum(d.failed) AS failed,
            sum(d.errored) AS errored, sum(d.total) AS total, {_RATE} AS pass_rate
          FROM sums d JOIN component_sets m ON m.topic_id = {topic} AND m.set_key = d.set_key
            AND m.team_id = d.team_id
          WHERE m.component_id IN (SELECT id FROM page) GROUP BY 1)
        SELECT (SELECT count(*) FROM components k WHERE {which}) AS count,
          (SELECT coalesce(json_agg(json_build_object(
            'component', json_build_object('id', p.id, 'type', p.type, 'version', p.version,
              'display_name', p.display_name, 'released_at', p.released_at),
            'jobs', coalesce(n.jobs, 0), 'labs', coalesce(n.labs, 0),
            'teams', coalesce(n.teams, 0), 'passed', coalesce(t.passed, 0),
            'failed', coalesce(t.failed, 0), 'errored', coalesce(t.errored, 0),
            'total', coalesce(t.total, 0), 'pass_rate', t.pass_rate, 'last_at', n.last_at)
            ORDER BY p.released_at DESC, p.id), '[]')::text
           FROM page p LEFT JOIN ran n ON n.id = p.id LEFT JOIN told t ON t.id = p.id) AS items
        """,
        *c.values,
    )
    assert row is not None
    return row["items"], row["count"]


# Jobs ------------------------------------------------------------------------------

_OF_JOB: Mapping[str, str] = {
    "topic": "j.topic_id::text", "team": "j.team_id::text", "remoteci": "j.remoteci_id::text",
    "product": "j.product_id::text", "pipeline": "j.pipeline_id::text", "status": _STATUS,
    "name": "j.name", "configuration": "j.configuration", "set": "j.set_key",
    "day": "j.created_at::date::text", "week": "date_trunc('week', j.created_at)::date::text",
    "month": "date_trunc('month', j.created_at)::date::text",
}  # fmt: skip
_TABLES: Mapping[str, str] = {
    "topic": "topics", "team": "teams", "remoteci": "remotecis", "product": "products",
    "pipeline": "pipelines",
}  # fmt: skip


def _jobs(tx: Transaction, scope: Scope, node: Node | None) -> Conditions:
    c = _of(scope, "j")
    c.now = tx.now
    c.parts.append("j.state <> 'archived'")
    c.add("j.created_at >= {} AND j.created_at < {}", scope.window.since, scope.window.until)
    add_job_filter(c, node)
    return c


def _key(key: Key, alias: str, c: Conditions) -> tuple[str, str]:
    """SQL of the key's text, and what it joins to jobs."""
    if key.name == "tag":
        return f"{alias}.tag", f"LEFT JOIN LATERAL unnest(j.tags) {alias} (tag) ON true"
    if key.name == "component_type":
        wanted = c.param(key.type)
        return f"{alias}.id::text", (
            f"LEFT JOIN LATERAL (SELECT c.id FROM jobs_components l"
            f" JOIN components c ON c.id = l.component_id WHERE l.job_id = j.id"
            f" AND c.type = {wanted}) {alias} ON true"
        )
    return _OF_JOB[key.name], ""


def _shown(key: Key, side: str) -> str:
    """SQL of what a key's text `n.key` is called."""
    if key.name == "component_type":
        return f"(SELECT t.display_name FROM components t WHERE t.id = {side}::uuid)"
    if key.name in _TABLES:
        return f"(SELECT t.name FROM {_TABLES[key.name]} t WHERE t.id = {side}::uuid)"
    return side


def _axis(key: Key, column: str, most: int) -> str:
    """SQL of the values of one side: those of most jobs, the latest days."""
    chosen = "key DESC NULLS LAST" if key.is_time else "jobs DESC, key"
    shown = "key" if key.is_time else "jobs DESC, key"
    return f"""(SELECT z.*, row_number() OVER (ORDER BY {shown}) AS place FROM (
      SELECT {column} AS key, sum(jobs) AS jobs FROM cells GROUP BY 1
      ORDER BY {chosen} LIMIT {most}) z)"""


async def select_statistics(
    tx: Transaction, scope: Scope, node: Node | None, row_key: Key, column_key: Key
) -> asyncpg.Record:
    """Jobs by two keys: `rows`, `columns` and `cells` as JSON arrays; how many `row_count` and
    `column_count` there are in all."""
    c = _jobs(tx, scope, node)
    row, row_join = _key(row_key, "a", c)
    column, column_join = _key(column_key, "b", c)
    ended = ", ".join(
        f"count(*) FILTER (WHERE j.status = 'finished' AND j.result = '{result}') AS {name}"
        for name, result in (
            ("success", "passed"), ("failure", "failed"), ("error", "errored"),
            ("killed", "cancelled"),
        )
    )  # fmt: skip
    found = await tx.fetchrow(
        f"""
        WITH cells AS MATERIALIZED (
          SELECT {row} AS r, {column} AS c, count(*) AS jobs, {ended}
          FROM jobs j {row_join} {column_join} WHERE {c.sql()} GROUP BY 1, 2),
        rs AS MATERIALIZED {_axis(row_key, "r", scope.window.limit)},
        cs AS MATERIALIZED {_axis(column_key, "c", MOST)}
        SELECT (SELECT count(*) FROM (SELECT DISTINCT r FROM cells) z) AS row_count,
          (SELECT count(*) FROM (SELECT DISTINCT c FROM cells) z) AS column_count,
          (SELECT coalesce(json_agg(json_build_object('key', n.key,
            'name', coalesce({_shown(row_key, "n.key")}, n.key), 'jobs', n.jobs)
            ORDER BY n.place), '[]')::text FROM rs n) AS rows,
          (SELECT coalesce(json_agg(json_build_object('key', n.key,
            'name', coalesce({_shown(column_key, "n.key")}, n.key), 'jobs', n.jobs)
            ORDER BY n.place), '[]')::text FROM cs n) AS columns,
          (SELECT coalesce(json_agg(json_build_object('row', x.r, 'column', x.c, 'jobs', x.jobs,
            'success', x.success, 'failure', x.failure, 'error', x.error, 'killed', x.killed)
            ORDER BY rs.place, cs.place), '[]')::text
           FROM cells x JOIN rs ON rs.key IS NOT DISTINCT FROM x.r
             JOIN cs ON cs.key IS NOT DISTINCT FROM x.c) AS cells
        """,
        *c.values,
    )
    assert found is not None
    return found


async def select_series(
    tx: Transaction, scope: Scope, node: Node | None, key: str
) -> tuple[str, int]:
    """The newest numbers under a key, oldest first: JSON array, and how many there are."""
    c = _jobs(tx, scope, node)
    c.add("k.key = {}", key)
    window = scope.window
    source = f"jobs j JOIN jobs_keys_values k ON k.job_id = j.id WHERE {c.sql()}"
    row = await tx.fetchrow(
        f"""
        SELECT (SELECT count(*) FROM {source}) AS count,
          (SELECT coalesce(json_agg(json_build_object('job_id', n.id, 'at', n.created_at,
            'value', n.value, 'topic_id', n.topic_id, 'remoteci', json_build_object(
              'id', n.remoteci_id, 'name', (SELECT m.name FROM remotecis m
              WHERE m.id = n.remoteci_id))) ORDER BY n.created_at, n.id), '[]')::text
           FROM (SELECT j.id, j.created_at, k.value, j.topic_id, j.remoteci_id FROM {source}
             ORDER BY j.created_at DESC, j.id LIMIT {window.limit} OFFSET {window.offset}) n)
            AS items
        """,
        *c.values,
    )
    assert row is not None
    return row["items"], row["count"]
