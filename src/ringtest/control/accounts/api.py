"""Routes of accounts: users, teams, memberships, audits."""

from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from msgspec import UNSET, Struct, UnsetType

from ringtest.control.accounts import service
from ringtest.control.accounts.model import Caller, RoleNames
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.texts import Line, Name
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
State = Literal["active", "inactive", "archived"]


class CreateUser(Struct):
    """Body of POST /users: email or sso_username is needed."""

    name: Name | UnsetType = UNSET
    fullname: Line | UnsetType = UNSET
    email: Name | None = None
    sso_username: Name | None = None
    password: Name | None = None
    timezone: Line = "UTC"
    state: State = "active"


class UpdateUser(Struct):
    """Body of PUT /users/:id."""

    name: Name | UnsetType = UNSET
    fullname: Line | UnsetType = UNSET
    email: Name | UnsetType | None = UNSET
    sso_sub: Name | UnsetType | None = UNSET
    timezone: Line | UnsetType = UNSET
    password: Name | UnsetType = UNSET
    keep_tokens: bool | UnsetType = UNSET
    """With a new password: tokens go on."""
    state: State | UnsetType = UNSET


class UpdateMe(Struct):
    """Body of PUT /users/me and /identity."""

    current_password: Line | UnsetType = UNSET
    new_password: Name | UnsetType = UNSET
    keep_tokens: bool | UnsetType = UNSET
    """With a new password: tokens go on."""
    fullname: Line | UnsetType = UNSET
    email: Name | UnsetType | None = UNSET
    timezone: Line | UnsetType = UNSET


class CreateTeam(Struct):
    """Body of POST /teams."""

    name: Name
    country: Line | None = None
    state: State = "active"
    external: bool = False
    has_pre_release_access: bool = False


class UpdateTeam(Struct):
    """Body of PUT /teams/:id."""

    name: Name | UnsetType = UNSET
    country: Line | UnsetType | None = UNSET
    state: State | UnsetType = UNSET
    external: bool | UnsetType = UNSET
    has_pre_release_access: bool | UnsetType = UNSET


class TeamIds(Struct):
    """Body of POST and DELETE /teams/:id/permissions/components."""

    teams_ids: list[UUID]


# Users -------------------------------------------------------------------------------


