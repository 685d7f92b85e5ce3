"""SQL of jobs: their JSON, their rows, their components and numbers.

The wire format embeds test results and files in a job. Those two tables belong to rooms
above; they are read here, in `_RESULTS` and `_FILES`, and in the store of jobstates.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.accounts.model import Caller
from ringtest.control.db import rows
from ringtest.control.db.job_fields import JOB_COLUMNS as COLUMNS
from ringtest.control.db.job_fields import JOB_FIELDS, STATUS_WORD
from ringtest.control.db.listing import Conditions, apply_where, order_by
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.jobs.model import COMPONENT_JSON, Job, NewJob, Posting, Remembered
from ringtest.control.kernel.events import consumers_of
from ringtest.control.kernel.ids import new_etag, new_id
from ringtest.control.kernel.paging import ListQuery

_JOB = f"""p.id, p.created_at, p.updated_at, p.etag, p.state, p.duration, p.comment,
  p.status_reason, p.configuration, p.url, p.name, {STATUS_WORD.format("p")} AS status, p.topic_id,
  p.remoteci_id, p.team_id, p.product_id, p.pipeline_id, p.user_agent, p.client_version,
  p.previous_job_id, p.update_previous_job_id, p.tags,
  p.status AS phase, p.stage, p.result, p.attempt, p.max_attempts, p.progress, p.tests, p.set_key,
  p.cancel_requested_at, p.started_at, p.finished_at, p.request_id, p.definition_id"""
_RESULT = """r.id, r.created_at, r.name, r.total, r.success, r.skips, r.failures, r.errors,
  r.regressions, r.successfixes, r.time, r.job_id, r.file_id"""
_FILE = """f.id, f.created_at, f.updated_at, f.etag, f.state, f.name, f.mime, f.md5, f.sha256,
  f.size, f.attempt, f.jobstate_id, f.job_id, f.team_id"""
_JOBSTATE = "s.id, s.created_at, s.status, s.comment, s.job_id"
_HEAD = "x.id, x.created_at, x.updated_at, x.etag, x.state, x.name"
# No column that may hold a secret: a topic's `data` carries the vendor's registry password.
_ONE = {
    "remoteci": ("remotecis", f"{_HEAD}, x.data, x.public, x.team_id"),
    "topic": (
        "topics",
        f"{_HEAD}, x.component_types, x.component_types_optional, x.product_id, x.next_topic_id,"
        " x.export_control",
    ),
    "team": ("teams", f"{_HEAD}, x.country, x.external, x.has_pre_release_access"),
    "pipeline": ("pipelines", f"{_HEAD}, x.team_id"),
}
"""What a job embeds one row of: table and columns, by the name of the embed."""
_OF_ONE = {**_ONE, "component": ("components", COMPONENT_JSON)}

_RESULTS = f"""coalesce((SELECT json_agg(row_to_json(z)) FROM (
    SELECT {_RESULT} FROM test_results r JOIN files f ON f.id = r.file_id AND f.state <> 'archived'
    WHERE r.job_id = p.id AND r.attempt = p.attempt ORDER BY r.created_at, r.id) z),
  '[]') AS results"""
_NUMBERS = """coalesce((SELECT json_agg(row_to_json(z)) FROM (SELECT k.job_id, k.key, k.value
    FROM jobs_keys_values k WHERE k.job_id = p.id ORDER BY k.key) z), '[]') AS keys_values"""
_FILES = f"""coalesce((SELECT json_agg(row_to_json(z)) FROM (
    SELECT {_FILE} FROM files f WHERE f.job_id = p.id AND f.jobstate_id IS NULL
    AND f.state <> 'archived' ORDER BY f.created_at, f.id) z), '[]') AS files"""
_ROWS_OF_ONE = ", ".join(
    f"(SELECT row_to_json(z) FROM (SELECT {columns} FROM {table} x WHERE x.id = p.{name}_id) z)"
    f" AS {name}"
    for name, (table, columns) in _ONE.items()
)
_DETAILS = f"""p.data, {_RESULTS}, {_ROWS_OF_ONE},
  coalesce((SELECT json_agg(row_to_json(z)) FROM (SELECT {COMPONENT_JSON} FROM jobs_components jc
     JOIN components x ON x.id = jc.component_id WHERE jc.job_id = p.id
     ORDER BY x.type, x.id) z), '[]') AS components, {_NUMBERS},
  coalesce((SELECT json_agg(row_to_json(z)) FROM (SELECT {_JOBSTATE} FROM jobstates s
     WHERE s.job_id = p.id ORDER BY s.created_at, s.id) z), '[]') AS jobstates,
  {_FILES}"""
# A version of a row: it changes whenever anything of the row does.
_VERSION = "x.id::text || '/' || x.xmin::text"
_VERSION_OF = {
    name: f"(SELECT {_VERSION} FROM {table} x WHERE x.id = p.{name}_id) AS {name}"
    for name, (table, _) in _ONE.items()
} | {
    "components": f"(SELECT array_agg({_VERSION} ORDER BY x.type, x.id) FROM jobs_components jc"
    " JOIN components x ON x.id = jc.component_id WHERE jc.job_id = p.id) AS components"
}
_OWN = rows.names(f"{_JOB}, {_RESULTS}, {_NUMBERS}")
_LISTED = (*_OWN, *_VERSION_OF)
"""What a listed job is made of; the latter are put in from what is remembered."""
_BY_VERSION = " UNION ALL ".join(
    f"SELECT {_VERSION} AS version,"
    f" (SELECT row_to_json(z)::text FROM (SELECT {columns}) z) AS json"
    f" FROM {table} x WHERE x.id = ANY (${number}::uuid[])"
    for number, (table, columns) in enumerate(_OF_ONE.values(), 1)
)


def _reachable(conditions: Conditions, caller: Caller) -> str:
    """SQL for: the caller may use topic `t`. The policy's rule, without policies too.

    Rights are part of the text: as parameters they would make a plan for this caller
    look so much better than one for all that PostgreSQL would plan every time.
    """
    if caller.reads_catalog:
        return "TRUE"
    teams = conditions.param(sorted(caller.team_ids))
    open_to = "TRUE" if caller.has_pre_release_access else "t.export_control"
    return (
        f"({open_to} AND t.product_id IN"
        f" (SELECT product_id FROM products_teams WHERE team_id = ANY ({teams}::uuid[])))"
    )


def _usable(conditions: Conditions, caller: Caller) -> str:
    """SQL for: the caller may use component `c`."""
    if caller.reads_all:
        return "c.state <> 'archived'"
    teams = conditions.param(sorted(caller.team_ids | caller.component_teams))
    return (
        f"c.state <> 'archived' AND (c.team_id = ANY ({teams}::uuid[])"
        " OR (c.team_id IS NULL AND c.topic_id IN"
        f" (SELECT t.id FROM topics t WHERE {_reachable(conditions, caller)})))"
    )


_NEWEST = """(SELECT json_agg(json_build_array(k.type, (
    SELECT c.id FROM components c WHERE c.topic_id = t.id AND c.type = k.type
    AND c.team_id IS NULL AND c.state = 'active'
    ORDER BY c.released_at DESC, c.id LIMIT 1)) ORDER BY k.position)
  FROM jsonb_array_elements_text(t.component_types) WITH ORDINALITY k(type, position))"""


# lists ----------------------------------------------------------------------


def list_conditions(query: ListQuery, teams: Sequence[UUID] | None) -> Conditions:
    """What the caller asked for, of the rows of `teams` (None: of all)."""
    conditions = Conditions()
    conditions.add("j.state <> 'archived'")
    if teams is not None and len(teams) == 1:
        conditions.add("j.team_id = {}", teams[0])  # an equality keeps the order of the index
    elif teams is not None:
        conditions.add("j.team_id = ANY ({})", list(teams))
    apply_where(conditions, query, COLUMNS, "j", more=JOB_FIELDS)
    return conditions


async def select_page(
    tx: Transaction, conditions: Conditions, query: ListQuery, known: Remembered
) -> rows.Page:
    """One page, newest first by default.

    The page is cut by index before anything is embedded. Of rows that many jobs share
    only the version is asked; their JSON is built when `known` does not have it, as that
    is most of the work of a list. The limit is part of the text because a parameter would
    make PostgreSQL plan for a tenth of the table.
    """
    order = order_by(query, COLUMNS, "j", "-created_at")
    shown = rows.chosen(_LISTED, query.fields)
    own = ", ".join(f'i."{name}"' for name in shown if name in _OWN)
    json = f"(SELECT row_to_json(z)::text FROM (SELECT {own}) z)" if own else "'{}'"
    versions = "".join(f", {_VERSION_OF[name]}" for name in shown if name not in _OWN)
    page = conditions.copy()
    if query.after is not None:
        order.go_on(page, query.after)
    offset = f" OFFSET {page.param(query.offset)}" if query.offset else ""
    keys = ", ".join(f"{sql} AS key{number}" for number, sql in enumerate(order.columns))
    found = await tx.fetch(
        f"""
        WITH page AS MATERIALIZED (
          SELECT j.*, row_number() OVER () AS position FROM (SELECT j.*, {keys} FROM jobs j
            WHERE {page.sql()} ORDER BY {order} LIMIT {query.limit}{offset}) j)
        SELECT {json} AS json{versions},
          {", ".join(f"p.key{number}" for number in range(len(order.columns)))}
        FROM page p CROSS JOIN LATERAL (SELECT {_JOB}, {_RESULTS}, {_NUMBERS}) i
        ORDER BY p.position
        """,
        *page.values,
    )
    embeds = [name for name in shown if name not in _OWN]
    embedded = await _select_embedded(tx, found, embeds, known)
    items = ",".join([_with_embeds(row, embeds, embedded) for row in found])
    full = len(found) == query.limit
    after = order.cursor(tuple(found[-1])[-len(order.columns) :]) if full else None
    total = await rows.total(tx, "jobs j", conditions, query, len(found))
    return rows.Page(f"[{items}]", total, after)


async def _select_embedded(
    tx: Transaction, found: Sequence[asyncpg.Record], embeds: Sequence[str], known: Remembered
) -> Mapping[str, str]:
    """JSON by id of every row that jobs embed, as the jobs' versions have them or newer."""
    versions: dict[str, set[str]] = {name: set() for name in _OF_ONE}
    for row in found:
        for name in embeds:
            if name == "components":
                versions["component"].update(row[name] or ())
            elif row[name]:
                versions[name].add(row[name])
    embedded: dict[str, str] = {}
    missing: list[list[UUID]] = []
    for wanted in versions.values():
        missing.append([])
        for version in wanted:
            json = known.recall(version)
            if json is None:
                missing[-1].append(UUID(version[:36]))
            else:
                embedded[version[:36]] = json
    if any(missing):
        for row in await tx.fetch(_BY_VERSION, *missing):
            known.keep(row["version"], row["json"])
            embedded[row["version"][:36]] = row["json"]
    return embedded


