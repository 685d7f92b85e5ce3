"""SQL of triage: jobs to look at, groups and occurrences, and the facts of a group's history.

Every read filters by the tenant's teams itself; the policies do it again. What a team
reads is made of its own rows only: another team's jobs never move its verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.db.listing import Conditions, Kind, apply_where
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.triage.model import JUDGING, MAX_TESTS

# Writing ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """A finished job as triage needs it."""

    id: UUID
    topic_id: UUID
    team_id: UUID
    remoteci_id: UUID
    set_key: str
    result: str | None
    status_reason: str | None


async def select_job(tx: Transaction, job_id: UUID) -> Job | None:
    """A finished job that is still there, locked against a retry meanwhile; else None."""
    row = await tx.fetchrow(
        "SELECT id, topic_id, team_id, remoteci_id, set_key, result::text, status_reason"
        " FROM jobs WHERE id = $1 AND status = 'finished' AND state <> 'archived' FOR SHARE",
        job_id,
    )
    return Job(**row) if row else None


async def upsert_groups(
    tx: Transaction, topic_id: UUID, algorithm: int, groups: Sequence[tuple[Any, ...]]
) -> dict[str, UUID]:
    """Group ids by signature. `groups`: (new id, signature, kind, exception type, template)."""
    rows = await tx.fetch(
        """
        INSERT INTO failure_groups (id, created_at, updated_at, topic_id, signature, algorithm,
          kind, exception_type, template, first_seen_at, last_seen_at)
        SELECT id, $1, $1, $2, signature, $3, kind, exception_type, template, $1, $1
        FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
          AS g (id, signature, kind, exception_type, template)
        ORDER BY signature
        ON CONFLICT (topic_id, signature) DO UPDATE SET updated_at = $1,
          last_seen_at = greatest(failure_groups.last_seen_at, $1)
        RETURNING id, signature
        """,
        tx.now,
        topic_id,
        algorithm,
        *([group[column] for group in groups] for column in range(5)),
    )
    return {row["signature"]: row["id"] for row in rows}


async def select_known_groups(
    tx: Transaction, group_ids: Sequence[UUID], *, team_id: UUID, job_id: UUID
) -> set[UUID]:
    """Those of `group_ids` that the team has seen in another job."""
    rows = await tx.fetch(
        "SELECT DISTINCT group_id FROM failure_occurrences"
        " WHERE group_id = ANY ($1) AND team_id = $2 AND job_id <> $3",
        list(group_ids),
        team_id,
        job_id,
    )
    return {row["group_id"] for row in rows}


async def replace_occurrences(
    tx: Transaction, job: Job, occurrences: Sequence[tuple[Any, ...]]
) -> None:
    """Make `occurrences` all that the job has; those that stay keep their created_at.

    Each: (group id, stage or None, test ids, cases, sample).
    """
    await tx.execute(
        "DELETE FROM failure_occurrences WHERE job_id = $1 AND NOT group_id = ANY ($2)",
        job.id,
        [occurrence[0] for occurrence in occurrences],
    )
    await tx.execute_many(
        """
        INSERT INTO failure_occurrences (group_id, job_id, team_id, remoteci_id, topic_id, set_key,
          created_at, stage, test_ids, cases, sample)
        VALUES ($1, $6, $7, $8, $9, $10, $11, $2::text::job_stage, $3, $4, $5)
        ON CONFLICT (group_id, job_id) DO UPDATE SET set_key = excluded.set_key,
          stage = excluded.stage, test_ids = excluded.test_ids, cases = excluded.cases,
          sample = excluded.sample
        """,
        [
            (
                *occurrence,
                job.id,
                job.team_id,
                job.remoteci_id,
                job.topic_id,
                job.set_key,
                tx.now,
            )
            for occurrence in occurrences
        ],
    )


# Reading ---------------------------------------------------------------------
# $1 teams or NULL, $2 and $3 the results that judge a test and a stage, $4 test limit.
# Sets are ordered by the first job made for them: running an old set again does not make
# it new. `suite` keeps jobs apart that run different things with the same components.

_COLUMNS: dict[str, Kind] = {
    "id": "uuid",
    "topic_id": "uuid",
    "kind": "text",
    "exception_type": "text",
}
_SUITE = "coalesce({0}.definition_id::text, {0}.name, '')"
_MINE = "($1::uuid[] IS NULL OR {0}.team_id = ANY ($1))"
_LIVE = "{0}.state <> 'archived'"
_JUDGES = "{0}.result::text = ANY (CASE g.kind WHEN 'test' THEN $2::text[] ELSE $3::text[] END)"


def _sighting(alias: str) -> str:
    return f"""json_build_object('job_id', {alias}.job_id, 'at', {alias}.at,
      'set_key', {alias}.set_key, 'components', (
        SELECT coalesce(json_agg(json_build_object('id', c.id, 'type', c.type,
          'version', c.version, 'display_name', c.display_name) ORDER BY c.type, c.id), '[]')
        FROM jobs_components jc JOIN components c ON c.id = jc.component_id
        WHERE jc.job_id = {alias}.job_id))"""


# The order of a team's list comes from its own rows; only who sees all may use the group's.
_MATCHING = f"""
matching AS MATERIALIZED (
  SELECT g.id, CASE WHEN $1::uuid[] IS NULL THEN g.last_seen_at ELSE (
      SELECT max(o.created_at) FROM failure_occurrences o
      WHERE o.group_id = g.id AND o.team_id = ANY ($1)) END AS last_at
  FROM failure_groups g WHERE {{conditions}} AND (
    SELECT true FROM failure_occurrences o JOIN jobs j ON j.id = o.job_id AND {_LIVE.format("j")}
    WHERE o.group_id = g.id AND {_MINE.format("o")} LIMIT 1)),
