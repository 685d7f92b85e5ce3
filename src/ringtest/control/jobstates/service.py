"""Verbs of jobstates."""

from uuid import UUID

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.rows import Page
from ringtest.control.db.unseen import seen
from ringtest.control.jobs import service as jobs
from ringtest.control.jobstates import store
from ringtest.control.jobstates.model import CreateJobstate
from ringtest.control.kernel.paging import ListQuery


async def create_jobstate(db: Database, *, caller: Caller, body: CreateJobstate) -> str:
    """A DCI client says how its job is; the job follows. JSON of the jobstate."""
    return await jobs.post_job_status(
        db, caller=caller, job_id=body.job_id, word=body.status, comment=body.comment
    )


async def get_jobstate(tx: Transaction, *, caller: Caller, jobstate_id: UUID) -> str:
    """JSON with files."""
    found = await store.select_one(tx, jobstate_id, caller.visible_teams)
    return await seen(tx, "jobstate", jobstate_id, found)


async def list_jobstates(
    tx: Transaction, *, caller: Caller, job_id: UUID, query: ListQuery
) -> Page:
    """A job's jobstates with files: JSON array, count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_page(tx, job_id, query)


async def delete_jobstate(tx: Transaction, *, caller: Caller, jobstate_id: UUID) -> None:
    """Remove a jobstate for good; the job keeps its status."""
    found = await store.select_job(tx, jobstate_id, caller.visible_teams)
    job_id, team_id = await seen(tx, "jobstate", jobstate_id, found)
    permit(caller.is_member(team_id))
    await jobs.lock_job(tx, caller=caller, job_id=job_id)
    await store.delete(tx, jobstate_id, job_id)
