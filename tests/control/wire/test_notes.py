"""Every change leaves a note of who made it, in the transaction that makes it true."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringtest.client.auth import HmacAuth
from ringtest.control.app import Parts
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
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


async def notes(db: Database) -> list[dict[str, Any]]:
    async with db.transaction(SYSTEM) as tx:
        return [dict(row) for row in await tx.fetch("SELECT * FROM audits ORDER BY id")]


async def made(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    assert answer.status_code == 201, answer.text
    thing: dict[str, Any] = next(iter(answer.json().values()))
    return thing


async def test_a_change_is_noted_with_actor_subject_and_request(
    http: httpx.AsyncClient, db: Database
) -> None:
    answer = await http.post("/teams", json={"name": "red"}, headers={"X-Request-Id": "build-7"})
    team = answer.json()["team"]
    me = (await http.get("/identity")).json()["identity"]["id"]
    (note,) = await notes(db)
    assert note["action"] == "create_teams"
    assert (note["actor_kind"], str(note["actor_id"])) == ("user", me)
    assert str(note["subject_id"]) == team["id"]
    assert (note["request_id"], note["outcome"]) == ("build-7", "done")
    assert answer.headers["x-request-id"] == "build-7"


async def test_a_route_that_says_nothing_itself_is_noted_by_its_name(
    http: httpx.AsyncClient, parts: Parts, db: Database
) -> None:
    team = await made(http, "/teams", name="red")
    lab = await made(http, "/remotecis", name="lab", team_id=team["id"])
    before = len(await notes(db))
    signed = HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])
    async with connect(parts, signed) as machine:
        pipeline = await made(machine, "/pipelines", name="nightly", team_id=team["id"])
        headers = {"If-match": pipeline["etag"]}
        await machine.put(f"/pipelines/{pipeline['id']}", json={"name": "x"}, headers=headers)
    added, changed = (await notes(db))[before:]
    assert added["action"] == "create_pipeline"
    assert changed["action"] == "update_pipeline"
    for note in (added, changed):
        assert (note["actor_kind"], str(note["actor_id"])) == ("remoteci", lab["id"])
        assert str(note["subject_id"]) == pipeline["id"]
    assert str(added["team_id"]) == team["id"]


async def test_reading_is_not_noted(http: httpx.AsyncClient, db: Database) -> None:
    await http.get("/teams")
    await http.get("/jobs")
    assert await notes(db) == []


async def test_what_was_refused_as_malformed_is_not_noted(
    http: httpx.AsyncClient, db: Database
) -> None:
    await http.post("/teams", json={"nonsense": 1})
    assert await notes(db) == []


async def test_an_attempt_that_is_not_permitted_is_noted_as_refused(
    http: httpx.AsyncClient, parts: Parts, db: Database
) -> None:
    team = await made(http, "/teams", name="red")
    lab = await made(http, "/remotecis", name="lab", team_id=team["id"])
    before = len(await notes(db))
    signed = HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])
    async with connect(parts, signed) as machine:
        refused = await machine.post("/teams", json={"name": "mine"})
        assert refused.status_code == 401
        path = f"/teams/{team['id']}"
        await machine.delete(path, headers={"If-match": team["etag"]})
    created, deleted = (await notes(db))[before:]
    assert (created["outcome"], created["actor_kind"]) == ("refused", "remoteci")
    assert "create" in created["action"]
    assert (deleted["outcome"], str(deleted["subject_id"])) == ("refused", team["id"])


async def test_who_could_not_say_who_it_is_is_not_noted(parts: Parts, db: Database) -> None:
    async with connect(parts, None) as stranger:
        assert (await stranger.post("/teams", json={"name": "x"})).status_code == 401
    assert await notes(db) == []


async def test_a_change_that_is_undone_leaves_no_note(
    http: httpx.AsyncClient, db: Database
) -> None:
    await http.post("/teams", json={"name": "red"})
    assert (await http.post("/teams", json={"name": "red"})).status_code == 409
    assert len(await notes(db)) == 1


async def test_a_repeated_keyed_request_is_noted_once(
    http: httpx.AsyncClient, db: Database
) -> None:
    for _ in range(3):
        await http.post("/teams", json={"name": "red"}, headers={"Idempotency-Key": "k"})
    assert len(await notes(db)) == 1


async def test_notes_are_listed_for_super_administrators_alone(
    http: httpx.AsyncClient, parts: Parts
) -> None:
    team = await made(http, "/teams", name="red")
    lab = await made(http, "/remotecis", name="lab", team_id=team["id"])
    where: dict[str, str | int] = {"where": "action:create_teams", "limit": 5, "offset": 0}
    listed = (await http.get("/audits", params=where)).json()
    assert listed["_meta"]["count"] == 1
    (note,) = listed["audits"]
    assert note["subject_id"] == team["id"]
    assert note["outcome"] == "done"
    assert {"id", "created_at", "user_id", "action", "request_id"} <= set(note)
    async with connect(parts, HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])) as machine:
        assert (await machine.get("/audits")).status_code == 401


@pytest.mark.parametrize("word", ["no good", "x" * 65, "naïve"])
async def test_a_request_id_that_is_no_plain_word_is_replaced(
    http: httpx.AsyncClient, word: str
) -> None:
    answer = await http.get("/", headers={b"X-Request-Id": word.encode()})
    assert len(answer.headers["x-request-id"]) == 16
