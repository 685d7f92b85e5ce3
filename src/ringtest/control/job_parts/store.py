"""SQL of what hangs on a job: components that came or went later, numbers.

Embedded in jobs by the room below, which made those tables' first rows.
"""

from collections.abc import Mapping
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.jobs.model import COMPONENT_JSON, Job
from ringtest.control.kernel.paging import ListQuery

COMPONENT_COLUMNS: Mapping[str, Kind] = {
    "id": "uuid", "created_at": "time", "updated_at": "time", "released_at": "time",
    "name": "text", "type": "text", "display_name": "text", "version": "text", "state": "enum",
    "canonical_project_name": "text", "uid": "text", "topic_id": "uuid", "team_id": "uuid",
    "tags": "array",
}  # fmt: skip


async def select_components(tx: Transaction, job_id: UUID, query: ListQuery) -> Page:
    """The components of a job: JSON array, count before paging."""
    conditions = Conditions()
    conditions.add("jc.job_id = {}", job_id)
    apply_where(conditions, query, COMPONENT_COLUMNS, "x")
    order = order_by(query, COMPONENT_COLUMNS, "x", "-created_at")
    source = "components x JOIN jobs_components jc ON jc.component_id = x.id"
    return await rows.page(tx, COMPONENT_JSON, source, conditions, order=order, query=query)


async def save_set_key(tx: Transaction, job_id: UUID, set_key: str) -> None:
    """The job tests another set now. Its etag stays, as in DCI."""
    await tx.execute("UPDATE jobs SET set_key = $2 WHERE id = $1", job_id, set_key)


async def component_ids(tx: Transaction, job_id: UUID) -> list[UUID]:
    rows = await tx.fetch("SELECT component_id FROM jobs_components WHERE job_id = $1", job_id)
    return [row["component_id"] for row in rows]


async def add_component(tx: Transaction, job: Job, component_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO jobs_components VALUES ($1, $2, $3)", job.id, component_id, job.team_id
    )


async def remove_component(tx: Transaction, job: Job, component_id: UUID) -> None:
    await tx.execute(
        "DELETE FROM jobs_components WHERE job_id = $1 AND component_id = $2", job.id, component_id
    )


async def put_key(tx: Transaction, job: Job, key: str, value: float) -> None:
    await tx.execute(
        "INSERT INTO jobs_keys_values (job_id, team_id, key, value) VALUES ($1, $2, $3, $4)",
        job.id, job.team_id, key, value,
    )  # fmt: skip


async def delete_key(tx: Transaction, job: Job, key: str) -> None:
    await tx.execute("DELETE FROM jobs_keys_values WHERE job_id = $1 AND key = $2", job.id, key)
