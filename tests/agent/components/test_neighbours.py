"""Files from other agents and mirrors: only for who may read them, and never believed."""

import asyncio
import dataclasses
import hashlib
import http.server
import random
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from ringtest.agent.components.neighbours import Neighbours
from ringtest.agent.components.serving import CacheServer
from ringtest.agent.components.shelf import Note, Shelf
from ringtest.agent.components.sources import proof
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import Component, ComponentFile, Permit
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings
from ringtest.client import AsyncClient, Connection, Retries, Unreachable

BODY = random.Random(3).randbytes(300_000)
SHA = hashlib.sha256(BODY).hexdigest()
HOUR = "2026-03-01T10:00:00"


@pytest.fixture
async def api(server: Any, settings: AgentSettings) -> Any:
    connection = Connection.for_key(settings.server, settings.client_id, settings.api_secret)
    async with AsyncClient(connection, retries=Retries(attempts=1)) as client:
        yield LabApi(client)


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[tuple[CacheServer, dict[str, Permit]]]:
    """An agent that keeps the file, and the permits that the server gives it."""
    shelf = Shelf(tmp_path / "neighbour")
    shelf.part(SHA).parent.mkdir(parents=True)
    shelf.part(SHA).write_bytes(BODY)
    shelf.adopt(SHA, Note(SHA, len(BODY), "rpm", "ring-1.0.rpm", "c", "f"))
    permits: dict[str, Permit] = {}
    cache = CacheServer(shelf, lambda note: permits[note.sha256], "127.0.0.1:0")
    cache.start()
    yield cache, permits
    cache.stop()


def wanted(server: Any, data: bytes = BODY) -> Component:
    file = server.add_file("ring-1.0.rpm", data)
    one = ComponentFile(file["id"], file["name"], file["size"], file["sha256"])
    return Component("component", "rpm", files=[one])


def permit_of(server: Any, component: Component) -> Permit:
    content = server.content[component.files[0].id]
    key = hashlib.sha256(f"{server.window} {content!r}".encode()).hexdigest()
    return Permit(server.window, key)


async def provide(store: ComponentStore, component: Component, target: Path) -> bytes:
    [path] = await store.provide(component, target, lambda text: None)
    await store.close()
    return path.read_bytes()


async def test_a_file_comes_from_the_neighbour_when_the_server_permits_it(
    server: Any, api: LabApi, neighbour: tuple[CacheServer, dict[str, Permit]], tmp_path: Path
) -> None:
    cache, permits = neighbour
    component = wanted(server)
    permits[SHA] = permit_of(server, component)
    peers = [f"http://127.0.0.1:{cache.port}"]
    store = ComponentStore(tmp_path / "files", api, limit_bytes=10**9, peers=peers)
    assert await provide(store, component, tmp_path / "1") == BODY
    assert server.ranges == []
    asked = [each for each in server.requests if each.endswith("/permit")]
    assert len(asked) == 1


async def test_another_hour_or_team_gets_nothing_from_the_neighbour(
    server: Any, api: LabApi, neighbour: tuple[CacheServer, dict[str, Permit]], tmp_path: Path
) -> None:
    cache, permits = neighbour
    peers = [f"http://127.0.0.1:{cache.port}"]
    for number, other in enumerate((Permit("2026-03-01T09:00:00", "k"), Permit(HOUR, "other"))):
        permits[SHA] = other
        store = ComponentStore(tmp_path / f"files-{number}", api, limit_bytes=10**9, peers=peers)
        assert await provide(store, wanted(server), tmp_path / f"{number}") == BODY
        assert server.ranges == [""] * (number + 1)


def ask(cache: CacheServer, **headers: str) -> int:
    address = f"http://127.0.0.1:{cache.port}/files/{SHA}"
    return httpx.get(address, headers=headers, trust_env=False).status_code


