"""What purging does by itself: go on with open purges, and ask for what is old enough."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.purge import model, service


def loops(db: Database, settings: Settings) -> list[Loop]:
    """Batches of open purges; with the setting `retention` also what starts them."""
    retention = model.read_retention(settings.retention)

    async def go_on() -> int:
        return await service.next_batch(db)

    async def ask() -> int:
        async with db.transaction(SYSTEM) as tx:
            await service.ask_for_old(tx, retention=retention)
        return 0

    working = Loop(name="purge.batches", act=go_on, interval=5.0)
    return [working, Loop(name="purge.retention", act=ask, interval=3600.0)]
