"""Tokens: made once, shown once, may less than their holder, end, and can be ended."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.labs import api as labs_api
from ringtest.control.pipelines import api as pipelines_api
from ringtest.control.tokens import api as tokens_api
from tests.control.people import PASSWORD, World, open_world

ROOMS = [identity_api, accounts_api, labs_api, pipelines_api, tokens_api]


@pytest.fixture
async def world(clocked_db: Database) -> AsyncIterator[World]:
    async with open_world(clocked_db, ROOMS) as opened:
        yield opened


async def make(world: World, who: str = "red user", **more: Any) -> dict[str, Any]:
    answer = await post(world, who, **more)
    assert answer.status_code == 201, answer.text
    token: dict[str, Any] = answer.json()["token"]
    return token


async def post(world: World, who: str = "red user", **more: Any) -> httpx.Response:
    end = (world.db.clock.now() + timedelta(days=30)).isoformat()
    body = {"name": "ci", "scopes": ["read"], "expires_at": end, **more}
    return await world[who].post("/tokens", json=body)


def bearer(token: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token['token']}"}


async def ask(
    world: World, token: dict[str, Any], path: str = "/identity", method: str = "GET", **more: Any
) -> httpx.Response:
    headers = bearer(token) | more.pop("headers", {})
    return await world["nobody"].request(method, path, headers=headers, **more)


async def test_a_token_is_shown_once_and_kept_as_a_hash(world: World) -> None:
    token = await make(world)
    assert token["token"].startswith("rt_") and len(token["token"]) > 40
    assert token["token"].startswith(token["hint"])
    listed = (await world.get("red user", "/tokens"))["tokens"]
    assert [one["id"] for one in listed] == [token["id"]]
    one = (await world.get("red user", f"/tokens/{token['id']}"))["token"]
    for shown in (*listed, one):
        assert "token" not in shown and "token_hash" not in shown
    stored = await world.sql("SELECT t::text FROM api_tokens t")
    assert token["token"] not in stored


async def test_a_token_is_its_holder(world: World) -> None:
    identity = (await ask(world, await make(world))).json()["identity"]
    assert identity["id"] == str(world.users["red user"])
    assert list(identity["teams"]) == [str(world.teams["red"])]


async def test_a_machine_has_tokens_too(world: World) -> None:
    lab, feeder = world.machines["red lab"], world.machines["feeder"]
    for who, more, kind, holder in (
        ("red user", {"remoteci_id": str(lab)}, "remoteci", lab),
        ("red lab", {}, "remoteci", lab),
        ("epm", {"feeder_id": str(feeder)}, "feeder", feeder),
    ):
        identity = (await ask(world, await make(world, who, **more))).json()["identity"]
        assert (identity["kind"], identity["id"]) == (kind, str(holder))
    for who in ("blue user", "blue lab"):
        assert (await post(world, who, remoteci_id=str(lab))).status_code in (401, 404)


@pytest.mark.parametrize(
    ("scopes", "method", "path", "allowed"),
    [
        (["read"], "GET", "/teams", True),
        (["jobs:write"], "GET", "/teams", True),
        (["read"], "POST", "/pipelines", False),
        (["labs:write"], "POST", "/pipelines", False),
        (["jobs:write"], "POST", "/pipelines", True),
        (["all"], "POST", "/pipelines", True),
        (["jobs:write"], "POST", "/remotecis", False),
        (["labs:write"], "POST", "/remotecis", True),
    ],
)
async def test_scopes_say_what_a_token_may(
    world: World, scopes: list[str], method: str, path: str, allowed: bool
) -> None:
    token = await make(world, scopes=scopes)
    body = {"name": "x", "team_id": str(world.teams["red"])} if method == "POST" else None
    answer = await ask(world, token, path, method, json=body)
    assert answer.status_code == ((200 if method == "GET" else 201) if allowed else 401), (
        answer.text
    )
    if not allowed:
        assert "scope" in answer.json()["message"]


async def test_new_keys_need_the_scope_all(world: World) -> None:
    lab = world.machines["red lab"]
    for scope, status in (("labs:write", 401), ("all", 200)):
        token = await make(world, scopes=[scope])
        answer = await ask(
            world, token, f"/remotecis/{lab}/api_secret", "PUT", headers={"If-match": "x"}
        )
        assert answer.status_code == status


async def test_transactions_of_a_reading_token_cannot_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses what the check of scopes would let pass."""
    token = await make(world)
    monkeypatch.setattr(
        "ringtest.control.identity.model.require_scope", lambda scopes, method, route: None
    )
    body = {"name": "x", "team_id": str(world.teams["red"])}
    answer = await ask(world, token, "/pipelines", "POST", json=body)
    assert answer.status_code == 401
    assert answer.json()["message"] == "this token may only read"
    assert await world.sql("SELECT count(*) FROM pipelines") == 0


