"""Routes of runs on labs: /lab_runs, and /remotecis/:id/consent."""

from typing import Any

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.lab_runs import service
from ringtest.control.lab_runs.model import Consent, Refusal, RunOnLab
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]


@post("/lab_runs", summary="Run something on one lab, or ask its people to")
async def run_on_lab(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """`placed` with a job where the lab always allows it, else `asked`; 401 where it never does."""
    body = bodies.closed(RunOnLab, await request.body())
    async with db.transaction(caller.tenant) as tx:
        wish, said = await service.weigh(tx, caller=caller, body=body)
    if said.answer == "always":
        async with db.transaction(said.lab(wish.remoteci_id).tenant) as tx:
            text = await service.place(tx, caller=caller, wish=wish, said=said)
    else:
        async with db.transaction(caller.tenant) as tx:
            text = await service.ask(tx, caller=caller, wish=wish)
    return answers.one("lab_run", text, status=201)


@get("/lab_runs", summary="What people want to run on labs, and what came of it")
async def list_runs(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "lab_runs",
        lambda tx, query: service.list_runs(tx, caller=caller, query=query),
    )


@get("/lab_runs/{run_id:str}", summary="One wish to run something on a lab")
async def get_run(
    run_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text = await service.get_run(tx, caller=caller, run_id=parse_id(run_id, "lab run"))
    return answers.one("lab_run", text)


@post("/lab_runs/{run_id:str}/allow", status_code=200, summary="Let it run on the lab")
async def allow_run(
    run_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text = await service.allow(tx, caller=caller, run_id=parse_id(run_id, "lab run"))
    return answers.one("lab_run", text)


@post("/lab_runs/{run_id:str}/refuse", status_code=200, summary="Do not let it run on the lab")
async def refuse_run(
    run_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(Refusal, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text = await service.refuse(
            tx, caller=caller, run_id=parse_id(run_id, "lab run"), reason=body.reason
        )
    return answers.one("lab_run", text)


@get("/remotecis/{remoteci_id:str}/consent", summary="Whose wishes a lab lets in")
async def list_rules(
    remoteci_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        items, count, etag = await service.list_rules(
            tx, caller=caller, remoteci_id=parse_id(remoteci_id, "remoteci")
        )
    return _rules(items, count, etag)


@put("/remotecis/{remoteci_id:str}/consent", summary="Say whose wishes a lab lets in")
async def replace_rules(
    remoteci_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """All rules at once. The narrowest counts: of team and product, of the team, of the
    product, of everybody; where there is none, never. If-match is the lab's etag, which changes
    with its rules."""
    etag = requests.if_match(request)
    body = bodies.open_(Consent, await request.body())
    async with db.transaction(caller.tenant) as tx:
        items, count, fresh = await service.replace_rules(
            tx,
            caller=caller,
            remoteci_id=parse_id(remoteci_id, "remoteci"),
            etag=etag,
            body=body,
        )
    return _rules(items, count, fresh)


def _rules(items: str, count: int, etag: str) -> Response[bytes]:
    return answers.raw(answers.listed("rules", items, count, etag=etag), etag=etag)


routes = [run_on_lab, list_runs, get_run, allow_run, refuse_run, list_rules, replace_rules]
