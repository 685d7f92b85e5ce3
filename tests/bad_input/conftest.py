"""Servers for bad input: one that stays as it is, and fresh ones for tests that may change it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ringtest.client.auth import HmacAuth
from ringtest.control.app import all_loops, create_app
from ringtest.control.db.pool import Database
from tests.bad_input.ground import Ground
from tests.isolation.two_teams import MARK, SECRET, Estate, build_estate, run_job, run_loops
from tests.parts import ADMIN, connect, first_start, make_parts

Fresh = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
async def ground(
    fresh_database: Fresh, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ground]:
    """A server for requests that are all refused, or change nothing that others look at."""
    async with fresh_database() as url:
        db = await Database.connect(url, connections=5)
        yield await _open_ground(db, tmp_path_factory.mktemp("ground"))
        await db.close()


@pytest.fixture
async def scratch(db: Database, tmp_path: Path) -> Ground:
    """A server of the test's own."""
    return await _open_ground(db, tmp_path)


async def _open_ground(db: Database, folder: Path) -> Ground:
    """The server over an empty database, and one team with everything a team can own."""
    parts = make_parts(db, folder, notifiers={})
    parts.settings = replace(parts.settings, max_body=500_000, max_file=50_000_000)
    await first_start(parts)
    app = httpx.ASGITransport(app=create_app(parts))
    admin = connect(parts, ADMIN, app)
    estate = await build_estate(admin, "one", MARK)
    await run_loops(all_loops(parts)[:-1])
    lab = connect(parts, HmacAuth(*estate.machine), app)
    await run_job(lab, estate, MARK)
    await run_loops(all_loops(parts)[:-1])
    await _learn_late_ids(admin, estate)
    callers = {
        "super admin": admin,
        "user": connect(parts, estate.user, app),
        "lab": lab,
        "nobody": connect(parts, None, app),
    }
    secrets = [SECRET, estate.machine[1], "admin password", str(folder)]
    return Ground(estate, callers, secrets)


async def _learn_late_ids(admin: httpx.AsyncClient, estate: Estate) -> None:
    page = {"limit": 50, "offset": 0}
    groups = (await admin.get("/failure_groups", params=page)).json()["failure_groups"]
    deliveries = (await admin.get("/deliveries", params=page)).json()["deliveries"]
    estate.ids |= {"group_id": groups[0]["id"], "delivery_id": deliveries[0]["id"]}
