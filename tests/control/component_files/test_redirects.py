"""Files by path are fetched from where they are: the store, RHDL, or through the server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from ringtest.control import registry
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from tests.parts import ADMIN, connect, first_start, make_parts
from tests.s3_server import S3Server, s3_server

BODY = b"0123456789"
PASSWORD = "a long password"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
async def component(db: Database) -> str:
    async with db.transaction(SYSTEM) as tx:
        product = await rows.insert(tx, "products", {"name": "p", "label": "P"})
        topic = await rows.insert(tx, "topics", {"name": "t", "product_id": product})
        values: dict[str, Any] = {"type": "compose", "display_name": "RHEL-9.4", "topic_id": topic}
        values |= {"released_at": tx.now, "tags": ["rhdl"]}
        return str(await rows.insert(tx, "components", values))


async def open_http(
    db: Database, folder: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, **more: str
) -> AsyncIterator[httpx.AsyncClient]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    parts = make_parts(db, folder, notifiers={})
    given: dict[str, Any] = {"objects": f"s3://{s3.new_bucket()}", **more}
    parts.settings = Settings(data=folder, admin_password="admin password", **given)
    parts.objects = registry.object_store(parts.settings)
    await first_start(parts)
    async with connect(parts, ADMIN) as http:
        yield http


async def test_a_path_is_redirected_to_the_bucket(
    db: Database, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, component: str
) -> None:
    path = f"/components/{component}/files"
    async for http in open_http(db, tmp_path, s3, monkeypatch):
        put = await http.put(f"{path}/images/boot 1.iso", content=BODY)
        assert put.status_code == 201, put.text
        file = put.json()["component_file"]
        for method in ("GET", "HEAD"):
            answer = await http.request(method, f"{path}/images/boot 1.iso")
            assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
            async with httpx.AsyncClient() as outside:
                there = await outside.request(method, answer.headers["location"])
            assert (there.status_code, there.headers["content-length"]) == (200, "10")
            assert there.content == (BODY if method == "GET" else b"")
        assert (await http.get(f"{path}/{file['id']}/content")).content == BODY, "by id from here"
        absent = await http.get(f"{path}/dci_files_list.json")
        assert f"/{component}/dci_files_list.json?" in absent.headers["location"]


async def test_bad_paths_are_refused_before_they_go_anywhere(
    db: Database, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, component: str
) -> None:
    async for http in open_http(db, tmp_path, s3, monkeypatch):
        for bad in ("a/%2e%2e/b", "%2e%2e%2fb", "a/%252e%252e/b", "a%5cb"):
            answer = await http.get(f"/components/{component}/files/{bad}")
            assert answer.status_code == 400, bad
        assert (await http.get(f"/components/{component}/files/a%20b")).status_code == 404


async def test_labs_that_do_not_reach_the_bucket_get_the_bytes(
    db: Database, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, component: str
) -> None:
    async for http in open_http(db, tmp_path, s3, monkeypatch, downloads="stream"):
        await http.put(f"/components/{component}/files/a", content=BODY)
        answer = await http.get(f"/components/{component}/files/a")
        assert (answer.status_code, answer.content) == (200, BODY)


async def test_what_rhdl_has_is_fetched_there(
    db: Database, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, component: str
) -> None:
    base = "https://rhdl.example.com"
    files = f"/components/{component}/files"
    async for http in open_http(db, tmp_path, s3, monkeypatch, rhdl_url=base):
        wanted = f"{base}/components/RHEL-9.4/files/rhdl_files_list.json"
        answer = await http.get(f"{files}/dci_files_list.json")
        assert (answer.status_code, answer.headers["location"]) == (302, wanted)
        async with db.transaction(SYSTEM) as tx:
            await tx.execute("UPDATE components SET tags = '{}'")
        ours = await http.get(f"{files}/dci_files_list.json")
        assert not ours.headers["location"].startswith(base)
        of_v2 = await http.get(f"http://ringtest/api/v2{files}/dci_files_list.json")
        assert of_v2.headers["location"] == wanted


@pytest.mark.parametrize("downloads", ["redirect", "stream"])
async def test_content_of_a_jobs_file_is_redirected_by_v2_alone(
    db: Database, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, downloads: str
) -> None:
    """As far as the store has it: what lives in its row comes from here."""
    large = BODY * 5000
    async for http in open_http(db, tmp_path, s3, monkeypatch, downloads=downloads):
        job = await _job(db)
        headers = {"DCI-NAME": "big", "DCI-JOB-ID": job, "DCI-MIME": "text/plain"}
        ids = []
        for body in (BODY, large):
            answer = await http.post("/files", content=body, headers=headers)
            ids.append(answer.json()["file"]["id"])
        there = [f"http://ringtest/api/{v}/files/{ids[1]}/content" for v in ("v1", "v2")]
        here = f"http://ringtest/api/v2/files/{ids[0]}/content"
        for method in ("GET", "HEAD"):
            first, second = [await http.request(method, url) for url in there]
            assert (first.status_code, first.headers["content-length"]) == (200, "50000")
            if downloads == "stream":
                assert (second.status_code, second.content) == (200, first.content)
                continue
            assert (second.status_code, second.headers["cache-control"]) == (302, "no-store")
            async with httpx.AsyncClient() as outside:
                got = await outside.request(method, second.headers["location"])
            assert (got.status_code, got.headers["content-length"]) == (200, "50000")
            assert got.content == (large if method == "GET" else b"")
            assert (await http.request(method, here)).status_code == 200
        async with connect_nobody(http) as nobody:
            assert (await nobody.get(there[1])).status_code == 401


async def test_another_team_never_gets_an_address(
    db: Database, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address is a key that nobody asks again: it is for who may read the bytes, alone."""
    async for http in open_http(db, tmp_path, s3, monkeypatch):
        job = await _job(db)
        async with db.transaction(SYSTEM) as tx:
            rivals = await rows.insert(tx, "teams", {"name": "rivals"})
            await tx.execute("UPDATE topics SET export_control = true")
            await tx.execute(
                "INSERT INTO products_teams SELECT p.id, t.id FROM products p, teams t"
            )
            at = await tx.fetchrow("SELECT team_id, topic_id FROM jobs")
        assert at is not None
        headers = {"DCI-NAME": "big", "DCI-JOB-ID": job, "DCI-MIME": "text/plain"}
        file = (await http.post("/files", content=BODY * 5000, headers=headers)).json()["file"]
        values = {"type": "compose", "topic_id": str(at["topic_id"]), "team_id": str(at["team_id"])}
        made = await http.post("/components", json={"name": "own", **values})
        folder = f"/components/{made.json()['component']['id']}/files"
        assert (await http.put(f"{folder}/boot.iso", content=BODY)).status_code == 201
        paths = [f"http://ringtest/api/v2/files/{file['id']}/content"]
        for name in ("boot.iso", "absent.iso"):
            paths += [f"http://ringtest/api/{version}{folder}/{name}" for version in ("v1", "v2")]
        member = await _person(http, "member", at["team_id"])
        rival = await _person(http, "rival", rivals)
        for path in paths:
            for method in ("GET", "HEAD"):
                assert (await member.request(method, path)).status_code == 302, path
                answer = await rival.request(method, path)
                assert answer.status_code in (401, 404), path
                told = f"{answer.headers} {answer.text}"
                assert "location" not in answer.headers
                assert "127.0.0.1" not in told and "signature" not in told.lower()


async def _person(http: httpx.AsyncClient, name: str, team: UUID) -> httpx.AsyncClient:
    """A member of a team, on the same server."""
    body = {"name": name, "email": f"{name}@ring", "password": PASSWORD}
    made = await http.post("/users", json=body)
    assert made.status_code == 201, made.text
    user = made.json()["user"]["id"]
    assert (await http.post(f"/teams/{team}/users/{user}")).status_code == 201
    nobody = connect_nobody(http)
    nobody.auth = httpx.BasicAuth(name, PASSWORD)
    return nobody


async def _job(db: Database) -> str:
    async with db.transaction(SYSTEM) as tx:
        team = await rows.insert(tx, "teams", {"name": "partner"})
        product = await rows.insert(tx, "products", {"name": "p", "label": "P"})
        topic = await rows.insert(tx, "topics", {"name": "t", "product_id": product})
        lab = await rows.insert(tx, "remotecis", {"name": "lab", "team_id": team})
        values = {"name": "nightly", "team_id": team, "topic_id": topic, "remoteci_id": lab}
        return str(await rows.insert(tx, "jobs", values))


def connect_nobody(http: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same server without a password."""
    return httpx.AsyncClient(transport=http._transport, base_url=http.base_url)