def test_a_proof_is_good_for_its_file_span_and_machine_alone(
    neighbour: tuple[CacheServer, dict[str, Permit]],
) -> None:
    cache, permits = neighbour
    own = Permit(HOUR, "key")
    permits[SHA] = own
    netloc = f"127.0.0.1:{cache.port}"
    right = proof(own, f"http://{netloc}/files/{SHA}", "")
    assert ask(cache, Authorization=right) == 200
    assert ask(cache) == 404
    assert ask(cache, Authorization=right, Range="bytes=0-9") == 404
    assert ask(cache, Authorization=proof(own, f"http://{netloc}/files/{'0' * 64}", "")) == 404
    elsewhere = proof(own, f"http://10.9.8.7:{cache.port}/files/{SHA}", "")
    assert ask(cache, Authorization=elsewhere, Host=f"10.9.8.7:{cache.port}") == 404
    spanned = proof(own, f"http://{netloc}/files/{SHA}", "bytes=0-9")
    assert ask(cache, Authorization=spanned, Range="bytes=0-9") == 206
    beyond = proof(own, f"http://{netloc}/files/{SHA}", "bytes=999999-")
    assert ask(cache, Authorization=beyond, Range="bytes=999999-") == 416
    del permits[SHA]
    assert ask(cache, Authorization=right.replace("T10", "T11")) == 404


def test_paths_lead_nowhere_else(neighbour: tuple[CacheServer, dict[str, Permit]]) -> None:
    cache, _ = neighbour
    for path in ("/", "/files/", "/files/../../etc/passwd", f"/files/{SHA}.json", f"//files/{SHA}"):
        with socket.create_connection(("127.0.0.1", cache.port), timeout=10) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 404")


Act = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture
def mirror() -> Iterator[tuple[str, list[Act], list[str]]]:
    """A web server that does what the first of a list says; and the paths it was asked for."""
    acts: list[Act] = []
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            acts[0](self)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{web.server_address[1]}/mirror", acts, asked
    web.shutdown()
    web.server_close()


