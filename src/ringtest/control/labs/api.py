"""Routes of remote CIs and feeders: the same for both wherever they have both."""

from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from msgspec import UNSET, Struct, UnsetType

from ringtest.control.accounts.model import Caller, Machine
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.texts import Name
from ringtest.control.labs import service
from ringtest.control.labs.model import read_overlap
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
State = Literal["active", "inactive", "archived"]


class CreateMachine(Struct):
    """Body of POST /feeders."""

    name: Name
    team_id: UUID
    data: dict[str, Any] = {}
    state: State = "active"


class CreateRemoteci(CreateMachine):
    """Body of POST /remotecis."""

    public: bool = False


class UpdateMachine(Struct):
    """Body of PUT /feeders/:id."""

    name: Name | UnsetType = UNSET
    team_id: UUID | UnsetType = UNSET
    data: dict[str, Any] | UnsetType = UNSET
    state: State | UnsetType = UNSET


class UpdateRemoteci(UpdateMachine):
    """Body of PUT /remotecis/:id."""

    public: bool | UnsetType = UNSET


class ReplaceKey(Struct):
    """Body of PUT …/api_secret; it may be empty."""

    overlap_seconds: int = 0


@get("/users/{user_id:str}/remotecis", summary="Labs whose mail the user gets")
async def list_user_remotecis(
    user_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        page = await service.list_user_remotecis(
            tx, caller=caller, user_id=parse_id(user_id, "user")
        )
    return answers.one("remotecis", page.items)


@get("/teams/{team_id:str}/remotecis", summary="Labs of a team")
async def list_team_remotecis(
    team_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "remotecis",
        lambda tx, query: service.list_team_remotecis(
            tx,
            caller=caller,
            team_id=parse_id(team_id, "team"),
            query=query,
        ),
    )


def _kind(request: Http) -> Machine:
    return "feeder" if "/feeders" in request.scope["path_template"] else "remoteci"


def _with_secret(text: str, secret: str) -> str:
    """The one answer that shows an API secret; it is letters and digits."""
    return f'{text.removesuffix("}")},"api_secret":"{secret}"}}'


@post(["/remotecis", "/feeders"], summary="Add a machine; the answer holds its API secret")
async def create_machine(
    request: Http, db: Injected[Database], caller: Injected[Caller], secrets: Injected[SecretBox]
) -> Response[bytes]:
    kind = _kind(request)
    body = await request.body()
    parsed = bodies.closed(CreateRemoteci if kind == "remoteci" else CreateMachine, body)
    async with db.transaction(caller.tenant) as tx:
        text, etag, secret = await service.create_machine(
            tx, caller=caller, secrets=secrets, kind=kind, values=bodies.given(parsed)
        )
    return answers.one(kind, _with_secret(text, secret), etag=etag, status=201)


@get(["/remotecis", "/feeders"], summary="Machines of the caller's teams")
async def list_machines(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    kind = _kind(request)
    return await lists.answer(
        request,
        db,
        caller,
        f"{kind}s",
        lambda tx, query: service.list_machines(tx, caller=caller, kind=kind, query=query),
    )


@get(["/remotecis/{machine_id:str}", "/feeders/{machine_id:str}"], summary="One machine")
async def get_machine(
    machine_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    kind = _kind(request)
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_machine(
            tx, caller=caller, kind=kind, machine_id=parse_id(machine_id, kind)
        )
    return answers.one(kind, text, etag=etag, fields=requests.fields(request))


@put(["/remotecis/{machine_id:str}", "/feeders/{machine_id:str}"], summary="Change a machine")
async def update_machine(
    machine_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    kind = _kind(request)
    etag = requests.if_match(request)
    body = await request.body()
    parsed = bodies.open_(UpdateRemoteci if kind == "remoteci" else UpdateMachine, body)
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_machine(
            tx,
            caller=caller,
            kind=kind,
            machine_id=parse_id(machine_id, kind),
            etag=etag,
            values=bodies.given(parsed),
        )
    return answers.one(kind, text, etag=etag)


@delete(
    ["/remotecis/{machine_id:str}", "/feeders/{machine_id:str}"],
    status_code=204,
    summary="Archive a machine; its keys stop working",
)
async def delete_machine(
    machine_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    kind = _kind(request)
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_machine(
            tx, caller=caller, kind=kind, machine_id=parse_id(machine_id, kind), etag=etag
        )
    return answers.nothing()


@put(
    ["/remotecis/{machine_id:str}/api_secret", "/feeders/{machine_id:str}/api_secret"],
    summary="A new API secret; the old one ends, or works for overlap_seconds more",
)
async def replace_key(
    machine_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    secrets: Injected[SecretBox],
) -> Response[bytes]:
    """`overlap_seconds`, in the query or the body, is 0 (the old secret ends now) to 2592000."""
    kind = _kind(request)
    requests.if_match(request)
    body = bodies.open_(ReplaceKey, await request.body())
    asked = requests.parameters(request).get("overlap_seconds", str(body.overlap_seconds))
    overlap = read_overlap(asked)
    async with db.transaction(caller.tenant) as tx:
        text, etag, secret = await service.replace_key(
            tx,
            caller=caller,
            secrets=secrets,
            kind=kind,
            machine_id=parse_id(machine_id, kind),
            overlap=overlap,
        )
    return answers.one(kind, _with_secret(text, secret), etag=etag)


@get(
    ["/remotecis/{machine_id:str}/keys", "/feeders/{machine_id:str}/keys"],
    summary="Ids and dates of a machine's keys; never a secret",
)
async def list_keys(
    machine_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    kind = _kind(request)
    async with db.reading(caller.tenant) as tx:
        page = await service.list_keys(
            tx, caller=caller, kind=kind, machine_id=parse_id(machine_id, kind)
        )
    return answers.many("keys", *page)


@delete(
    [
        "/remotecis/{machine_id:str}/keys/{key_id:str}",
        "/feeders/{machine_id:str}/keys/{key_id:str}",
    ],
    status_code=204,
    summary="End one key of a machine now",
)
async def retire_key(
    machine_id: FromPath[str],
    key_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[None]:
    kind = _kind(request)
    async with db.transaction(caller.tenant) as tx:
        await service.retire_key(
            tx,
            caller=caller,
            kind=kind,
            machine_id=parse_id(machine_id, kind),
            key_id=parse_id(key_id, "key"),
        )
    return answers.nothing()


@get("/remotecis/{remoteci_id:str}/data", summary="A lab's data; ?keys=a,b for some of it")
async def get_remoteci_data(
    remoteci_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    keys = requests.parameters(request).get("keys")
    async with db.reading(caller.tenant) as tx:
        data = await service.get_remoteci_data(
            tx,
            caller=caller,
            remoteci_id=parse_id(remoteci_id, "remoteci"),
            keys=keys.split(",") if keys else None,
        )
    return answers.raw(data)


@post("/remotecis/{remoteci_id:str}/users", summary="The caller subscribes to the lab's mail")
async def subscribe(
    remoteci_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    lab = parse_id(remoteci_id, "remoteci")
    async with db.transaction(caller.tenant) as tx:
        await service.subscribe(tx, caller=caller, remoteci_id=lab)
    return answers.raw(answers.encode({"user_id": caller.id, "remoteci_id": lab}), status=201)


@get("/remotecis/{remoteci_id:str}/users", summary="Subscribers to the lab's mail")
async def list_subscribers(
    remoteci_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        page = await service.list_subscribers(
            tx, caller=caller, remoteci_id=parse_id(remoteci_id, "remoteci")
        )
    return answers.many("users", *page)


@delete(
    "/remotecis/{remoteci_id:str}/users/{user_id:str}",
    status_code=204,
    summary="End a subscription",
)
async def unsubscribe(
    remoteci_id: FromPath[str],
    user_id: FromPath[str],
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.unsubscribe(
            tx,
            caller=caller,
            remoteci_id=parse_id(remoteci_id, "remoteci"),
            user_id=parse_id(user_id, "user"),
        )
    return answers.nothing()


routes = [
    create_machine,
    list_machines,
    get_machine,
    update_machine,
    delete_machine,
    replace_key,
    list_keys,
    retire_key,
    get_remoteci_data,
    subscribe,
    list_subscribers,
    unsubscribe,
    list_user_remotecis,
    list_team_remotecis,
]