page AS MATERIALIZED (
  SELECT id, last_at FROM matching ORDER BY last_at DESC, id LIMIT {{limit}} OFFSET {{offset}}),
occ AS MATERIALIZED (
  SELECT o.group_id, o.job_id, o.cases, j.remoteci_id, j.topic_id, j.set_key, j.created_at,
    coalesce(j.finished_at, j.created_at) AS at, {_SUITE.format("j")} AS suite
  FROM page JOIN failure_occurrences o ON o.group_id = page.id AND {_MINE.format("o")}
  JOIN jobs j ON j.id = o.job_id AND {_LIVE.format("j")})"""

_HISTORY = f"""
sets AS MATERIALIZED (
  SELECT j.topic_id, j.set_key, min(j.created_at) AS begun, bool_or(j.status = 'finished') AS ran
  FROM jobs j WHERE j.topic_id = ANY (ARRAY (SELECT DISTINCT topic_id FROM occ))
    AND {_LIVE.format("j")} AND {_MINE.format("j")}
  GROUP BY j.topic_id, j.set_key),
latest_sets AS (
  SELECT DISTINCT ON (topic_id) topic_id, set_key FROM sets WHERE ran AND set_key <> ''
  ORDER BY topic_id, begun DESC),
totals AS MATERIALIZED (
  SELECT group_id, count(*) AS occurrences, sum(cases) AS cases,
    array_agg(DISTINCT remoteci_id) AS labs, array_agg(DISTINCT set_key) AS sets
  FROM occ GROUP BY group_id),
firsts AS MATERIALIZED (
  SELECT DISTINCT ON (group_id) * FROM occ ORDER BY group_id, created_at, job_id),
lasts AS MATERIALIZED (
  SELECT DISTINCT ON (group_id) * FROM occ
  ORDER BY group_id, at DESC, created_at DESC, job_id DESC),
