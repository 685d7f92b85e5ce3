"""One query, wherever it is asked: the pages, lists, analytics, the search in logs, commands.

`queries.json` says what the pages make of an address; their own test holds them to it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from ringtest.cli import calls
from ringtest.cli.main import app
from ringtest.client import Client
from ringtest.control.analytics import api as analytics_api
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.log_search import api as log_search_api
from tests.architecture.sources import ROOT
from tests.control.results.past import Past, open_past

CASES: list[dict[str, Any]] = json.loads((ROOT / "tests/conformance/queries.json").read_text())
JOBS: dict[str, dict[str, Any]] = {
    "broken": {"result": "failed", "tags": ["daily"]},
    "weekly": {"result": "failed", "tags": ["weekly"], "url": "http://ring.test"},
    'odd, "x"': {"result": "errored", "tags": ["daily"]},
    "good": {"result": "passed", "tags": ["daily"]},
}


@pytest.fixture
async def past(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Past]:
    rooms = [analytics_api, log_search_api]
    closing = asyncio.Event()
    async with open_past(clocked_db, clock, tmp_path, rooms, Past, closing=closing) as opened:
        for name, more in JOBS.items():
            await opened.job("red lab", ["build 1"], 1, name=name, status="finished", **more)
        yield opened


async def test_one_query_finds_the_same_jobs_everywhere(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = past.shelf.world
    asked: list[httpx.Request] = []
    loop = asyncio.get_running_loop()

    def through(request: httpx.Request) -> httpx.Response:
        """What a command asks for, asked of the server."""
        asked.append(request)
        there = world["red user"].get("/jobs", params=request.url.params)
        answer = asyncio.run_coroutine_threadsafe(there, loop).result()
        return httpx.Response(answer.status_code, content=answer.content)

    def client(connection: Any) -> Client:
        return Client(connection, transport=httpx.MockTransport(through))

    monkeypatch.setattr(calls, "Client", client)
    words = ["job", "list", "-f", "json", "--server", "http://ring.test", "--query"]
    env = {"RINGTEST_USER": "red user", "RINGTEST_PASSWORD": "unread"}
    for case in CASES:
        query, wanted = case["query"], sorted(case["finds"])
        listed = (await world.get("red user", "/jobs", query=query))["jobs"]
        assert sorted(job["name"] for job in listed) == wanted, query
        hits = (await world.get("red user", "/analytics/jobs", query=query))["hits"]["hits"]
        assert sorted(hit["_source"]["name"] for hit in hits) == wanted, query
        searched = await world["red user"].get("/log_search", params={"query": query, "q": "x"})
        assert f'"jobs":{len(wanted)},' in searched.text.replace(" ", ""), searched.text
        done = await asyncio.to_thread(CliRunner().invoke, app, [*words, query], env=env)
        assert done.exit_code == 0, done.output
        assert sorted(job["name"] for job in json.loads(done.stdout)) == wanted, query
        assert asked[-1].url.params["query"] == query
