"""A real server with a topic and two labs, and pipeline files that run against it."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ringtest.agent.pipelines.context import Options
from ringtest.agent.pipelines.overrides import read_override
from ringtest.agent.pipelines.reading import read_pipeline
from ringtest.agent.pipelines.running import run_pipeline
from tests.conftest import reachable_folder
from tests.scenario.programs import Program

PASSWORD = "first-password"
SHELL_PLAYBOOK = """\
#!/bin/sh
# Stands for ansible-playbook where rules of pipelines are looked at: a playbook is a shell script.
for word; do book=$word; done
tell() { echo "$1" >> "$RINGTEST_ANSIBLE_TOLD"; }
play() { tell '{"kind":"play","name":"'$1'","status":"'$1'","at":1}'; }
task() { tell '{"kind":"task","name":"TASK ['$1']","title":"'$1'","at":1,"hosts":'\\
'[{"host":"localhost","status":"'$2'","text":"{}","message":"'$2'"}]}'; }
passed() { task "$1" ok; tell '{"kind":"end","at":1,"ok":1}'; exit 0; }
failed() { task "$1" failed; tell '{"kind":"end","at":1,"failures":1}'; exit 2; }
set -e
. "$book"
"""


@dataclass
class Site:
    """The server, and what pipelines need there."""

    address: str
    http: httpx.AsyncClient
    topic_id: str = ""
    team_id: str = ""
    labs: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """What was created."""
        answer = await self.http.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        made: dict[str, Any] = answer.json() if answer.content else {}
        return next(iter(made.values())) if len(made) == 1 else made

    async def component(self, kind: str, version: str, **more: Any) -> str:
        """The id of a component of the topic."""
        made = await self.post(
            "/components",
            type=kind,
            display_name=f"{kind} {version}",
            version=version,
            topic_id=self.topic_id,
            **more,
        )
        return str(made["id"])

    async def jobs(self, pipeline: str) -> list[dict[str, Any]]:
        """All jobs of the pipelines of a name, in the order of their creation, whole."""
        found = []
        answer = await self.http.get("/pipelines", params={"where": f"name:{pipeline}"})
        for one in answer.json()["pipelines"]:
            shown = await self.http.get(f"/pipelines/{one['id']}/jobs")
            for job in shown.json()["jobs"]:
                found.append((await self.http.get(f"/jobs/{job['id']}")).json()["job"])
        return found

    async def files(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """Files of a job."""
        answer = await self.http.get(f"/jobs/{job['id']}/files?limit=100&offset=0&sort=created_at")
        files: list[dict[str, Any]] = answer.json()["files"]
        return files

    async def text(self, file: dict[str, Any]) -> str:
        """The content of a file."""
        return (await self.http.get(f"/files/{file['id']}/content")).text

    def key(self, lab: str) -> dict[str, str]:
        """The variables of a lab's key."""
        made = self.labs[lab]
        return {
            "DCI_CLIENT_ID": f"remoteci/{made['id']}",
            "DCI_API_SECRET": made["api_secret"],
            "DCI_CS_URL": self.address,
        }


@pytest.fixture(scope="session")
async def site(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
) -> AsyncIterator[Site]:
    """One server for all tests; each has a pipeline of its own name."""
    with reachable_folder() as folder:
        async with fresh_database() as url, _served(url, folder) as address:
            auth = httpx.BasicAuth("admin", PASSWORD)
            async with httpx.AsyncClient(base_url=f"{address}/api/v1", auth=auth) as http:
                site = Site(address, http)
                product = await site.post("/products", name="Ring")
                topic = await site.post(
                    "/topics", name="ring-1", product_id=product["id"],
                    component_types=["ring"], export_control=True,
                )  # fmt: skip
                site.topic_id = topic["id"]
                for lab in ("east", "west"):
                    team = await site.post("/teams", name=f"team of {lab}")
                    await site.post(f"/products/{product['id']}/teams", team_id=team["id"])
                    site.labs[lab] = await site.post("/remotecis", name=lab, team_id=team["id"])
                await site.component("ring", "1.0", tags=["build:ga"])
                await site.component("ring", "1.1", tags=["build:nightly"])
                yield site


@asynccontextmanager
async def _served(url: str, folder: Path) -> AsyncIterator[str]:
    program = Program(
        ("up", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"),
        {"RINGTEST_DATABASE_URL": url, "RINGTEST_ADMIN_PASSWORD": PASSWORD},
        folder / "server.log",
        ready="ready",
    )
    await program.start()
    try:
        yield program.address
    finally:
        await program.stop()


@dataclass
class Bench:
    """A folder with playbooks, in which pipeline files are run."""

    folder: Path
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> Path:
        """A file beside the pipeline file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    async def run(self, name: str, text: str, *words: str, **options: Any) -> int:
        """The exit code of a pipeline of that name."""
        overrides = [found for word in words if (found := read_override(word))]
        pipeline = read_pipeline([(self.write(f"{name}.yml", text), text)], overrides)
        assert not pipeline.faults, pipeline.faults
        given = Options(
            data=self.folder / "data",
            environment=self.environment,
            say=self.said.append,
            **{"patience": 30.0, **options},
        )
        return await run_pipeline(pipeline, name, given)


@pytest.fixture
def bench(site: Site, tmp_path: Path) -> Bench:
    """With the lab `east`, and shell scripts for playbooks."""
    program = tmp_path / "bin" / "ansible-playbook"
    program.parent.mkdir()
    program.write_text(SHELL_PLAYBOOK)
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return Bench(tmp_path, {**os.environ, **site.key("east"), "PATH": path})


def one_job(name: str, *, stage: str = "first", playbook: str = "", **more: object) -> str:
    """A pipeline file of one job."""
    values = {
        "name": name,
        "stage": stage,
        "topic": "ring-1",
        "components": ["ring"],
        "ansible_playbook": playbook or f"{name}.yml",
        **more,
    }
    return yaml.safe_dump([values], sort_keys=False)