async def change_me(world: World, **body: Any) -> None:
    etag = (await world["red user"].get("/users/me")).headers["etag"]
    body |= {"current_password": PASSWORD}
    done = await world["red user"].put("/users/me", json=body, headers={"If-match": etag})
    assert done.status_code == 200, done.text


async def test_a_new_password_ends_ones_tokens_but_for_keep_tokens(world: World) -> None:
    own, other = await make(world), await make(world, "blue user")
    machine = await make(world, remoteci_id=str(world.machines["red lab"]))
    await change_me(world, fullname="Red")
    assert (await ask(world, own)).status_code == 200, "only a new password does"
    await change_me(world, new_password=PASSWORD, keep_tokens=True)
    assert (await ask(world, own)).status_code == 200
    await change_me(world, new_password=PASSWORD)
    assert (await ask(world, own)).status_code == 401
    for kept in (other, machine):
        assert (await ask(world, kept)).status_code == 200
    assert (await world.get("red user", f"/tokens/{machine['id']}"))["token"]["state"] == "active"


@pytest.mark.parametrize("keep", [True, False])
async def test_an_administrator_who_sets_a_password_ends_the_tokens_too(
    world: World, keep: bool
) -> None:
    own = await make(world)
    user = (await world["red user"].get("/users/me")).json()["user"]
    done = await world["super admin"].put(
        f"/users/{user['id']}", json={"password": "another", "keep_tokens": keep},
        headers={"If-match": user["etag"]},
    )  # fmt: skip
    assert done.status_code == 200, done.text
    assert (await ask(world, own)).status_code == (200 if keep else 401)


async def test_tokens_rest_while_their_holder_does(world: World) -> None:
    own = await make(world)
    user = (await world["red user"].get("/users/me")).json()["user"]
    path, etag = f"/users/{user['id']}", user["etag"]
    for state, status in (("inactive", 401), ("active", 200)):
        done = await world["super admin"].put(
            path, json={"state": state}, headers={"If-match": etag}
        )
        etag = done.headers["etag"]
        assert (await ask(world, own)).status_code == status
    gone = await world["super admin"].delete(path, headers={"If-match": etag})
    assert gone.status_code == 204
    assert await world.sql("SELECT count(*) FROM api_tokens WHERE state = 'active'") == 0


async def test_a_token_makes_no_tokens_and_sets_no_password(world: World) -> None:
    token = await make(world, "read-only", scopes=["all"])
    end = (world.db.clock.now() + timedelta(days=1)).isoformat()
    body = {"name": "more", "scopes": ["all"], "expires_at": end}
    assert (await ask(world, token, "/tokens", "POST", json=body)).status_code == 401
    answer = await ask(
        world,
        token,
        "/identity",
        "PUT",
        json={"new_password": "taken over"},
        headers={"If-match": "x"},
    )
    assert answer.status_code == 401


