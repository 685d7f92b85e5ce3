"""SQL of analytics: jobs as documents, and counts over them.

Every statement filters by the teams it is given itself; the policies do it again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from ringtest.control.analytics.model import COUNTED, MAX_JOBS, Found
from ringtest.control.db.conditions import Column, Conditions
from ringtest.control.db.filters import Nested, condition_of, names
from ringtest.control.db.job_fields import JOB_FIELDS, OWNERS, STATUS_WORD, columns
from ringtest.control.db.pool import Transaction
from ringtest.control.db.vocabulary import understood
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import DCI_STATUSES

PATIENCE_MS = 20_000
"""A question that takes longer is ended: 400 that asks for a narrower one."""

_STATUS = f"({STATUS_WORD.format('j')})"
_JOB: dict[str, Column] = {
    **columns(
        "j", id="uuid", name="text", status_reason="text", comment="text", configuration="text",
        url="text", created_at="time", updated_at="time", duration="int", tags="array",
        topic_id="uuid", remoteci_id="uuid", team_id="uuid", product_id="uuid", pipeline_id="uuid",
        previous_job_id="uuid", user_agent="text", client_version="text", etag="text",
        state="enum", set_key="text", finished_at="time", started_at="time",
    ),
    "status": Column("text", _STATUS, tuple(DCI_STATUSES)),
}  # fmt: skip
FIELDS: dict[str, Column | Nested] = {**_JOB, **JOB_FIELDS}
LISTS = frozenset({"tags", "components.tags"})
"""Fields that hold lists."""
_SORTS = ("created_at", "updated_at", "finished_at", "duration", "name", "id")

_DOCUMENT = f"""json_build_object('id', j.id, 'name', j.name, 'status', {_STATUS},
  'status_reason', j.status_reason, 'comment', j.comment, 'configuration', j.configuration,
  'url', j.url, 'tags', j.tags, 'created_at', j.created_at, 'updated_at', j.updated_at,
  'finished_at', j.finished_at, 'duration', j.duration, 'state', j.state, 'etag', j.etag,
  'user_agent', j.user_agent, 'client_version', j.client_version, 'topic_id', j.topic_id,
  'remoteci_id', j.remoteci_id, 'team_id', j.team_id, 'product_id', j.product_id,
  'pipeline_id', j.pipeline_id, 'previous_job_id', j.previous_job_id,
  'topic', (SELECT json_build_object('id', t.id, 'name', t.name) FROM topics t
    WHERE t.id = j.topic_id),
  'remoteci', (SELECT json_build_object('id', r.id, 'name', r.name) FROM remotecis r
    WHERE r.id = j.remoteci_id),
  'team', (SELECT json_build_object('id', m.id, 'name', m.name) FROM teams m
    WHERE m.id = j.team_id),
  'product', (SELECT json_build_object('id', o.id, 'name', o.name) FROM products o
    WHERE o.id = j.product_id),
  'pipeline', (SELECT json_build_object('id', l.id, 'name', l.name, 'created_at', l.created_at)
    FROM pipelines l WHERE l.id = j.pipeline_id),
  'components', (SELECT coalesce(json_agg(json_build_object('id', c.id, 'type', c.type,
      'name', c.name, 'display_name', c.display_name, 'version', c.version, 'uid', c.uid,
      'tags', c.tags, 'url', c.url, 'topic_id', c.topic_id, 'team_id', c.team_id,
      'released_at', c.released_at) ORDER BY c.type, c.id), '[]')
    FROM jobs_components jc JOIN components c ON c.id = jc.component_id WHERE jc.job_id = j.id),
  'results', (SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name,
      'file_id', s.file_id, 'created_at', s.created_at, 'total', s.total, 'success', s.success,
      'skips', s.skips, 'failures', s.failures, 'errors', s.errors, 'regressions', s.regressions,
      'successfixes', s.successfixes, 'time', s.time) ORDER BY s.created_at, s.id), '[]')
    FROM test_results s WHERE s.job_id = j.id AND s.attempt = j.attempt),
  'keys_values', (SELECT coalesce(json_agg(json_build_object('job_id', k.job_id, 'key', k.key,
      'value', k.value) ORDER BY k.key), '[]') FROM jobs_keys_values k WHERE k.job_id = j.id),
  'jobstates', (SELECT coalesce(json_agg(json_build_object('id', a.id, 'status', a.status,
      'comment', a.comment, 'created_at', a.created_at) ORDER BY a.created_at, a.id), '[]')
    FROM jobstates a WHERE a.job_id = j.id))"""


async def hurry(tx: Transaction) -> None:
    """What follows in this transaction has `PATIENCE_MS`."""
    await tx.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")


def _jobs_of(teams: Sequence[UUID] | None) -> Conditions:
    conditions = Conditions(["j.state <> 'archived'"])
    if teams is not None:
        conditions.add("j.team_id = ANY ({})", list(teams))
    return conditions


def _between(conditions: Conditions, since: datetime | None, until: datetime | None) -> None:
    if since is not None:
        conditions.add("j.created_at >= {}", since)
    if until is not None:
        conditions.add("j.created_at <= {}", until)


async def select_jobs(
    tx: Transaction, teams: Sequence[UUID] | None, found: Found
) -> tuple[str, int, datetime | None]:
    """JSON array of documents, how many there are (at most `COUNTED` + 1), the oldest's time."""
    conditions = _jobs_of(teams)
    _between(conditions, found.since, found.until)
    if found.node is not None:
        conditions.now = tx.now
        node = understood(found.node, FIELDS)
        conditions.parts.append(condition_of(node, FIELDS, conditions))
    name = found.sort.removeprefix("-")
    if name not in _SORTS:
        raise BadRequest(f"sort: not by {name[:80]!r}", valid_sort_keys=list(_SORTS))
    down = "DESC NULLS LAST" if found.sort.startswith("-") else "ASC"
    where = conditions.sql()
    row = await tx.fetchrow(
        _page_sql(where, name, down, found, len(conditions.values) + 1),
        *conditions.values,
        None if teams is None else list(teams),
    )
    assert row is not None
    return row["items"], row["count"], row["oldest"]


