"""Large files of a job over links that break: every piece that arrived counts."""

import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from ringtest.agent import lab_api
from ringtest.agent.lab_api import LabApi
from ringtest.client import AsyncClient, Connection, Retries, Unreachable
from ringtest.client.auth import HmacAuth
from ringtest.client.files import LocalFile
from ringtest.client.retry import ONCE
from ringtest.control.app import create_app
from ringtest.control.db.pool import Database
from tests.isolation.two_teams import build_estate
from tests.parts import ADMIN, connect, first_start, make_parts

PIECE = 64 * 1024
SIZE = 5 * PIECE + 1234
KEY = "of the artifact"


@dataclass
class Link(httpx.AsyncBaseTransport):
    """A way to the server that loses what it is told to: of the requests with these numbers
    nothing arrives, of the others with these no answer comes back."""

    inner: httpx.AsyncBaseTransport
    lost: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)
    sent: int = 0
    bytes_sent: int = 0
    asked: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number, self.sent = self.sent, self.sent + 1
        self.asked.append(f"{request.method} {request.url.path.split('/')[3]}")
        if request.method == "PATCH":
            self.bytes_sent += len(request.content)
        if number in self.lost:
            raise httpx.WriteError("the link is cut", request=request)
        answer = await self.inner.handle_async_request(request)
        if number in self.unanswered:
            raise httpx.ReadError("the link is cut", request=request)
        return answer


@dataclass
class Lab:
    """A lab with a job, and a file of it."""

    link: Link
    admin: httpx.AsyncClient
    auth: HmacAuth
    job: str
    file: LocalFile

    async def upload(self, *, retries: Retries | None = None) -> str:
        """What an agent's process does with the artifact."""
        connection = Connection("http://ringtest", self.auth)
        policy = retries or Retries(attempts=5, first=0.001, most=0.002)
        async with AsyncClient(connection, retries=policy, transport=self.link) as client:
            api = LabApi(client)
            return str(
                await api.upload(
                    job_id=self.job, attempt=0, name="core ü.dump", mime="text/plain", key=KEY,
                    file=self.file,
                )
            )  # fmt: skip

    async def files(self) -> list[dict[str, object]]:
        """The job's files, as the server has them."""
        params = {"limit": 10, "offset": 0}
        answer = await self.admin.get(f"/jobs/{self.job}/files", params=params)
        found: list[dict[str, object]] = answer.json()["files"]
        return found

    async def require_stored_once(self) -> None:
        """The job has this file and no other, whole."""
        (file,) = await self.files()
        assert (file["name"], file["size"]) == ("core ü.dump", SIZE)
        assert (file["sha256"], file["mime"]) == (self.file.sha256, "text/plain")


@pytest.fixture
async def lab(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    monkeypatch.setattr(lab_api, "RESUMABLE_FROM", PIECE)
    monkeypatch.setattr(lab_api, "RETRIES", Retries(attempts=5, first=0.001, most=0.002))
    parts = make_parts(db, tmp_path, notifiers={})
    await first_start(parts)
    app = httpx.ASGITransport(app=create_app(parts))
    admin = connect(parts, ADMIN, app)
    estate = await build_estate(admin, "one", "large")
    auth = HmacAuth(*estate.machine)
    job = {"topic_id": estate.ids["topic_id"], "components": []}
    answer = await connect(parts, auth, app).post("/jobs", json=job)
    path = tmp_path / "core.dump"
    path.write_bytes(os.urandom(SIZE))
    yield Lab(Link(app), admin, auth, answer.json()["job"]["id"], LocalFile.measure(path))


async def test_a_large_file_goes_in_pieces(lab: Lab) -> None:
    await lab.upload()
    assert lab.link.asked.count("PATCH uploads") == 6
    assert "POST files" not in lab.link.asked
    await lab.require_stored_once()


async def test_a_small_one_goes_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_api, "RESUMABLE_FROM", SIZE)
    await lab.upload()
    assert lab.link.asked == ["POST files"]
    await lab.require_stored_once()


@pytest.mark.parametrize("kind", ["lost", "unanswered"])
@pytest.mark.parametrize("cut", range(10))
async def test_whichever_request_is_cut_the_file_is_there_once(
    lab: Lab, kind: str, cut: int
) -> None:
    getattr(lab.link, kind).add(cut)
    await lab.upload()
    assert lab.link.bytes_sent <= SIZE + PIECE
    await lab.require_stored_once()


@pytest.mark.parametrize("cuts", [(1, 3, 5, 7), range(2, 40, 3)])
async def test_many_cuts_cost_a_piece_each(lab: Lab, cuts: Iterable[int]) -> None:
    lab.link.lost |= set(cuts)
    await lab.upload()
    assert lab.link.bytes_sent <= SIZE + len(lab.link.lost) * PIECE
    await lab.require_stored_once()


async def test_another_process_goes_on_where_this_one_was(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab_api, "RETRIES", ONCE)
    lab.link.lost.add(5)
    with pytest.raises(Unreachable):
        await lab.upload(retries=ONCE)
    before = lab.link.bytes_sent
    await lab.upload(retries=ONCE)
    assert lab.link.bytes_sent <= SIZE + PIECE
    assert before > 2 * PIECE
    await lab.require_stored_once()


async def test_a_process_that_forgot_the_end_stores_it_once(lab: Lab) -> None:
    await lab.upload()
    await lab.upload()
    await lab.require_stored_once()
