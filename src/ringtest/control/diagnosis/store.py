"""SQL of diagnosis.

What makes an answer is read by the ids of jobs of one team; what is read for a caller is
filtered by its teams, in the statement and by the policies.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.db.pool import Transaction
from ringtest.control.diagnosis.model import BASELINES, DAYS, TEMPLATE_VERSION, TESTS, VERSION

_SUITE = "coalesce({0}.definition_id::text, {0}.name, '')"
_LIVE = "{0}.state <> 'archived'"
RECENT, RECENT_OF_TEAM = 300, 500
"""Jobs of the lab, and of its team, among which comparable ones are looked for."""

# what an answer stands on ------------------------------------------------------

# $1 job, $2 teams or NULL. Comparable: same topic and definition (or name), created before.
# Passed in the same lab; else passed in another lab of the team; else failed in the same lab.
_COMPARABLE = f"""
SELECT p.id, p.attempt, p.result::text AS result, p.created_at, p.set_key,
  coalesce(p.finished_at, p.created_at) AS at
FROM (SELECT * FROM jobs q WHERE {{mine}} AND q.created_at < job.created_at
        AND {_LIVE.format("q")} ORDER BY q.created_at DESC LIMIT {{limit}}) p
WHERE p.topic_id = job.topic_id AND p.id <> job.id AND p.status = 'finished'
  AND {_SUITE.format("p")} = job.suite AND p.result = {{result}}
ORDER BY p.created_at DESC, p.id LIMIT {BASELINES}"""
_SAME_LAB = "q.remoteci_id = job.remoteci_id AND q.team_id = job.team_id"
_TIERS = {
    "passed in the same lab": _COMPARABLE.format(mine=_SAME_LAB, limit=RECENT, result="'passed'"),
    "passed in another lab of the team": _COMPARABLE.format(
        mine="q.team_id = job.team_id", limit=RECENT_OF_TEAM, result="'passed'"
    ),
    "ran in the same lab": _COMPARABLE.format(mine=_SAME_LAB, limit=RECENT, result="'failed'"),
}
_BASELINES = " UNION ALL ".join(
    f"(SELECT {number} AS tier, '{why}' AS why, b.* FROM job CROSS JOIN LATERAL ({sql}) b)"
    for number, (why, sql) in enumerate(_TIERS.items())
)

_GROUND = f"""
WITH job AS MATERIALIZED (
  SELECT j.*, {_SUITE.format("j")} AS suite FROM jobs j
  WHERE j.id = $1 AND {_LIVE.format("j")} AND ($2::uuid[] IS NULL OR j.team_id = ANY ($2))),
found AS MATERIALIZED ({_BASELINES}),
baselines AS (SELECT f.*, EXISTS (SELECT FROM log_templates l WHERE l.job_id = f.id
    AND l.attempt = f.attempt AND l.version = $3) AS is_read
  FROM found f WHERE f.tier = (SELECT min(tier) FROM found))
SELECT job.id, job.team_id, job.topic_id, job.status::text AS status, job.result::text AS result,
  job.status_reason, job.attempt, job.etag, job.definition_id IS NOT NULL AS leased,
  coalesce(job.finished_at, job.updated_at) AS at,
  (SELECT coalesce(json_agg(json_build_object('id', b.id, 'attempt', b.attempt, 'why', b.why,
      'result', b.result, 'at', b.at, 'created_at', b.created_at, 'is_read', b.is_read)
      ORDER BY b.created_at DESC, b.id), '[]') FROM baselines b)::text AS baselines,
  (SELECT coalesce(json_agg(s.id ORDER BY s.created_at DESC, s.id), '[]') FROM (
     SELECT p.id, p.created_at FROM jobs p WHERE p.topic_id = job.topic_id
       AND p.set_key = job.set_key AND p.set_key <> '' AND p.remoteci_id = job.remoteci_id
       AND p.team_id = job.team_id AND p.id <> job.id AND {_LIVE.format("p")}
       AND p.status = 'finished' AND {_SUITE.format("p")} = job.suite
     ORDER BY p.created_at DESC, p.id LIMIT {BASELINES}) s)::text AS same_set,
  a.version, a.ground, a.answer::text AS answer