def _with_embeds(row: asyncpg.Record, embeds: Sequence[str], embedded: Mapping[str, str]) -> str:
    members = [row["json"][1:-1]] if row["json"] != "{}" else []
    for name in embeds:
        if name == "components":
            ids = [version[:36] for version in row[name] or ()]
            components = ",".join([embedded[one] for one in ids if one in embedded])
            members.append(f'"components":[{components}]')
        else:
            members.append(f'"{name}":{embedded.get((row[name] or "")[:36], "null")}')
    return f"{{{','.join(members)}}}"


# one job --------------------------------------------------------------------


async def exists(tx: Transaction, job_id: UUID, teams: Sequence[UUID] | None) -> bool:
    """Whether there is such a job for `teams` (None: for anyone)."""
    found = await tx.fetchval(
        "SELECT 1 FROM jobs WHERE id = $1 AND state <> 'archived'"
        " AND ($2::uuid[] IS NULL OR team_id = ANY ($2))",
        job_id,
        teams,
    )
    return found is not None


async def select_json(
    tx: Transaction, job_id: UUID, teams: Sequence[UUID] | None
) -> tuple[str, str] | None:
    """JSON with every embed, and etag; None when there is no such job for `teams`."""
    conditions = Conditions(["p.state <> 'archived'"])
    conditions.add("p.id = {}", job_id)
    if teams is not None:
        conditions.add("p.team_id = ANY ({})", teams)
    return await rows.one(tx, f"{_JOB}, {_DETAILS}", "jobs p", conditions)