async def test_a_token_ends_at_its_time(world: World, clock: VirtualClock) -> None:
    token = await make(world)
    clock.advance(30 * 86400 - 1)
    assert (await ask(world, token)).status_code == 200
    clock.advance(1)
    answer = await ask(world, token)
    assert (answer.status_code, answer.json()["message"]) == (401, "this token has expired")


async def test_a_revoked_token_ends_now(world: World) -> None:
    token = await make(world)
    path = f"/tokens/{token['id']}"
    assert (await world["red user"].delete(path)).status_code == 412
    wrong = await world["red user"].delete(path, headers={"If-match": "x"})
    assert wrong.status_code == 404
    done = await world["red user"].delete(path, headers={"If-match": token["etag"]})
    assert done.status_code == 204
    assert (await ask(world, token)).status_code == 401
    assert (await world.get("red user", "/tokens"))["tokens"] == []


async def test_a_token_ends_with_its_holder_and_follows_its_teams(world: World) -> None:
    token = await make(world)
    await world.sql("DELETE FROM users_teams WHERE user_id = $1", world.users["red user"])
    assert (await ask(world, token)).json()["identity"]["teams"] == {}
    await world.sql("UPDATE users SET state = 'inactive' WHERE name = 'red user'")
    assert (await ask(world, token)).status_code == 401


async def test_a_token_may_be_of_one_team_alone(world: World) -> None:
    await world.sql(
        "INSERT INTO users_teams VALUES ($1, $2)", world.users["super admin"], world.teams["red"]
    )
    token = await make(world, "super admin", team_id=str(world.teams["red"]), scopes=["all"])
    identity = (await ask(world, token)).json()["identity"]
    assert list(identity["teams"]) == [str(world.teams["red"])]
    assert identity["is_super_admin"] is False
    other = await ask(world, token, headers={"X-Dci-Team-Id": str(world.teams["admin"])})
    assert other.status_code == 401
    assert (await post(world, team_id=str(world.teams["blue"]))).status_code == 401


async def test_tokens_of_others_are_not_there(world: World) -> None:
    token = await make(world)
    for who in ("blue user", "blue lab", "read-only", "epm", "feeder"):
        assert (await world.get(who, "/tokens"))["tokens"] == []
        assert (await world[who].get(f"/tokens/{token['id']}")).status_code == 404
        gone = await world[who].delete(
            f"/tokens/{token['id']}", headers={"If-match": token["etag"]}
        )
        assert gone.status_code == 404
    assert len((await world.get("super admin", "/tokens"))["tokens"]) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"scopes": []},
        {"scopes": ["read", "everything"]},
        {"expires_at": None},
        {"expires_at": "2020-01-01T00:00:00"},
        {"expires_at": "2027-01-02T12:00:00"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"remoteci_id": "0" * 32, "feeder_id": "0" * 32},
        {"name": ""},
    ],
)
async def test_a_token_that_makes_no_sense_is_400(world: World, more: dict[str, Any]) -> None:
    answer = await post(world, **more)
    assert answer.status_code == 400, answer.text


async def test_its_use_is_noted_once_a_minute(world: World, clock: VirtualClock) -> None:
    token = await make(world)
    path = f"/tokens/{token['id']}"
    start = clock.now()
    for seconds, noted in ((0, start), (59, start), (1, start + timedelta(seconds=60))):
        clock.advance(seconds)
        await ask(world, token)
        shown = (await world.get("red user", path))["token"]["last_used_at"]
        assert shown == noted.isoformat()


@pytest.mark.parametrize("text", ["rt_", "rt_" + "x" * 43, "rt_\xff", "rt_" + "x" * 60_000])
async def test_a_token_of_nobody_is_401(world: World, text: str) -> None:
    headers = [(b"authorization", f"Bearer {text}".encode("latin-1"))]
    answer = await world["nobody"].get("/identity", headers=headers)
    assert answer.status_code == 401
