"""Jobs of two labs in a world of callers, and files to upload to them."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from ringtest.control.connectors.disk import DiskStore
from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.files import api as files_api
from ringtest.control.jobs import api as jobs_api
from ringtest.control.jobstates import api as jobstates_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.results import api as results_api
from tests.control.people import World, open_world

ROOMS = [jobs_api, jobstates_api, files_api, results_api]
JUNIT = "application/junit"

Words = Mapping[str, str]
"""Outcomes by test name: passed, failed, errored, skipped, xfailed."""

_INNER = {
    "passed": "",
    "failed": '<failure type="AssertionError" message="{name} broke">at {name}</failure>'
    "<system-out>out of {name}</system-out>",
    "errored": '<error message="OSError: no device">{name}</error>',
    "skipped": '<skipped message="not here"/>',
    "xfailed": '<skipped type="pytest.xfail" message="known"/>',
}


def junit(words: Words, *, suite: str = "ring", time: float = 0.25) -> bytes:
    """A result file."""
    cases = "".join(
        f'<testcase classname="c" name="{name}" time="{time}">'
        f"{_INNER[word].format(name=name)}</testcase>"
        for name, word in words.items()
    )
    return f'<testsuite name="{suite}" tests="{len(words)}">{cases}</testsuite>'.encode()


@dataclass(slots=True)
class Shelf:
    """A topic, and what to do with its jobs."""

    world: World
    clock: VirtualClock
    objects: DiskStore
    folder: Path
    topic_id: UUID

    async def job(self, lab: str = "red lab", **more: Any) -> str:
        """A job of a lab, a minute after the one before; its id as text."""
        self.clock.advance(60)
        async with self.world.db.transaction(SYSTEM) as tx:
            job_id = await rows.insert(
                tx,
                "jobs",
                {
                    "name": "nightly",
                    "topic_id": self.topic_id,
                    "remoteci_id": self.world.machines[lab],
                    "team_id": self.world.teams[lab.split()[0]],
                    **more,
                },
            )
        return str(job_id)

    async def post(
        self, job_id: str, body: bytes, who: str = "red lab", **headers: str
    ) -> httpx.Response:
        """An upload; underscores in the names of headers mean dashes."""
        named = {
            "DCI-NAME": "junit.xml",
            "DCI-MIME": JUNIT,
            "DCI-JOB-ID": job_id,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name.encode(): value.encode() for name, value in named.items() if value}
        return await self.world[who].post("/files", content=body, headers=sent)

    async def upload(
        self, job_id: str, body: bytes | Words, who: str = "red lab", **headers: str
    ) -> dict[str, Any]:
        """An upload that must succeed: the file."""
        data = body if isinstance(body, bytes) else junit(body)
        answer = await self.post(job_id, data, who, **headers)
        assert answer.status_code == 201, answer.text
        file: dict[str, Any] = answer.json()["file"]
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        return file

    async def tests(self, job_id: str, who: str = "red user", **params: Any) -> dict[str, Any]:
        """The answer of `GET /jobs/:id/tests`."""
        answer: dict[str, Any] = await self.world.get(who, f"/jobs/{job_id}/tests", **params)
        return answer

    async def states(self, job_id: str, **params: Any) -> dict[str, str]:
        """State by test name."""
        found = await self.tests(job_id, **params)
        return {test["name"]: test["state"] for test in found["tests"]}

    async def job_json(self, job_id: str) -> dict[str, Any]:
        """A job as the super admin sees it."""
        job: dict[str, Any] = (await self.world.get("super admin", f"/jobs/{job_id}"))["job"]
        return job

    def objects_there(self) -> list[str]:
        """Keys of all stored objects; nothing may be left half-written."""
        root = self.folder / "objects"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@asynccontextmanager
async def open_shelf(
    db: Database,
    clock: VirtualClock,
    folder: Path,
    *,
    inline: int = 0,
    rooms: Sequence[Any] = ROOMS,
    **more: object,
) -> AsyncIterator[Shelf]:
    """An empty shelf. Files up to `inline` bytes live in their rows."""
    objects = DiskStore(folder / "objects")
    settings = Settings(data=folder, max_body=1000, max_file=3_000_000, inline_file=inline)
    parts = {"objects": objects, "parsers": {JUNIT: JunitParser()}, **more}
    async with open_world(db, rooms, settings=settings, **parts) as world:
        async with db.transaction(SYSTEM) as tx:
            product = await rows.insert(tx, "products", {"name": "Linux", "label": "LINUX"})
            topic = await rows.insert(tx, "topics", {"name": "linux-9", "product_id": product})
        yield Shelf(world, clock, objects, folder, topic)
