"""Browser sessions: log in, act, log out; what a foreign page cannot do."""

from collections.abc import AsyncIterator

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.identity import service
from ringtest.control.kernel.clock import VirtualClock
from tests.control.people import PASSWORD, World, count_statements, open_world

OURS = {"X-Requested-With": "ringtest"}


@pytest.fixture
async def world(clocked_db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(service, "_GATE", service.Gate())
    async with open_world(clocked_db, [identity_api, accounts_api]) as opened:
        yield opened


@pytest.fixture
async def browser(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        answer = await log_in(client)
        assert answer.status_code == 201, answer.text
        yield client


async def log_in(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/session", json={"name": "red user", "password": password})


async def test_logging_in_gives_the_identity_and_a_cookie(world: World) -> None:
    async with world.client() as client:
        answer = await log_in(client)
        assert answer.status_code == 201
        assert answer.json()["identity"]["name"] == "red user"
        cookie = answer.headers["set-cookie"]
        for part in ("ringtest_session=", "HttpOnly", "Path=/", "SameSite=strict"):
            assert part.lower() in cookie.lower()
        assert "secure" not in cookie.lower()


async def test_over_https_the_cookie_stays_on_https(world: World) -> None:
    async with world.client() as client:
        client.base_url = httpx.URL("https://ring/api/v1")
        assert "secure" in (await log_in(client)).headers["set-cookie"].lower()


async def test_a_session_is_recognised_in_one_statement(browser: httpx.AsyncClient) -> None:
    counter = count_statements()
    answer = await browser.get("/identity")
    assert answer.json()["identity"]["name"] == "red user"
    assert counter == [1]


async def test_wrong_passwords_open_nothing_and_count(world: World) -> None:
    async with world.client() as client:
        for guess in range(10):
            answer = await log_in(client, f"guess {guess}")
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers
        assert "retry_after" in (await log_in(client)).json()["payload"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name":"a"}', b'{"name":"a","password":1}',
                                  b'{"name":"a","password":"b","more":1}', b"\xff{}"])  # fmt: skip
async def test_a_malformed_login_is_400(world: World, body: bytes) -> None:
    answer = await world["nobody"].post("/session", content=body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Request malformed"


async def test_changes_need_our_header_reads_do_not(
    world: World, browser: httpx.AsyncClient
) -> None:
    etag = (await browser.get("/users/me")).headers["etag"]
    change = {"current_password": PASSWORD, "fullname": "Red"}
    headers = {"If-match": etag}
    foreign = await browser.put("/users/me", json=change, headers=headers)
    assert foreign.status_code == 401
    ours = await browser.put("/users/me", json=change, headers={**headers, **OURS})
    assert ours.status_code == 200


async def test_logging_out_ends_the_session_for_good(
    world: World, browser: httpx.AsyncClient
) -> None:
    token = browser.cookies["ringtest_session"]
    assert (await browser.delete("/session", headers=OURS)).status_code == 204
    again = await world["nobody"].get("/identity", headers={"Cookie": f"ringtest_session={token}"})
    assert again.status_code == 401
    assert await world.sql("SELECT count(*) FROM sessions") == 0


async def test_a_session_ends_after_a_week(browser: httpx.AsyncClient, clock: VirtualClock) -> None:
    clock.advance(7 * 86400 - 1)
    assert (await browser.get("/identity")).status_code == 200
    clock.advance(1)
    assert (await browser.get("/identity")).status_code == 401


async def test_expired_sessions_go_when_the_user_comes_back(
    world: World, browser: httpx.AsyncClient, clock: VirtualClock
) -> None:
    clock.advance(8 * 86400)
    async with world.client() as client:
        await log_in(client)
    assert await world.sql("SELECT count(*) FROM sessions") == 1


async def test_a_new_password_ends_every_session(world: World, browser: httpx.AsyncClient) -> None:
    etag = (await browser.get("/users/me")).headers["etag"]
    body = {"current_password": PASSWORD, "new_password": "another"}
    headers = {"If-match": etag, **OURS}
    assert (await browser.put("/users/me", json=body, headers=headers)).status_code == 200
    assert (await browser.get("/identity")).status_code == 401


@pytest.mark.parametrize("how", ["inactive", "deleted", "password"])
async def test_what_an_administrator_does_to_a_user_ends_every_session(
    world: World, browser: httpx.AsyncClient, how: str
) -> None:
    user = (await browser.get("/users/me")).json()["user"]
    path, headers = f"/users/{user['id']}", {"If-match": user["etag"]}
    admin = world["super admin"]
    if how == "deleted":
        done = await admin.delete(path, headers=headers)
    else:
        body = {"password": "another"} if how == "password" else {"state": "inactive"}
        done = await admin.put(path, json=body, headers=headers)
    assert done.status_code in (200, 204), done.text
    assert (await browser.get("/identity")).status_code == 401
    if how == "inactive":  # who comes back logs in again
        etag = done.json()["user"]["etag"]
        again = await admin.put(path, json={"state": "active"}, headers={"If-match": etag})
        assert again.status_code == 200
        assert (await browser.get("/identity")).status_code == 401
    assert await world.sql("SELECT count(*) FROM sessions") == 0


async def test_the_database_holds_no_cookie(world: World, browser: httpx.AsyncClient) -> None:
    token = browser.cookies["ringtest_session"]
    kept = await world.sql("SELECT encode(token_hash, 'escape') FROM sessions")
    assert token not in kept


async def test_made_up_cookies_are_401(world: World) -> None:
    for value in ("", "x", "a" * 5000, "é"):
        headers = {b"Cookie": f"other=1; ringtest_session={value}".encode()}
        answer = await world["nobody"].get("/identity", headers=headers)
        assert answer.status_code == 401


async def test_authorization_wins_over_the_cookie(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/identity", auth=httpx.BasicAuth("blue user", PASSWORD))
    assert answer.json()["identity"]["name"] == "blue user"
