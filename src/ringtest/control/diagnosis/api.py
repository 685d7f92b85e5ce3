"""Routes of diagnosis."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.diagnosis import service
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import refuse_unknown
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, requests


@get("/jobs/{job_id:str}/answer", summary="Why a job failed: the first answer, step by step")
async def get_job_answer(
    job_id: FromPath[str],
    request: Request[Any, Any, Any],
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[bytes]:
    """Where it failed, which lines of its log good jobs never had, what changed since the last
    good one, where else the failure is. Lines are numbered from 0, as in `/jobs/:id/log`."""
    refuse_unknown(requests.parameters(request), ["fields"])
    answer = await service.get_answer(db, objects, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.one("answer", answers.encode(answer).decode(), fields=requests.fields(request))


routes = [get_job_answer]
