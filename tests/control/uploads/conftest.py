"""Jobs and a component to upload to, over the rooms that resumable uploads need."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringtest.control.catalog import api as catalog_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.files import api as files_api
from ringtest.control.jobs import api as jobs_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.results import api as results_api
from ringtest.control.uploads import api as uploads_api
from tests.control.people import World, open_world

ROOMS = [catalog_api, component_files_api, jobs_api, files_api, results_api, uploads_api]
LIMIT = 60_000_000


def metadata(**values: str) -> str:
    """The header Upload-Metadata."""
    return ",".join(f"{key} {b64encode(text.encode()).decode()}" for key, text in values.items())


@dataclass(slots=True)
class Yard:
    """A world with a job of the red lab, and a component that feeders may write."""

    world: World
    clock: VirtualClock
    objects: DiskStore
    folder: Path
    job: str
    component: str

    async def begin(self, size: int, who: str = "red user", **values: str) -> httpx.Response:
        """POST /uploads for the job unless `values` name something else."""
        if values.keys().isdisjoint({"component_id", "job_id", "jobstate_id"}):
            values["job_id"] = self.job
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(size),
            "Upload-Metadata": metadata(**{"filename": "big.bin", **values}),
        }
        return await self.world[who].post("/uploads", headers=headers)

    async def address(self, size: int, who: str = "red user", **values: str) -> str:
        """The address of an upload that must be begun."""
        answer = await self.begin(size, who, **values)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"].removeprefix("/api/v1")

    async def patch(
        self, address: str, offset: int, body: Any, who: str = "red user", **headers: str
    ) -> httpx.Response:
        """Bytes from `offset` on."""
        sent = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await self.world[who].patch(address, content=body, headers=sent)

    async def offset(self, address: str, who: str = "red user") -> int:
        """Where the upload is."""
        answer = await self.world[who].head(address, headers={"Tus-Resumable": "1.0.0"})
        assert answer.status_code == 200, answer.text
        return int(answer.headers["upload-offset"])

    async def file_of(self, address: str, who: str = "red user") -> str:
        """The file that an upload became."""
        upload = (await self.world.get(who, address))["upload"]
        assert upload["file_id"], upload
        return str(upload["file_id"])

    async def content(self, file_id: str, who: str = "red user") -> bytes:
        """A job's file, with its digest checked against its record."""
        file = (await self.world.get(who, f"/files/{file_id}"))["file"]
        answer = await self.world[who].get(f"/files/{file_id}/content")
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        return answer.content

    def objects_there(self) -> list[str]:
        """Keys of all stored objects."""
        root = self.folder / "objects"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture
async def yard(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Yard]:
    objects = DiskStore(tmp_path / "objects")
    settings = Settings(data=tmp_path, max_body=1000, max_file=LIMIT, inline_file=0)
    parts = {"objects": objects, "parsers": {"application/junit": JunitParser()}}
    async with open_world(clocked_db, ROOMS, settings=settings, **parts) as world:
        async with clocked_db.transaction(SYSTEM) as tx:
            product = await rows.insert(tx, "products", {"name": "Linux", "label": "LINUX"})
            await tx.execute(
                "INSERT INTO products_teams VALUES ($1, $2)", product, world.teams["red"]
            )
            values = {"name": "linux-9", "product_id": product, "export_control": True}
            topic = await rows.insert(tx, "topics", values)
            job = {
                "name": "nightly",
                "topic_id": topic,
                "remoteci_id": world.machines["red lab"],
                "team_id": world.teams["red"],
            }
            job_id = await rows.insert(tx, "jobs", job)
            component = {
                "type": "rpm",
                "display_name": "c",
                "released_at": tx.now,
                "topic_id": topic,
            }
            component_id = await rows.insert(tx, "components", component)
        yield Yard(world, clock, objects, tmp_path, str(job_id), str(component_id))
