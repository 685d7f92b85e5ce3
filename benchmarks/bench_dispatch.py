"""Component published → first line of an agent's output on the server, 50 labs connected.

The clock starts when the feeder sends the publishing request and stops when the server
has answered the record that carries the agent's first log line: four hops of the outbox,
one pushed assignment, one claim and one record, all over HTTP. One of the 50 connected
labs is subscribed to the topic. The limit of the same run: seven bare HTTP round trips
(publish, claim, record and their authentication cost nothing less than that).
"""

import asyncio
import base64
import time
from typing import Any

import httpx

from benchmarks.harness import ADMIN_PASSWORD, median, percentile, row, running_server
from ringtest.client.auth import HmacAuth

LABS = 50
ROUNDS = 60
WARM_UP = 5
LIMIT_MS = 150.0

SPEC = {
    "timeout_seconds": 60,
    "isolation": "none",
    "stages": {"prepare": [], "test": [{"name": "t", "run": "true"}], "collect": []},
    "artifacts": [],
}


class SimulatedLab:
    """One connected agent that claims what it is assigned and says one line."""

    def __init__(self, url: str, remoteci: dict[str, Any]) -> None:
        self._id = remoteci["id"]
        auth = HmacAuth(f"remoteci/{remoteci['id']}", remoteci["api_secret"])
        self._http = httpx.AsyncClient(base_url=f"{url}/api/v1", auth=auth, timeout=None)
        self.connected = asyncio.Event()
        self.first_line: asyncio.Queue[float] = asyncio.Queue()

    async def run(self) -> None:
        async with self._http.stream("GET", "/agent/stream") as stream:
            event = ""
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "hello":
                    self.connected.set()
                elif line.startswith("data: ") and event == "assignment":
                    await self._work(line[6:].split('"job_id":')[1].strip(' "}'))

    async def _work(self, job_id: str) -> None:
        claim = (await self._http.post(f"/jobs/{job_id}/claim", json={"agent": self._id})).json()
        lease = {"X-Ringtest-Lease": claim["claim"]["lease_token"]}
        at = "2026-01-01T00:00:00"
        data = base64.b64encode(b"first line\n").decode()
        first = [{"seq": 1, "at": at, "kind": "log", "stage": "test", "data": data}]
        last = [{"seq": 2, "at": at, "kind": "finish", "result": "passed"}]
        answer = await self._http.post(
            f"/jobs/{job_id}/records", json={"records": first}, headers=lease
        )
        assert answer.status_code == 200, answer.text
        self.first_line.put_nowait(time.perf_counter())
        await self._http.post(f"/jobs/{job_id}/records", json={"records": last}, headers=lease)

    async def close(self) -> None:
        await self._http.aclose()


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    assert answer.status_code == 201, f"{path}: {answer.status_code} {answer.text}"
    content: dict[str, Any] = answer.json()
    return next(iter(content.values())) if len(content) == 1 else content


async def _seed(http: httpx.AsyncClient) -> tuple[str, list[dict[str, Any]]]:
    """One topic with a rule for its one component type, and the labs; only the first subscribes."""
    team = await _post(http, "/teams", {"name": "labs", "has_pre_release_access": True})
    product = await _post(http, "/products", {"name": "bench"})
    await http.post(f"/products/{product['id']}/teams", json={"team_id": team["id"]})
    topic = await _post(
        http,
        "/topics",
        {
            "name": "bench",
            "product_id": product["id"],
            "component_types": ["build"],
            "export_control": True,
        },
    )
    definition = await _post(
        http, "/job_definitions", {"name": "d", "topic_id": topic["id"], "spec": SPEC}
    )
    await _post(
        http,
        "/trigger_rules",
        {"name": "r", "topic_id": topic["id"], "definition_id": definition["id"]},
    )
    labs = [
        await _post(http, "/remotecis", {"name": f"lab-{n}", "team_id": team["id"]})
        for n in range(LABS)
    ]
    await _post(http, f"/remotecis/{labs[0]['id']}/topics", {"topic_id": topic["id"]})
    return topic["id"], labs


async def main() -> None:
    async with running_server() as server:
        auth = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(
            base_url=f"{server.url}/api/v1", auth=auth, timeout=30
        ) as http:
            topic_id, remotecis = await _seed(http)
            labs = [SimulatedLab(server.url, remoteci) for remoteci in remotecis]
            running = [asyncio.create_task(lab.run()) for lab in labs]
            await asyncio.gather(*(lab.connected.wait() for lab in labs))
            times, statements = await _measure(http, topic_id, labs[0])
            bare = await _bare(http)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            for lab in labs:
                await lab.close()
    middle = median(times)
    row(
        f"published -> first line, {LABS} labs, median of {len(times)}",
        f"{middle:.1f} ms",
        f"<= {LIMIT_MS:.0f} ms",
        middle <= LIMIT_MS,
    )
    row("  p99", f"{percentile(times, 0.99):.1f} ms", "printed")
    row("  against 7 bare HTTP round trips", f"{middle / (7 * bare):.1f} x", f"{7 * bare:.1f} ms")
    row("  SQL statements of the publishing request", statements, "printed")


async def _measure(
    http: httpx.AsyncClient, topic_id: str, lab: SimulatedLab
) -> tuple[list[float], str]:
    times = []
    statements = ""
    for number in range(ROUNDS + WARM_UP):
        body = {"type": "build", "topic_id": topic_id, "display_name": f"build {number}"}
        started = time.perf_counter()
        answer = await http.post("/components", json=body | {"version": str(number)})
        assert answer.status_code == 201, answer.text
        first_line = await asyncio.wait_for(lab.first_line.get(), 30)
        statements = answer.headers.get("server-timing", "")
        if number >= WARM_UP:
            times.append((first_line - started) * 1000)
    return times, statements.partition("desc=")[2]


async def _bare(http: httpx.AsyncClient) -> float:
    """Milliseconds of one HTTP round trip that does nothing, median."""
    times = []
    for _ in range(100):
        started = time.perf_counter()
        await http.get("/")
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


if __name__ == "__main__":
    asyncio.run(main())
