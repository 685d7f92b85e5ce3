"""SQL of job requests, and of the jobs that are made of them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.ids import new_etag, new_id
from ringtest.control.kernel.paging import ListQuery

COLUMNS: Mapping[str, Kind] = {
    "id": "uuid", "created_at": "time", "updated_at": "time", "status": "text", "rule_id": "uuid",
    "set_key": "text", "topic_id": "uuid", "definition_id": "uuid",
}  # fmt: skip


async def insert_request(
    tx: Transaction,
    *,
    rule_id: UUID | None,
    topic_id: UUID,
    definition_id: UUID,
    component_ids: Sequence[UUID],
    set_key: str,
) -> UUID | None:
    """The id of a new request; None when the rule asked for this set before."""
    request_id: UUID | None = await tx.fetchval(
        """INSERT INTO job_requests (id, created_at, updated_at, status, rule_id, set_key, topic_id,
          definition_id, component_ids) VALUES ($1, $2, $2, 'waiting', $3, $4, $5, $6, $7)
        ON CONFLICT (rule_id, set_key) DO NOTHING RETURNING id""",
        new_id(), tx.now, rule_id, set_key, topic_id, definition_id, list(component_ids),
    )  # fmt: skip
    return request_id


async def insert_assigned(tx: Transaction, request_id: UUID, remoteci_id: UUID) -> Any:
    """The queued job of a request in a lab: `id`, `team_id`, `topic_id`; None if it is there.

    Its previous job is the latest comparable one: same topic, lab, name, configuration, url.
    """
    return await tx.fetchrow(
        """
        WITH request AS (
          SELECT r.*, d.name, d.spec, t.product_id, l.team_id AS lab_team FROM job_requests r
          JOIN job_definitions d ON d.id = r.definition_id JOIN topics t ON t.id = r.topic_id
          JOIN remotecis l ON l.id = $2 WHERE r.id = $1),
        job AS (
          INSERT INTO jobs (id, created_at, updated_at, etag, name, topic_id, product_id,
            remoteci_id, team_id, request_id, definition_id, set_key, max_attempts,
            timeout_seconds, previous_job_id)
          SELECT $3, $4, $4, $5, r.name, r.topic_id, r.product_id, $2, r.lab_team, r.id,
            r.definition_id, r.set_key, (r.spec ->> 'max_attempts')::int,
            (r.spec ->> 'timeout_seconds')::int,
            (SELECT p.id FROM jobs p WHERE p.topic_id = r.topic_id AND p.remoteci_id = $2
             AND p.name = r.name AND p.configuration IS NULL AND p.url IS NULL
             AND p.state <> 'archived' ORDER BY p.created_at DESC LIMIT 1)
          FROM request r ON CONFLICT (request_id, remoteci_id) DO NOTHING RETURNING *),
        components AS (INSERT INTO jobs_components
          SELECT job.id, unnest(request.component_ids), job.team_id FROM job, request),
        placed AS (UPDATE job_requests SET status = 'placed', updated_at = $4
          WHERE id = $1 AND status = 'waiting')
        SELECT id, team_id, topic_id FROM job
        """,
        request_id, remoteci_id, new_id(), tx.now, new_etag(),
    )  # fmt: skip


async def select_assigned(tx: Transaction, request_id: UUID, remoteci_id: UUID) -> UUID | None:
    job_id: UUID | None = await tx.fetchval(
        "SELECT id FROM jobs WHERE request_id = $1 AND remoteci_id = $2", request_id, remoteci_id
    )
    return job_id


async def select_requests(tx: Transaction, caller: Caller, query: ListQuery) -> Page:
    """Requests of topics the caller may use: JSON array with components, count."""
    conditions = Conditions()
    if not caller.reads_catalog:  # the policy's rule, without policies too
        conditions.add(
            "r.topic_id IN (SELECT t.id FROM topics t WHERE (t.export_control OR {}) AND"
            " t.product_id IN (SELECT product_id FROM products_teams WHERE team_id = ANY ({})))",
            caller.has_pre_release_access,
            sorted(caller.team_ids),
        )
    apply_where(conditions, query, COLUMNS, "r")
    order = order_by(query, COLUMNS, "r", "-created_at")
    columns = """r.id, r.created_at, r.updated_at, r.status, r.rule_id, r.set_key, r.topic_id,
      r.definition_id, r.component_ids,
      (SELECT json_build_object('id', d.id, 'name', d.name) FROM job_definitions d
       WHERE d.id = r.definition_id) AS definition,
      coalesce((SELECT json_agg(json_build_object('id', c.id, 'type', c.type,
         'version', c.version, 'display_name', c.display_name) ORDER BY c.type, c.id)
       FROM components c WHERE c.id = ANY (r.component_ids)), '[]') AS components"""
    return await rows.page(tx, columns, "job_requests r", conditions, order=order, query=query)
