"""SQL of the catalog. Reads carry the policies' rules themselves, so they hold without policies.

Reaching up the ladder: a component's JSON names the jobs that used it, which the wire
format wants; `_USED` is the only place that reads them.
"""

from uuid import UUID

from msgspec import convert

from ringtest.control.accounts.model import TEAM_COLUMNS, Caller
from ringtest.control.catalog.model import Component
from ringtest.control.db import rows
from ringtest.control.db.job_fields import STATUS_WORD
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.paging import ListQuery

_PRODUCT_KINDS: dict[str, Kind] = {**rows.COMMON, "label": "text", "description": "text"}
_TOPIC_KINDS: dict[str, Kind] = {
    **rows.COMMON,
    "product_id": "uuid",
    "next_topic_id": "uuid",
    "export_control": "bool",
}
_COMPONENT_KINDS: dict[str, Kind] = {
    **rows.COMMON,
    "released_at": "time",
    "type": "text",
    "canonical_project_name": "text",
    "display_name": "text",
    "version": "text",
    "uid": "text",
    "title": "text",
    "message": "text",
    "url": "text",
    "topic_id": "uuid",
    "team_id": "uuid",
    "tags": "array",
}

_PRODUCT = """p.id, p.created_at, p.updated_at, p.etag, p.state, p.name, p.label, p.description"""
_TOPIC = """t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.component_types,
  t.component_types_optional, t.product_id, t.next_topic_id, t.export_control"""
_COMPONENT = """c.id, c.created_at, c.updated_at, c.etag, c.state, c.released_at, c.name, c.type,
  c.canonical_project_name, c.display_name, c.version, c.uid, c.title, c.message, c.url, c.data,
  c.tags, c.topic_id, c.team_id"""
_FILE = """f.id, f.created_at, f.updated_at, f.etag, f.state, f.name, f.mime, f.md5, f.sha256,
  f.size, f.component_id"""
_FILES = f"""(SELECT coalesce(json_agg(row_to_json(e)), '[]') FROM (SELECT {_FILE}
  FROM component_files f WHERE f.component_id = c.id AND f.state <> 'archived'
  ORDER BY f.name, f.id) e) AS files"""
# The jobs that used a component, the newest first: one walk over them all, by which they are
# counted too.
_USED = """LATERAL (
  WITH used AS MATERIALIZED (
    SELECT j.id, j.created_at FROM jobs_components jc JOIN jobs j ON j.id = jc.job_id
    WHERE jc.component_id = c.id AND j.state <> 'archived'
      AND ({teams}::uuid[] IS NULL OR jc.team_id = ANY({teams}))),
  shown AS MATERIALIZED (
    SELECT id FROM used ORDER BY created_at DESC, id LIMIT {limit} OFFSET {offset})
  SELECT (SELECT coalesce(json_agg(row_to_json(e)), '[]') FROM (
      SELECT j.id, j.created_at, j.updated_at, j.etag, j.state, j.name, j.comment,
        j.status_reason, j.configuration, j.url, j.duration, j.tags, j.topic_id, j.remoteci_id,
        j.team_id, j.product_id, j.pipeline_id, j.previous_job_id, j.tests,
        j.status AS phase, j.stage, j.result,
        CASE WHEN m.id IS NULL THEN NULL ELSE json_build_object('id', m.id, 'name', m.name)
          END AS remoteci,
        {status} AS status
      FROM shown JOIN jobs j USING (id) LEFT JOIN remotecis m ON m.id = j.remoteci_id
      ORDER BY j.created_at DESC, j.id) e) AS jobs,
    (SELECT json_build_object('count', count(*), 'limit', {limit}::integer,
      'offset', {offset}::integer) FROM used) AS _jobs) AS u"""


