"""What labs do by themselves, as the server sees it: fall silent."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.labs import service


def loops(db: Database) -> list[Loop]:
    """One look every 15 s: a lab counts as silent after 45 s."""

    async def tell_silent_labs() -> int:
        async with db.transaction(SYSTEM) as tx:
            return await service.tell_silent_labs(tx)

    return [Loop(name="silent-labs", act=tell_silent_labs, interval=15.0)]
