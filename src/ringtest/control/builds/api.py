"""Routes of builds: below /jobs/:id."""

from litestar import Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.builds import service
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers


@get("/jobs/{job_id:str}/builds", summary="A job's builds on a controller, one per attempt")
async def list_builds(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """`problem` says why a build does not go on: most often, its controller does not answer."""
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_builds(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.many("builds", items, count)


routes = [list_builds]
