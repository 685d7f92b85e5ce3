"""Small files live in their rows: the same answers, one statement, and no object."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from tests.control.people import count_statements
from tests.control.results.shelf import Shelf, open_shelf

TEXT = {"DCI_MIME": "text/plain", "DCI_NAME": "out.log"}
INLINE = 1000


@pytest.fixture
async def shelf(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(clocked_db, clock, tmp_path, inline=INLINE) as opened:
        yield opened


@pytest.mark.parametrize("who", ["red lab", "red user"])
@pytest.mark.parametrize("size", [0, 1, INLINE - 1, INLINE, INLINE + 1])
async def test_up_to_the_limit_there_is_no_object(shelf: Shelf, who: str, size: int) -> None:
    body = bytes(n % 251 for n in range(size))
    file = await shelf.upload(await shelf.job(), body, who, **TEXT)
    assert (file["size"], file["sha256"]) == (size, hashlib.sha256(body).hexdigest())
    assert len(shelf.objects_there()) == (size > INLINE)
    url = f"/files/{file['id']}/content"
    got = await shelf.world["red user"].get(url)
    assert (got.content, got.headers["content-length"]) == (body, str(size))
    if size > 10:
        part = await shelf.world["red user"].get(url, headers={"Range": "bytes=3-7"})
        assert (part.status_code, part.content) == (206, body[3:8])


async def test_a_small_file_is_one_statement(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, b"x", "red user", **TEXT)
    counter = count_statements()
    await shelf.upload(job, b"x", "red user", **TEXT)
    assert counter[0] <= 4  # with BEGIN, COMMIT and who is asking


async def test_it_changes_its_job_and_is_told_as_any_file(shelf: Shelf) -> None:
    job = await shelf.job()
    answer = await shelf.world["red lab"].post(
        "/jobstates", json={"job_id": job, "status": "running"}
    )
    before = (await shelf.job_json(job))["etag"]
    shelf.clock.advance(30)
    state = answer.json()["jobstate"]["id"]
    file = await shelf.upload("", b"x", **TEXT, DCI_JOBSTATE_ID=state)
    assert (file["job_id"], file["jobstate_id"]) == (job, state)
    found = await shelf.job_json(job)
    assert found["etag"] != before
    assert found["duration"] == 30
    [told] = await shelf.world.events("result.recorded")
    assert told["team_id"] == shelf.world.teams["red"]
    assert file["id"] in told["payload"]


async def test_the_same_key_stores_once(shelf: Shelf) -> None:
    job = await shelf.job()
    files = await asyncio.gather(
        *(shelf.upload(job, b"x", **TEXT, Idempotency_Key="k") for _ in range(4))
    )
    assert len({file["id"] for file in files}) == 1
    assert (await shelf.post(job, b"y", **TEXT, Idempotency_Key="k")).status_code == 409


@pytest.mark.parametrize("size", [10, 5000])
async def test_a_digest_that_is_said_must_be_the_bytes(shelf: Shelf, size: int) -> None:
    job, body = await shelf.job(), bytes(size)
    right = hashlib.md5(body).hexdigest()
    assert (await shelf.upload(job, body, **TEXT, DCI_MD5=right))["md5"] == right
    wrong = await shelf.post(job, body, **TEXT, DCI_MD5="0" * 32)
    assert (wrong.status_code, wrong.json()["payload"]) == (400, {"md5": right})
    assert (await shelf.post(job, body, **TEXT, DCI_MD5="abc")).status_code == 400
    listed = await shelf.world.get("red user", f"/jobs/{job}/files")
    assert listed["_meta"]["count"] == 1
    assert len(shelf.objects_there()) == (size > INLINE)


async def test_results_in_small_files_count(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, {"a": "failed", "b": "passed"})
    assert (await shelf.job_json(job))["tests"]["total"] == 2
    assert shelf.objects_there() == []


async def test_a_file_is_added_to_the_job_of_the_address(shelf: Shelf) -> None:
    job, other = await shelf.job(), await shelf.job()
    headers = {"DCI-NAME": "a.txt", "DCI-MIME": "text/plain", "DCI-JOB-ID": other}
    answer = await shelf.world["red lab"].post(f"/jobs/{job}/files", content=b"x", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["file"]["job_id"] == job
    for who in ("blue lab", "blue user", "nobody"):
        refused = await shelf.world[who].post(f"/jobs/{job}/files", content=b"x", headers=headers)
        assert refused.status_code in (401, 404)
