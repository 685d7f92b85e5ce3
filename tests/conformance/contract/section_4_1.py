"""Contract §4.1: identity, users, teams."""

from typing import Any

import httpx

from tests.conformance.contract.rows import REST, Call, Row
from tests.conformance.contract.scene import PASSWORD, Scene

PEOPLE = "sa epm ro user other loner"
ME = {200: PEOPLE, 401: REST}
KNOWN_PASSWORD = {"current_password": PASSWORD, "timezone": "Europe/Helsinki"}


def names_are_the_address(answer: httpx.Response, scene: Scene) -> None:
    """Name and full name default to the e-mail address, else to the SSO name."""
    user = answer.json()["user"]
    wanted = user["email"] or user["sso_username"]
    assert (user["name"], user["fullname"]) == (wanted, wanted)


async def _gone(scene: Scene, noun: str, name: str) -> None:
    found = await scene.ask("sa", f"GET /{noun}/:{name}")
    assert found.status_code == 404, found.text
    listed = await scene.ask("sa", f"GET /{noun}?where=id::{name}")
    assert listed.json()["_meta"]["count"] == 0


async def user_is_gone(_: httpx.Response, scene: Scene) -> None:
    """An archived user is in no read, and cannot log in."""
    await _gone(scene, "users", "stranger")
    async with scene.client(await scene.basic("stranger")) as client:
        assert (await client.get("/identity")).status_code == 401


async def team_is_gone_with_what_it_has(_: httpx.Response, scene: Scene) -> None:
    """Members leave; its labs, jobs and files are archived."""
    await _gone(scene, "teams", "team")
    for noun, name in (("remotecis", "lab"), ("jobs", "job"), ("files", "file")):
        assert await scene.column(name, "state") == "archived"
        assert (await scene.ask("sa", f"GET /{noun}/:{name}")).status_code == 404
    mine = (await scene.ask("user", "GET /identity")).json()["identity"]
    assert mine["teams"] == {}


async def its_own_id_was_dropped(_: httpx.Response, scene: Scene) -> None:
    """A team sees its own components without being told."""
    listed = await scene.ask("sa", "GET /teams/:team/permissions/components")
    ids = [team["id"] for team in listed.json()["teams"]]
    assert ids == [str(await scene.id("other_team"))]


GRANT: dict[str, Any] = {"teams_ids": [":team", ":other_team"]}
GRANTED = Call("POST /teams/:team/permissions/components", {"teams_ids": [":other_team"]})

IDENTITY = [
    Row("GET /identity", {401: "nobody", 200: REST}, gives="identity", keys="id etag teams name"),
    Row(
        "GET /identity",
        {200: "user lab"},
        check=lambda answer, _: _teams_by_id(answer),
        note="teams by their ids",
    ),
    Row("PUT /identity", ME, KNOWN_PASSWORD, if_match="me", stale=409, gives="user"),
    Row("PUT /users/me", ME, KNOWN_PASSWORD, if_match="me", stale=409, gives="user"),
    Row("PUT /users/me", {200: "ro"}, {"timezone": "UTC"}, if_match="me", note="no password"),
    Row("PUT /users/me", {400: "user"}, {"timezone": "UTC"}, if_match="me", note="no password"),
    Row("PUT /identity", {400: "user"}, {"timezone": "UTC"}, if_match="me", note="no password"),
    Row(
        "PUT /identity",
        {400: "user"},
        {"current_password": "wrong", "timezone": "UTC"},
        if_match="me",
        note="wrong password",
    ),
    Row("GET /users/me", ME, gives="user", keys="team remotecis", lacks=("password",)),
]


def _teams_by_id(answer: httpx.Response) -> None:
    for team_id, team in answer.json()["identity"]["teams"].items():
        assert team["id"] == team_id
        assert {"name", "has_pre_release_access"} <= set(team)


USERS = [
    Row(
        "POST /users",
        {201: "sa epm", 401: REST},
        {"email": ":new"},
        gives="user",
        lacks=("password",),
        check=names_are_the_address,
    ),
    Row(
        "POST /users",
        {201: "sa"},
        {"sso_username": ":new"},
        check=names_are_the_address,
        note="by SSO name",
    ),
    Row("POST /users", {400: "sa"}, {"name": ":new"}, note="neither address nor SSO name"),
    Row("POST /users", {409: "sa"}, {"email": ":user.email"}, note="the address is taken"),
    Row("POST /users", {409: "sa"}, {"email": ":new", "name": ":user.name"}, note="name is taken"),
    Row("POST /users", {400: "sa"}, {"email": ":new", "more": 1}, note="unknown key"),
    Row(
        "GET /users",
        {200: "sa epm", 401: REST},
        gives="users[]",
        keys="team remotecis",
        lacks=("password", "api_secret"),
    ),
    Row(
        "GET /users/:user",
        {200: "sa epm user", 401: REST},
        gives="user",
        keys="team remotecis",
        lacks=("password",),
    ),
    Row(
        "PUT /users/:stranger",
        {200: "sa", 401: REST},
        {"fullname": "New Name", "more": 1},
        if_match="stranger",
        stale=409,
        gives="user",
        has={"fullname": "New Name"},
    ),
    Row(
        "PUT /users/:stranger",
        {200: "sa"},
        {"fullname": "x"},
        if_match="stranger",
        given=(
            Call(
                "PUT /users/:stranger",
                {"sso_sub": ":new"},
                headers={"If-match": ":stranger.etag"},
            ),
        ),
        has={"sso_sub": None},
        note="[Q] sso_sub not given is set to null",
    ),
    Row(
        "PUT /users/:stranger",
        {200: "sa"},
        {"state": "inactive"},
        if_match="stranger",
        has={"state": "inactive"},
        note="PUT may set the state",
    ),
    Row(
        "PUT /users/:stranger",
        {200: "sa"},
        {"state": "archived"},
        if_match="stranger",
        has={"state": "archived"},
        check=user_is_gone,
        note="and archive",
    ),
    Row("PUT /users/:stranger", {409: "sa"}, {"name": ":user.name"}, if_match="stranger"),
    Row(
        "DELETE /users/:stranger",
        {204: "sa", 401: REST},
        if_match="stranger",
        stale=409,
        gives="nothing",
        check=user_is_gone,
    ),
    Row(
        "GET /users/:user/remotecis",
        {200: "sa epm user", 401: REST},
        gives="remotecis[] no meta",
        given=(Call("POST /remotecis/:lab/users", by="user"),),
        has={"id": ":lab"},
        lacks=("api_secret",),
    ),
    Row(
        "GET /users/:user/teams",
        {200: "sa epm user", 401: REST},
        gives="teams[]",
        has={"id": ":team"},
        note="[B] self is let in",
    ),
]