FROM job LEFT JOIN job_answers a ON a.job_id = job.id
"""


async def select_ground(
    tx: Transaction, job_id: UUID, teams: Sequence[UUID] | None
) -> asyncpg.Record | None:
    """A job, its `baselines` and `same_set` (JSON), and what is kept; None: not to be seen."""
    return await tx.fetchrow(_GROUND, job_id, teams, TEMPLATE_VERSION)


async def select_stages(tx: Transaction, job_id: UUID, attempt: int) -> list[asyncpg.Record]:
    """Stages of an attempt in the order of their lines."""
    return await tx.fetch(
        "SELECT name::text AS name, status::text AS status, exit_code, message, first_line"
        " FROM job_stages WHERE job_id = $1 AND attempt = $2 ORDER BY name",
        job_id,
        attempt,
    )


async def select_last_word(tx: Transaction, job_id: UUID) -> asyncpg.Record | None:
    """The last jobstate before the end, of a job that a DCI client tells of."""
    return await tx.fetchrow(
        "SELECT status::text AS status, comment FROM jobstates WHERE job_id = $1"
        " AND status IN ('new', 'pre-run', 'running', 'post-run')"
        " ORDER BY created_at DESC, id LIMIT 1",
        job_id,
    )


async def select_components(tx: Transaction, job_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Components of jobs as JSON arrays."""
    found = await tx.fetch(
        """
        SELECT jc.job_id, json_agg(json_build_object('id', c.id, 'type', c.type,
          'version', c.version, 'display_name', c.display_name) ORDER BY c.type, c.id)::text
          AS items
        FROM jobs_components jc JOIN components c ON c.id = jc.component_id
        WHERE jc.job_id = ANY ($1) GROUP BY jc.job_id
        """,
        job_ids,
    )
    return {row["job_id"]: row["items"] for row in found}


# failing tests -----------------------------------------------------------------


async def select_new_failures(
    tx: Transaction, job_id: UUID, attempt: int, after: datetime | None
) -> list[asyncpg.Record]:
    """Failing tests that began to fail after `after`, by name, at most TESTS; `count` is of all.

    Without `after` those that began with this job and have an earlier run to compare with.
    """
    return await tx.fetch(
        """
        SELECT count(*) OVER () AS count, x.test_id, t.suite, t.classname, t.name,
          x.since_job_id, x.position = ANY (r.retried) AS retried
        FROM test_results r JOIN files f ON f.id = r.file_id AND f.state <> 'archived'
        JOIN test_failures x ON x.result_id = r.id AND x.created_at = r.created_at
        JOIN tests t ON t.team_id = x.team_id AND t.id = x.test_id
        WHERE r.job_id = $1 AND r.attempt = $2 AND CASE WHEN $3::timestamp IS NULL
          THEN x.since_job_id = r.job_id AND r.previous_result_id IS NOT NULL
          ELSE x.since_at > $3 END
        ORDER BY t.suite, t.classname, t.name, r.created_at, r.id, x.position LIMIT $4
        """,
        job_id,
        attempt,
        after,
        TESTS,
    )


async def select_passes(
    tx: Transaction, job_id: UUID, attempt: int, same_set: Sequence[UUID], tests: Sequence[int]
) -> dict[int, list[UUID]]:
    """In which of `same_set`, or in which other attempts of the job, each test passed."""
    found = await tx.fetch(
        """
        SELECT n.test_id, array_agg(DISTINCT r.job_id) AS jobs
        FROM test_results r JOIN files f ON f.id = r.file_id AND f.state <> 'archived'
        JOIN test_plans p ON p.id = r.plan_id
        CROSS JOIN unnest($4::bigint[]) AS n (test_id)
        CROSS JOIN LATERAL array_position(p.test_ids, n.test_id) AS place
        WHERE (r.job_id = ANY ($3) OR (r.job_id = $1 AND r.attempt <> $2))
          AND place <= length(r.outcomes) AND get_byte(r.outcomes, place - 1) = ascii('p')
        GROUP BY n.test_id
        """,
        job_id,
        attempt,
        same_set,
        tests,
    )
    return {row["test_id"]: sorted(row["jobs"]) for row in found}


async def select_numbers(
    tx: Transaction, *, team_id: UUID, topic_id: UUID, until: date, tests: Sequence[int]
) -> Mapping[int, tuple[int, ...]]:
    """failed, regressed, recovered and retried of each test over DAYS up to `until`."""
    found = await tx.fetch(
        """
        SELECT test_id, sum(failed + errored)::bigint AS failed,
          sum(regressed)::bigint AS regressed, sum(recovered)::bigint AS recovered,
          sum(retried)::bigint AS retried
        FROM test_days WHERE topic_id = $1 AND team_id = $2 AND test_id = ANY ($3)
          AND day > $4 AND day <= $5 GROUP BY test_id
        """,
        topic_id,
        team_id,
        tests,
        until - timedelta(days=DAYS),
        until,
    )
    return {row["test_id"]: tuple(row)[1:] for row in found}


# templates ---------------------------------------------------------------------


