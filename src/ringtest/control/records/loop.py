"""What records do by themselves: let out what attempts left behind that ended without a word."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.records import service

_LEFT = 50


async def let_out(db: Database, settings: Settings, secrets: SecretBox) -> int:
    """The ends of some logs; how many it were."""
    async with db.transaction(SYSTEM) as tx:
        left = await service.list_left(tx, limit=_LEFT)
    for job_id, attempt in left:
        async with db.transaction(SYSTEM) as tx:
            await service.let_out(
                tx, job_id=job_id, attempt=attempt, settings=settings, secrets=secrets
            )
    return len(left)


def loops(db: Database, settings: Settings, secrets: SecretBox) -> list[Loop]:
    """An attempt whose agent is gone ends with its lease; what it printed last is not lost."""
    finished = frozenset({EventType.JOB_FINISHED})
    return [Loop("records.left", lambda: let_out(db, settings, secrets), 60.0, finished)]
