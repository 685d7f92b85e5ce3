"""Two teams side by side: with both lines of defence, or with either of them alone."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from ringtest.client.auth import HmacAuth
from ringtest.control.accounts import model as accounts
from ringtest.control.accounts.model import Caller
from ringtest.control.app import all_loops, create_app
from ringtest.control.db.pool import Database
from ringtest.control.feed.service import Hub
from ringtest.control.kernel.tenant import Tenant
from tests.isolation.neighbours import Neighbours
from tests.isolation.two_teams import MARK, Estate, build_estate, run_job, run_loops
from tests.parts import ADMIN, connect, first_start, make_parts

Fresh = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture(params=["both", "policies alone", "checks alone"])
async def neighbours(
    request: pytest.FixtureRequest,
    db: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Neighbours]:
    """Both estates, built while both lines of defence stand; then one may be taken away."""
    async with _side_by_side(db, database_url, tmp_path) as found:
        if request.param == "policies alone":
            _switch_checks_off(monkeypatch, found.second)
        elif request.param == "checks alone":
            await _switch_policies_off(found.owner)
        yield found


@pytest.fixture(scope="session")
async def street(
    fresh_database: Fresh, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Neighbours]:
    """Both estates with both lines of defence, for tests that leave no trace others look at."""
    async with fresh_database() as url:
        db = await Database.connect(url, connections=5)
        async with _side_by_side(db, url, tmp_path_factory.mktemp("street")) as found:
            yield found
        await db.close()


@asynccontextmanager
async def _side_by_side(db: Database, url: str, folder: Path) -> AsyncIterator[Neighbours]:
    parts = make_parts(db, folder, notifiers={})
    await first_start(parts)
    app = httpx.ASGITransport(app=create_app(parts))
    admin = connect(parts, ADMIN, app)
    estates = []
    for name, mark in (("one", MARK), ("two", "beta")):
        estate = await build_estate(admin, name, mark)
        await run_loops(all_loops(parts)[:-1])
        await run_job(connect(parts, HmacAuth(*estate.machine), app), estate, mark)
        await run_loops(all_loops(parts)[:-1])
        await _learn_late_ids(admin, estate)
        estates.append(estate)
    first, second = estates
    owner = await asyncpg.connect(url)
    clients = {
        "user": connect(parts, second.user, app),
        "lab": connect(parts, HmacAuth(*second.machine), app),
    }
    hub = Hub(db, parts.notifications)
    yield Neighbours(first, second, clients, hub, owner, parts, app)
    await owner.close()


async def _learn_late_ids(admin: httpx.AsyncClient, estate: Estate) -> None:
    """Ids of what the loops made of the job: groups and deliveries."""
    query = {"limit": 50, "offset": 0}
    groups = await admin.get("/failure_groups", params=query | {"topic_id": estate.ids["topic_id"]})
    estate.ids["group_id"] = groups.json()["failure_groups"][0]["id"]
    deliveries = (await admin.get("/deliveries", params=query)).json()["deliveries"]
    estate.ids["delivery_id"] = next(
        d["id"] for d in deliveries if d["topic_id"] == estate.ids["topic_id"]
    )


def _switch_checks_off(monkeypatch: pytest.MonkeyPatch, second: Estate) -> None:
    """Every permission check says yes and no query filters; tenants stay as they are."""
    team = frozenset({UUID(second.ids["team_id"])})
    for module in list(sys.modules.values()):
        if getattr(module, "permit", None) is accounts.permit:
            monkeypatch.setattr(module, "permit", lambda allowed, message="": None)
    yes, every = property(lambda self: True), property(lambda self: None)
    for name in ("reads_all", "writes_all", "reads_catalog", "writes_catalog"):
        monkeypatch.setattr(Caller, name, yes)
    for name in ("visible_teams", "visible_component_teams"):
        monkeypatch.setattr(Caller, name, every)
    monkeypatch.setattr(Caller, "is_member", lambda self, team_id: True)
    monkeypatch.setattr(
        Caller,
        "tenant",
        property(lambda self: Tenant(teams=team, user=self.id if self.kind == "user" else None)),
    )


async def _switch_policies_off(owner: asyncpg.Connection) -> None:
    tables = await owner.fetch("SELECT relname FROM pg_class WHERE relrowsecurity")
    assert tables
    for table in tables:
        await owner.execute(f"ALTER TABLE {table['relname']} DISABLE ROW LEVEL SECURITY")