def _topic_rule(conditions: Conditions, caller: Caller) -> str:
    """SQL for: the caller reaches topic `t`. TRUE for who reaches them all."""
    if caller.reads_catalog:
        return "TRUE"
    teams = conditions.param(sorted(caller.team_ids))
    rule = f"t.product_id IN (SELECT product_id FROM products_teams WHERE team_id = ANY({teams}))"
    return rule if caller.has_pre_release_access else f"({rule} AND t.export_control)"


def _topics(caller: Caller) -> Conditions:
    conditions = Conditions(["t.state <> 'archived'"])
    conditions.add(_topic_rule(conditions, caller))
    return conditions


def _products(caller: Caller) -> Conditions:
    conditions = Conditions(["p.state <> 'archived'"])
    if not caller.reads_all:
        conditions.add(
            "p.id IN (SELECT product_id FROM products_teams WHERE team_id = ANY({}))",
            sorted(caller.team_ids),
        )
    return conditions


def _components(caller: Caller) -> Conditions:
    """Team-less ones by the topic rule, those of a team for it and whom it lets see them."""
    conditions = Conditions(["c.state <> 'archived'"])
    if caller.reads_all:
        return conditions
    teams = conditions.param(sorted(caller.team_ids | caller.component_teams))
    rule = _topic_rule(conditions, caller)
    common = (
        "c.team_id IS NULL"
        if caller.reads_catalog
        else f"c.team_id IS NULL AND c.topic_id IN (SELECT t.id FROM topics t WHERE {rule})"
    )
    conditions.add(f"(({common}) OR c.team_id = ANY({teams}))")
    return conditions


# products ----------------------------------------------------------------------------


def _product_and(conditions: Conditions, caller: Caller) -> str:
    return f"""{_PRODUCT}, (SELECT coalesce(json_agg(row_to_json(e)), '[]') FROM (
      SELECT {_TOPIC} FROM topics t WHERE t.product_id = p.id AND t.state <> 'archived'
      AND {_topic_rule(conditions, caller)} ORDER BY t.name) e) AS topics"""


async def get_product(
    tx: Transaction, caller: Caller, product_id: UUID, *, archived: bool = False
) -> rows.Found:
    conditions = Conditions() if archived else _products(caller)
    conditions.add("p.id = {}", product_id)
    return await rows.one(
        tx, f"{_product_and(conditions, caller)}, p.data", "products p", conditions
    )


async def has_product(tx: Transaction, product_id: UUID) -> bool:
    """Is there such a product, for whoever puts topics under it?"""
    sql = "SELECT 1 FROM products WHERE id = $1 AND state <> 'archived'"
    return await tx.fetchval(sql, product_id) is not None


async def list_products(
    tx: Transaction, caller: Caller, query: ListQuery, *, team_id: UUID | None = None
) -> rows.Page:
    conditions = _products(caller)
    if team_id is not None:
        conditions.add(
            "p.id IN (SELECT product_id FROM products_teams WHERE team_id = {})", team_id
        )
    apply_where(conditions, query, _PRODUCT_KINDS, "p")
    order = order_by(query, _PRODUCT_KINDS, "p", "-created_at")
    columns = _product_and(conditions, caller)
    return await rows.page(tx, columns, "products p", conditions, order=order, query=query)


async def link_team(tx: Transaction, product_id: UUID, team_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO products_teams (product_id, team_id) VALUES ($1, $2)", product_id, team_id
    )


async def unlink_team(tx: Transaction, product_id: UUID, team_id: UUID) -> bool:
    return (
        await tx.execute(
            "DELETE FROM products_teams WHERE product_id = $1 AND team_id = $2", product_id, team_id
        )
        == 1
    )


async def teams_of_product(tx: Transaction, product_id: UUID) -> rows.Page:
    conditions = Conditions(["t.state <> 'archived'"])
    conditions.add("l.product_id = {}", product_id)
    source = "teams t JOIN products_teams l ON l.team_id = t.id"
    return await rows.everything(tx, TEAM_COLUMNS, source, conditions, order="t.name")


# topics ------------------------------------------------------------------------------


