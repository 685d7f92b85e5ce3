"""What tallies do by themselves: count what waits, have months ready, retire old ones."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.tallies import service


def loops(db: Database, settings: Settings) -> list[Loop]:
    """Batches of results that wait; months every ten minutes."""

    async def count() -> int:
        return await service.count_waiting(db)

    async def months() -> int:
        await service.ready_months(db)
        return await service.retire(
            db, keep_months=settings.results_keep_months, archived=bool(settings.archive)
        )

    waiting = Loop(name="tallies.count", act=count, interval=30.0)
    return [waiting, Loop(name="tallies.months", act=months, interval=600.0)]
