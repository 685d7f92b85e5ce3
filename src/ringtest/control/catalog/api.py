"""Routes of the catalog: products, topics, components."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.catalog import model, service
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]

# Products ----------------------------------------------------------------------------


@post("/products", summary="Add a product")
async def create_product(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    values = bodies.given(bodies.closed(model.CreateProduct, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_product(tx, caller=caller, values=values)
    return answers.one("product", text, etag=etag, status=201)


@get("/products", summary="Products of the caller's teams")
async def list_products(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "products",
        lambda tx, query: service.list_products(tx, caller=caller, query=query),
    )


@get("/teams/{team_id:str}/products", summary="Products of a team")
async def list_team_products(
    team_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "products",
        lambda tx, query: service.list_team_products(
            tx, caller=caller, team_id=parse_id(team_id, "team"), query=query
        ),
    )


@get("/products/{product_id:str}", summary="One product")
async def get_product(
    product_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_product(
            tx, caller=caller, product_id=parse_id(product_id, "product")
        )
    return answers.one("product", text, etag=etag, fields=requests.fields(request))


@put("/products/{product_id:str}", summary="Change a product")
async def update_product(
    product_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    values = bodies.given(bodies.open_(model.UpdateProduct, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_product(
            tx,
            caller=caller,
            product_id=parse_id(product_id, "product"),
            etag=etag,
            values=values,
        )
    return answers.one("product", text, etag=etag)


@delete("/products/{product_id:str}", status_code=204, summary="Archive a product")
async def delete_product(
    product_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_product(
            tx, caller=caller, product_id=parse_id(product_id, "product"), etag=etag
        )
    return answers.nothing()


@get("/products/{product_id:str}/teams", summary="Teams that have the product")
async def list_product_teams(
    product_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        page = await service.list_product_teams(
            tx, caller=caller, product_id=parse_id(product_id, "product")
        )
    return answers.many("teams", *page)


@post("/products/{product_id:str}/teams", summary="Give a team the product")
async def link_team(
    product_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(model.LinkTeam, await request.body())
    product = parse_id(product_id, "product")
    async with db.transaction(caller.tenant) as tx:
        await service.link_team(tx, caller=caller, product_id=product, team_id=body.team_id)
    linked = {"product_id": product, "team_id": body.team_id}
    return answers.raw(answers.encode(linked), status=201)


@delete(
    "/products/{product_id:str}/teams/{team_id:str}",
    status_code=204,
    summary="Take the product from a team",
)
async def unlink_team(
    product_id: FromPath[str],
    team_id: FromPath[str],
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.unlink_team(
            tx,
            caller=caller,
            product_id=parse_id(product_id, "product"),
            team_id=parse_id(team_id, "team"),
        )
    return answers.nothing()


# Topics ------------------------------------------------------------------------------


@post("/topics", summary="Add a topic")
async def create_topic(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    values = bodies.given(bodies.closed(model.CreateTopic, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_topic(tx, caller=caller, values=values)
    return answers.one("topic", text, etag=etag, status=201)


@get("/topics", summary="Topics that the caller reaches")
async def list_topics(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "topics",
        lambda tx, query: service.list_topics(tx, caller=caller, query=query),
    )


@get("/topics/{topic_id:str}", summary="One topic")
async def get_topic(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_topic(
            tx, caller=caller, topic_id=parse_id(topic_id, "topic")
        )
    return answers.one("topic", text, etag=etag, fields=requests.fields(request))


@put("/topics/{topic_id:str}", summary="Change a topic")
async def update_topic(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    values = bodies.given(bodies.open_(model.UpdateTopic, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_topic(
            tx, caller=caller, topic_id=parse_id(topic_id, "topic"), etag=etag, values=values
        )
    return answers.one("topic", text, etag=etag)


@delete("/topics/{topic_id:str}", status_code=204, summary="Archive a topic and its components")
async def delete_topic(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_topic(
            tx, caller=caller, topic_id=parse_id(topic_id, "topic"), etag=etag
        )
    return answers.nothing()


@get("/topics/{topic_id:str}/components", summary="Components of a topic, newest first")
async def list_topic_components(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "components",
        lambda tx, query: service.list_components(
            tx, caller=caller, query=query, topic_id=parse_id(topic_id, "topic")
        ),
    )


# Components --------------------------------------------------------------------------


@post("/components", summary="Add a component; an active one is published")
async def create_component(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    values = bodies.given(bodies.closed(model.CreateComponent, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_component(tx, caller=caller, values=values)
    return answers.one("component", text, etag=etag, status=201)


@get("/components", summary="Components that the caller may see, newest first")
async def list_components(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "components",
        lambda tx, query: service.list_components(tx, caller=caller, query=query),
    )


@get("/components/{component_id:str}", summary="One component, its files, its newest jobs")
async def get_component(
    component_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Of the jobs that used it the newest 100, and in `_jobs` how many there are.

    `jobs_limit` (at most 200) and `jobs_offset` page through them.
    """
    given = requests.parameters(request)
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_component(
            tx,
            caller=caller,
            component_id=parse_id(component_id, "component"),
            jobs_limit=min(_number(given, "jobs_limit", model.JOBS_SHOWN), model.JOBS_AT_MOST),
            jobs_offset=_number(given, "jobs_offset", 0),
        )
    return answers.one("component", text, etag=etag, fields=requests.fields(request))


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(f"{name} must be a whole number, not {text[:40]!r}")
    return int(text)


@put("/components/{component_id:str}", summary="Change a component")
async def update_component(
    component_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    values = bodies.given(bodies.open_(model.UpdateComponent, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_component(
            tx,
            caller=caller,
            component_id=parse_id(component_id, "component"),
            etag=etag,
            values=values,
        )
    return answers.one("component", text, etag=etag)


@delete("/components/{component_id:str}", status_code=204, summary="Archive a component")
async def delete_component(
    component_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_component(
            tx, caller=caller, component_id=parse_id(component_id, "component"), etag=etag
        )
    return answers.nothing()


routes = [
    create_product,
    list_products,
    list_team_products,
    get_product,
    update_product,
    delete_product,
    list_product_teams,
    link_team,
    unlink_team,
    create_topic,
    list_topics,
    get_topic,
    update_topic,
    delete_topic,
    list_topic_components,
    create_component,
    list_components,
    get_component,
    update_component,
    delete_component,
]
