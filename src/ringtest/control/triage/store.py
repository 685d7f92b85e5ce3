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
from ringtest.control.triage.model import JUDGING, MAX_TESTS, Had, Name

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
    made_at: datetime
    ended_at: datetime


async def select_job(tx: Transaction, job_id: UUID) -> Job | None:
    """A finished job that is still there, locked against a retry meanwhile; else None."""
    row = await tx.fetchrow(
        "SELECT id, topic_id, team_id, remoteci_id, set_key, result::text, status_reason,"
        " created_at AS made_at, coalesce(finished_at, created_at) AS ended_at"
        " FROM jobs WHERE id = $1 AND status = 'finished' AND state <> 'archived' FOR SHARE",
        job_id,
    )
    return Job(**row) if row else None


@dataclass(frozen=True, slots=True)
class Placed:
    """A signature's row: its own id, its group by itself, and the group it is shown under."""

    id: UUID
    home_id: UUID
    shown_id: UUID


async def upsert_groups(
    tx: Transaction, topic_id: UUID, algorithm: int, groups: Sequence[tuple[Any, ...]]
) -> dict[str, Placed]:
    """Rows by signature. `groups`: (new id, signature, kind, exception type, template, home);
    the home, None for the row itself, is that of a signature which was not there."""
    rows = await tx.fetch(
        """
        INSERT INTO failure_groups (id, created_at, updated_at, topic_id, signature, algorithm,
          kind, exception_type, template, first_seen_at, last_seen_at, home_id, shown_id)
        SELECT g.id, $1, $1, $2, g.signature, $3, g.kind, g.exception_type, g.template, $1, $1,
          home_id, (SELECT h.stands_for FROM failure_groups h WHERE h.id = g.home_id)
        FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[])
          AS g (id, signature, kind, exception_type, template, home_id)
        ORDER BY signature
        ON CONFLICT (topic_id, signature) DO UPDATE SET updated_at = $1,
          exception_type = excluded.exception_type, template = excluded.template,
          last_seen_at = greatest(failure_groups.last_seen_at, $1)
        RETURNING id, home_id, shown_id, signature
        """,
        tx.now,
        topic_id,
        algorithm,
        *([group[column] for group in groups] for column in range(6)),
    )
    return {row["signature"]: Placed(row["id"], row["home_id"], row["shown_id"]) for row in rows}


async def select_homes(
    tx: Transaction, topic_id: UUID, signatures: Sequence[str]
) -> dict[str, UUID]:
    """Groups of those signatures that there are."""
    rows = await tx.fetch(
        "SELECT signature, home_id FROM failure_groups"
        " WHERE topic_id = $1 AND signature = ANY ($2)",
        topic_id,
        list(signatures),
    )
    return {row["signature"]: row["home_id"] for row in rows}


async def select_names(tx: Transaction, topic_id: UUID) -> list[Name]:
    """All signatures and groups of a topic, and how they hang together."""
    rows = await tx.fetch(
        "SELECT id, home_id, shown_id, alias_of, merged_into, stands_for FROM failure_groups"
        " WHERE topic_id = $1 ORDER BY id",
        topic_id,
    )
    return [Name(**row) for row in rows]