async def select_brief(tx: Transaction, job_id: UUID) -> tuple[str, str] | None:
    """JSON without embeds but with `data`, and etag: what editing answers."""
    conditions = Conditions()
    conditions.add("p.id = {}", job_id)
    return await rows.one(tx, f"{_JOB}, p.data", "jobs p", conditions)


async def lock(
    tx: Transaction, job_id: UUID, teams: Sequence[UUID] | None, *, archived: bool = False
) -> tuple[Job, str] | None:
    """The job and its etag, held until the transaction ends.

    Whoever changes anything of a job or of its attempts holds this lock first.
    """
    row = await tx.fetchrow(_LOCK, job_id, teams, archived)
    return (Job.of(row), row["etag"]) if row else None


_LOCK = """
SELECT j.id, j.team_id, j.topic_id, j.remoteci_id, j.created_at, j.attempt, j.max_attempts,
  j.timeout_seconds, j.cancel_requested_at, j.started_at, j.finished_at, j.status, j.stage,
  j.result, j.status_reason, j.definition_id, j.etag,
  CASE WHEN j.definition_id IS NOT NULL THEN (SELECT (d.spec ->> 'max_attempts')::int
    FROM job_definitions d WHERE d.id = j.definition_id) END AS budget
FROM jobs j WHERE j.id = $1 AND ($3 OR j.state <> 'archived')
  AND ($2::uuid[] IS NULL OR j.team_id = ANY ($2)) FOR UPDATE OF j"""


