"""A job is requested → the lab's agent hears of it on its stream, 1,000 agents connected.

One process stands for the agents: a stream each, over HTTP, as agents hold them; all the labs are
connected throughout, and `ACTIVE` of them are subscribed to topics of their own. The clock starts
when the request that publishes a component is sent and stops when the assignment has been read
from the stream of the one lab that gets its job. Publications come one at a time, `EVERY` seconds
apart, for longer than streams take between two heartbeats: each of the 1,000 looks at its queue
meanwhile. Both cores are shared with the agents.
"""

import asyncio
import resource
import time
from typing import Any

import httpx

from benchmarks.bench_dispatch import SPEC, _post
from benchmarks.harness import ADMIN_PASSWORD, median, percentile, row, running_server
from ringtest.client.auth import HmacAuth

AGENTS = 1000
ACTIVE = 10
ROUNDS = 100
EVERY = 0.2
WARM_UP = 5
LIMIT_MS = 100.0
_AT_ONCE = 20


class Listener:
    """One agent's stream; `heard` gets the moment of every assignment."""

    def __init__(self, http: httpx.AsyncClient, lab: dict[str, Any]) -> None:
        self._http = http
        self._auth = HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])
        self.connected = asyncio.Event()
        self.heard: asyncio.Queue[float] = asyncio.Queue()

    async def listen(self) -> None:
        async with self._http.stream("GET", "/agent/stream", auth=self._auth) as stream:
            async for line in stream.aiter_lines():
                if line == "event: hello":
                    self.connected.set()
                elif line == "event: assignment":
                    self.heard.put_nowait(time.perf_counter())


async def _labs(http: httpx.AsyncClient) -> tuple[list[str], list[dict[str, Any]]]:
    """Topics with a rule each, and the labs; the first ones are subscribed to one topic each."""
    team = await _post(http, "/teams", {"name": "labs", "has_pre_release_access": True})
    product = await _post(http, "/products", {"name": "bench"})
    await http.post(f"/products/{product['id']}/teams", json={"team_id": team["id"]})
    turn = asyncio.Semaphore(_AT_ONCE)

    async def make(number: int) -> dict[str, Any]:
        async with turn:
            return await _post(http, "/remotecis", {"name": f"lab-{number}", "team_id": team["id"]})

    labs = await asyncio.gather(*(make(number) for number in range(AGENTS)))
    topics = []
    for number in range(ACTIVE):
        about = {"name": f"t{number}", "product_id": product["id"], "component_types": ["build"]}
        topic = await _post(http, "/topics", about | {"export_control": True})
        definition = {"name": "d", "topic_id": topic["id"], "spec": SPEC}
        made = await _post(http, "/job_definitions", definition)
        rule = {"name": "r", "topic_id": topic["id"], "definition_id": made["id"]}
        await _post(http, "/trigger_rules", rule)
        await _post(http, f"/remotecis/{labs[number]['id']}/topics", {"topic_id": topic["id"]})
        topics.append(topic["id"])
    return topics, list(labs)


async def main() -> None:
    _allow_files(2 * AGENTS + 200)
    async with running_server() as server:
        auth = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        base, unbounded = f"{server.url}/api/v1", httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=base, auth=auth, timeout=60) as http,
            httpx.AsyncClient(base_url=base, timeout=None, limits=unbounded) as streams,
        ):
            began = time.perf_counter()
            topics, labs = await _labs(http)
            row(f"  {AGENTS} labs made", f"{time.perf_counter() - began:.0f} s", "printed")
            listeners = [Listener(streams, lab) for lab in labs]
            tasks = []
            for start in range(0, AGENTS, _AT_ONCE):
                some = listeners[start : start + _AT_ONCE]
                tasks += [asyncio.create_task(one.listen()) for one in some]
                await asyncio.gather(*(one.connected.wait() for one in some))
            row(f"  {AGENTS} agents connected", f"{time.perf_counter() - began:.0f} s", "printed")
            times = [
                await _publish(http, topics[turn % ACTIVE], listeners[turn % ACTIVE], turn)
                for turn in range(ROUNDS + WARM_UP)
            ][WARM_UP:]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    worst = percentile(times, 0.99)
    row(f"published -> assigned, {AGENTS} agents, p99 of {ROUNDS}", f"{worst:.0f} ms",
        f"<= {LIMIT_MS:.0f} ms", worst <= LIMIT_MS)  # fmt: skip
    row("  median", f"{median(times):.0f} ms", "printed")


async def _publish(http: httpx.AsyncClient, topic: str, lab: Listener, turn: int) -> float:
    """Milliseconds until the lab has heard."""
    body = {"type": "build", "topic_id": topic, "display_name": f"b{turn}", "version": str(turn)}
    began = time.perf_counter()
    next_one = asyncio.create_task(asyncio.sleep(EVERY))
    answer = await http.post("/components", json=body)
    assert answer.status_code == 201, answer.text
    heard = await asyncio.wait_for(lab.heard.get(), 60)
    await next_one
    return (heard - began) * 1000


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


if __name__ == "__main__":
    asyncio.run(main())
