"""What a job prints, from its stdout to the server's store: pipe, journal, requests, redaction,
frames, PostgreSQL. A real agent runs a job that prints `MEGABYTES` of log lines to a real server.

Wanted: 50 MB/s with one core of the lab's machine. Processor time stands for the core, as
machines are shared: 50 MB for each CPU second of the agent with all that it started (guard,
shell, the job's own `cat`). Beside it the same of everything that takes part, server and
PostgreSQL included, the wall time from the publication to the last receipt, and the most memory
that the agent held. What the server does with a job that is over, such as sealing its log and
comparing it with that of the last good one, is waited for and not counted.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.harness import ADMIN_PASSWORD, Server, cpu_of_tree, median, row, running_server

MEGABYTES = 64
ROUNDS = 3
WANTED = 50.0
_WORDS = ("boot", "kernel", "device", "ready", "probe", "mount", "socket", "retry", "stopped")


def write_log(path: Path) -> None:
    """`MEGABYTES` million bytes of lines as test programs print them: times, levels, numbers."""
    dice = random.Random(5)
    block = bytearray()
    while len(block) < 8_000_000:
        words = " ".join(dice.choices(_WORDS, k=dice.randint(3, 12)))
        at = f"2026-01-01 12:{dice.randrange(60):02}:{dice.randrange(60):02}"
        block += (
            f"{at} INFO  [{dice.randrange(10**6)}] {words} id={dice.getrandbits(48):x}\n".encode()
        )
    with path.open("wb") as file:
        left = MEGABYTES * 1_000_000
        while left > 0:
            left -= file.write(block[:left])


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    assert answer.status_code == 201, f"{path}: {answer.status_code} {answer.text}"
    content: dict[str, Any] = answer.json()
    inner = next(iter(content.values()))
    return inner if isinstance(inner, dict) else content


async def seed(http: httpx.AsyncClient, spec: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A topic whose one type of component starts `spec` in one lab: its id, and the lab."""
    team = await _post(http, "/teams", {"name": "labs", "has_pre_release_access": True})
    product = await _post(http, "/products", {"name": "bench"})
    await http.post(f"/products/{product['id']}/teams", json={"team_id": team["id"]})
    about = {"name": "bench", "product_id": product["id"], "component_types": ["build"]}
    topic = await _post(http, "/topics", about | {"export_control": True})
    definition = {"name": "d", "topic_id": topic["id"], "spec": spec}
    made = await _post(http, "/job_definitions", definition)
    rule = {"name": "r", "topic_id": topic["id"], "definition_id": made["id"]}
    await _post(http, "/trigger_rules", rule)
    lab = await _post(http, "/remotecis", {"name": "lab", "team_id": team["id"]})
    await _post(http, f"/remotecis/{lab['id']}/topics", {"topic_id": topic["id"]})
    return topic["id"], lab


@asynccontextmanager
async def running_agent(server: Server, lab: dict[str, Any], data: Path) -> AsyncIterator[int]:
    """A real agent of a lab; its process id, once it is connected."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ringtest.cli.main", "agent", "--server", server.url),
        *("--id", f"remoteci/{lab['id']}", "--data", str(data)),
        env=os.environ | {"DCI_API_SECRET": lab["api_secret"]},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    async for line in process.stderr:
        if b"connected to" in line:
            break
    reading = asyncio.create_task(process.stderr.read())
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()
        await reading


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ringtest-bench-") as folder:
        log = Path(folder) / "log"
        write_log(log)
        Path(folder).chmod(0o755)
        command = {"name": "print", "run": f"cat {log}"}
        spec = {
            "timeout_seconds": 600,
            "isolation": "none",
            "stages": {"prepare": [], "test": [command], "collect": []},
            "artifacts": [],
        }
        async with running_server() as server:
            auth = httpx.BasicAuth("admin", ADMIN_PASSWORD)
            base = f"{server.url}/api/v1"
            async with httpx.AsyncClient(base_url=base, auth=auth, timeout=60) as http:
                topic, lab = await seed(http, spec)
                async with running_agent(server, lab, Path(folder) / "agent") as agent:
                    results = [await _ship(http, server, agent, topic)]
                    first = most_memory(agent)
                    results += [await _ship(http, server, agent, topic) for _ in range(ROUNDS - 1)]
                    memory = most_memory(agent)
    ours, theirs, wall = (median(values) for values in zip(*results, strict=True))
    row(
        f"log text shipped per CPU second of the agent, {MEGABYTES} MB",
        f"{MEGABYTES / ours:.1f} MB",
        f">= {WANTED:.0f} MB",
        MEGABYTES / ours >= WANTED,
    )
    row("  per CPU second of agent, server and PostgreSQL", f"{MEGABYTES / (ours + theirs):.1f} MB",
        "printed")  # fmt: skip
    row("  by the clock", f"{MEGABYTES / wall:.1f} MB/s", "printed: a shared machine")
    row("  most memory of the agent meanwhile", f"{memory:.0f} MiB", "printed")
    row("  of it since the first job", f"{memory - first:.1f} MiB", "<= 8 MiB", memory - first <= 8)


async def _ship(
    http: httpx.AsyncClient, server: Server, agent: int, topic: str
) -> tuple[float, float, float]:
    """One job: CPU seconds of the agent, those of the server, seconds by the clock."""
    await _rest(server)
    before, of_agent, began = server.cpu_seconds(), cpu_of_tree(agent), time.perf_counter()
    version = str(began)
    body = {"type": "build", "topic_id": topic, "display_name": version, "version": version}
    await _post(http, "/components", body)
    jobs: list[dict[str, Any]] = []
    while not jobs or jobs[0]["phase"] != "finished":
        await asyncio.sleep(0.1)
        found = (await http.get("/jobs", params={"limit": 1, "offset": 0})).json()["jobs"]
        jobs = [job for job in found if job["components"][0]["version"] == version]
    wall = time.perf_counter() - began
    assert jobs[0]["status"] == "success", jobs[0]["status"]
    return cpu_of_tree(agent) - of_agent, server.cpu_seconds() - before, wall


async def _rest(server: Server) -> None:
    """Return when the server has nothing left to do."""
    used = -1.0
    while (now := server.cpu_seconds()) - used > 0.1:
        used = now
        await asyncio.sleep(1)


def most_memory(pid: int) -> float:
    """The most memory that a process has held, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    asyncio.run(main())
