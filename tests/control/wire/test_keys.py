"""A POST with an Idempotency-Key has its effect once, however often and wherever it is sent."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringtest.client.auth import HmacAuth
from ringtest.control.app import Parts, create_app
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from tests.parts import ADMIN, connect, first_start, make_parts


@pytest.fixture
async def parts(db: Database, tmp_path: Path) -> Parts:
    made = make_parts(db, tmp_path, notifiers={})
    await first_start(made)
    return made


@pytest.fixture
async def http(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(parts, ADMIN) as client:
        yield client


async def make_team(http: httpx.AsyncClient, name: str, key: str, **more: Any) -> httpx.Response:
    return await http.post("/teams", json={"name": name, **more}, headers={"Idempotency-Key": key})


async def names(http: httpx.AsyncClient) -> list[str]:
    listed = (await http.get("/teams", params={"limit": 200, "offset": 0})).json()
    return sorted(team["name"] for team in listed["teams"])


def _round_trips(answer: httpx.Response) -> int:
    return int(answer.headers["server-timing"].partition("desc=")[2])


async def test_the_same_request_again_gets_the_first_answer(http: httpx.AsyncClient) -> None:
    first = await make_team(http, "red", "k1")
    again = await make_team(http, "red", "k1")
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-type"] == "application/json"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (await names(http)).count("red") == 1


async def test_another_body_under_the_same_key_is_refused(http: httpx.AsyncClient) -> None:
    await make_team(http, "red", "k1")
    other = await make_team(http, "blue", "k1")
    assert other.status_code == 409
    assert "used for another request" in other.json()["message"]
    assert "blue" not in await names(http)


async def test_another_address_under_the_same_key_is_refused(http: httpx.AsyncClient) -> None:
    await make_team(http, "red", "k1")
    other = await http.post("/products", json={"name": "red"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 409


async def test_two_at_once_have_one_effect_and_one_answer(parts: Parts) -> None:
    app = httpx.ASGITransport(app=create_app(parts))
    async with connect(parts, ADMIN, app) as http:
        await http.get("/identity")  # the password is known from here on
        answers = await asyncio.gather(*(make_team(http, "red", "k1") for _ in range(8)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert (await names(http)).count("red") == 1


async def test_a_refused_request_may_be_sent_again(http: httpx.AsyncClient) -> None:
    assert (await make_team(http, "red", "k1", state="nonsense")).status_code == 400
    assert (await make_team(http, "red", "k1")).status_code == 201


async def test_without_a_key_nothing_is_kept_and_nothing_is_asked(
    http: httpx.AsyncClient, db: Database
) -> None:
    await http.get("/identity")  # the password is known from here on
    plain = await http.post("/teams", json={"name": "red"})
    keyed = await make_team(http, "blue", "k1")
    async with db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM request_keys") == 1
    round_trips = [_round_trips(answer) for answer in (plain, keyed)]
    assert round_trips[1] == round_trips[0], "the key's row rides with BEGIN and COMMIT"


async def test_a_request_without_a_body_can_be_keyed(http: httpx.AsyncClient) -> None:
    team = (await make_team(http, "red", "k1")).json()["team"]
    person = {"name": "ann", "fullname": "Ann", "email": "ann@example.org", "password": "p" * 12}
    user = (await http.post("/users", json=person)).json()["user"]
    path = f"/teams/{team['id']}/users/{user['id']}"
    for _ in range(2):
        answer = await http.post(path, headers={"Idempotency-Key": "join"})
        assert answer.status_code == 201, answer.text
    assert (await http.post(path)).status_code == 409


async def test_a_keyed_answer_with_a_secret_comes_again_and_is_unreadable_at_rest(
    http: httpx.AsyncClient, db: Database
) -> None:
    team = (await make_team(http, "red", "k1")).json()["team"]
    body = {"name": "lab", "team_id": team["id"]}
    made = [
        (await http.post("/remotecis", json=body, headers={"Idempotency-Key": "k2"})).json()
        for _ in range(2)
    ]
    assert made[0] == made[1]
    secret = made[0]["remoteci"]["api_secret"]
    async with db.transaction(SYSTEM) as tx:
        kept = await tx.fetch("SELECT answer FROM request_keys")
    assert all(secret.encode() not in row["answer"] for row in kept)


async def test_an_upload_that_is_passed_on_is_stored_once(
    http: httpx.AsyncClient, db: Database
) -> None:
    product = (await http.post("/products", json={"name": "p"})).json()["product"]
    topic = (await http.post("/topics", json={"name": "t", "product_id": product["id"]})).json()
    body = {"type": "build", "topic_id": topic["topic"]["id"], "name": "one 1"}
    component = (await http.post("/components", json=body)).json()["component"]
    path = f"/components/{component['id']}/files"
    headers = {"Idempotency-Key": "k"}
    first, again = [await http.post(path, content=b"x" * 300_000, headers=headers) for _ in "ab"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    other = await http.post(path, content=b"y", headers=headers)
    assert other.status_code == 409
    async with db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM component_files") == 1


async def test_keys_are_the_callers_own(parts: Parts, http: httpx.AsyncClient) -> None:
    team = (await make_team(http, "red", "k0")).json()["team"]
    labs = []
    for name in ("one", "two"):
        body = {"name": name, "team_id": team["id"]}
        labs.append((await http.post("/remotecis", json=body)).json()["remoteci"])
    made = []
    for lab in labs:
        signed = HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])
        async with connect(parts, signed) as client:
            body = {"name": "nightly", "team_id": team["id"]}
            made.append(
                await client.post("/pipelines", json=body, headers={"Idempotency-Key": "same"})
            )
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["pipeline"]["id"] != made[1].json()["pipeline"]["id"]


async def test_a_team_sees_no_keys_of_others(http: httpx.AsyncClient, db: Database) -> None:
    await make_team(http, "red", "k1")
    async with db.transaction(Tenant(scope="read")) as tx:
        assert await tx.fetchval("SELECT count(*) FROM request_keys") == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tbed", "ключ".encode().decode("latin-1")])
async def test_a_key_that_is_none_is_refused(http: httpx.AsyncClient, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = await http.post("/teams", json={"name": "red"}, headers=headers)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]


async def test_an_answer_too_large_to_keep_is_told_of(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringtest.control.wire.claims.ANSWER_LIMIT", 10)
    await make_team(http, "red", "k1")
    again = await make_team(http, "red", "k1")
    assert again.status_code == 409
    assert again.json()["payload"] == {"status_code": 201}
    assert (await names(http)).count("red") == 1


async def test_a_database_that_fails_at_the_commit_is_503_and_nothing_happened(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringtest.control.wire.claims.Claim.seal", lambda *_: b"\x00" * 8)
    monkeypatch.setattr("ringtest.control.db.keyed._COMMIT", "SELECT 1/0")
    assert (await make_team(http, "red", "k1")).status_code == 503
    monkeypatch.undo()
    assert (await make_team(http, "red", "k1")).status_code == 201