async def save(
    tx: Transaction,
    job: Job,
    told: tuple[Any, ...] = (),
    *,
    word: str | None,
    comment: str | None,
    end: str | None = None,
) -> str | None:
    """Write how the job stands, in one statement: with `word` a jobstate, whose JSON is
    returned, with `end` a row of jobs_events, with `told` an event.

    A new attempt, and a job that starts again, drop the progress and the test counts of
    the one before.
    """
    values = [
        job.id, tx.now, new_etag(), job.status, job.stage, job.result, job.reason, job.attempt,
        job.max_attempts, job.cancel_requested_at, job.started_at, job.finished_at,
        job.duration(tx.now),
    ]  # fmt: skip
    columns = ["NULL::text AS state"]
    state = ""
    if word:
        values += new_id(), word, comment, job.team_id
        state, columns = _ADD_STATE, ["(SELECT row_to_json(s)::text FROM state s) AS state"]
    if end:
        at = len(values)
        values += job.topic_id, job.team_id, end
        columns.append(f"rt_add_job_end($1, ${at + 1}, ${at + 2}, ${at + 3}::text::dci_status, $2)")
    if told:
        columns.append(_call_of_event(len(values)))
        values += told
    text: str | None = await tx.fetchval(
        f"WITH {state} {_SAVE} SELECT {', '.join(columns)}", *values
    )
    return text


def _call_of_event(known: int) -> str:
    """SQL that tells an event whose six arguments follow `known` other parameters."""
    kinds = ("text", "jsonb", "uuid", "uuid", "timestamp", "text[]")
    places = (f"${known + n}::{kind}" for n, kind in enumerate(kinds, 1))
    return f"rt_add_event({', '.join(places)})"


_ADD_STATE = """state AS (
  INSERT INTO jobstates (id, created_at, status, comment, job_id, team_id)
  VALUES ($14, $2, $15::text::dci_status, $16, $1, $17)
  RETURNING id, created_at, status, comment, job_id),"""
_SAVE = """saved AS (
  UPDATE jobs SET updated_at = $2, etag = $3, status = $4::job_status, stage = $5, result = $6,
    status_reason = $7, attempt = $8, max_attempts = $9, cancel_requested_at = $10,
    started_at = $11, finished_at = $12, duration = $13,
    progress = CASE WHEN attempt <> $8 OR (status = 'finished' AND $4::job_status = 'queued')
      THEN NULL ELSE progress END,
    tests = CASE WHEN attempt <> $8 OR (status = 'finished' AND $4::job_status = 'queued')
      THEN NULL ELSE tests END
  WHERE id = $1)"""


async def post_status(
    where: Database | Transaction, caller: Caller, job_id: UUID, posting: Posting, *,
    comment: str | None, is_edit: bool = False,
) -> asyncpg.Record | None:  # fmt: skip
    """What a DCI client says of its job, all in one statement, which is a transaction of its
    own when `where` is the database: team_id, phase, is_leased and `state`, the jobstate's
    JSON, which is None when the caller is no member or an agent runs the job. None: no such
    job. With `is_edit` every verdict is listed, not only the first.
    """
    members = None if caller.writes_all else sorted(caller.team_ids)
    now = where.now if isinstance(where, Transaction) else where.clock.now()
    word, result = posting.early
    values = (
        job_id, caller.visible_teams, members, now, new_id(), new_etag(), comment, is_edit,
        posting.status, posting.stage, posting.result, posting.word, word, result,
        posting.rivals, posting.is_verdict, posting.otherwise, posting.first_end,
        consumers_of(posting.first_end),
    )  # fmt: skip
    if isinstance(where, Transaction):
        where.footprint.writes |= _POSTED
        return await where.fetchrow(_POST, None, None, *values)
    return await where.call(caller.tenant, _POST, *values, writes=_POSTED)


_POST = f"SELECT * FROM rt_post_status({', '.join(f'${n}' for n in range(1, 22))})"
_POSTED = frozenset({"jobs", "jobstates", "jobstates+"})


async def save_progress(tx: Transaction, job_id: UUID, progress: Mapping[str, int]) -> None:
    """Counts of a running job. Not an edit: its etag stays, so that people can still write."""
    await tx.execute("UPDATE jobs SET progress = $2::jsonb WHERE id = $1", job_id, dict(progress))


