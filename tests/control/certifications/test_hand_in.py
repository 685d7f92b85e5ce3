"""Files handed in at a certification tool: real XML-RPC, and a password that stays nowhere."""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ringtest.control.certifications import api
from ringtest.control.connectors.xmlrpc_certification import XmlRpcDesk
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.certification_desk import TestLog
from ringtest.control.registry import certification_desk
from tests.control.certifications.tool import METHOD, Tool, certification_tool
from tests.control.results.shelf import ROOMS, Shelf, open_shelf

PASSWORD = "a <password> & nobody's"
LOGIN = {"username": "jo", "password": PASSWORD, "certification_id": "4711"}
INLINE = 1000


@pytest.fixture
def tool() -> Iterator[Tool]:
    with certification_tool() as started:
        yield started


class WatchedDesk(XmlRpcDesk):
    """Looks at the database while the tool works."""

    db: Database
    open_transactions = -1

    async def hand_in(self, log: TestLog) -> None:
        opened, idle, _ = self.db.pool_use()
        WatchedDesk.open_transactions = opened - idle
        await super().hand_in(log)


@dataclass
class Desk:
    """A shelf of jobs whose files can be handed in."""

    shelf: Shelf

    async def hand_in(
        self,
        file_id: str,
        who: str = "red lab",
        headers: dict[str, str] | None = None,
        **login: str,
    ) -> httpx.Response:
        url = f"/files/{file_id}/certifications"
        return await self.shelf.world[who].post(url, json=LOGIN | login, headers=headers)

    async def file(self, body: bytes = b"a log") -> str:
        headers = {"DCI_MIME": "text/plain", "DCI_NAME": "caf%C3%A9.log"}
        found = await self.shelf.upload(await self.shelf.job(), body, "red lab", **headers)
        return str(found["id"])


@pytest.fixture
async def desk(
    clocked_db: Database, clock: VirtualClock, tmp_path: Path, tool: Tool
) -> AsyncIterator[Desk]:
    watched = WatchedDesk(tool.url, METHOD, seconds=10)
    watched.db = clocked_db
    parts = {"inline": INLINE, "rooms": (*ROOMS, api), "certifications": watched}
    async with open_shelf(clocked_db, clock, tmp_path, **parts) as shelf:  # type: ignore[arg-type]
        yield Desk(shelf)


@pytest.mark.parametrize("body", [b"", b"a log", b"\0\xff" * INLINE])
async def test_the_tool_gets_the_file_and_the_login(desk: Desk, tool: Tool, body: bytes) -> None:
    answer = await desk.hand_in(await desk.file(body))
    assert (answer.status_code, answer.content) == (204, b"")
    log = await asyncio.to_thread(tool.taken)
    assert "handed in by Ringtest" in log.pop("description")
    assert base64.b64decode(log.pop("data")) == body
    assert log == {
        "username": "jo",
        "password": PASSWORD,
        "id": "4711",
        "type": "certification",
        "filename": "café.log",
    }
    assert WatchedDesk.open_transactions == 0


@pytest.mark.parametrize(
    ("who", "status"), [("red user", 204), ("super admin", 204), ("blue user", 401),
                        ("blue lab", 401), ("read-only", 401), ("nobody", 401)],
)  # fmt: skip
async def test_members_of_the_files_team_hand_in(desk: Desk, who: str, status: int) -> None:
    answer = await desk.hand_in(await desk.file(), who)
    assert answer.status_code == status, answer.text


async def test_who_did_it_is_noted_and_the_password_is_nowhere(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file_id = await desk.file()
    for number, certification in enumerate(("4711", "unknown")):
        headers = {"Idempotency-Key": f"key {number}"}
        answer = await desk.hand_in(file_id, "red lab", headers, certification_id=certification)
        assert PASSWORD not in answer.text
    sql = "SELECT count(*) FROM audits WHERE action = 'upload_certification' AND subject_id = $1"
    assert await desk.shelf.world.sql(sql, file_id) == 1
    tables = await desk.shelf.world.sql(
        "SELECT string_agg(relname, ',') FROM pg_class"
        " WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace"
    )
    for table in tables.split(","):
        text = await desk.shelf.world.sql(f"SELECT string_agg(t::text, '') FROM {table} t")
        assert "password>" not in (text or ""), table
    assert "password>" not in caplog.text


async def test_a_refusal_is_400_in_the_tools_words_without_the_password(desk: Desk) -> None:
    answer = await desk.hand_in(await desk.file(), certification_id="unknown")
    assert answer.status_code == 400
    message = answer.json()["message"]
    assert message == "the certification tool refused the log: no such certification for ***"


async def test_a_tool_that_is_away_is_503(desk: Desk, tool: Tool) -> None:
    file_id = await desk.file()
    tool.stop()
    answer = await desk.hand_in(file_id)
    assert answer.status_code == 503
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"username": "jo"}', b'{"username": "jo", "password": 5,'
             b' "certification_id": "1"}', b'{"username": "jo", "password": "p",'
             b' "certification_id": "1", "more": 1}'],
)  # fmt: skip
async def test_a_wrong_body_is_400(desk: Desk, body: bytes) -> None:
    url = f"/files/{await desk.file()}/certifications"
    answer = await desk.shelf.world["red lab"].post(url, content=body)
    assert answer.status_code == 400


async def test_what_speaks_no_xmlrpc_is_away() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/xml\r\n\r\nhello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        desk = XmlRpcDesk(f"http://127.0.0.1:{port}/", METHOD, seconds=10)
        with pytest.raises(Exception, match="does not answer") as caught:
            await desk.hand_in(TestLog("jo", PASSWORD, "1", "a", b"", "d"))
        assert PASSWORD not in repr(caught.value)


async def test_without_an_address_the_setting_is_named(
    clocked_db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    none = certification_desk(Settings())
    parts = {"rooms": (*ROOMS, api), "certifications": none}
    async with open_shelf(clocked_db, clock, tmp_path, **parts) as shelf:  # type: ignore[arg-type]
        desk = Desk(shelf)
        answer = await desk.hand_in(await desk.file())
        assert answer.status_code == 400
        assert "RINGTEST_CERTIFICATION_URL" in answer.json()["message"]


@pytest.mark.parametrize("url", ["ftp://x", "certification.example.com", "http://"])
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadRequest, match="RINGTEST_CERTIFICATION_URL"):
        certification_desk(Settings(certification_url=url))
