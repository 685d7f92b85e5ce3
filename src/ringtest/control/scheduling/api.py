"""Routes of scheduling: a lab's topics, `/remotecis/:id/topics`."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.scheduling import service
from ringtest.control.scheduling.model import Subscribe
from ringtest.control.wire import answers, bodies

Http = Request[Any, Any, Any]


@post("/remotecis/{remoteci_id:str}/topics", summary="Let a lab have a topic's jobs")
async def subscribe_lab(
    remoteci_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """409 when it has them already, 412 when its team may not see the topic."""
    body = bodies.closed(Subscribe, await request.body())
    lab = parse_id(remoteci_id, "remoteci")
    async with db.transaction(caller.tenant) as tx:
        await service.subscribe_lab(tx, caller=caller, remoteci_id=lab, topic_id=body.topic_id)
    answer = {"remoteci_id": lab, "topic_id": body.topic_id}
    return answers.raw(answers.encode(answer), status=201)


@get("/remotecis/{remoteci_id:str}/topics", summary="Topics whose jobs a lab gets")
async def list_lab_topics(
    remoteci_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "topics",
        lambda tx, query: service.list_topics(
            tx, remoteci_id=parse_id(remoteci_id, "remoteci"), query=query
        ),
    )


@delete(
    "/remotecis/{remoteci_id:str}/topics/{topic_id:str}",
    status_code=204,
    summary="No new jobs of a topic for a lab; queued ones stay",
)
async def unsubscribe_lab(
    remoteci_id: FromPath[str],
    topic_id: FromPath[str],
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.unsubscribe_lab(
            tx,
            caller=caller,
            remoteci_id=parse_id(remoteci_id, "remoteci"),
            topic_id=parse_id(topic_id, "topic"),
        )
    return answers.nothing()


routes = [subscribe_lab, list_lab_topics, unsubscribe_lab]
