"""SQL of views: one statement per question, made of the rows that the tenant sees."""

from datetime import datetime
from uuid import UUID

from ringtest.control.db.pool import Transaction
from ringtest.control.views.model import MAX_LABS, MAX_SETS

# $1 product, $2 topic or NULL, $3 teams or NULL, $4 sees every product, $5 sees topics that
# are not released, $6 the caller's teams, $7 connected since, $8 and $9 limits.
_MINE = "($3::uuid[] IS NULL OR {0}.team_id = ANY ($3))"
_LIVE = "{0}.state <> 'archived'"
_NAMED = "json_build_object('id', {0}.id, 'name', {0}.name)"

_SCOPE = f"""
WITH product AS (
  SELECT p.id, p.name FROM products p WHERE p.id = $1 AND {_LIVE.format("p")} AND ($4 OR p.id IN (
    SELECT product_id FROM products_teams WHERE team_id = ANY ($6::uuid[])))),
topics_seen AS MATERIALIZED (
  SELECT t.id, t.name, t.created_at, (SELECT max(j.created_at) FROM jobs j
      WHERE j.topic_id = t.id AND {_MINE.format("j")}) AS used_at
  FROM topics t JOIN product ON product.id = t.product_id
  WHERE {_LIVE.format("t")} AND ($4 OR t.export_control OR $5)),
topic AS MATERIALIZED (
  SELECT * FROM topics_seen WHERE $2::uuid IS NULL OR id = $2
  ORDER BY used_at DESC NULLS LAST, created_at DESC, id LIMIT 1),
sets AS MATERIALIZED (
  SELECT j.topic_id, j.set_key, min(j.created_at) AS begun, (array_agg(j.id))[1] AS any_job
  FROM jobs j JOIN topic ON topic.id = j.topic_id
  WHERE {_LIVE.format("j")} AND j.set_key <> '' AND {_MINE.format("j")}
  GROUP BY j.topic_id, j.set_key ORDER BY begun DESC, j.set_key LIMIT $8),
cells AS MATERIALIZED (
  SELECT DISTINCT ON (j.set_key, j.remoteci_id) j.* FROM sets
  JOIN jobs j ON j.topic_id = sets.topic_id AND j.set_key = sets.set_key
  WHERE {_LIVE.format("j")} AND {_MINE.format("j")}
  ORDER BY j.set_key, j.remoteci_id, j.created_at DESC, j.id),
labs AS MATERIALIZED (
  SELECT m.id, m.name, m.team_id, m.last_seen_at FROM remotecis m
  WHERE {_LIVE.format("m")} AND {_MINE.format("m")} AND m.id IN (
    SELECT s.remoteci_id FROM remotecis_topics s JOIN topic ON topic.id = s.topic_id
    UNION SELECT remoteci_id FROM cells)
  ORDER BY m.name, m.id LIMIT $9)"""

_CELL = """json_build_object('job_id', c.id, 'phase', c.status, 'stage', c.stage,
  'result', c.result, 'tests', c.tests, 'progress', c.progress, 'failed_stage', (
    SELECT g.name FROM job_stages g WHERE g.job_id = c.id AND g.attempt = c.attempt
      AND g.status IN ('failed', 'errored') ORDER BY g.name LIMIT 1))"""

_HEALTH = f"""{_SCOPE}
SELECT json_build_object(
  'product', (SELECT {_NAMED.format("product")} FROM product),
  'topics', (SELECT coalesce(json_agg({_NAMED.format("o")} ORDER BY o.name), '[]')
    FROM topics_seen o),
  'topic', (SELECT {_NAMED.format("topic")} FROM topic),
  'labs', (SELECT coalesce(json_agg(json_build_object('id', l.id, 'name', l.name,
      'team', {_NAMED.format("e")}, 'last_seen_at', l.last_seen_at,
      'connected', coalesce(l.last_seen_at > $7, false)) ORDER BY l.name, l.id), '[]')
    FROM labs l JOIN teams e ON e.id = l.team_id),
  'sets', (SELECT coalesce(json_agg(json_build_object('set_key', s.set_key, 'created_at', s.begun,
      'components', (SELECT coalesce(json_agg(json_build_object('id', k.id, 'type', k.type,
          'version', k.version, 'display_name', k.display_name) ORDER BY k.type, k.id), '[]')
        FROM jobs_components jc JOIN components k ON k.id = jc.component_id
        WHERE jc.job_id = s.any_job),
      'cells', (SELECT coalesce(json_object_agg(c.remoteci_id, {_CELL}), '{{}}')
        FROM cells c JOIN labs ON labs.id = c.remoteci_id WHERE c.set_key = s.set_key))
      ORDER BY s.begun DESC, s.set_key), '[]') FROM sets s))::text
FROM product"""


async def select_health(
    tx: Transaction, product_id: UUID, topic_id: UUID | None, *, connected_since: datetime
) -> str | None:
    """JSON of `HealthFacts`; None when the tenant sees no such product.

    Without `topic_id` it is the topic that ran last. `topic` is null when there is none.
    """
    tenant = tx.tenant
    text: str | None = await tx.fetchval(
        _HEALTH,
        product_id,
        topic_id,
        None if tenant.scope in ("all", "read") else sorted(tenant.teams),
        tenant.scope in ("all", "read", "catalog"),
        tenant.pre_release,
        sorted(tenant.teams),
        connected_since,
        MAX_SETS,
        MAX_LABS,
    )
    return text