def gives(data: bytes, status: int = 200, **headers: str) -> Act:
    def act(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return act


def floods(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(10_000):
            handler.wfile.write(bytes(100_000))
    except OSError:
        handler.close_connection = True


async def test_a_mirror_is_asked_before_the_server(
    server: Any, api: LabApi, mirror: Any, tmp_path: Path
) -> None:
    base, acts, asked = mirror
    acts.append(gives(BODY))
    store = ComponentStore(tmp_path / "files", api, limit_bytes=10**9, mirrors=[base])
    assert await provide(store, wanted(server), tmp_path / "1") == BODY
    assert server.ranges == []
    assert asked == ["/mirror/ring-1.0.rpm"]


@pytest.mark.parametrize(
    "act",
    [
        gives(b"x" * len(BODY)),
        gives(BODY[:-1]),
        gives(BODY + b"!"),
        gives(BODY[:100_000], Content_Length="300000"),
        gives(b"", 404),
        gives(b"", 302, Location="http://127.0.0.1:9/"),
        gives(BODY, Content_Encoding="gzip"),
        floods,
        gives(BODY[:10], 206, Content_Range="bytes 0-9/10"),
    ],
    ids=["other", "short", "long", "cut", "absent", "moved", "encoded", "flood", "range"],
)
async def test_a_mirror_that_lies_or_fails_changes_nothing(
    server: Any, api: LabApi, mirror: Any, tmp_path: Path, act: Act
) -> None:
    base, acts, _ = mirror
    acts.append(act)
    store = ComponentStore(tmp_path / "files", api, limit_bytes=10**9, mirrors=[base])
    assert await provide(store, wanted(server), tmp_path / "1") == BODY
    assert all(part.stat().st_size <= len(BODY) for part in (tmp_path / "files").glob("*/*"))


async def test_who_has_lied_is_left_alone(
    server: Any, api: LabApi, mirror: Any, tmp_path: Path
) -> None:
    base, acts, asked = mirror
    acts.append(gives(b"x" * len(BODY)))
    store = ComponentStore(tmp_path / "files", api, limit_bytes=10**9, mirrors=[base])
    for number in range(3):
        data = random.Random(number).randbytes(300_000)
        assert await provide(store, wanted(server, data), tmp_path / f"{number}") == data
    assert len(asked) == 1


async def test_two_agents_of_a_lab_move_a_file_from_the_server_once(
    server: Any, settings: AgentSettings, spec: Any, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    giving = dataclasses.replace(settings, cache_listen=f"127.0.0.1:{port}")
    taking = dataclasses.replace(
        settings, data=tmp_path / "second", cache_peers=(f"http://127.0.0.1:{port}",)
    )
    component = wanted(server)
    told = {"id": "component", "type": "rpm", "files": [msgspec.to_builtins(component.files[0])]}
    first = Agent(giving)
    running = asyncio.create_task(first.run())
    job = server.add_job(spec("true"), components=[told])
    await server.until(lambda: job.phase == "finished")
    held = server.add_job(spec("sleep 60"))
    await server.until(lambda: held.phase == "running")
    second = Agent(taking)
    also = asyncio.create_task(second.run())
    later = server.add_job(spec("sha256sum < $RINGTEST_COMPONENT_RPM"), components=[told])
    await server.until(lambda: later.phase == "finished")
    assert later.printed().decode().split()[0] == SHA
    assert f"ring-1.0.rpm came from the agent at http://127.0.0.1:{port}" in later.log().decode()
    assert server.ranges == [""]
    assert later.agent != held.agent
    for agent, task in ((second, also), (first, running)):
        agent.stop()
        await asyncio.wait_for(task, 20)


async def test_agents_that_announce_find_each_other_by_the_server(
    server: Any, settings: AgentSettings, spec: Any, tmp_path: Path
) -> None:
    giving = dataclasses.replace(settings, cache_listen="127.0.0.1:0", cache_announce="auto")
    taking = dataclasses.replace(settings, data=tmp_path / "second", cache_find=True)
    component = wanted(server)
    told = {"id": "component", "type": "rpm", "files": [msgspec.to_builtins(component.files[0])]}
    first = Agent(giving)
    running = asyncio.create_task(first.run())
    job = server.add_job(spec("true"), components=[told])
    await server.until(lambda: job.phase == "finished" and bool(server.caches))
    [address] = server.caches.values()
    held = server.add_job(spec("sleep 60"))
    await server.until(lambda: held.phase == "running")
    second = Agent(taking)
    also = asyncio.create_task(second.run())
    later = server.add_job(spec("sha256sum < $RINGTEST_COMPONENT_RPM"), components=[told])
    await server.until(lambda: later.phase == "finished")
    assert f"ring-1.0.rpm came from the agent at {address}" in later.log().decode()
    assert server.ranges == [""]
    for agent, task in ((second, also), (first, running)):
        agent.stop()
        await asyncio.wait_for(task, 20)
    assert server.caches == {}


async def test_agent_that_wants_neither_tells_and_asks_nothing(
    server: Any, settings: AgentSettings, spec: Any
) -> None:
    agent = Agent(dataclasses.replace(settings, cache_listen="127.0.0.1:0"))
    running = asyncio.create_task(agent.run())
    told = msgspec.to_builtins(wanted(server).files[0])
    components = [{"id": "component", "type": "rpm", "files": [told]}]
    job = server.add_job(spec("true"), components=components)
    await server.until(lambda: job.phase == "finished")
    agent.stop()
    await asyncio.wait_for(running, 20)
    assert not [one for one in server.requests if one.endswith("/agent/caches")]


async def test_neighbour_that_dies_in_the_middle_is_gone_on_from_at_the_server(
    server: Any, api: LabApi, mirror: Any, tmp_path: Path
) -> None:
    base, acts, _ = mirror
    data = random.Random(4).randbytes(2_000_000)
    half = len(data) // 2

    def dies(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:half])
        handler.close_connection = True

    acts.append(dies)

    async def find() -> list[str]:
        return [base]

    store = ComponentStore(tmp_path / "files", api, limit_bytes=10**9, find_peers=find)
    assert await provide(store, wanted(server, data), tmp_path / "1") == data
    assert server.ranges == [f"bytes={half}-"]


async def test_announced_neighbour_that_lies_changes_nothing(
    server: Any, api: LabApi, mirror: Any, tmp_path: Path
) -> None:
    base, acts, asked = mirror
    acts.append(gives(b"x" * len(BODY)))

    async def find() -> list[str]:
        return [base]

    store = ComponentStore(tmp_path / "files", api, limit_bytes=10**9, find_peers=find)
    assert await provide(store, wanted(server), tmp_path / "1") == BODY
    assert len(asked) == 1


async def test_server_that_cannot_be_asked_for_neighbours_holds_nothing_up() -> None:
    async def tell(address: str | None) -> list[str]:
        raise Unreachable("away", "POST /agent/caches")

    assert await Neighbours(tell, address=None, finds=True).addresses() == []


async def test_neighbours_are_asked_for_once_for_many_files_and_own_address_is_none() -> None:
    asked: list[str | None] = []

    async def tell(address: str | None) -> list[str]:
        asked.append(address)
        return ["http://rack-7:1", "http://me:1", "ftp://rack-8:1"]

    neighbours = Neighbours(tell, address="http://me:1", finds=True)
    found = await asyncio.gather(*(neighbours.addresses() for _ in range(5)))
    assert found == [["http://rack-7:1"]] * 5 and asked == ["http://me:1"]