def _topic_and(conditions: Conditions, caller: Caller) -> str:
    next_rule = _topic_rule(conditions, caller)
    return f"""{_TOPIC}, t.data,
      (SELECT row_to_json(e) FROM (SELECT {_PRODUCT} FROM products p
        WHERE p.id = t.product_id AND p.state <> 'archived') e) AS product,
      (SELECT row_to_json(e) FROM (SELECT n.* FROM (SELECT {_TOPIC} FROM topics t
        WHERE t.state <> 'archived' AND {next_rule}) n WHERE n.id = t.next_topic_id) e)
        AS next_topic"""


async def get_topic(
    tx: Transaction, caller: Caller, topic_id: UUID, *, archived: bool = False
) -> rows.Found:
    conditions = Conditions() if archived else _topics(caller)
    conditions.add("t.id = {}", topic_id)
    return await rows.one(tx, _topic_and(conditions, caller), "topics t", conditions)


async def has_topic(tx: Transaction, caller: Caller, topic_id: UUID) -> bool:
    """Does the caller reach it?"""
    conditions = _topics(caller)
    conditions.add("t.id = {}", topic_id)
    sql = f"SELECT 1 FROM topics t WHERE {conditions.sql()}"
    return await tx.fetchval(sql, *conditions.values) is not None


async def list_topics(tx: Transaction, caller: Caller, query: ListQuery) -> rows.Page:
    conditions = _topics(caller)
    apply_where(conditions, query, _TOPIC_KINDS, "t")
    order = order_by(query, _TOPIC_KINDS, "t", "-created_at")
    columns = _topic_and(conditions, caller)
    return await rows.page(tx, columns, "topics t", conditions, order=order, query=query)


async def archive_components(tx: Transaction, topic_id: UUID) -> None:
    """A topic's components go with it."""
    await tx.execute(
        "UPDATE components SET state = 'archived', updated_at = $2"
        " WHERE topic_id = $1 AND state <> 'archived'",
        topic_id,
        tx.now,
    )


# components --------------------------------------------------------------------------


async def get_component(
    tx: Transaction,
    caller: Caller,
    component_id: UUID,
    *,
    jobs_limit: int,
    jobs_offset: int,
    archived: bool = False,
) -> rows.Found:
    """With its files, the newest jobs that used it and that the caller may see (`jobs`), and
    how many there are (`_jobs`)."""
    conditions = Conditions() if archived else _components(caller)
    conditions.add("c.id = {}", component_id)
    used = _USED.format(
        status=STATUS_WORD.format("j"),
        teams=conditions.param(caller.visible_teams),
        limit=conditions.param(jobs_limit),
        offset=conditions.param(jobs_offset),
    )
    columns = f"{_COMPONENT}, {_FILES}, u.jobs, u._jobs"
    return await rows.one(tx, columns, f"components c, {used}", conditions)


async def list_components(
    tx: Transaction, caller: Caller, query: ListQuery, *, topic_id: UUID | None = None
) -> rows.Page:
    conditions = _components(caller)
    if topic_id is not None:
        conditions.add("c.topic_id = {}", topic_id)
    apply_where(conditions, query, _COMPONENT_KINDS, "c")
    order = order_by(query, _COMPONENT_KINDS, "c", "-released_at")
    return await rows.page(tx, _COMPONENT, "components c", conditions, order=order, query=query)


async def find_component(
    tx: Transaction, caller: Caller, component_id: UUID, *, lock: bool = False
) -> Component | None:
    """A component that the caller may see; `lock` only for who may write it."""
    conditions = _components(caller)
    conditions.add("c.id = {}", component_id)
    row = await tx.fetchrow(
        "SELECT c.id, c.topic_id, c.team_id, c.type, c.state, c.display_name, c.tags"
        " FROM components c"
        f" WHERE {conditions.sql()}{' FOR UPDATE' if lock else ''}",
        *conditions.values,
    )
    return convert(dict(row), Component) if row else None
