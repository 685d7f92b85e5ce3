"""Large uploads through real processes: killed in the middle, two servers on one store."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringtest.client import Client, Connection, Retries
from ringtest.client.files import LocalFile
from ringtest.client.uploads import upload_resumable
from ringtest.control.db.launcher import Postgres
from tests.conftest import reachable_folder
from tests.parts import ADMIN
from tests.s3_server import s3_server
from tests.scenario.programs import Program

SIZE = 30_000_000
PIECE = 2_000_000


@dataclass(slots=True)
class Twins:
    """Two api processes over one database and one store, and a component to upload to."""

    one: Program
    two: Program
    component: str
    file: LocalFile

    def connect(self, program: Program) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"{program.address}/api/v1", auth=ADMIN, timeout=30)


@pytest.fixture(params=["disk", "s3"])
async def twins(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Twins]:
    with reachable_folder() as folder, s3_server() as s3:
        postgres = Postgres(folder, fsync=False)
        environment = {
            "RINGTEST_DATABASE_URL": await postgres.start(),
            "RINGTEST_DATA": str(tmp_path / "data"),
            "RINGTEST_ADMIN_PASSWORD": "admin password",
        }
        if request.param == "s3":
            environment |= s3.environment
            environment["RINGTEST_OBJECTS"] = f"s3://{s3.new_bucket()}/ring"
        arguments = ("up", "--role", "api", "--listen", "127.0.0.1:0")
        one, two = (
            Program(arguments, environment, tmp_path / name, "ready") for name in ("one", "two")
        )
        try:
            await one.start()
            await two.start()
            one.arguments = (*arguments[:-1], one.address.removeprefix("http://"))
            path = tmp_path / "boot image.iso"
            path.write_bytes(os.urandom(SIZE))
            async with httpx.AsyncClient(base_url=f"{one.address}/api/v1", auth=ADMIN) as http:
                component = await _component(http)
            yield Twins(one, two, component, LocalFile.measure(path))
        finally:
            await one.stop()
            await two.stop()
            await postgres.stop()


async def _component(http: httpx.AsyncClient) -> str:
    async def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await http.post(path, json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = next(iter(answer.json().values()))
        return found

    product = await made("/products", {"name": "p"})
    topic = await made("/topics", {"name": "t", "product_id": product["id"]})
    values = {"type": "iso", "display_name": "boot", "topic_id": topic["id"]}
    return str((await made("/components", values))["id"])


async def test_a_server_killed_in_the_middle_loses_nothing_and_another_serves_it(
    twins: Twins,
) -> None:
    """kill -9 of the one while bytes are on their way; it comes back; the upload goes on.
    What became of it is read from the other."""
    loop = asyncio.get_running_loop()
    killed: list[asyncio.Future[None]] = []

    async def fall() -> None:
        await twins.one.kill()
        await twins.one.start()

    def tell(done: int, size: int) -> None:
        if not killed and done > size // 3:
            killed.append(
                asyncio.wrap_future(asyncio.run_coroutine_threadsafe(fall(), loop), loop=loop)
            )

    def upload() -> str:
        user = Connection.for_user(twins.one.address, "admin", "admin password")
        with Client(user, retries=Retries(attempts=1)) as client:
            return upload_resumable(
                client,
                twins.file,
                {"filename": twins.file.path.name, "component_id": twins.component},
                piece=PIECE,
                progress=tell,
                retries=Retries(attempts=60, most=1.0),
            )

    file_id = await asyncio.to_thread(upload)
    assert killed, "the server was killed"
    await asyncio.gather(*killed)
    path = f"/components/{twins.component}/files"
    async with twins.connect(twins.two) as http:
        file = (await http.get(f"{path}/{file_id}")).json()["component_file"]
        assert (file["sha256"], file["size"]) == (twins.file.sha256, SIZE)
        content = await http.get(f"{path}/{file_id}/content")
        assert hashlib.sha256(content.content).hexdigest() == twins.file.sha256
        by_path = await http.get(f"{path}/boot image.iso", follow_redirects=True)
        assert hashlib.sha256(by_path.content).hexdigest() == twins.file.sha256
        is_elsewhere = [answer.status_code for answer in by_path.history] == [302]
        assert is_elsewhere == bool(twins.one.environment.get("RINGTEST_OBJECTS"))
