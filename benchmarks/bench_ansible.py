"""What telling of tasks costs a playbook: the same one without our plugins and with them.

Rounds are paired and alternate; per task the median of the differences of processor time, of
ansible-playbook with all of its workers. Our callback waits for nothing but a write to a file, so
that this is what it adds to the run's critical path; wall time is shown, and is sound on a machine
that does nothing else. Beside it the callback that asks a server at each task, as the original
does: a bare answer over loopback, the least that such a callback can cost. Then the delivery of a
run's tasks to a real server, which no run waits for.
"""

import asyncio
import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx

from benchmarks.harness import ADMIN_PASSWORD, median, row, running_server
from ringtest.agent.ansible.files import MIME, task_file
from ringtest.agent.ansible.playbook import Playbook
from ringtest.agent.ansible.told import TaskTold, read_told
from ringtest.agent.pipelines.outbox import Entry, Outbox, Sender
from ringtest.client import AsyncClient, Connection

TASKS = 80
ROUNDS = 5
MOST_MS = 5.0
ASKING = """
import os, urllib.request
from ansible.plugins.callback import CallbackBase
class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "asking"
    CALLBACK_NEEDS_ENABLED = True
    def v2_runner_on_ok(self, result):
        data = self._dump_results(result._result).encode()
        urllib.request.urlopen(os.environ["ASKED"], data).read()
"""


class Answers(BaseHTTPRequestHandler):
    """Takes a task and says 201."""

    def do_POST(self) -> None:
        """Read and answer."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def write_site(folder: Path) -> Path:
    """A playbook of quick tasks, each of which prints 2 KB."""
    tasks = [{"name": f"task {n}", "debug": {"msg": "x" * 2000}} for n in range(TASKS)]
    site = folder / "site.yml"
    site.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    return site


def once(playbook: Playbook, environment: Mapping[str, str]) -> tuple[float, float]:
    """Wall and processor seconds of one run."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        playbook.argv(), env=environment, cwd=playbook.folder, check=True, capture_output=True
    )
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used


def compare(playbook: Playbook, told: Path, folder: Path, asked: str) -> None:
    """Print what each way of telling costs per task."""
    bare = {name: value for name, value in os.environ.items() if "ANSIBLE" not in name}
    (folder / "asking.py").write_text(ASKING)
    asking = {
        **bare,
        "ANSIBLE_CALLBACK_PLUGINS": str(folder),
        "ANSIBLE_CALLBACKS_ENABLED": "asking",
        "ASKED": asked,
    }
    ways: dict[str, Callable[[], Mapping[str, str]]] = {
        "without": lambda: bare,
        "ours": lambda: playbook.environment(bare, told),
        "asking": lambda: asking,
    }
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name in list(ways) if turn % 2 else reversed(list(ways)):
            told.unlink(missing_ok=True)
            runs[name].append(once(playbook, ways[name]()))

    def extra(name: str, which: int) -> float:
        pairs = zip(runs[name], runs["without"], strict=True)
        return median([(one[which] - other[which]) / TASKS * 1000 for one, other in pairs])

    ours = extra("ours", 1)
    whole = [median([one[which] for one in runs["without"]]) / TASKS * 1000 for which in (0, 1)]
    row("a task without our callback", f"{whole[1]:.1f} ms", f"wall {whole[0]:.1f} ms")
    row("a task: more with our callback", f"{ours:.2f} ms", f"≤ {MOST_MS:g} ms", ours <= MOST_MS)
    row("  of wall time", f"{extra('ours', 0):.2f} ms", "")
    row("  asking a server at each task: processor time", f"{extra('asking', 1):.2f} ms", "")
    row("  asking a server at each task: wall time", f"{extra('asking', 0):.2f} ms", "")


async def deliver(told: Path, folder: Path) -> None:
    """Print how fast a real server is told of tasks."""
    async with running_server() as server:
        auth = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", auth=auth) as http:

            async def post(path: str, **body: object) -> dict[str, str]:
                answer = (await http.post(path, json=body)).raise_for_status()
                made: dict[str, str] = next(iter(answer.json().values()))
                return made

            product = await post("/products", name="P")
            topic = await post(
                "/topics", name="t", product_id=product["id"], component_types=["c"],
                export_control=True,
            )  # fmt: skip
            team = await post("/teams", name="lab")
            await http.post(f"/products/{product['id']}/teams", json={"team_id": team["id"]})
            lab = await post("/remotecis", name="lab", team_id=team["id"])
        key = (f"remoteci/{lab['id']}", lab["api_secret"])
        async with AsyncClient(Connection.for_key(server.url, *key)) as client:
            body = {"topic_id": topic["id"], "components": []}
            made = (await client.post("/jobs", body))["job"]
            outbox = Outbox(folder)
            outbox.put(Entry("state", name="running"))
            for line in read_told(told, 0)[0]:
                if isinstance(line, TaskTold):
                    name, text = task_file(line)
                    outbox.put(Entry("text", name=name, text=text, mime=MIME))
            outbox.put(Entry("end", name="success"))
            began = time.monotonic()
            await Sender(outbox, client, made, print).run()
            spent = time.monotonic() - began
            row("tasks that a server is told of", f"{TASKS / spent:.0f} /s", "nothing waits for it")


def main() -> None:
    """Print one row per question."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        playbook = Playbook(write_site(folder), verbosity=0)
        told = folder / "told.jsonl"
        answering = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        Thread(target=answering.serve_forever, daemon=True).start()
        compare(playbook, told, folder, f"http://127.0.0.1:{answering.server_port}/")
        answering.shutdown()
        once(playbook, playbook.environment(os.environ, told))
        asyncio.run(deliver(told, folder))


if __name__ == "__main__":
    main()
