"""What limits do by themselves: forget."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.limits import service


def loops(db: Database, settings: Settings) -> list[Loop]:
    """Every ten minutes: failures, buckets, signatures, sessions, tokens that are over."""

    async def forget_callers() -> int:
        await service.forget(db, settings)
        return 0  # nothing is ever left over

    return [Loop(name="forget-callers", act=forget_callers, interval=600.0)]