TEAMS = [
    Row("POST /teams/:team/users/:stranger", {201: "sa epm", 401: REST}, gives="nothing"),
    Row("POST /teams/:sa_team/users/:stranger", {201: "sa", 401: REST}, note="special"),
    Row("POST /teams/:epm_team/users/:stranger", {201: "sa", 401: REST}, note="special"),
    Row("POST /teams/:ro_team/users/:stranger", {201: "sa", 401: REST}, note="special"),
    Row("POST /teams/:team/users/:user", {409: "sa epm"}, note="is a member"),
    Row("POST /teams/:team/users/:nothing", {404: "sa epm"}),
    Row("POST /teams/:nothing/users/:user", {404: "sa epm"}),
    Row(
        "GET /teams/:team/users",
        {200: "sa epm user lab", 401: REST},
        gives="users[]",
        given=(Call("GET /users/:user"),),
        has={"id": ":user"},
        lacks=("password",),
    ),
    Row("DELETE /teams/:team/users/:user", {204: "sa epm", 401: REST}, gives="nothing"),
    Row(
        "POST /teams",
        {201: "sa epm", 401: REST},
        {"name": ":new"},
        gives="team",
        has={"external": False, "has_pre_release_access": False, "state": "active"},
    ),
    Row("POST /teams", {409: "sa epm"}, {"name": ":team.name"}, note="the name is taken"),
    Row("POST /teams", {400: "sa"}, {"country": "FI"}, note="without a name"),
    Row("POST /teams", {400: "sa"}, {"name": ":new", "more": 1}, note="unknown key"),
    Row("GET /teams", {401: "nobody", 200: REST}, gives="teams[]", keys="remotecis"),
    Row("GET /teams", {200: "sa epm ro user lab"}, has={"id": ":team"}, note="all, else own"),
    Row("GET /teams", {200: "other loner other_lab feeder"}, hides=("team",), note="only own"),
    Row(
        "GET /teams/:team",
        {200: "sa epm ro user lab", 401: REST},
        gives="team",
        keys="remotecis country external has_pre_release_access",
        lacks=("api_secret",),
    ),
    Row("GET /teams/:nothing", {404: "sa epm ro user lab other loner feeder"}),
    Row(
        "PUT /teams/:team",
        {200: "sa epm", 401: REST},
        {"country": "FI", "more": 1},
        if_match="team",
        stale=409,
        gives="team",
        has={"country": "FI"},
    ),
    Row("PUT /teams/:team", {409: "sa epm"}, {"name": ":other_team.name"}, if_match="team"),
    Row(
        "PUT /teams/:team",
        {200: "sa epm"},
        {"state": "inactive"},
        if_match="team",
        has={"state": "inactive"},
        note="PUT may set the state",
    ),
    Row(
        "DELETE /teams/:team",
        {204: "sa", 401: REST},
        if_match="team",
        stale=409,
        gives="nothing",
        given=(Call("GET /files/:file"),),
        check=team_is_gone_with_what_it_has,
    ),
    Row(
        "GET /teams/:team/remotecis",
        {200: "sa epm user lab", 401: REST},
        gives="remotecis[]",
        given=(Call("GET /remotecis/:lab"),),
        has={"id": ":lab"},
        keys="team users",
        lacks=("api_secret",),
    ),
    Row(
        "GET /teams/:team/products",
        {200: "sa epm user lab", 401: REST},
        gives="products[]",
        given=(Call("GET /products/:product"), Call("GET /products/:unlinked_product")),
        has={"id": ":product"},
        hides=("unlinked_product",),
    ),
    Row(
        "POST /teams/:team/permissions/components",
        {201: "sa epm", 401: REST},
        GRANT,
        gives="nothing",
        check=its_own_id_was_dropped,
    ),
    Row(
        "POST /teams/:team/permissions/components",
        {409: "sa epm"},
        GRANT,
        given=(GRANTED,),
        note="twice",
    ),
    Row("POST /teams/:team/permissions/components", {404: "sa"}, {"teams_ids": [":nothing"]}),
    Row("POST /teams/:team/permissions/components", {400: "sa"}, {"teams": []}),
    Row(
        "DELETE /teams/:team/permissions/components",
        {204: "sa epm", 401: REST},
        GRANT,
        given=(GRANTED,),
        gives="nothing",
    ),
    Row(
        "GET /teams/:team/permissions/components",
        {200: "sa epm", 401: REST},
        gives="teams[]",
        given=(GRANTED,),
        has={"id": ":other_team"},
    ),
]

ROWS = [*IDENTITY, *USERS, *TEAMS]