async def select_templates(tx: Transaction, jobs: Sequence[tuple[UUID, int]]) -> list[Any]:
    """job_id, lines, is_whole and hashes of attempts whose logs are read."""
    return await tx.fetch(
        """
        SELECT l.job_id, l.lines, l.is_whole, l.hashes
        FROM unnest($1::uuid[], $2::int[]) AS n (job_id, attempt)
        JOIN log_templates l ON l.job_id = n.job_id AND l.attempt = n.attempt
        WHERE l.version = $3
        """,
        [job_id for job_id, _ in jobs],
        [attempt for _, attempt in jobs],
        TEMPLATE_VERSION,
    )


async def save_templates(
    tx: Transaction, job_id: UUID, attempt: int, *, lines: int, is_whole: bool, hashes: bytes
) -> None:
    """Keep the hashes of a log, if its job is still there."""
    await tx.execute(
        """
        INSERT INTO log_templates (job_id, attempt, team_id, created_at, version, lines, is_whole,
          hashes)
        SELECT j.id, $2, j.team_id, $3, $4, $5, $6, $7 FROM jobs j WHERE j.id = $1
        ON CONFLICT (job_id, attempt) DO UPDATE SET created_at = excluded.created_at,
          version = excluded.version, lines = excluded.lines, is_whole = excluded.is_whole,
          hashes = excluded.hashes
        """,
        job_id, attempt, tx.now, TEMPLATE_VERSION, lines, is_whole, hashes,
    )  # fmt: skip


async def save_answer(tx: Transaction, job_id: UUID, ground: str, answer: bytes) -> None:
    """Keep an answer, if its job is still there."""
    await tx.execute(
        """
        INSERT INTO job_answers (job_id, team_id, created_at, version, ground, answer)
        SELECT j.id, j.team_id, $2, $3, $4, $5::jsonb FROM jobs j WHERE j.id = $1
        ON CONFLICT (job_id) DO UPDATE SET created_at = excluded.created_at,
          version = excluded.version, ground = excluded.ground, answer = excluded.answer
        """,
        job_id, tx.now, VERSION, ground, answer.decode(),
    )  # fmt: skip


# work --------------------------------------------------------------------------


async def want(tx: Transaction, job_id: UUID) -> None:
    """The job's log is to be read, from its beginning if somebody reads it already."""
    await tx.execute(
        """
        INSERT INTO answers_wanted (job_id, team_id, created_at)
        SELECT j.id, j.team_id, $2 FROM jobs j WHERE j.id = $1
        ON CONFLICT (job_id) DO UPDATE SET created_at = excluded.created_at,
          claimed_until = NULL, tries = 0
        """,
        job_id,
        tx.now,
    )


async def claim(tx: Transaction, *, until: datetime, tries: int) -> tuple[UUID, datetime] | None:
    """The job that waits longest, and since when; what failed `tries` times is given up."""
    await tx.execute(
        "DELETE FROM answers_wanted WHERE tries >= $1 AND claimed_until <= $2", tries, tx.now
    )
    row = await tx.fetchrow(
        """
        UPDATE answers_wanted SET claimed_until = $2, tries = tries + 1 WHERE job_id = (
          SELECT job_id FROM answers_wanted WHERE claimed_until IS NULL OR claimed_until <= $1
          ORDER BY created_at, job_id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING job_id, created_at
        """,
        tx.now,
        until,
    )
    return (row["job_id"], row["created_at"]) if row else None


async def done(tx: Transaction, job_id: UUID, since: datetime) -> None:
    """The work is done, unless it was wanted anew meanwhile."""
    await tx.execute(
        "DELETE FROM answers_wanted WHERE job_id = $1 AND created_at = $2", job_id, since
    )


# other jobs, as far as the reader sees them ----------------------------------------

# $1 job, $2 teams or NULL, $3 groups, $4 labs named, $5 jobs of the set. A failure is shown in
# one group, whatever signature it was given; other topics of the product have their own.
_SEEN = "($2::uuid[] IS NULL OR {0}.team_id = ANY ($2))"
_JOBS_GROUPS = f"""
job AS MATERIALIZED (
  SELECT j.id, j.team_id, j.topic_id, j.set_key, {_SUITE.format("j")} AS suite
  FROM jobs j WHERE j.id = $1 AND {_SEEN.format("j")}),
own AS MATERIALIZED (
  SELECT o.group_id, o.remoteci_id, o.cases, l.shown_id
  FROM failure_occurrences o JOIN failure_labs l
    ON l.group_id = o.group_id AND l.remoteci_id = o.remoteci_id
  WHERE o.job_id = $1 AND {_SEEN.format("o")}),
mine AS MATERIALIZED (
  SELECT f.*, n.cases FROM (
    SELECT shown_id, sum(cases)::bigint AS cases FROM own
    GROUP BY shown_id ORDER BY cases DESC, shown_id LIMIT $3) n
  CROSS JOIN LATERAL rt_failure(n.shown_id) f),
same_set AS MATERIALIZED (
  SELECT p.id, p.remoteci_id, p.result::text AS result FROM job JOIN jobs p
    ON p.topic_id = job.topic_id AND p.set_key = job.set_key AND {_SUITE.format("p")} = job.suite
  WHERE p.status = 'finished' AND {_LIVE.format("p")} AND {_SEEN.format("p")}
  ORDER BY p.created_at DESC, p.id LIMIT $5),
hits AS MATERIALIZED (
  SELECT DISTINCT o.job_id, l.shown_id FROM same_set s
  JOIN failure_occurrences o ON o.job_id = s.id
  JOIN failure_labs l ON l.group_id = o.group_id AND l.remoteci_id = o.remoteci_id),
runs AS (
  SELECT m.id AS group_id, s.remoteci_id, bool_or(h.job_id IS NOT NULL) AS hit,
    array_remove(array_agg(DISTINCT s.result), NULL) AS results
  FROM mine m CROSS JOIN same_set s LEFT JOIN hits h ON h.shown_id = m.id AND h.job_id = s.id
  GROUP BY m.id, s.remoteci_id)"""