def _page_sql(where: str, name: str, down: str, found: Found, teams: int) -> str:
    return f"""
        SELECT (SELECT count(*) FROM (SELECT 1 FROM jobs j WHERE {where} LIMIT {COUNTED + 1}) n)
            AS count,
          (SELECT j.created_at FROM jobs j WHERE j.state <> 'archived'
            AND (${teams}::uuid[] IS NULL OR j.team_id = ANY (${teams}))
            ORDER BY j.created_at LIMIT 1) AS oldest,
          (SELECT coalesce(json_agg(d.document ORDER BY d.position), '[]')::text FROM (
            SELECT {_DOCUMENT} AS document, row_number() OVER () AS position FROM (
              SELECT j.* FROM jobs j WHERE {where} ORDER BY j.{name} {down}, j.id
              LIMIT {found.limit} OFFSET {found.offset}) j) d) AS items"""


async def select_cases(tx: Transaction, job_ids: Sequence[UUID], most: int) -> list[asyncpg.Record]:
    """Result files of jobs whose cases are at most `most` together: job_id, file_id, name,
    team_id, created_at, test_ids, outcomes, durations."""
    total = await tx.fetchval(
        "SELECT coalesce(sum(length(s.outcomes)), 0) FROM test_results s JOIN jobs j"
        " ON j.id = s.job_id AND j.attempt = s.attempt WHERE s.job_id = ANY ($1)",
        list(job_ids),
    )
    if total > most:
        raise BadRequest(
            f"these jobs have {total} test cases, more than the {most} of one answer: ask for"
            " fewer jobs"
        )
    return await tx.fetch(
        "SELECT s.job_id, s.file_id, s.name, s.team_id, s.created_at, p.test_ids, s.outcomes,"
        " s.durations FROM test_results s JOIN jobs j ON j.id = s.job_id AND j.attempt = s.attempt"
        " JOIN test_plans p ON p.id = s.plan_id WHERE s.job_id = ANY ($1) ORDER BY s.name, s.id",
        list(job_ids),
    )


async def select_names(
    tx: Transaction, teams: Sequence[UUID], tests: Sequence[int]
) -> dict[int, tuple[str, str, str]]:
    """Suite, class and name by id of the test."""
    found = await tx.fetch(
        "SELECT DISTINCT ON (id) id, suite, classname, name FROM tests"
        " WHERE team_id = ANY ($1) AND id = ANY ($2) ORDER BY id",
        list(teams),
        list(tests),
    )
    return {row["id"]: (row["suite"], row["classname"], row["name"]) for row in found}


