"""An agent that waits for work: its memory, and the processor time of a minute of waiting.

A real agent on the stream of a real server. After `SETTLE` seconds, `SECONDS` of waiting are
measured: heartbeats of the stream come every 15 s.
"""

import asyncio
import tempfile
from pathlib import Path

import httpx

from benchmarks.bench_log_shipping import running_agent, seed
from benchmarks.harness import ADMIN_PASSWORD, cpu_of_tree, row, running_server

SETTLE = 3.0
SECONDS = 45.0
MOST_MIB = 40.0
MOST_SHARE = 0.001
STEPS = {"prepare": [], "test": [{"run": "true"}], "collect": []}
SPEC = {"isolation": "none", "stages": STEPS, "artifacts": []}


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ringtest-bench-") as folder:
        async with running_server() as server:
            auth = httpx.BasicAuth("admin", ADMIN_PASSWORD)
            base = f"{server.url}/api/v1"
            async with httpx.AsyncClient(base_url=base, auth=auth, timeout=60) as http:
                _, lab = await seed(http, SPEC)
            async with running_agent(server, lab, Path(folder) / "agent") as agent:
                await asyncio.sleep(SETTLE)
                before = cpu_of_tree(agent)
                await asyncio.sleep(SECONDS)
                share = (cpu_of_tree(agent) - before) / SECONDS
                memory = resident(agent)
    row("an idle agent's memory", f"{memory:.1f} MiB", f"<= {MOST_MIB:.0f} MiB", memory <= MOST_MIB)
    row("an idle agent's share of a core", f"{share:.3%}", f"<= {MOST_SHARE:.1%}",
        share <= MOST_SHARE)  # fmt: skip


def resident(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    asyncio.run(main())