@post("/users", summary="Add a user")
async def create_user(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(CreateUser, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_user(tx, caller=caller, values=bodies.given(body))
    return answers.one("user", text, etag=etag, status=201)


@get("/users", summary="All users, for administrators")
async def list_users(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "users",
        lambda tx, query: service.list_users(tx, caller=caller, query=query),
    )


@get("/users/me", summary="My user, with teams and subscriptions")
async def get_me(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_user(tx, caller=caller, user_id=caller.id)
    return answers.one("user", text, etag=etag, fields=requests.fields(request))


@put(["/users/me", "/identity"], summary="Change my profile or password")
async def update_me(
    request: Http, db: Injected[Database], caller: Injected[Caller], settings: Injected[Settings]
) -> Response[bytes]:
    etag = requests.if_match(request)
    values = bodies.given(bodies.open_(UpdateMe, await request.body()))
    await service.confirm_me(db, caller=caller, values=values, settings=settings)
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_me(tx, caller=caller, etag=etag, values=values)
    return answers.one("user", text, etag=etag)


@get("/users/{user_id:str}", summary="One user")
async def get_user(
    user_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_user(tx, caller=caller, user_id=parse_id(user_id, "user"))
    return answers.one("user", text, etag=etag, fields=requests.fields(request))


@put("/users/{user_id:str}", summary="Change a user")
async def update_user(
    user_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    values = bodies.given(bodies.open_(UpdateUser, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_user(
            tx, caller=caller, user_id=parse_id(user_id, "user"), etag=etag, values=values
        )
    return answers.one("user", text, etag=etag)


@delete("/users/{user_id:str}", status_code=204, summary="Archive a user")
async def delete_user(
    user_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_user(tx, caller=caller, user_id=parse_id(user_id, "user"), etag=etag)
    return answers.nothing()


@get("/users/{user_id:str}/teams", summary="Teams of a user")
async def list_user_teams(
    user_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        page = await service.list_user_teams(tx, caller=caller, user_id=parse_id(user_id, "user"))
    return answers.many("teams", *page)


# Teams -------------------------------------------------------------------------------


@post("/teams", summary="Add a team")
async def create_team(
    request: Http, db: Injected[Database], caller: Injected[Caller], settings: Injected[Settings]
) -> Response[bytes]:
    values = bodies.given(bodies.closed(CreateTeam, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_team(
            tx, caller=caller, roles=RoleNames.of(settings), values=values
        )
    return answers.one("team", text, etag=etag, status=201)


@get("/teams", summary="Teams the caller may see")
async def list_teams(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "teams",
        lambda tx, query: service.list_teams(tx, caller=caller, query=query),
    )


@get("/teams/{team_id:str}", summary="One team")
async def get_team(
    team_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_team(tx, caller=caller, team_id=parse_id(team_id, "team"))
    return answers.one("team", text, etag=etag, fields=requests.fields(request))


@put("/teams/{team_id:str}", summary="Change a team")
async def update_team(
    team_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
) -> Response[bytes]:
    etag = requests.if_match(request)
    values = bodies.given(bodies.open_(UpdateTeam, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_team(
            tx,
            caller=caller,
            roles=RoleNames.of(settings),
            team_id=parse_id(team_id, "team"),
            etag=etag,
            values=values,
        )
    return answers.one("team", text, etag=etag)


@delete("/teams/{team_id:str}", status_code=204, summary="Archive a team with what it owns")
async def delete_team(
    team_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_team(
            tx,
            caller=caller,
            roles=RoleNames.of(settings),
            team_id=parse_id(team_id, "team"),
            etag=etag,
        )
    return answers.nothing()


@get("/teams/{team_id:str}/users", summary="Members of a team")
async def list_members(
    team_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        page = await service.list_members(tx, caller=caller, team_id=parse_id(team_id, "team"))
    return answers.many("users", *page)


@post("/teams/{team_id:str}/users/{user_id:str}", summary="Make a user a member")
async def add_member(
    team_id: FromPath[str],
    user_id: FromPath[str],
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.add_member(
            tx,
            caller=caller,
            roles=RoleNames.of(settings),
            team_id=parse_id(team_id, "team"),
            user_id=parse_id(user_id, "user"),
        )
    return answers.nothing(status=201)


@delete("/teams/{team_id:str}/users/{user_id:str}", status_code=204, summary="End a membership")
async def drop_member(
    team_id: FromPath[str], user_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.drop_member(
            tx,
            caller=caller,
            team_id=parse_id(team_id, "team"),
            user_id=parse_id(user_id, "user"),
        )
    return answers.nothing()


@get("/teams/{team_id:str}/permissions/components", summary="Teams whose components it sees")
async def list_grants(
    team_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        page = await service.list_grants(tx, caller=caller, team_id=parse_id(team_id, "team"))
    return answers.many("teams", *page)


@post("/teams/{team_id:str}/permissions/components", summary="Let it see teams' components")
async def grant_components(
    team_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    body = bodies.closed(TeamIds, await request.body())
    async with db.transaction(caller.tenant) as tx:
        await service.grant_components(
            tx, caller=caller, team_id=parse_id(team_id, "team"), teams=body.teams_ids
        )
    return answers.nothing(status=201)


@delete(
    "/teams/{team_id:str}/permissions/components",
    status_code=204,
    summary="No longer let it see teams' components",
)
async def revoke_components(
    team_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    body = bodies.closed(TeamIds, await request.body())
    async with db.transaction(caller.tenant) as tx:
        await service.revoke_components(
            tx, caller=caller, team_id=parse_id(team_id, "team"), teams=body.teams_ids
        )
    return answers.nothing()


@get("/audits", summary="Who did what, for super administrators")
async def list_audits(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "audits",
        lambda tx, query: service.list_audits(tx, caller=caller, query=query),
    )


routes = [
    create_user,
    list_users,
    get_me,
    update_me,
    get_user,
    update_user,
    delete_user,
    list_user_teams,
    create_team,
    list_teams,
    get_team,
    update_team,
    delete_team,
    list_members,
    add_member,
    drop_member,
    list_grants,
    grant_components,
    revoke_components,
    list_audits,
]