async def update_names(tx: Transaction, changed: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Where failures are shown. Each: (id, shown_id, stands_for)."""
    await tx.execute(
        "UPDATE failure_groups g SET shown_id = x.b, stands_for = x.c"
        " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS x (a, b, c) WHERE g.id = x.a",
        *([one[column] for one in changed] for column in range(3)),
    )


async def select_known_groups(
    tx: Transaction, group_ids: Sequence[UUID], *, team_id: UUID, job_id: UUID
) -> set[UUID]:
    """Those of `group_ids` that the team has seen in another job."""
    rows = await tx.fetch(
        "SELECT shown_id FROM unnest($1::uuid[]) AS shown_id WHERE ("
        " SELECT true FROM failure_groups g JOIN failure_occurrences o ON o.group_id = g.id"
        " WHERE g.shown_id = shown_id.shown_id AND o.team_id = $2 AND o.job_id <> $3 LIMIT 1)",
        list(group_ids),
        team_id,
        job_id,
    )
    return {row["shown_id"] for row in rows}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What a job has of a signature; `group_id` is that of its row."""

    group_id: UUID
    stage: str | None
    test_ids: list[int]
    cases: int
    sample: str | None
    created_at: datetime


async def replace_occurrences(tx: Transaction, job: Job, occurrences: Sequence[Occurrence]) -> None:
    """Make `occurrences` all that the job has; those that stay keep their created_at."""
    await tx.execute(
        "DELETE FROM failure_occurrences WHERE job_id = $1 AND NOT group_id = ANY ($2)",
        job.id,
        [occurrence.group_id for occurrence in occurrences],
    )
    if not occurrences:
        return
    await tx.execute(
        """
        INSERT INTO failure_occurrences AS o (group_id, job_id, team_id, remoteci_id, topic_id,
          set_key, made_at, ended_at, stage, test_ids, cases, sample, created_at)
        SELECT x.group_id, $1, $2, $3, $4, $5, $6, $7, x.stage::job_stage, x.test_ids::bigint[],
          x.cases, x.sample, x.created_at
        FROM unnest($8::uuid[], $9::text[], $10::text[], $11::integer[], $12::text[],
          $13::timestamp[]) AS x (group_id, stage, test_ids, cases, sample, created_at)
        ON CONFLICT (group_id, job_id) DO UPDATE SET set_key = excluded.set_key,
          ended_at = excluded.ended_at, stage = excluded.stage, test_ids = excluded.test_ids,
          cases = excluded.cases, sample = excluded.sample, is_live = true
        WHERE (o.set_key, o.ended_at, o.stage, o.test_ids, o.cases, o.sample, o.is_live)
          IS DISTINCT FROM (excluded.set_key, excluded.ended_at, excluded.stage,
            excluded.test_ids, excluded.cases, excluded.sample, true)
        """,
        job.id,
        job.team_id,
        job.remoteci_id,
        job.topic_id,
        job.set_key,
        job.made_at,
        job.ended_at,
        [one.group_id for one in occurrences],
        [one.stage for one in occurrences],
        ["{" + ",".join(map(str, one.test_ids)) + "}" for one in occurrences],
        [one.cases for one in occurrences],
        [one.sample for one in occurrences],
        [one.created_at for one in occurrences],
    )


async def select_occurrences(tx: Transaction, job_id: UUID) -> list[Had]:
    """What the job has so far."""
    rows = await tx.fetch(
        "SELECT g.home_id, g.kind, o.stage::text, o.test_ids, o.created_at"
        " FROM failure_occurrences o JOIN failure_groups g ON g.id = o.group_id"
        " WHERE o.job_id = $1 ORDER BY g.home_id, o.group_id",
        job_id,
    )
    return [Had(row["home_id"], row["kind"], row["stage"], frozenset(row["test_ids"]),
                row["created_at"]) for row in rows]  # fmt: skip


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


# Numbers come from failure_labs, which has a row per signature and lab, and labs belong to one
# team: what a team reads is made of its own. A group may have several signatures.
_MATCHING = f"""
matching AS MATERIALIZED (
  SELECT l.shown_id AS id, max(l.last_grouped_at) AS last_at
  FROM failure_labs l JOIN failure_groups g ON g.id = l.shown_id
  WHERE {_MINE.format("l")} AND {{conditions}} GROUP BY l.shown_id),
page AS MATERIALIZED (
  SELECT id, last_at FROM matching ORDER BY last_at DESC, id LIMIT {{limit}} OFFSET {{offset}}),
seen AS MATERIALIZED (
  SELECT l.* FROM page JOIN failure_labs l ON l.shown_id = page.id AND {_MINE.format("l")}),
totals AS MATERIALIZED (
  SELECT shown_id AS id, topic_id, sum(occurrences) AS occurrences, sum(cases) AS cases,
    array_agg(DISTINCT remoteci_id) AS labs, array_agg(DISTINCT group_id) AS signatures
  FROM seen GROUP BY shown_id, topic_id),
firsts AS MATERIALIZED (
  SELECT s.shown_id AS id, j.id AS job_id, j.set_key, j.remoteci_id, j.created_at,
    s.first_ended_at AS at, {_SUITE.format("j")} AS suite
  FROM (SELECT DISTINCT ON (shown_id) * FROM seen
    ORDER BY shown_id, first_made_at, first_job_id) s JOIN jobs j ON j.id = s.first_job_id),
lasts AS MATERIALIZED (
  SELECT s.shown_id AS id, s.group_id, j.id AS job_id, j.set_key, s.last_ended_at AS at
  FROM (SELECT DISTINCT ON (shown_id) * FROM seen
    ORDER BY shown_id, last_ended_at DESC, last_made_at DESC, last_job_id DESC) s
  JOIN jobs j ON j.id = s.last_job_id)"""

# A set begins with the first job made for it. The newest of a group (or topic) began no
# earlier than that of its last job did, and none of what was made before can be of it.
_BEGUN = f"""
LATERAL (SELECT min(j.created_at) AS begun FROM jobs j WHERE j.topic_id = {{topic}}
  AND j.set_key = {{set}} AND {_LIVE.format("j")} AND {_MINE.format("j")})"""
_RAN = f"""j.topic_id = t.topic_id AND j.status = 'finished' AND j.set_key <> ''
  AND {_LIVE.format("j")} AND {_MINE.format("j")}"""
_HIT = f"o.is_live AND {_MINE.format('o')}"

_HISTORY = f"""
latest_sets AS MATERIALIZED (
  SELECT t.topic_id, newest.set_key FROM (SELECT DISTINCT topic_id FROM totals) t
  CROSS JOIN LATERAL (
    SELECT j.set_key FROM jobs j WHERE {_RAN} ORDER BY j.created_at DESC LIMIT 1) last
  CROSS JOIN {_BEGUN.format(topic="t.topic_id", set="last.set_key")} last_set
  CROSS JOIN LATERAL (
    SELECT c.set_key FROM (SELECT DISTINCT j.set_key FROM jobs j
      WHERE {_RAN} AND j.created_at >= last_set.begun) c
    CROSS JOIN {_BEGUN.format(topic="t.topic_id", set="c.set_key")} b
    ORDER BY b.begun DESC, c.set_key LIMIT 1) newest),
verdict_sets AS MATERIALIZED (
  SELECT n.id, newest.set_key, (
    SELECT array_agg(DISTINCT {_SUITE.format("j")}) FROM failure_occurrences o
    JOIN jobs j ON j.id = o.job_id
    WHERE o.group_id = ANY (n.signatures) AND o.set_key = newest.set_key AND {_HIT}) AS suites
  FROM totals n
  CROSS JOIN LATERAL (
    SELECT o.set_key FROM unnest(n.signatures) AS signature CROSS JOIN LATERAL (
      SELECT o.set_key, o.made_at FROM failure_occurrences o
      WHERE o.group_id = signature AND {_HIT} ORDER BY o.made_at DESC LIMIT 1) o
    ORDER BY o.made_at DESC LIMIT 1) last
  CROSS JOIN {_BEGUN.format(topic="n.topic_id", set="last.set_key")} last_set
  CROSS JOIN LATERAL (
    SELECT c.set_key FROM (SELECT DISTINCT o.set_key FROM failure_occurrences o
      WHERE o.group_id = ANY (n.signatures) AND o.made_at >= last_set.begun AND {_HIT}) c
    CROSS JOIN {_BEGUN.format(topic="n.topic_id", set="c.set_key")} b
    ORDER BY b.begun DESC, c.set_key LIMIT 1) newest)"""

_RUNS = f"""
(SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name, 'results', ran.results,
   'hit', ran.hit) ORDER BY r.name, r.id), '[]')
 FROM (
   SELECT j.remoteci_id, bool_or(o.job_id IS NOT NULL) AS hit,
     array_remove(array_agg(DISTINCT j.result::text), NULL) AS results
   FROM jobs j LEFT JOIN failure_occurrences o
     ON o.group_id = ANY (n.signatures) AND o.job_id = j.id
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
       AND NOT EXISTS (SELECT 1 FROM failure_occurrences o WHERE o.group_id = ANY (n.signatures)
         AND o.set_key = j.set_key AND {_HIT})
       AND {_MINE.format("j")}
     ORDER BY j.created_at DESC LIMIT 1) good
   ORDER BY good.created_at DESC, good.job_id LIMIT 1) good)"""

_FIRST_RUN = f"""
NOT EXISTS (
  SELECT 1 FROM jobs j WHERE j.remoteci_id = f.remoteci_id AND j.topic_id = g.topic_id
    AND {_LIVE.format("j")} AND j.status = 'finished' AND {_JUDGES.format("j")}
    AND j.created_at < f.created_at AND {_SUITE.format("j")} = f.suite)"""

_IN_LATEST = f"""
EXISTS (SELECT 1 FROM failure_occurrences o WHERE o.group_id = ANY (n.signatures)
  AND o.set_key = latest.set_key AND {_HIT})"""

_TESTS = f"""
LEFT JOIN LATERAL (
  SELECT count(*) AS count,
    (array_agg(json_build_object('suite', x.suite, 'classname', x.classname, 'name', x.name)
      ORDER BY x.suite, x.classname, x.name))[:$4] AS names
  FROM (
    SELECT DISTINCT ON (t.id) t.suite, t.classname, t.name
    FROM failure_occurrences o CROSS JOIN unnest(o.test_ids) AS test_id
    JOIN tests t ON t.team_id = o.team_id AND t.id = test_id
    WHERE o.group_id = ANY (n.signatures) AND o.set_key = v.set_key AND {_HIT}) x) tests ON true"""

_SAMPLE = """
(SELECT json_build_object('job_id', o.job_id, 'text', o.sample) FROM failure_occurrences o
 WHERE o.group_id = l.group_id AND o.job_id = l.job_id)"""

# Jobs that have several signatures of a group are counted once.
_JOBS = f"""
CASE cardinality(n.signatures) WHEN 1 THEN n.occurrences ELSE (
  SELECT count(DISTINCT o.job_id) FROM failure_occurrences o
  WHERE o.group_id = ANY (n.signatures) AND {_HIT}) END"""

_REPORTS = f"""
(SELECT coalesce(json_agg(json_build_object('delivery_id', d.id, 'target', t.name,
   'channel', t.channel, 'status', d.status, 'attempts', d.attempts,
   'delivered_at', d.delivered_at) ORDER BY d.created_at, d.id), '[]')
 FROM deliveries d JOIN report_targets t ON t.id = d.target_id
 WHERE d.group_id = g.id AND {_MINE.format("d")})"""

_LABELS = f"""known_issue_labels k JOIN known_issues i ON i.id = k.issue_id
  AND i.state = 'active' AND {_MINE.format("k")} AND (i.team_id IS NULL OR {_MINE.format("i")})"""

_KNOWN = f"""
(SELECT coalesce(json_agg(x.json ORDER BY x.name, x.id), '[]') FROM (
  SELECT DISTINCT ON (i.id) i.id, i.name, json_build_object('id', i.id, 'name', i.name,
    'link', i.link, 'owner', i.owner, 'expired', i.is_expired) AS json
  FROM {_LABELS} WHERE k.group_id = ANY (n.signatures)) x)"""

_MERGED = """
(SELECT coalesce(json_agg(json_build_object('id', m.id, 'exception_type', m.exception_type,
   'template', m.template) ORDER BY m.created_at, m.id), '[]') FROM failure_groups m
 WHERE m.stands_for = g.id AND m.merged_into IS NOT NULL AND EXISTS (
   SELECT 1 FROM failure_groups x WHERE x.id = ANY (n.signatures) AND x.home_id = m.id))"""

_FACTS = f"""
SELECT (SELECT count(*) FROM matching) AS total, coalesce(json_agg(json_build_object(
  'id', g.id, 'topic_id', g.topic_id, 'kind', g.kind, 'exception_type', g.exception_type,
  'template', g.template, 'occurrences', {_JOBS}, 'cases', n.cases,
  'first_seen', {_sighting("f")}, 'last_seen', {_sighting("l")}, 'last_good', {_GOOD},
  'is_first_run', {_FIRST_RUN}, 'in_latest_set', {_IN_LATEST},
  'runs', {_RUNS}, 'tests', coalesce(to_json(tests.names), '[]'), 'tests_count', tests.count,
  'sample', {_SAMPLE}, 'reports', {_REPORTS}, 'known_issues', {_KNOWN}, 'merged', {_MERGED})
  ORDER BY page.last_at DESC, g.id), '[]')::text AS facts
FROM page JOIN failure_groups g ON g.id = page.id
JOIN totals n ON n.id = g.id JOIN firsts f ON f.id = g.id
JOIN lasts l ON l.id = g.id JOIN verdict_sets v ON v.id = g.id
LEFT JOIN latest_sets latest ON latest.topic_id = g.topic_id
{_TESTS}"""


async def select_facts(
    tx: Transaction,
    *,
    teams: list[UUID] | None,
    query: ListQuery,
    group_id: UUID | None = None,
    known_issue: UUID | bool | None = None,
) -> tuple[str, int]:
    """JSON array of `GroupFacts`, last seen first, and how many groups there are in all.

    Made of the rows of `teams` alone (None: of all). One statement, whatever the number.
    `known_issue`: only groups with a label of it; True: of any, False: of none.
    """
    conditions = Conditions(
        values=[teams, list(JUDGING["test"]), list(JUDGING["stage"]), MAX_TESTS]
    )
    if group_id is not None:
        conditions.add("l.shown_id = rt_group({})", group_id)
    if known_issue is not None:
        labelled = f"SELECT m.shown_id FROM {_LABELS} JOIN failure_groups m ON m.id = k.group_id"
        if isinstance(known_issue, UUID):
            conditions.add(f"g.id IN ({labelled} WHERE i.id = {{}})", known_issue)
        else:
            word = "" if known_issue else "NOT "
            conditions.parts.append(f"g.id {word}IN ({labelled} WHERE NOT i.is_expired)")
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
              SELECT seen.topic_id, seen.set_key FROM failure_labs l
              JOIN jobs seen ON seen.id = l.last_job_id
              WHERE l.shown_id = rt_group($2) AND {_MINE.format("l")}
              ORDER BY l.last_grouped_at DESC LIMIT 1))
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
        "SELECT min(l.first_grouped_at) FROM failure_labs l"
        f" WHERE l.shown_id = rt_group($2) AND {_MINE.format('l')}",
        teams,
        group_id,
    )
    return moment
