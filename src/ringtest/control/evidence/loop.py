"""What evidence does by itself: pack texts that were stored before there were blocks."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.evidence import service


def loops(db: Database) -> list[Loop]:
    """A few results at a time, for as long as some wait."""

    async def act() -> int:
        return await service.pack_waiting(db)

    return [Loop(name="evidence.pack", act=act, interval=60.0)]
