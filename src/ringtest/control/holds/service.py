"""Verbs of holds."""

from datetime import timedelta
from uuid import UUID

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Transaction
from ringtest.control.holds import model, store
from ringtest.control.holds.model import CreateHold
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.errors import Conflict, NotFound


async def hold_job(tx: Transaction, *, caller: Caller, job_id: UUID, body: CreateHold) -> str:
    """The job's lab keeps what it left: JSON. The same attempt again changes nothing."""
    permit(caller.kind == "remoteci")
    job = await jobs.lock_job(tx, caller=caller, job_id=job_id)
    permit(job.remoteci_id == caller.id)
    await store.upsert(
        tx,
        job_id=job_id,
        team_id=job.team_id,
        attempt=body.attempt,
        until=tx.now + timedelta(hours=body.hours),
        host=body.host,
        shell=body.shell,
    )
    return await _get(tx, caller=caller, job_id=job_id)


async def list_holds(tx: Transaction, *, caller: Caller, job_id: UUID) -> tuple[str, int]:
    """The job's hold, if it ever had one: JSON array, count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    found = await store.select_json(tx, job_id, caller.visible_teams, model.MOST_HOURS)
    return (f"[{found}]", 1) if found else ("[]", 0)


async def _get(tx: Transaction, *, caller: Caller, job_id: UUID) -> str:
    """JSON; 404 when the job was never held."""
    found = await store.select_json(tx, job_id, caller.visible_teams, model.MOST_HOURS)
    if found is None:
        raise NotFound("the job is not held")
    return found


async def extend_hold(tx: Transaction, *, caller: Caller, job_id: UUID, hours: float) -> str:
    """Let it last so long from now, within the most there is; 409 when it is over. JSON."""
    await jobs.lock_job(tx, caller=caller, job_id=job_id)
    await _get(tx, caller=caller, job_id=job_id)
    created = await store.select_created(tx, job_id)
    if created is None:
        raise Conflict("the hold is over: what it kept may be gone")
    await store.set_until(tx, job_id, model.extended(created, hours, tx.now))
    await accounts.add_audit(tx, caller=caller, action="extend_hold", subject_id=job_id)
    return await _get(tx, caller=caller, job_id=job_id)


async def release_hold(tx: Transaction, *, caller: Caller, job_id: UUID) -> str:
    """End it; the lab removes what it kept. Releasing again changes nothing. JSON."""
    await jobs.lock_job(tx, caller=caller, job_id=job_id)
    await _get(tx, caller=caller, job_id=job_id)
    await store.release(tx, job_id, caller.name)
    await accounts.add_audit(tx, caller=caller, action="release_hold", subject_id=job_id)
    return await _get(tx, caller=caller, job_id=job_id)