verdict_sets AS MATERIALIZED (
  SELECT DISTINCT ON (o.group_id) o.group_id, o.set_key, o.suites FROM (
    SELECT group_id, topic_id, set_key, array_agg(DISTINCT suite) AS suites
    FROM occ GROUP BY group_id, topic_id, set_key) o
  JOIN sets USING (topic_id, set_key) ORDER BY o.group_id, sets.begun DESC, o.set_key)"""

_RUNS = f"""
(SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name, 'results', ran.results,
   'hit', ran.hit) ORDER BY r.name, r.id), '[]')
 FROM (
   SELECT j.remoteci_id, bool_or(o.job_id IS NOT NULL) AS hit,
     array_remove(array_agg(DISTINCT j.result::text), NULL) AS results
   FROM jobs j LEFT JOIN failure_occurrences o ON o.group_id = g.id AND o.job_id = j.id
   WHERE j.topic_id = g.topic_id AND j.set_key = v.set_key AND {_LIVE.format("j")}
     AND {_SUITE.format("j")} = ANY (v.suites) AND {_MINE.format("j")}
     AND (j.status = 'finished' OR o.job_id IS NOT NULL)
   GROUP BY j.remoteci_id) ran
 JOIN remotecis r ON r.id = ran.remoteci_id)"""

_GOOD = f"""
(SELECT {_sighting("good")} FROM (
   SELECT good.* FROM unnest(n.labs) AS lab CROSS JOIN LATERAL (
     SELECT j.id AS job_id, j.set_key, coalesce(j.finished_at, j.created_at) AS at, j.created_at
     FROM jobs j WHERE j.remoteci_id = lab AND j.topic_id = g.topic_id AND {_LIVE.format("j")}
       AND j.status = 'finished' AND j.result IN ('passed', 'failed') AND j.set_key <> ''
       AND j.created_at < f.created_at AND {_SUITE.format("j")} = f.suite
       AND NOT j.set_key = ANY (n.sets) AND {_MINE.format("j")}
     ORDER BY j.created_at DESC LIMIT 1) good
   ORDER BY good.created_at DESC, good.job_id LIMIT 1) good)"""

_FIRST_RUN = f"""
NOT EXISTS (
  SELECT 1 FROM jobs j WHERE j.remoteci_id = f.remoteci_id AND j.topic_id = g.topic_id
    AND {_LIVE.format("j")} AND j.status = 'finished' AND {_JUDGES.format("j")}
    AND j.created_at < f.created_at AND {_SUITE.format("j")} = f.suite)"""

_TESTS = """
LEFT JOIN LATERAL (
  SELECT count(*) AS count,
    (array_agg(json_build_object('suite', x.suite, 'classname', x.classname, 'name', x.name)
      ORDER BY x.suite, x.classname, x.name))[:$4] AS names
  FROM (
    SELECT DISTINCT ON (t.id) t.suite, t.classname, t.name
    FROM failure_occurrences o JOIN occ ON occ.group_id = o.group_id AND occ.job_id = o.job_id
    CROSS JOIN unnest(o.test_ids) AS test_id
    JOIN tests t ON t.team_id = o.team_id AND t.id = test_id
    WHERE o.group_id = g.id AND occ.set_key = v.set_key) x) tests ON true"""

_SAMPLE = """
(SELECT json_build_object('job_id', o.job_id, 'text', o.sample) FROM failure_occurrences o
 WHERE o.group_id = g.id AND o.job_id = l.job_id)"""

_REPORTS = f"""
(SELECT coalesce(json_agg(json_build_object('delivery_id', d.id, 'target', t.name,
   'channel', t.channel, 'status', d.status, 'attempts', d.attempts,
   'delivered_at', d.delivered_at) ORDER BY d.created_at, d.id), '[]')
 FROM deliveries d JOIN report_targets t ON t.id = d.target_id
 WHERE d.group_id = g.id AND {_MINE.format("d")})"""

_FACTS = f"""
SELECT (SELECT count(*) FROM matching) AS total, coalesce(json_agg(json_build_object(
  'id', g.id, 'topic_id', g.topic_id, 'kind', g.kind, 'exception_type', g.exception_type,
  'template', g.template, 'occurrences', n.occurrences, 'cases', n.cases,
  'first_seen', {_sighting("f")}, 'last_seen', {_sighting("l")}, 'last_good', {_GOOD},
  'is_first_run', {_FIRST_RUN}, 'in_latest_set', coalesce(latest.set_key = ANY (n.sets), false),
  'runs', {_RUNS}, 'tests', coalesce(to_json(tests.names), '[]'), 'tests_count', tests.count,
  'sample', {_SAMPLE}, 'reports', {_REPORTS})
  ORDER BY page.last_at DESC, g.id), '[]')::text AS facts
FROM page JOIN failure_groups g ON g.id = page.id
JOIN totals n ON n.group_id = g.id JOIN firsts f ON f.group_id = g.id
JOIN lasts l ON l.group_id = g.id JOIN verdict_sets v ON v.group_id = g.id
LEFT JOIN latest_sets latest ON latest.topic_id = g.topic_id
{_TESTS}"""


async def select_facts(
    tx: Transaction, *, teams: list[UUID] | None, query: ListQuery, group_id: UUID | None = None
) -> tuple[str, int]:
    """JSON array of `GroupFacts`, last seen first, and how many groups there are in all.

    Made of the rows of `teams` alone (None: of all). One statement, whatever the number.
    """
    conditions = Conditions(
        values=[teams, list(JUDGING["test"]), list(JUDGING["stage"]), MAX_TESTS]
    )
    if group_id is not None:
        conditions.add("g.id = {}", group_id)
    apply_where(conditions, query, _COLUMNS, "g")
    matching = _MATCHING.format(
        conditions=conditions.sql(),
        limit=conditions.param(query.limit),
        offset=conditions.param(query.offset),
    )
    row = await tx.fetchrow(f"WITH {matching},{_HISTORY}{_FACTS}", *conditions.values)
    assert row is not None
    return row["facts"], row["total"]


async def has_running_labs(tx: Transaction, group_id: UUID, *, teams: list[UUID] | None) -> bool:
    """Is a lab of `teams` still running the component set in which the group was last seen?"""
    running: bool = await tx.fetchval(
        f"""
        SELECT EXISTS (
          SELECT 1 FROM jobs j WHERE j.status = 'running' AND {_LIVE.format("j")}
            AND {_MINE.format("j")} AND (j.topic_id, j.set_key) = (
              SELECT seen.topic_id, seen.set_key FROM failure_occurrences o
              JOIN jobs seen ON seen.id = o.job_id
              WHERE o.group_id = $2 AND {_MINE.format("o")}
              ORDER BY o.created_at DESC LIMIT 1))
        """,
        teams,
        group_id,
    )
    return running


async def select_first_seen(
    tx: Transaction, group_id: UUID, *, teams: list[UUID] | None
) -> datetime | None:
    """When the rows of `teams` first had the group; None when they have it no more."""
    moment: datetime | None = await tx.fetchval(
        "SELECT min(o.created_at) FROM failure_occurrences o"
        f" WHERE o.group_id = $2 AND {_MINE.format('o')}",
        teams,
        group_id,
    )
    return moment
