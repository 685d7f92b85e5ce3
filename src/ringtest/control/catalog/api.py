"""Routes of the catalog: products, topics, components and their files."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, delete, get, post, put, route
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.catalog import model, service
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest, NotFound
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, bodies, downloads, requests

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
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_products(tx, caller=caller, query=query)
    return answers.many("products", *page)


@get("/teams/{team_id:str}/products", summary="Products of a team")
async def list_team_products(
    team_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_team_products(
            tx, caller=caller, team_id=parse_id(team_id, "team"), query=query
        )
    return answers.many("products", *page)


@get("/products/{product_id:str}", summary="One product")
async def get_product(
    product_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_product(
            tx, caller=caller, product_id=parse_id(product_id, "product")
        )
    return answers.one("product", text, etag=etag)


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
    async with db.transaction(caller.tenant) as tx:
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
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_topics(tx, caller=caller, query=query)
    return answers.many("topics", *page)


@get("/topics/{topic_id:str}", summary="One topic")
async def get_topic(
    topic_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_topic(
            tx, caller=caller, topic_id=parse_id(topic_id, "topic")
        )
    return answers.one("topic", text, etag=etag)


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
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_components(
            tx, caller=caller, query=query, topic_id=parse_id(topic_id, "topic")
        )
    return answers.many("components", *page)


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
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_components(tx, caller=caller, query=query)
    return answers.many("components", *page)


@get("/components/{component_id:str}", summary="One component, its files, its newest jobs")
async def get_component(
    component_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Of the jobs that used it the newest 200; `jobs_limit` (≤ 200) and `jobs_offset` page."""
    given = requests.parameters(request)
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_component(
            tx,
            caller=caller,
            component_id=parse_id(component_id, "component"),
            jobs_limit=min(_number(given, "jobs_limit", 200), 200),
            jobs_offset=_number(given, "jobs_offset", 0),
        )
    return answers.one("component", text, etag=etag)


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


# Files -------------------------------------------------------------------------------


@get("/components/{component_id:str}/files", summary="Files of a component, all of them")
async def list_files(
    component_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_files(
            tx, caller=caller, component_id=parse_id(component_id, "component"), query=query
        )
    return answers.many("component_files", *page)


@post(
    "/components/{component_id:str}/files",
    request_max_body_size=None,
    summary="Upload a file: the body is its content",
)
async def upload_file(
    component_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Headers: DCI-NAME (default: the file's id), DCI-MIME, DCI-SHA256 (checked if given)."""
    text, etag = await service.upload_file(
        db,
        objects,
        caller=caller,
        component_id=parse_id(component_id, "component"),
        upload=_upload(request),
        chunks=request.stream(),
        limit=settings.max_file,
    )
    return answers.one("component_file", text, etag=etag, status=201)


def _upload(request: Http) -> service.Upload:
    """What the headers say. dciclient calls every file application/json: that says nothing."""
    said = request.headers.get("content-type", "").split(";")[0].strip()
    guess = said if said and said != "application/json" else "application/octet-stream"
    name = request.headers.get("dci-name")
    return service.Upload(
        name=_utf8(name) if name else None,
        mime=request.headers.get("dci-mime") or guess,
        sha256=request.headers.get("dci-sha256"),
    )


def _utf8(header: str) -> str:
    """Headers come as Latin-1; names in them are UTF-8 if they can be."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _place(file_path: str) -> tuple[UUID | None, str]:
    """The file's id and what is asked of it: "" its record, "content" its bytes.

    Without an id the whole path is the name of a file.
    """
    parts = file_path.strip("/").split("/")
    file_id = model.as_id(parts[0])
    if file_id is None:
        return None, model.parse_file_name("/".join(parts))
    if parts[1:] not in ([], ["content"]):
        raise NotFound("component_file not found")
    return file_id, "/".join(parts[1:])


@route(
    "/components/{component_id:str}/files/{file_path:path}",
    http_method=["GET", "HEAD"],
    summary="A file: `<id>` its record, `<id>/content` its bytes, `<name>` its bytes too",
)
async def get_file(
    component_id: FromPath[str],
    file_path: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[Any]:
    """Bytes come with support for Range; HEAD tells their size and type."""
    file_id, place = _place(file_path)
    component = parse_id(component_id, "component")
    if file_id is None or place or request.method == "HEAD":
        return await _send(request, db, caller, objects, component, file_id, place)
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_file(
            tx, caller=caller, component_id=component, file_id=file_id
        )
    return answers.one("component_file", text, etag=etag)


async def _send(
    request: Http,
    db: Database,
    caller: Caller,
    objects: ObjectStore,
    component_id: UUID,
    file_id: UUID | None,
    name: str,
) -> Response[Any]:
    async with db.transaction(caller.tenant) as tx:
        content = await service.find_content(
            tx,
            caller=caller,
            component_id=component_id,
            file_id=file_id,
            name=None if file_id else name,
        )
    download = downloads.Download(
        name=content.name,
        mime=content.mime,
        size=content.size,
        digest=content.sha256,
        open=lambda start, end: objects.get(content.object_key, start=start, end=end),
    )
    return await downloads.send(request, download)


@delete(
    "/components/{component_id:str}/files/{file_path:path}",
    status_code=204,
    summary="Archive a file",
)
async def delete_file(
    component_id: FromPath[str],
    file_path: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_file(
            tx,
            caller=caller,
            component_id=parse_id(component_id, "component"),
            file_id=parse_id(file_path.strip("/"), "component_file"),
            etag=etag,
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
    list_files,
    upload_file,
    get_file,
    delete_file,
]
