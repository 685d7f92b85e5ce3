"""Users and teams over HTTP: shapes, etags, lists, bad input; roles that nobody can steal."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.accounts import service
from ringtest.control.connectors.aes_secret_box import AesSecretBox
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.identity.service import Desk, log_in
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.labs import api as labs_api
from tests.control.people import PASSWORD, World, count_statements, open_world


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [identity_api, accounts_api, labs_api]) as opened:
        yield opened


async def change(
    world: World, path: str, body: dict[str, Any], *, who: str = "super admin", etag: str = ""
) -> httpx.Response:
    etag = etag or (await world[who].get(path)).headers["etag"]
    return await world[who].put(path, json=body, headers={"If-match": etag})


# Users


async def test_a_user_is_made_from_a_mail_address_or_an_sso_name(world: World) -> None:
    for body, name in (
        ({"email": "owl@ring", "password": "hoot"}, "owl@ring"),
        ({"sso_username": "elk"}, "elk"),
        ({"email": "x@ring", "sso_username": "x", "name": "xx", "fullname": "X"}, "xx"),
    ):
        answer = await world["super admin"].post("/users", json=body)
        assert answer.status_code == 201, answer.text
        user = answer.json()["user"]
        assert user["name"] == name
        assert user["team"] == user["remotecis"] == []
        assert "password" not in user
        assert answer.headers["etag"] == user["etag"]
    async with world.client(httpx.BasicAuth("owl@ring", "hoot")) as owl:
        assert (await owl.get("/identity")).json()["identity"]["teams"] == {}
        assert (await owl.get("/teams")).json()["teams"] == []
        assert (await owl.get("/users/me")).status_code == 200


async def test_the_same_user_twice_is_409(world: World) -> None:
    body = {"email": "owl@ring"}
    assert (await world["epm"].post("/users", json=body)).status_code == 201
    assert (await world["epm"].post("/users", json=body)).status_code == 409


MALFORMED = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b'{"email": 7}',
    b'{"email": ""}',
    b'{"email": "a@b", "unknown": 1}',
    b'{"email": "a@b", "state": "gone"}',
    b'{"email": "a@b", "password": ""}',
    b'{"email": "a\\u0000b"}',
    b'{"email": "\xff"}',
    b'{"email": "\\ud800"}',
    b'{"email": "' + b"x" * 2000 + b'"}',
    b'{"email"',
]


async def test_a_malformed_user_is_400(world: World) -> None:
    for body in MALFORMED:
        answer = await world["super admin"].post("/users", content=body)
        assert answer.status_code == 400, (body, answer.text)
        assert answer.json()["status_code"] == 400


async def test_every_mistake_is_named(world: World) -> None:
    body = {"email": 7, "unknown": 1, "password": []}
    answer = await world["super admin"].post("/users", json=body)
    errors = answer.json()["payload"]["errors"]
    assert len(errors) == 3
    assert answer.json()["payload"]["error"] == errors[0]


async def test_a_huge_body_is_413(world: World) -> None:
    body = b'{"email": "' + b"x" * (1024 * 1024) + b'"}'
    answer = await world["super admin"].post("/users", content=body)
    assert answer.status_code == 413


async def test_changing_needs_an_etag_and_a_fresh_one(world: World) -> None:
    path = f"/users/{world.users['red user']}"
    admin = world["super admin"]
    for method in ("PUT", "DELETE"):
        assert (await admin.request(method, path, json={})).status_code == 412
        stale = await admin.request(method, path, json={}, headers={"If-match": "stale"})
        assert stale.status_code == 409
    answer = await change(world, path, {"fullname": "Red", "unknown": 1})
    assert answer.status_code == 200
    assert answer.json()["user"]["fullname"] == "Red"


async def test_an_sso_sub_that_is_not_given_becomes_null(world: World) -> None:
    path = f"/users/{world.users['red user']}"
    given = await change(world, path, {"sso_sub": "123"})
    assert given.json()["user"]["sso_sub"] == "123"
    kept = await change(world, path, {"fullname": "Red"})
    assert kept.json()["user"]["sso_sub"] is None


async def test_a_deleted_user_vanishes(world: World) -> None:
    path = f"/users/{world.users['red user']}"
    etag = (await world["super admin"].get(path)).headers["etag"]
    gone = await world["super admin"].delete(path, headers={"If-match": etag})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await world["super admin"].get(path)).status_code == 404
    assert (await world["red user"].get("/identity")).status_code == 401
    listed = await world.get("super admin", "/users", where="name:red user")
    assert listed == {"users": [], "_meta": {"count": 0, "next": None}}


async def test_my_profile_needs_my_password(world: World) -> None:
    for path in ("/users/me", "/identity"):
        etag = (await world["red user"].get("/users/me")).headers["etag"]
        wrong = {"current_password": "x", "fullname": "A"}
        for body, status in (
            ({"fullname": "A"}, 400),
            (wrong, 400),
            ({"current_password": PASSWORD, "fullname": "A", "name": "cannot"}, 200),
        ):
            answer = await change(world, path, body, who="red user", etag=etag)
            assert answer.status_code == status, answer.text
        assert answer.json()["user"]["fullname"] == "A"
        assert answer.json()["user"]["name"] == "red user"
        stale = await change(
            world, path, {"current_password": PASSWORD}, who="red user", etag="stale"
        )
        assert stale.status_code == 409
        assert (await world["red user"].put(path, json={})).status_code == 412


async def test_the_current_password_cannot_be_guessed_for_long(world: World) -> None:
    etag = (await world["red user"].get("/users/me")).headers["etag"]
    for _ in range(10):
        body = {"current_password": "guess"}
        answer = await change(world, "/users/me", body, who="red user", etag=etag)
        assert answer.status_code == 400
    body = {"current_password": PASSWORD}
    closed = await change(world, "/users/me", body, who="red user", etag=etag)
    assert closed.status_code == 401


async def test_a_new_password_replaces_the_old_one_at_once(world: World) -> None:
    body = {"current_password": PASSWORD, "new_password": "another"}
    etag = (await world["red user"].get("/users/me")).headers["etag"]
    assert (await change(world, "/users/me", body, who="red user", etag=etag)).status_code == 200
    assert (await world["red user"].get("/identity")).status_code == 401
    async with world.client(httpx.BasicAuth("red user", "another")) as again:
        assert (await again.get("/identity")).status_code == 200


async def test_read_only_members_and_machines_have_no_password_here(world: World) -> None:
    etag = (await world["read-only"].get("/users/me")).headers["etag"]
    answer = await change(world, "/users/me", {"timezone": "CET"}, who="read-only", etag=etag)
    assert answer.json()["user"]["timezone"] == "CET"
    answer = await change(world, "/users/me", {}, who="red lab", etag="x")
    assert answer.status_code == 401


# Lists


async def test_lists_are_paged_filtered_and_sorted(world: World) -> None:
    page = await world.get("super admin", "/users", limit=2, offset=1, sort="name")
    assert [user["name"] for user in page["users"]] == ["epm", "read-only"]
    assert page["_meta"]["count"] == 5
    for where, names in (
        ("name:RED USER", ["red user"]),
        ("name:user*", ["blue user", "red user"]),
        ("email:red.user@ring,state:active", ["red user"]),
        ("sso_username:", ["blue user", "epm", "read-only", "red user", "super admin"]),
        (f"id:{world.users['epm']}", ["epm"]),
    ):
        found = await world.get("super admin", "/users", where=where, sort="name")
        assert [user["name"] for user in found["users"]] == names


BAD_QUERIES = [
    "limit=1",
    "offset=1",
    "limit=0&offset=0",
    "limit=x&offset=0",
    "limit=1&offset=-1",
    "limit=1&offset=99999999999999999999",
    "sort=password",
    "sort=nothing",
    "where=password:x",
    "where=api_secret:x",
    "where=id:abc",
    "where=name",
    "where=name:%00",
    "where=created_at:yesterday",
    "created_after=soon",
    "unknown=1",
]


async def test_bad_list_parameters_are_400(world: World) -> None:
    for path in ("users", "teams", "remotecis", "feeders", "audits"):
        for query in BAD_QUERIES:
            answer = await world["super admin"].get(f"/{path}?{query}")
            assert answer.status_code == 400, (path, query, answer.text)
            assert "SELECT" not in answer.text


async def test_a_list_is_one_statement_beside_the_identity(world: World) -> None:
    await world.get("super admin", "/users")
    for path in ("/users", "/teams", "/remotecis", "/feeders"):
        counter = count_statements()
        await world.get("super admin", path)
        assert counter == [2], "identity, the list"


# Teams


async def test_a_team_shows_its_labs(world: World) -> None:
    team = (await world.get("red user", f"/teams/{world.teams['red']}"))["team"]
    assert team["name"] == "red"
    assert [lab["name"] for lab in team["remotecis"]] == ["red lab"]
    assert team["external"] is team["has_pre_release_access"] is False


async def test_team_etags_follow_the_wire_format(world: World) -> None:
    path = f"/teams/{world.teams['red']}"
    answer = await change(world, path, {"country": "FR", "has_pre_release_access": True})
    assert answer.json()["team"]["country"] == "FR"
    admin = world["super admin"]
    for method in ("PUT", "DELETE"):
        assert (await admin.request(method, path, json={})).status_code == 412
        stale = await admin.request(method, path, json={}, headers={"If-match": "stale"})
        assert stale.status_code == 409


async def test_a_team_name_is_taken_once(world: World) -> None:
    assert (await world["epm"].post("/teams", json={"name": "red"})).status_code == 409
    path = f"/teams/{world.teams['blue']}"
    assert (await change(world, path, {"name": "red"})).status_code == 409


async def test_deleting_a_team_takes_its_labs_and_members_along(world: World) -> None:
    path = f"/teams/{world.teams['red']}"
    etag = (await world["super admin"].get(path)).headers["etag"]
    answer = await world["super admin"].delete(path, headers={"If-match": etag})
    assert answer.status_code == 204
    assert (await world["super admin"].get(path)).status_code == 404
    assert (await world["red lab"].get("/identity")).status_code == 401
    assert (await world.get("red user", "/identity"))["identity"]["teams"] == {}


async def test_roles_cannot_be_taken_by_renaming_teams(world: World) -> None:
    """Membership in a team of a certain name is a role: an EPM must not move the name."""
    for path, body in (
        (f"/teams/{world.teams['admin']}", {"name": "formerly admin"}),
        (f"/teams/{world.teams['red']}", {"name": "admin"}),
        (f"/teams/{world.teams['red']}", {"name": "EPM"}),
    ):
        answer = await change(world, path, body, who="epm")
        assert answer.status_code == 401
    await world.sql("UPDATE teams SET name = 'hats' WHERE name = 'Red Hat'")
    answer = await world["epm"].post("/teams", json={"name": "Red Hat"})
    assert answer.status_code == 401


async def test_teams_that_are_roles_stay_as_they_are(world: World) -> None:
    for name in ("admin", "EPM", "Red Hat"):
        path = f"/teams/{world.teams[name]}"
        for body in ({"name": "other"}, {"state": "archived"}, {"state": "inactive"}):
            assert (await change(world, path, body)).status_code == 409
        etag = (await world["super admin"].get(path)).headers["etag"]
        gone = await world["super admin"].delete(path, headers={"If-match": etag})
        assert gone.status_code == 409
        assert (await change(world, path, {"country": "FR", "name": name})).status_code == 200


async def test_an_epm_cannot_archive_a_team_by_changing_its_state(world: World) -> None:
    path = f"/teams/{world.teams['red']}"
    assert (await change(world, path, {"state": "archived"}, who="epm")).status_code == 401
    assert (await change(world, path, {"state": "archived"})).status_code == 200
    assert (await world["red lab"].get("/identity")).status_code == 401


async def test_membership_comes_and_goes(world: World) -> None:
    path = f"/teams/{world.teams['red']}/users/{world.users['blue user']}"
    assert (await world["epm"].post(path)).status_code == 201
    assert (await world["epm"].post(path)).status_code == 409
    listed = await world.get("red user", f"/teams/{world.teams['red']}/users")
    assert [user["name"] for user in listed["users"]] == ["blue user", "red user"]
    assert listed["_meta"]["count"] == 2
    lab = f"/remotecis/{world.machines['red lab']}"
    assert (await world["blue user"].post(f"{lab}/users")).status_code == 201
    assert (await world["epm"].delete(path)).status_code == 204
    assert (await world["epm"].delete(path)).status_code == 404
    assert (await world.get("epm", f"{lab}/users"))["users"] == [], "no mail for those who left"
    nobody = f"/teams/{world.teams['red']}/users/{uuid4()}"
    assert (await world["epm"].post(nobody)).status_code == 404


async def test_component_permissions_come_and_go(world: World) -> None:
    path = f"/teams/{world.teams['red']}/permissions/components"
    own, other = str(world.teams["red"]), str(world.teams["blue"])
    body = {"teams_ids": [own, other]}
    assert (await world["epm"].post(path, json=body)).status_code == 201
    assert (await world["epm"].post(path, json=body)).status_code == 409
    listed = await world.get("epm", path)
    assert [team["id"] for team in listed["teams"]] == [other]
    assert (await world["epm"].request("DELETE", path, json=body)).status_code == 204
    assert (await world.get("epm", path))["_meta"]["count"] == 0
    unknown = {"teams_ids": [str(uuid4())]}
    assert (await world["epm"].post(path, json=unknown)).status_code == 404
    assert (await world["epm"].post(path, json={"teams_ids": "x"})).status_code == 400


async def test_who_did_what_is_kept(world: World) -> None:
    await world["epm"].post("/teams", json={"name": "new"})
    (audit,) = (await world.get("super admin", "/audits"))["audits"]
    assert audit["action"] == "create_teams"
    assert audit["user_id"] == str(world.users["epm"])


# First start


async def test_the_first_start_makes_teams_and_one_administrator(db: Database) -> None:
    settings = Settings()
    async with db.transaction(SYSTEM) as tx:
        password = await service.ensure_first_start(tx, settings=settings)
    assert password is not None
    async with db.transaction(SYSTEM) as tx:
        assert await service.ensure_first_start(tx, settings=settings) is None
        assert await tx.fetchval("SELECT count(*) FROM teams") == 3
        assert await tx.fetchval("SELECT count(*) FROM users") == 1
    desk = Desk(AesSecretBox("a key of the tests alone"), settings)
    caller = await log_in(db, "admin", password, desk=desk, address="here")
    assert caller.is_super_admin


async def test_the_first_password_may_be_given(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        given = Settings(admin_password="chosen")
        assert await service.ensure_first_start(tx, settings=given) == "chosen"
