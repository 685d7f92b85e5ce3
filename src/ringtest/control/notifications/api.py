"""Routes of notifications: who follows which topic."""

from litestar import Response, delete, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.notifications import service
from ringtest.control.wire import answers


@post("/topics/{topic_id:str}/notifications", summary="Get mail of a topic's new components")
async def follow_topic(
    topic_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """No body. 409 when the caller follows it already."""
    topic = parse_id(topic_id, "topic")
    async with db.transaction(caller.tenant) as tx:
        await service.follow_topic(tx, caller=caller, topic_id=topic)
    return answers.raw(answers.encode({"user_id": caller.id, "topic_id": topic}), status=201)


@delete("/topics/{topic_id:str}/notifications", status_code=204, summary="No more mail of a topic")
async def unfollow_topic(
    topic_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.unfollow_topic(tx, caller=caller, topic_id=parse_id(topic_id, "topic"))
    return answers.nothing()


@get("/topics/notifications", summary="Topics that the caller gets mail of")
async def followed_topics(db: Injected[Database], caller: Injected[Caller]) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        page = await service.followed_topics(tx, caller=caller)
    return answers.many("topics", *page)


@get("/topics/{topic_id:str}/notifications/users", summary="Who gets mail of a topic")
async def followers(
    topic_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """For administrators."""
    async with db.transaction(caller.tenant) as tx:
        page = await service.followers(tx, caller=caller, topic_id=parse_id(topic_id, "topic"))
    return answers.many("users", *page)


routes = [follow_topic, unfollow_topic, followed_topics, followers]
