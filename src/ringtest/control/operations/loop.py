"""What operations do by themselves: forget old keys and notes."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.operations import service


def loops(db: Database, settings: Settings) -> list[Loop]:
    """One loop, every ten minutes."""

    async def forget() -> int:
        return await service.forget_old(db, settings=settings)

    return [Loop(name="operations.forget", act=forget, interval=600.0)]
