"""The stage of all rows: one server, and callers who are of no team in particular."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from ringtest.control.app import create_app
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import SystemClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.ports.certification_desk import TestLog
from tests.conformance.contract.scene import SPECIAL, Scene, Stage, Thing, add_machine, add_user
from tests.parts import first_start, make_parts


class _Tool:
    """A certification tool that takes every log."""

    async def hand_in(self, log: TestLog) -> None:
        """See `ports.certification_desk`."""


class Heads(httpx.AsyncBaseTransport):
    """Gives the status of an answer and leaves: for streams, which do not end."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        begun: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        transport = httpx.ASGITransport(app=self._watched(begun))
        work = asyncio.ensure_future(transport.handle_async_request(request))
        work.add_done_callback(lambda _: None if begun.done() else begun.cancel())
        await asyncio.wait([begun])
        if begun.cancelled() or begun.result()["status"] >= 300:
            return await work
        work.cancel()
        await asyncio.wait([work])
        head = begun.result()
        return httpx.Response(head["status"], headers=head["headers"], content=b"")

    def _watched(self, begun: asyncio.Future[dict[str, Any]]) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            async def watched(message: Any) -> None:
                if message["type"] == "http.response.start" and not begun.done():
                    begun.set_result(message)
                await send(message)

            await self._app(scope, receive, watched)

        return app


@pytest.fixture(scope="session")
async def stage(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """One server and one database for every row: each test makes things of its own."""
    async with fresh_database() as url:
        db = await Database.connect(url, clock=SystemClock(), connections=5)
        parts = make_parts(db, tmp_path_factory.mktemp("contract"), notifiers={})
        parts.certifications = _Tool()
        await first_start(parts)
        app = create_app(parts)
        stage = Stage(parts, httpx.ASGITransport(app=app), Heads(app))
        await _add_callers(stage)
        yield stage
        await db.close()


async def _add_callers(stage: Stage) -> None:
    """Who is of no team of the test's: administrators, read-only members, a feeder."""
    scene = Scene(stage)
    async with stage.parts.db.transaction(SYSTEM) as tx:
        for role, team in SPECIAL.items():
            team_id = await tx.fetchval("SELECT id FROM teams WHERE name = $1", team)
            stage.things[f"{role}_team"] = Thing(team_id, "teams")
            scene.things[role] = await add_user(scene, tx, role, team_id)
        feeders = await scene.insert(tx, "teams", name="feeders")
        stage.things["feeder_team"] = feeders
        scene.things["feeder"] = await add_machine(scene, tx, "feeders", "feeder", feeders.id)
    for role, made in list(scene.things.items()):
        stage.auths[role] = await scene.auth(role)
        stage.things[role] = made
    stage.auths["nobody"] = None


@pytest.fixture(params=["v1", "v2"])
def scene(stage: Stage, request: pytest.FixtureRequest) -> Scene:
    """An empty scene of each version of the API."""
    return Scene(stage, request.param)
