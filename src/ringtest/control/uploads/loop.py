"""Uploads that nobody goes on with are forgotten."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.uploads import service


async def expire(db: Database) -> int:
    """Forget some; how many."""
    async with db.transaction(SYSTEM) as tx:
        return await service.drop_expired(tx)


def loops(db: Database) -> list[Loop]:
    """Found by their time."""
    return [Loop("uploads.expire", lambda: expire(db), 600.0)]
