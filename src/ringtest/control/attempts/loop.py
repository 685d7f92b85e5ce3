"""What attempts do by themselves: rescue jobs of lost agents, stop jobs past their time."""

import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from ringtest.control.attempts import service
from ringtest.control.attempts.model import Watch
from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM

log = logging.getLogger(__name__)

_BATCH = 50


async def rescue(db: Database, watch: Watch) -> int:
    """Give the jobs of silent agents back; how many it were."""
    try:
        async with db.transaction(SYSTEM) as tx:
            if not watch.may_judge(tx.now):
                return 0
            found = await service.list_expired(tx, limit=_BATCH)
    except Exception:
        watch.interrupted()
        raise
    return await _each(db, found, lambda tx, job_id: service.rescue_lost(tx, job_id=job_id))


async def stop_overdue(db: Database, settings: Settings) -> int:
    """Ask jobs past their time to stop, end those that did not; how many it were."""
    async with db.transaction(SYSTEM) as tx:
        found = await service.list_overdue(tx, settings=settings, limit=_BATCH)
    return await _each(
        db, found, lambda tx, job_id: service.expire_job(tx, job_id=job_id, settings=settings)
    )


async def _each(
    db: Database, job_ids: list[UUID], act: Callable[[Transaction, UUID], Awaitable[bool]]
) -> int:
    """One transaction per job: a job that cannot be moved does not hold up the others."""
    done = 0
    for job_id in job_ids:
        try:
            async with db.transaction(SYSTEM) as tx:
                done += await act(tx, job_id)
        except NotFound:
            log.warning("attempt.job_gone job=%s", job_id)
    return done


def loops(db: Database, settings: Settings) -> list[Loop]:
    """Both look four times in a lease."""
    watch = Watch(lease_seconds=settings.lease_seconds)
    interval = settings.lease_seconds / 4
    return [
        Loop("attempts.rescue", lambda: rescue(db, watch), interval),
        Loop("attempts.timeouts", lambda: stop_overdue(db, settings), interval),
    ]