async def select_terms(
    tx: Transaction, teams: Sequence[UUID] | None, field: str, begin: str, size: int
) -> str:
    """The most frequent values of a field: JSON array of {key, doc_count}."""
    owner, _, rest = field.partition(".")
    conditions = _jobs_of(teams)
    if field in _JOB:
        column, source = _JOB[field], "jobs j"
    elif owner in OWNERS and rest in OWNERS[owner][2]:
        rows, link, known = OWNERS[owner]
        column, source = known[rest], f"jobs j CROSS JOIN {rows}"
        conditions.parts.append(f"({link})")
    else:
        raise BadRequest(f"there is no field {field[:80]!r}", valid_query_keys=names(FIELDS))
    value = f"({column.sql})::text"
    if column.kind == "array":
        source += f" CROSS JOIN LATERAL unnest({column.sql}) AS one (value)"
        value = "one.value"
    if begin:
        conditions.add(f"strpos(lower({value}), lower({{}})) > 0", begin)
    text: str = await tx.fetchval(
        f"SELECT coalesce(json_agg(row_to_json(x)), '[]')::text FROM ("
        f" SELECT {value} AS key, count(DISTINCT j.id) AS doc_count FROM {source}"
        f" WHERE {conditions.sql()} AND {value} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        f" LIMIT {size}) x",
        *conditions.values,
    )
    return text


async def select_runs(
    tx: Transaction,
    teams: Sequence[UUID] | None,
    *,
    topic_id: UUID,
    remoteci_id: UUID | None,
    since: datetime,
    until: datetime,
    tags: Sequence[str],
    name: str,
) -> list[asyncpg.Record]:
    """Files of that name of the newest jobs: job_id, created_at, team_id, test_ids, durations."""
    conditions = _jobs_of(teams)
    conditions.add("j.topic_id = {}", topic_id)
    _between(conditions, since, until)
    if remoteci_id is not None:
        conditions.add("j.remoteci_id = {}", remoteci_id)
    if tags:
        conditions.add("j.tags @> {}::text[]", list(tags))
    wanted = conditions.param(name)
    return await tx.fetch(
        f"""
        SELECT j.id AS job_id, j.created_at, j.team_id, p.test_ids, s.durations
        FROM (SELECT j.* FROM jobs j WHERE {conditions.sql()} AND EXISTS (
            SELECT 1 FROM test_results s WHERE s.job_id = j.id AND s.name = {wanted})
          ORDER BY j.created_at DESC, j.id LIMIT {MAX_JOBS}) j
        JOIN test_results s ON s.job_id = j.id AND s.attempt = j.attempt AND s.name = {wanted}
        JOIN test_plans p ON p.id = s.plan_id ORDER BY j.created_at, j.id, s.id
        """,
        *conditions.values,
    )


async def select_task_times(
    tx: Transaction, teams: Sequence[UUID] | None, topic_id: UUID, remoteci_id: UUID
) -> str:
    """For the newest jobs of a lab: its tasks and the seconds from the first one to each.

    JSON array of {job_id, name, status, created_at, topic_id, remoteci_id, data: [{name,
    duration}]}; at most 50 jobs of at most 2,000 tasks.
    """
    conditions = _jobs_of(teams)
    conditions.add("j.topic_id = {} AND j.remoteci_id = {}", topic_id, remoteci_id)
    text: str = await tx.fetchval(
        f"""
        SELECT coalesce(json_agg(row_to_json(x)), '[]')::text FROM (
          SELECT j.id AS job_id, j.name, {_STATUS} AS status, j.created_at, j.topic_id,
            j.remoteci_id, (SELECT coalesce(json_agg(json_build_object('name', f.name, 'duration',
                round(extract(epoch FROM f.created_at - f.begun)::numeric, 3))
                ORDER BY f.created_at, f.id), '[]')
              FROM (SELECT f.id, f.name, f.created_at, min(f.created_at) OVER () AS begun
                FROM files f WHERE f.job_id = j.id AND f.jobstate_id IS NOT NULL
                  AND f.mime = 'application/x-ansible-output' AND f.state <> 'archived'
                ORDER BY f.created_at, f.id LIMIT 2000) f) AS data
          FROM (SELECT j.* FROM jobs j WHERE {conditions.sql()} AND j.status = 'finished'
            ORDER BY j.created_at DESC, j.id LIMIT 50) j
          ORDER BY j.created_at, j.id) x
        """,
        *conditions.values,
    )
    return text


