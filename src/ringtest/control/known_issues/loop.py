"""What known issues do by themselves: look at what was there before a rule, and expire."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.known_issues import service

_INTERVAL = 2.0


def loops(db: Database) -> list[Loop]:
    """One loop for both: whatever is over must not look back."""

    async def act() -> int:
        async with db.transaction(SYSTEM) as tx:
            await service.expire(tx)
        async with db.transaction(SYSTEM) as tx:
            return await service.look_back(tx)

    return [Loop(name="known_issues", act=act, interval=_INTERVAL)]