async def archive_files(tx: Transaction, job_id: UUID) -> None:
    """Files go with their job. The table is a room's above; this is its one write from here."""
    await tx.execute(
        "UPDATE files SET state = 'archived', updated_at = $2 WHERE job_id = $1", job_id, tx.now
    )


# creating -------------------------------------------------------------------


async def select_ground(
    tx: Transaction,
    caller: Caller,
    *,
    topic_id: UUID | None,
    component_ids: Sequence[UUID],
    remoteci_id: UUID,
    pipeline_id: UUID | None = None,
) -> asyncpg.Record | None:
    """What a new job would stand on; None when the lab is unknown.

    topic_id (NULL: none that the caller may use), topic_state, product_id,
    types (JSON array), newest (JSON array of [type, id | null]: the newest active team-less
    component of each type), lab_state, team_id, found (JSON array of {id, type, topic_id,
    state}: those of `component_ids` that the caller may use). Without `topic_id` it is the
    first component's topic. has_pipeline is false when the lab's team has no such pipeline.
    """
    c = Conditions()
    ids, lab = c.param(list(component_ids)), c.param(remoteci_id)
    first = f"(SELECT f.topic_id FROM found f WHERE f.id = ({ids}::uuid[])[1])"
    topic = c.param(topic_id) if topic_id else first
    pipeline = (
        f"EXISTS (SELECT 1 FROM pipelines x WHERE x.id = {c.param(pipeline_id)}"
        " AND x.team_id = r.team_id AND x.state <> 'archived')"
        if pipeline_id
        else "TRUE"
    )
    return await tx.fetchrow(
        f"""
        WITH found AS MATERIALIZED (
          SELECT c.id, c.type, c.topic_id, c.state FROM components c
          WHERE c.id = ANY ({ids}::uuid[]) AND {_usable(c, caller)})
        SELECT t.id AS topic_id, t.state AS topic_state, t.product_id,
          t.component_types AS types, r.state AS lab_state, r.team_id,
          {"NULL" if component_ids else _NEWEST} AS newest,
          coalesce((SELECT json_agg(row_to_json(f)) FROM found f), '[]') AS found,
          {pipeline} AS has_pipeline
        FROM remotecis r LEFT JOIN topics t ON t.state <> 'archived' AND {_reachable(c, caller)}
          AND t.id = {topic}
        WHERE r.id = {lab} AND r.state <> 'archived'
        """,
        *c.values,
    )


async def insert(tx: Transaction, job: NewJob, told: tuple[Any, ...]) -> tuple[str, str]:
    """Add a job that its creator will run, with its components, and tell it: JSON and etag."""
    etag = new_etag()
    text: str = await tx.fetchval(
        _INSERT,
        job.id, tx.now, etag, job.state, job.status_reason, job.comment, job.name,
        job.configuration, job.url, list(job.tags), job.data or {}, job.client.user_agent,
        job.client.version, job.topic_id, job.product_id, job.remoteci_id, job.team_id,
        job.pipeline_id, job.previous_job_id, job.update_previous_job_id, job.set_key,
        list(job.component_ids), *told,
    )  # fmt: skip
    return text, etag


_INSERT = f"""
WITH p AS (
  INSERT INTO jobs (id, created_at, updated_at, etag, state, status_reason, comment, name,
    configuration, url, tags, data, user_agent, client_version, topic_id, product_id,
    remoteci_id, team_id, pipeline_id, previous_job_id, update_previous_job_id, set_key)
  VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, $15,
    $16, $17, $18, $19, $20, $21) RETURNING *),
components AS (INSERT INTO jobs_components SELECT $1, unnest($22::uuid[]), $17)
SELECT row_to_json(q)::text, {_call_of_event(22)}
FROM p CROSS JOIN LATERAL (SELECT {_JOB}, p.data) q"""


async def known(tx: Transaction, kind: str, the_id: UUID) -> bool:
    """Whether it exists at all: decides between "not allowed" and "not found"."""
    found: bool = await tx.fetchval("SELECT rt_known($1, $2)", kind, the_id)
    return found


async def next_topic(tx: Transaction, topic_id: UUID) -> UUID | None:
    """The topic that follows a topic."""
    found: UUID | None = await tx.fetchval(
        "SELECT next_topic_id FROM topics WHERE id = $1", topic_id
    )
    return found


async def may_use(tx: Transaction, caller: Caller, component_id: UUID) -> bool:
    """Whether there is such a component for the caller."""
    c = Conditions()
    found = await tx.fetchval(
        f"SELECT 1 FROM components c WHERE c.id = {c.param(component_id)} AND {_usable(c, caller)}",
        *c.values,
    )
    return found is not None
