"""What reclustering does by itself: follow changes of rules, one batch at a time."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.reclustering import service

_INTERVAL = 10.0


def loops(db: Database) -> list[Loop]:
    """One loop; several processes take different topics."""

    async def act() -> int:
        async with db.transaction(SYSTEM) as tx:
            return await service.go_on(tx)

    return [Loop(name="reclustering", act=act, interval=_INTERVAL)]
