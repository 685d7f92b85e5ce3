"""Routes of inventories: of a lab, of a job, and what an agent tells."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.inventories import service
from ringtest.control.inventories.model import TellInventory
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers, bodies
from ringtest.control.wire.asked import Asked

Http = Request[Any, Any, Any]


@post("/agent/inventory", status_code=200, summary="What an agent's machine is made of")
async def tell_inventory(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Kept with its time when it is not what the agent told last."""
    body = bodies.closed(TellInventory, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text = await service.tell_inventory(tx, caller=caller, body=body)
    return answers.one("inventory", text)


@get("/remotecis/{remoteci_id:str}/inventory", summary="What a lab's machines are made of")
async def list_inventories(
    remoteci_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """The newest of each agent; `changes` is what it changed."""
    return await _list(remoteci_id, request, db, caller, newest=True)


@get("/remotecis/{remoteci_id:str}/inventory/history", summary="How a lab's machines changed")
async def list_history(
    remoteci_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await _list(remoteci_id, request, db, caller, newest=False)


async def _list(
    remoteci_id: str, request: Http, db: Database, caller: Caller, *, newest: bool
) -> Response[bytes]:
    lab = parse_id(remoteci_id, "remoteci")
    return await lists.answer(
        request,
        db,
        caller,
        "inventories",
        lambda tx, query: service.list_inventories(
            tx, caller=caller, remoteci_id=lab, query=query, newest=newest
        ),
    )


@get("/jobs/{job_id:str}/inventory", summary="The machine that a job ran on")
async def get_job_inventory(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    attempt = Asked(request, {"attempt"}).attempt()
    async with db.reading(caller.tenant) as tx:
        text = await service.get_job_inventory(
            tx, caller=caller, job_id=parse_id(job_id, "job"), attempt=attempt
        )
    return answers.one("inventory", text)


@get("/jobs/{job_id:str}/inventory/differences", summary="How a job's machine differs")
async def compare_jobs(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """From that of `with_job_id`, else of the last good job of the topic in the lab."""
    asked = Asked(request, {"with_job_id"}).text("with_job_id")
    async with db.reading(caller.tenant) as tx:
        found = await service.compare_jobs(
            tx,
            caller=caller,
            job_id=parse_id(job_id, "job"),
            with_job_id=parse_id(asked, "job") if asked else None,
        )
    return answers.raw(answers.encode({"comparison": found}))


routes = [tell_inventory, list_inventories, list_history, get_job_inventory, compare_jobs]
