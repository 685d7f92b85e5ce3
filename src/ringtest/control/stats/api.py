"""The route of stats: /stats."""

from litestar import Response, get
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.stats import service
from ringtest.control.wire import answers


@get("/stats", summary="Of each topic and lab the latest judged job")
async def get_stats(db: Injected[Database], caller: Injected[Caller]) -> Response[bytes]:
    """Of external, active teams; killed jobs do not count."""
    async with db.reading(caller.tenant) as tx:
        items = await service.get_stats(tx, caller=caller)
    return answers.raw(f'{{"stats":{items}}}')


routes = [get_stats]
