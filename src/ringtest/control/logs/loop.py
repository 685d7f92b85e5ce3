"""What logs do by themselves: seal the frames of attempts that are over."""

import logging

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.logs import service
from ringtest.control.ports.object_store import ObjectStore

log = logging.getLogger(__name__)

_LOGS = 20


async def seal(db: Database, objects: ObjectStore) -> int:
    """Seal some logs whole; how many it were. A log that cannot be sealed is tried again
    later and does not hold up the others."""
    async with db.transaction(SYSTEM) as tx:
        found = await service.list_unsealed(tx, limit=_LOGS)
    done = 0
    for one in found:
        try:
            while await service.seal_group(db, objects, log=one):
                pass
            done += 1
        except Exception:
            log.exception("log.seal_failed job=%s attempt=%s", one.job_id, one.attempt)
    return done


def loops(db: Database, objects: ObjectStore) -> list[Loop]:
    """Woken when a job ends; what waits is found by its rows, so no queue is needed."""
    finished = frozenset({EventType.JOB_FINISHED})
    return [Loop("logs.seal", lambda: seal(db, objects), 60.0, finished)]
