"""What those who run the server see: readiness with reasons, measures, one line per request."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ringtest.control.app import Parts, create_app
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import BadRequest, Unavailable
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.operations import model, service
from tests.parts import ADMIN, first_start, make_parts

_TOKEN = "a token of sixteen or more"


@pytest.fixture
async def parts(db: Database, tmp_path: Path) -> AsyncIterator[Parts]:
    made = make_parts(db, tmp_path, notifiers={})
    await made.notifications.start()
    await first_start(made)
    yield made
    await made.notifications.stop()


def client(
    parts: Parts, *, host: str = "127.0.0.1", auth: httpx.Auth | None = ADMIN
) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_app(parts), client=(host, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://ringtest", auth=auth)


async def reasons(parts: Parts) -> tuple[int, list[str]]:
    async with client(parts) as http:
        answer = await http.get("/health/ready")
    said = answer.json()
    return answer.status_code, said.get("payload", {}).get("reasons", [])


async def test_a_server_with_everything_it_needs_is_ready(parts: Parts) -> None:
    assert await reasons(parts) == (200, [])


async def test_a_server_that_is_stopped_is_not_ready_and_ends_connections(parts: Parts) -> None:
    parts.closing.set()
    assert await reasons(parts) == (503, ["the server is being stopped"])
    async with client(parts) as http:
        assert (await http.get("/health/live")).headers["connection"] == "close"


async def test_servers_of_one_process_answer_for_themselves(parts: Parts) -> None:
    stopped = replace(parts, closing=asyncio.Event())
    stopped.closing.set()
    both = [reasons(one) for _ in range(4) for one in (parts, stopped)]
    codes = [status for status, _ in await asyncio.gather(*both)]
    assert codes == [200, 503] * 4


async def test_a_server_that_hears_nothing_is_not_ready(parts: Parts) -> None:
    await parts.notifications.stop()
    status, said = await reasons(parts)
    assert status == 503
    assert said == ["notifications of the database do not arrive"]


async def test_a_database_without_a_migration_is_not_ready(parts: Parts) -> None:
    owner: asyncpg.Connection = await asyncpg.connect(parts.db.dsn)
    await owner.execute("DELETE FROM schema_migrations WHERE name LIKE '0014%'")
    await owner.close()
    status, said = await reasons(parts)
    assert status == 503
    assert said == ["the database lacks the migration 0014_requests.sql"]


async def test_no_database_is_not_ready(parts: Parts) -> None:
    await parts.db.close()
    status, said = await reasons(parts)
    assert status == 503
    assert "the database does not answer" in said


async def test_no_object_store_is_not_ready(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    async def put(*_: object, **__: object) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(parts.objects, "put", put)
    assert await reasons(parts) == (503, ["objects cannot be stored"])


async def test_measures_can_be_read_by_a_real_parser(parts: Parts) -> None:
    async with client(parts) as http:
        await http.get("/api/v1/teams")
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = {family.name: family for family in text_string_to_metric_families(answer.text)}
    requests = found["ringtest_requests"].samples
    assert any(
        sample.labels == {"method": "GET", "route": "/api/v1/teams", "status": "200"}
        for sample in requests
    )
    for name in ("request_seconds", "sql_statements", "pool_connections", "outbox_waiting", "jobs"):
        assert f"ringtest_{name}" in found
    assert {s.labels["phase"] for s in found["ringtest_jobs"].samples} == {"queued", "running"}


async def test_measures_name_routes_and_nothing_else(parts: Parts) -> None:
    async with client(parts) as http:
        made = await http.post("/api/v1/teams", json={"name": "secret-name"})
        team = made.json()["team"]["id"]
        await http.get(f"/api/v1/teams/{team}?where=name:secret-name")
        await http.get("/api/v1/no/such/secret-name")
        text = (await http.get("/metrics")).text
    assert 'route="/api/v1/teams/{team_id}"' in text
    assert team not in text
    assert "secret-name" not in text


@pytest.mark.parametrize(
    ("setting", "host", "headers", "status"),
    [
        ("local", "127.0.0.1", {}, 200),
        ("local", "::1", {}, 200),
        ("local", "192.0.2.7", {}, 401),
        ("local", "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 401),
        ("off", "127.0.0.1", {}, 404),
        (_TOKEN, "192.0.2.7", {"Authorization": f"Bearer {_TOKEN}"}, 200),
        (_TOKEN, "127.0.0.1", {"Authorization": "Bearer nonsense"}, 401),
    ],
)
async def test_measures_are_for_those_whom_the_setting_names(
    parts: Parts, setting: str, host: str, headers: dict[str, str], status: int
) -> None:
    parts.settings = replace(parts.settings, metrics=setting)
    async with client(parts, host=host, auth=None) as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status


def test_a_token_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(BadRequest, match="16 characters"):
        model.check_setting("short")


async def test_the_access_log_has_a_line_per_request_and_no_secret(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    parts.settings = replace(parts.settings, access_log="json")
    with caplog.at_level(logging.INFO, logger="ringtest.access"):
        async with client(parts) as http:
            body = {"name": "ann", "fullname": "A", "email": "a@example.org", "password": "p" * 12}
            await http.post("/api/v1/users?x=hidden", json=body, headers={"X-Request-Id": "r-1"})
    (record,) = [one for one in caplog.records if one.name == "ringtest.access"]
    line = json.loads(record.getMessage())
    assert (line["request_id"], line["method"], line["status"]) == ("r-1", "POST", 201)
    assert line["route"] == "/api/v1/users"
    assert re.fullmatch(r"user/[0-9a-f-]{36}", line["actor"])
    assert not re.search("p{12}|hidden|Basic|ann", record.getMessage())


async def test_old_keys_and_notes_are_forgotten(
    clocked_db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    parts = make_parts(clocked_db, tmp_path, notifiers={})
    await first_start(parts)
    headers = {"Idempotency-Key": "k"}
    async with client(parts) as http:
        await http.post("/api/v1/teams", json={"name": "red"}, headers=headers)
        clock.advance(timedelta(hours=25).total_seconds())
        assert await service.forget_old(clocked_db, settings=parts.settings) == 1
        clock.advance(timedelta(days=366).total_seconds())
        assert await service.forget_old(clocked_db, settings=parts.settings) == 1
        kept = replace(parts.settings, audit_days=0)
        await http.post("/api/v1/teams", json={"name": "blue"})
        clock.advance(timedelta(days=4000).total_seconds())
        assert await service.forget_old(clocked_db, settings=kept) == 0
    async with clocked_db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM audits") == 1