_ELSEWHERE = f"""
elsewhere AS MATERIALIZED (
  SELECT * FROM (
    SELECT m.id AS group_id, l.remoteci_id, l.topic_id, l.first_made_at, l.first_job_id,
      l.last_ended_at, l.last_job_id, l.occurrences - (EXISTS (SELECT FROM own
        WHERE own.group_id = l.group_id AND own.remoteci_id = l.remoteci_id))::int AS jobs
    FROM mine m JOIN failure_labs l ON l.shown_id = ANY (m.siblings) AND {_SEEN.format("l")}) e
  WHERE e.jobs > 0)"""
_OF_GROUP = """json_build_object('id', m.id, 'kind', m.kind, 'cases', m.cases,
  'exception_type', m.exception_type, 'template', m.template,
  'runs', (SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name,
      'results', runs.results, 'hit', runs.hit) ORDER BY r.name, r.id), '[]')
    FROM runs JOIN remotecis r ON r.id = runs.remoteci_id WHERE runs.group_id = m.id),
  'elsewhere', (SELECT json_build_object('jobs', coalesce(sum(e.jobs), 0),
      'labs', (SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name)
          ORDER BY r.name, r.id), '[]') FROM (SELECT r.id, r.name FROM remotecis r WHERE r.id IN (
          SELECT x.remoteci_id FROM elsewhere x WHERE x.group_id = m.id)
          ORDER BY r.name, r.id LIMIT $4) r),
      'topics', (SELECT coalesce(json_agg(json_build_object('id', t.id, 'name', t.name)
          ORDER BY t.name), '[]') FROM topics t WHERE t.id IN (
          SELECT x.topic_id FROM elsewhere x WHERE x.group_id = m.id)),
      'first_seen', (SELECT json_build_object('job_id', x.first_job_id, 'at', x.first_made_at)
        FROM elsewhere x WHERE x.group_id = m.id AND x.first_job_id <> $1
        ORDER BY x.first_made_at, x.first_job_id LIMIT 1),
      'last_seen', (SELECT json_build_object('job_id', x.last_job_id, 'at', x.last_ended_at)
        FROM elsewhere x WHERE x.group_id = m.id AND x.last_job_id <> $1
        ORDER BY x.last_ended_at DESC, x.last_job_id LIMIT 1))
    FROM elsewhere e WHERE e.group_id = m.id))"""
_ISSUES = f"""
SELECT DISTINCT k.id, k.name, k.owner, k.link, k.is_expired AS expired
FROM own JOIN job ON true JOIN known_issue_labels x
  ON x.group_id = own.group_id AND x.team_id = job.team_id
JOIN known_issues k ON k.id = x.issue_id AND k.state = 'active'
  AND (k.team_id IS NULL OR {_SEEN.format("k")})"""
_GROUPS = f"""
WITH {_JOBS_GROUPS},{_ELSEWHERE},
issues AS (SELECT * FROM ({_ISSUES}) i ORDER BY i.expired, i.name, i.id LIMIT $3)
SELECT coalesce(json_agg({_OF_GROUP} ORDER BY m.cases DESC, m.id), '[]')::text AS groups,
  (SELECT coalesce(json_agg(row_to_json(i) ORDER BY i.expired, i.name, i.id), '[]')
   FROM issues i)::text AS issues
FROM mine m"""


async def select_groups(
    tx: Transaction,
    job_id: UUID,
    teams: Sequence[UUID] | None,
    *,
    groups: int,
    labs: int,
    jobs: int,
) -> tuple[str, str]:
    """Failure groups of a job with where else they were seen, and known issues that name its
    failures: two JSON arrays."""
    row = await tx.fetchrow(_GROUPS, job_id, teams, groups, labs, jobs)
    assert row is not None
    return row["groups"], row["issues"]
