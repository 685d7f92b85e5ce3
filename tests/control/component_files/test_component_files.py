"""Files of components: whole or not at all, served in ranges, under names that do no harm."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringtest.control.catalog import api as catalog_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.people import World, open_world

LIMIT = 4 * 1024 * 1024


@pytest.fixture
async def world(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    settings = Settings(data=tmp_path, max_body=64 * 1024, max_file=LIMIT)
    store = DiskStore(tmp_path / "objects")
    rooms = [identity_api, catalog_api, component_files_api]
    async with open_world(db, rooms, settings=settings, objects=store) as opened:
        yield opened


@pytest.fixture
async def path(world: World) -> str:
    """Where the files of a component are that red may see."""
    async with world.db.transaction(SYSTEM) as tx:
        product = await rows.insert(tx, "products", {"name": "p", "label": "P"})
        await tx.execute("INSERT INTO products_teams VALUES ($1, $2)", product, world.teams["red"])
        topic = await rows.insert(
            tx, "topics", {"name": "t", "product_id": product, "export_control": True}
        )
        values = {"type": "rpm", "display_name": "c", "released_at": tx.now, "topic_id": topic}
        return f"/components/{await rows.insert(tx, 'components', values)}/files"


async def upload(
    world: World, path: str, content: bytes, *, who: str = "feeder", **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await world[who].post(path, content=content, headers=named)


def objects(tmp_path: Path) -> list[Path]:
    return [file for file in (tmp_path / "objects").rglob("*") if file.is_file()]


@pytest.mark.parametrize("who", ["feeder", "epm"])
@pytest.mark.parametrize("size", [0, 1, 100_000, LIMIT])
async def test_what_is_uploaded_is_served_again(
    world: World, path: str, who: str, size: int
) -> None:
    """The feeder signs its bodies, the EPM sends a password: both bodies arrive whole."""
    content = (b"0123456789abcde\n" * (size // 16 + 1))[:size]
    answer = await upload(world, path, content, who=who)
    assert answer.status_code == 201, answer.text
    file = answer.json()["component_file"]
    assert file["name"] == file["id"]
    assert file["size"] == size
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert file["md5"] == hashlib.md5(content).hexdigest()
    assert file["mime"] == "application/octet-stream"
    assert (await world.get("red user", f"{path}/{file['id']}"))["component_file"] == file
    got = await world["red user"].get(f"{path}/{file['id']}/content")
    assert got.content == content
    assert got.headers["content-length"] == str(size)


async def test_a_file_over_the_limit_is_413_and_leaves_nothing(
    world: World, path: str, tmp_path: Path
) -> None:
    for who in ("epm", "feeder"):
        answer = await upload(world, path, b"x" * (LIMIT + 1), who=who)
        assert answer.status_code == 413
    assert objects(tmp_path) == []
    assert (await world.get("epm", path))["_meta"] == {"count": 0}


async def test_a_body_that_was_changed_on_its_way_is_400(
    world: World, path: str, tmp_path: Path
) -> None:
    request = world["feeder"].build_request("POST", path, content=b"x" * 2_000_000)
    auth = world["feeder"].auth
    assert auth is not None
    await request.aread()
    signed = next(auth.sync_auth_flow(request))
    answer = await world["nobody"].post(
        path, content=b"y" * 2_000_000, headers={"content-type": "", **signed.headers}
    )
    assert answer.status_code == 400
    assert objects(tmp_path) == []


async def test_a_wrong_digest_is_400_and_leaves_nothing(
    world: World, path: str, tmp_path: Path
) -> None:
    answer = await upload(world, path, b"x", DCI_SHA256="0" * 64)
    assert answer.status_code == 400
    assert objects(tmp_path) == []
    right = hashlib.sha256(b"x").hexdigest()
    assert (await upload(world, path, b"x", DCI_SHA256=right.upper())).status_code == 201


async def test_a_name_is_used_once(world: World, path: str, tmp_path: Path) -> None:
    first = await upload(world, path, b"x", DCI_NAME="a.rpm", DCI_MIME="application/x-rpm")
    assert first.json()["component_file"]["mime"] == "application/x-rpm"
    again = await upload(world, path, b"x", DCI_NAME="a.rpm")
    assert again.status_code == 201
    assert again.json() == first.json(), "a retried upload gives the file that is there"
    assert (await upload(world, path, b"y", DCI_NAME="a.rpm")).status_code == 409
    assert len(objects(tmp_path)) == 1
    file = first.json()["component_file"]
    gone = await world["feeder"].delete(f"{path}/{file['id']}", headers={"If-match": file["etag"]})
    assert gone.status_code == 204
    assert (await upload(world, path, b"y", DCI_NAME="a.rpm")).status_code == 201


async def test_files_are_served_by_name_too(world: World, path: str) -> None:
    for name in ("dci_files_list.json", "x86_64/os/a 1.rpm", "né.txt"):
        answer = await world["feeder"].post(
            path, content=name.encode(), headers={b"dci-name": name.encode()}
        )
        assert answer.json()["component_file"]["name"] == name
        got = await world["red user"].get(f"{path}/{name}")
        assert got.content == name.encode(), got.text
    assert (await world["red user"].get(f"{path}/none.json")).status_code == 404


TRICKS = ["../a", "a/../../b", "/etc/passwd", "a//b", "a/./b", "..", ".", "a\\b", "a\tb", "x" * 501,
          "00000000-0000-4000-8000-000000000000/content"]  # fmt: skip


async def test_names_that_play_tricks_are_400(world: World, path: str, tmp_path: Path) -> None:
    for name in TRICKS:
        answer = await upload(world, path, b"x", DCI_NAME=name)
        assert answer.status_code == 400, name
    assert objects(tmp_path) == []


async def test_paths_that_play_tricks_reach_nothing(world: World, path: str) -> None:
    app = world.app
    for raw in ("..%2f..%2fidentity", "%2e%2e/%2e%2e/x", "a/%2e%2e/b", "../../identity", "a%5cb"):
        answer = await raw_get(app, f"/api/v1{path}/{raw}", world)
        assert answer in (400, 404), raw


async def raw_get(app: Any, target: str, world: World) -> int:
    """Status of a GET whose path no client library has tidied."""
    request = world["epm"].build_request("GET", "/identity")
    auth = world["epm"].auth
    assert auth is not None
    signed = next(auth.sync_auth_flow(request))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": httpx.URL(f"http://ring{target}").path if "/.." not in target else target,
        "raw_path": target.encode(),
        "query_string": b"",
        "headers": [(b"authorization", signed.headers["authorization"].encode())],
        "server": ("ring", 80),
        "client": ("127.0.0.1", 1),
    }
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


async def test_parts_of_a_file_are_served(world: World, path: str) -> None:
    await upload(world, path, b"0123456789", DCI_NAME="a.txt", DCI_MIME="text/plain")
    target = f"{path}/a.txt"
    for header, status, content in (
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=0-99", 206, b"0123456789"),
        ("bytes=99-", 416, None),
        ("lines=1-2", 200, b"0123456789"),
    ):
        got = await world["red user"].get(target, headers={"Range": header})
        assert got.status_code == status, header
        assert content is None or got.content == content, header
    head = await world["red user"].head(target)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == "10"


async def test_what_is_served_does_not_run_in_a_browser(world: World, path: str) -> None:
    await upload(world, path, b"<script>", DCI_NAME="a.html", DCI_MIME="text/html")
    got = await world["red user"].get(f"{path}/a.html")
    assert got.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in got.headers["content-security-policy"]


async def test_deleting_a_file_follows_the_wire_format(world: World, path: str) -> None:
    file = (await upload(world, path, b"x")).json()["component_file"]
    one = f"{path}/{file['id']}"
    assert (await world["feeder"].delete(one)).status_code == 412
    assert (await world["feeder"].delete(one, headers={"If-match": "x"})).status_code == 404
    etag = {"If-match": file["etag"]}
    assert (await world["feeder"].delete(one, headers=etag)).status_code == 204
    for gone in (one, f"{one}/content"):
        assert (await world["feeder"].get(gone)).status_code == 404
    assert (await world.get("epm", path)) == {"component_files": [], "_meta": {"count": 0}}


async def test_files_of_one_component_are_not_served_by_another(world: World, path: str) -> None:
    file = (await upload(world, path, b"x")).json()["component_file"]
    other = path.replace(path.split("/")[2], "0c9e2dc4-0000-4000-8000-000000000000")
    for tail in ("", f"/{file['id']}", f"/{file['id']}/content"):
        assert (await world["epm"].get(other + tail)).status_code == 404