async def select_coverage(
    tx: Transaction,
    teams: Sequence[UUID] | None,
    granted: Sequence[UUID] | None,
    *,
    topic_id: UUID,
    team_id: UUID | None,
    types: Sequence[str],
) -> str:
    """The newest 200 components of a topic, and the newest 20 jobs of either end of each.

    JSON array of {component_id, component_name, type, …, success_jobs, failed_jobs}.
    """
    jobs = _jobs_of(teams)
    if team_id is not None:
        jobs.add("j.team_id = {}", team_id)
    topic, wanted = jobs.param(topic_id), jobs.param(list(types))
    seen = jobs.param(None if granted is None else list(granted))

    def ended(*results: str) -> str:
        words = ", ".join(f"'{result}'" for result in results)
        return f"""(SELECT coalesce(json_agg(row_to_json(y)), '[]') FROM (
            SELECT j.id, j.name, {_STATUS} AS status, j.created_at, j.team_id, j.remoteci_id
            FROM jobs_components jc JOIN jobs j ON j.id = jc.job_id
            WHERE jc.component_id = c.id AND j.status = 'finished' AND j.result IN ({words})
              AND {jobs.sql()} ORDER BY j.created_at DESC, j.id LIMIT 20) y)"""

    text: str = await tx.fetchval(
        f"""
        SELECT coalesce(json_agg(row_to_json(x)), '[]')::text FROM (
          SELECT c.id AS component_id, c.display_name AS component_name, c.type, c.version, c.tags,
            c.topic_id, t.product_id, c.team_id, c.released_at, {ended("passed")} AS success_jobs,
            {ended("failed", "errored")} AS failed_jobs
          FROM (SELECT c.* FROM components c WHERE c.topic_id = {topic} AND c.state <> 'archived'
              AND (cardinality({wanted}::text[]) = 0 OR c.type = ANY ({wanted}))
              AND (c.team_id IS NULL OR {seen}::uuid[] IS NULL OR c.team_id = ANY ({seen}))
            ORDER BY c.released_at DESC, c.id LIMIT 200) c
          JOIN topics t ON t.id = c.topic_id ORDER BY c.released_at DESC, c.id) x
        """,
        *jobs.values,
    )
    return text


async def select_pipelines(
    tx: Transaction,
    teams: Sequence[UUID] | None,
    *,
    since: datetime,
    until: datetime,
    names: Sequence[str],
    types: Sequence[str],
) -> str:
    """The newest 200 pipelines of some days, by day: JSON array of {date, pipelines}."""
    c = Conditions(["l.state <> 'archived'"])
    c.add("l.created_at >= {} AND l.created_at <= {}", since, until)
    if teams is not None:
        c.add("l.team_id = ANY ({})", list(teams))
    if names:
        c.add("l.name = ANY ({})", list(names))
    wanted = c.param(list(types))
    components = f"""(SELECT coalesce(json_agg(json_build_object('id', x.id, 'type', x.type,
        'display_name', x.display_name, 'version', x.version, 'topic_id', x.topic_id)
        ORDER BY x.type, x.id), '[]') FROM jobs_components jc
      JOIN components x ON x.id = jc.component_id WHERE jc.job_id = j.id
        AND (cardinality({wanted}::text[]) = 0 OR x.type = ANY ({wanted})))"""
    results = """(SELECT CASE WHEN count(*) > 0 THEN json_build_object('total', sum(s.total),
        'success', sum(s.success), 'skips', sum(s.skips), 'failures', sum(s.failures),
        'errors', sum(s.errors)) END FROM test_results s
      WHERE s.job_id = j.id AND s.attempt = j.attempt)"""
    text: str = await tx.fetchval(
        f"""
        SELECT coalesce(json_agg(json_build_object('date', d.day, 'pipelines', d.pipelines)
          ORDER BY d.day), '[]')::text FROM (
          SELECT l.created_at::date AS day, json_agg(json_build_object('id', l.id, 'name', l.name,
            'created_at', l.created_at, 'team_id', l.team_id, 'jobs', (
              SELECT coalesce(json_agg(row_to_json(y)), '[]') FROM (
                SELECT j.id, j.name, {_STATUS} AS status, j.status_reason, j.comment,
                  j.created_at, j.duration, {results} AS results, {components} AS components
                FROM jobs j WHERE j.pipeline_id = l.id AND j.team_id = l.team_id
                  AND j.state <> 'archived' ORDER BY j.created_at, j.id LIMIT 100) y))
            ORDER BY l.created_at, l.id) AS pipelines
          FROM (SELECT l.* FROM pipelines l WHERE {c.sql()}
            ORDER BY l.created_at DESC, l.id LIMIT 200) l
          GROUP BY 1) d
        """,
        *c.values,
    )
    return text
