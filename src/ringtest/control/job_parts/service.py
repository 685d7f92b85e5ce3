"""Verbs of a job's components and numbers."""

from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.job_parts import store
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Job, component_set_key
from ringtest.control.kernel.paging import ListQuery


async def list_components(
    tx: Transaction, *, caller: Caller, job_id: UUID, query: ListQuery
) -> Page:
    """Components of a job: JSON array and count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_components(tx, job_id, query)


async def add_component(
    tx: Transaction, *, caller: Caller, job_id: UUID, component_id: UUID
) -> None:
    """The job tests one more component; 409 when it does already."""
    job = await jobs.lock_job(tx, caller=caller, job_id=job_id)
    await jobs.require_component(tx, caller=caller, component_id=component_id)
    await store.add_component(tx, job, component_id)
    await _rename_set(tx, job)


async def remove_component(
    tx: Transaction, *, caller: Caller, job_id: UUID, component_id: UUID
) -> None:
    """The job does not test the component; fine if it never did."""
    job = await jobs.lock_job(tx, caller=caller, job_id=job_id)
    await store.remove_component(tx, job, component_id)
    await _rename_set(tx, job)


async def _rename_set(tx: Transaction, job: Job) -> None:
    await store.save_set_key(tx, job.id, component_set_key(await store.component_ids(tx, job.id)))
    await jobs.tell_change(tx, job=job)


async def put_key(tx: Transaction, *, caller: Caller, job_id: UUID, key: str, value: float) -> None:
    """Note a number about a job; 409 when the key is there."""
    await store.put_key(tx, await jobs.lock_job(tx, caller=caller, job_id=job_id), key, value)


async def delete_key(tx: Transaction, *, caller: Caller, job_id: UUID, key: str) -> None:
    """Forget a number; fine if it was not there."""
    await store.delete_key(tx, await jobs.lock_job(tx, caller=caller, job_id=job_id), key)
