"""A small file is a statement that is a transaction of its own: noted, and it leaves nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from ringtest.client.auth import HmacAuth
from ringtest.control.app import create_app
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from tests.isolation.two_teams import build_estate
from tests.parts import ADMIN, connect, first_start, make_parts


@dataclass
class Lab:
    """A whole server in memory, a lab of it, and a job of the lab."""

    db: Database
    admin: httpx.AsyncClient
    http: httpx.AsyncClient
    ids: dict[str, str]
    app: httpx.ASGITransport

    async def upload(
        self, http: httpx.AsyncClient | None = None, *, key: str = ""
    ) -> httpx.Response:
        headers = {
            "DCI-NAME": "out.log",
            "DCI-JOB-ID": self.ids["job_id"],
            "DCI-MIME": "text/plain",
        }
        if key:
            headers["Idempotency-Key"] = key
        return await (http or self.http).post("/files", content=b"x", headers=headers)

    async def notes(self) -> list[tuple[str, ...]]:
        """Kind and id of the actor, subject and team of every upload that was noted."""
        async with self.db.transaction(SYSTEM) as tx:
            found = await tx.fetch(
                "SELECT actor_kind, actor_id::text, subject_id::text, team_id::text, outcome"
                " FROM audits WHERE action = 'create_file' ORDER BY id"
            )
        return [tuple(row) for row in found]


@pytest.fixture
async def lab(db: Database, tmp_path: Path) -> AsyncIterator[Lab]:
    parts = make_parts(db, tmp_path, notifiers={})
    await first_start(parts)
    app = httpx.ASGITransport(app=create_app(parts))
    admin = connect(parts, ADMIN, app)
    estate = await build_estate(admin, "one", "alone")
    http = connect(parts, HmacAuth(*estate.machine), app)
    job = {"topic_id": estate.ids["topic_id"], "components": []}
    estate.ids["job_id"] = (await http.post("/jobs", json=job)).json()["job"]["id"]
    yield Lab(db, admin, http, estate.ids, app)


async def test_it_is_one_round_trip_and_is_noted(lab: Lab) -> None:
    """Beside the one that asks who is there, which a server that listens remembers."""
    await lab.upload()
    answer = await lab.upload()
    assert (answer.status_code, answer.headers["server-timing"]) == (201, "sql;desc=2")
    who = ("remoteci", lab.ids["remoteci_id"])
    what = (answer.json()["file"]["id"], lab.ids["team_id"], "done")
    assert (await lab.notes())[-1] == (*who, *what)


async def test_a_key_stores_and_notes_once(lab: Lab) -> None:
    first, second = [await lab.upload(key="one") for _ in range(2)]
    assert first.json() == second.json()
    assert len(await lab.notes()) == 1


async def test_the_connection_forgets_whose_it_was(lab: Lab) -> None:
    await lab.upload()
    for name in ("scope", "teams", "component_teams", "pre_release", "user_id"):
        assert not await lab.db.ask("SELECT current_setting($1, true)", f"ringtest.{name}"), name


async def test_what_may_only_read_adds_nothing(lab: Lab) -> None:
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"name": "r", "scopes": ["read"], "expires_at": end}
    token = (await lab.admin.post("/tokens", json=body)).json()["token"]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    base = "http://ringtest/api/v1"
    async with httpx.AsyncClient(transport=lab.app, base_url=base, headers=headers) as reader:
        assert (await lab.upload(reader)).status_code == 401
    files = await lab.admin.get(f"/jobs/{lab.ids['job_id']}/files")
    assert files.json()["files"] == []


async def test_what_is_listed_after_it_has_it(lab: Lab) -> None:
    """Lists are remembered until they change, also by this way."""
    url = f"/jobs/{lab.ids['job_id']}/files"
    params = {"limit": 10, "offset": 0}
    for count in range(3):
        assert len((await lab.http.get(url, params=params)).json()["files"]) == count
        await lab.upload()
