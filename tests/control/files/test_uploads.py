"""Uploading and reading files: whose job it is, what comes back, what a retry does."""

import asyncio
import hashlib
from typing import Any
from uuid import uuid4

import pytest

from ringtest.control.connectors.disk import DiskStore
from tests.control.people import count_statements
from tests.control.results.shelf import Shelf

TEXT = {"DCI_MIME": "text/plain", "DCI_NAME": "out.log"}


async def test_an_uploaded_file_comes_back_as_it_was(shelf: Shelf) -> None:
    job = await shelf.job()
    body = bytes(range(256)) * 4000
    file = await shelf.upload(job, body, **TEXT)
    told = ("name", "mime", "size", "job_id", "jobstate_id", "state", "attempt")
    wanted = ("out.log", "text/plain", len(body), job, None, "active", 0)
    assert tuple(file[key] for key in told) == wanted
    assert file["sha256"] == hashlib.sha256(body).hexdigest()
    assert await shelf.world.get("red user", f"/files/{file['id']}") == {"file": file}
    content = await shelf.world["red user"].get(f"/files/{file['id']}/content")
    assert content.content == body
    assert content.headers["content-type"].startswith("text/plain")
    assert content.headers["content-disposition"] == 'attachment; filename="out.log"'
    assert content.headers["content-length"] == str(len(body))
    assert content.headers["content-security-policy"] == "sandbox"
    listed = await shelf.world.get("red user", f"/jobs/{job}/files")
    assert listed == {"files": [file], "_meta": {"count": 1, "next": None}}


@pytest.mark.parametrize(
    ("span", "status", "there"),
    [("bytes=0-3", 206, b"0123"), ("bytes=-2", 206, b"89"), ("bytes=4-", 206, b"456789"),
     ("bytes=8-99", 206, b"89"), ("bytes=10-", 416, None), ("bytes=5-2", 200, b"0123456789"),
     ("bytes=0-1,4-5", 200, b"0123456789"), ("lines=1-2", 200, b"0123456789")],
)  # fmt: skip
async def test_a_range_is_a_part_of_the_file(
    shelf: Shelf, span: str, status: int, there: bytes | None
) -> None:
    file = await shelf.upload(await shelf.job(), b"0123456789", **TEXT)
    answer = await shelf.world["red user"].get(
        f"/files/{file['id']}/content", headers={"Range": span}
    )
    assert answer.status_code == status
    assert answer.json()["payload"] == {"size": 10} if there is None else answer.content == there
    if status == 206 and there:
        start = b"0123456789".index(there)
        wanted = f"bytes {start}-{start + len(there) - 1}/10"
        assert answer.headers["content-range"] == wanted


async def test_a_range_of_a_file_that_changed_is_the_whole_file(shelf: Shelf) -> None:
    file = await shelf.upload(await shelf.job(), b"0123456789", **TEXT)
    url = f"/files/{file['id']}/content"
    etag = (await shelf.world["red user"].get(url)).headers["etag"]
    for seen, status in ((etag, 206), ('"another"', 200)):
        headers = {"Range": "bytes=5-", "If-Range": seen}
        answer = await shelf.world["red user"].get(url, headers=headers)
        assert answer.status_code == status


async def test_head_tells_the_size_without_the_content(shelf: Shelf) -> None:
    file = await shelf.upload(await shelf.job(), b"0123456789", **TEXT)
    answer = await shelf.world["red user"].head(f"/files/{file['id']}/content")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "10"


async def test_an_empty_file_is_a_file(shelf: Shelf) -> None:
    file = await shelf.upload(await shelf.job(), b"", **TEXT)
    answer = await shelf.world["red user"].get(f"/files/{file['id']}/content")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("name", "kept", "saved"),
    [("a b.log", "a b.log", 'filename="a_b.log"'),
     ("dir/../x.log", "dir/../x.log", 'filename="x.log"'),
     ("50%25 caf%C3%A9", "50% café", "filename*=UTF-8''50%25_caf%C3%A9"),
     ("café", "café", "filename*=UTF-8''caf%C3%A9"),
     ("100% done", "100% done", 'filename="100__done"'),
     ('a"; x="y', 'a"; x="y', 'filename="a___x=_y"')],
)  # fmt: skip
async def test_names_are_kept_and_saved_harmlessly(
    shelf: Shelf, name: str, kept: str, saved: str
) -> None:
    file = await shelf.upload(await shelf.job(), b"x", DCI_MIME="text/plain", DCI_NAME=name)
    assert file["name"] == kept
    answer = await shelf.world["red user"].get(f"/files/{file['id']}/content")
    assert saved in answer.headers["content-disposition"]


@pytest.mark.parametrize("mime", ["", "nonsense", "text/html; charset=utf-8; x", "a/b\tc"])
async def test_an_odd_type_is_plain_text(shelf: Shelf, mime: str) -> None:
    file = await shelf.upload(await shelf.job(), b"x", DCI_MIME=mime, DCI_NAME="x")
    answer = await shelf.world["red user"].get(f"/files/{file['id']}/content")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "headers",
    [{"DCI_NAME": ""}, {"DCI_NAME": "a%00b"}, {"DCI_NAME": "a%0Ab"}, {"DCI_NAME": "n" * 1025},
     {"DCI_JOB_ID": ""}, {"DCI_JOB_ID": "nonsense"}, {"DCI_SHA256": "abc"},
     {"X_Ringtest_Attempt": "-1"}, {"X_Ringtest_Attempt": "7"}, {"Idempotency_Key": "k" * 201}],
)  # fmt: skip
async def test_headers_that_make_no_sense_are_refused(
    shelf: Shelf, headers: dict[str, str]
) -> None:
    job = await shelf.job()
    answer = await shelf.post(job, b"x", **{**TEXT, **headers})
    assert answer.status_code == 400, answer.text
    assert shelf.objects_there() == []


async def test_a_wrong_sum_stores_nothing(shelf: Shelf) -> None:
    job = await shelf.job()
    answer = await shelf.post(job, b"data", **TEXT, DCI_SHA256="0" * 64)
    assert answer.status_code == 400
    assert answer.json()["payload"]["sha256"] == hashlib.sha256(b"data").hexdigest()
    assert shelf.objects_there() == []
    right = hashlib.sha256(b"data").hexdigest().upper()
    await shelf.upload(job, b"data", **TEXT, DCI_SHA256=right)


async def test_files_may_be_larger_than_other_bodies_up_to_their_own_limit(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, b"x" * 2_000_000, **TEXT)
    answer = await shelf.post(job, b"x" * 3_000_001, **TEXT)
    assert (answer.status_code, answer.json()["payload"]) == (413, {"limit": 3_000_000})
    assert len(shelf.objects_there()) == 1


# whose job it is -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [("red lab", 201), ("red user", 201), ("epm", 201), ("super admin", 201), ("blue lab", 401),
     ("blue user", 401), ("feeder", 401), ("read-only", 401), ("nobody", 401)],
)  # fmt: skip
async def test_only_the_jobs_team_adds_files(shelf: Shelf, who: str, status: int) -> None:
    answer = await shelf.post(await shelf.job(), b"x", who, **TEXT)
    assert answer.status_code == status, answer.text
    assert len(shelf.objects_there()) == (status == 201)


@pytest.mark.parametrize(
    ("who", "status"),
    [("red lab", 200), ("red user", 200), ("read-only", 200), ("epm", 200), ("blue lab", 401),
     ("blue user", 401), ("feeder", 401), ("nobody", 401)],
)  # fmt: skip
async def test_only_the_jobs_team_reads_files(shelf: Shelf, who: str, status: int) -> None:
    job = await shelf.job()
    file = await shelf.upload(job, {"a": "failed"})
    for path in (
        f"/files/{file['id']}",
        f"/files/{file['id']}/content",
        f"/files/{file['id']}/junit",
        f"/jobs/{job}/files",
        f"/jobs/{job}/results",
        f"/jobs/{job}/tests",
    ):
        assert (await shelf.world[who].get(path)).status_code == status, path


@pytest.mark.parametrize(
    ("who", "status"), [("red user", 204), ("blue user", 401), ("read-only", 401), ("epm", 204)]
)
async def test_only_the_jobs_team_deletes_files(shelf: Shelf, who: str, status: int) -> None:
    job = await shelf.job()
    file = await shelf.upload(job, b"x", **TEXT)
    answer = await shelf.world[who].delete(f"/files/{file['id']}")
    assert answer.status_code == status, answer.text
    gone = 404 if status == 204 else 200
    assert (await shelf.world["red user"].get(f"/files/{file['id']}")).status_code == gone
    assert (await shelf.world["red user"].get(f"/files/{file['id']}/content")).status_code == gone
    assert len((await shelf.world.get("red user", f"/jobs/{job}/files"))["files"]) == (gone == 200)


async def test_an_archived_job_takes_and_shows_no_files(shelf: Shelf) -> None:
    job = await shelf.job()
    file = await shelf.upload(job, b"x", **TEXT)
    etag = (await shelf.job_json(job))["etag"]
    answer = await shelf.world["red user"].delete(f"/jobs/{job}", headers={"If-match": etag})
    assert answer.status_code == 204
    assert (await shelf.post(job, b"x", **TEXT)).status_code == 404
    for path in (f"/files/{file['id']}", f"/files/{file['id']}/content", f"/jobs/{job}/files"):
        assert (await shelf.world["red user"].get(path)).status_code == 404


async def test_ids_that_name_nothing_are_not_found(shelf: Shelf) -> None:
    for name in ("nonsense", str(uuid4())):
        for path in (f"/files/{name}", f"/files/{name}/content", f"/files/{name}/junit"):
            assert (await shelf.world["red user"].get(path)).status_code == 404
        assert (await shelf.world["red user"].delete(f"/files/{name}")).status_code == 404


# jobstates ---------------------------------------------------------------------------


async def test_a_file_of_a_jobstate_belongs_to_its_job(shelf: Shelf) -> None:
    job, other = await shelf.job(), await shelf.job()
    answer = await shelf.world["red lab"].post(
        "/jobstates", json={"job_id": job, "status": "running"}
    )
    state = answer.json()["jobstate"]["id"]
    shelf.clock.advance(30)
    file = await shelf.upload("", b"x", **TEXT, DCI_JOBSTATE_ID=state)
    assert (file["job_id"], file["jobstate_id"]) == (job, state)
    found = await shelf.job_json(job)
    assert found["files"] == [], "those of a jobstate are not the job's own"
    assert found["duration"] == 90
    assert len((await shelf.world.get("red user", f"/jobs/{job}/files"))["files"]) == 1
    assert (await shelf.post(other, b"x", **TEXT, DCI_JOBSTATE_ID=state)).status_code == 404
    assert (await shelf.post("", b"x", **TEXT, DCI_JOBSTATE_ID=str(uuid4()))).status_code == 404
    stranger = await shelf.post("", b"x", "blue lab", **TEXT, DCI_JOBSTATE_ID=state)
    assert stranger.status_code == 401


async def test_every_upload_and_deletion_changes_the_jobs_etag_and_is_told(shelf: Shelf) -> None:
    job = await shelf.job()
    etags = [(await shelf.job_json(job))["etag"]]
    file = await shelf.upload(job, b"x", **TEXT)
    etags.append((await shelf.job_json(job))["etag"])
    await shelf.world["red user"].delete(f"/files/{file['id']}")
    etags.append((await shelf.job_json(job))["etag"])
    assert len(set(etags)) == 3
    told = await shelf.world.events("result.recorded")
    assert len(told) == 2
    assert told[0]["team_id"] == shelf.world.teams["red"]
    assert file["id"] in told[0]["payload"]


# once and only once --------------------------------------------------------------------


async def test_the_same_key_stores_once(shelf: Shelf) -> None:
    job, other = await shelf.job(), await shelf.job()
    first = await shelf.upload(job, {"a": "failed"}, Idempotency_Key="k 1")
    again = await shelf.upload(job, {"a": "failed"}, Idempotency_Key="k 1")
    assert first == again
    assert (await shelf.tests(job))["_meta"]["count"] == 1
    assert (await shelf.job_json(job))["tests"]["total"] == 1
    different = await shelf.post(job, b"<testsuite/>", Idempotency_Key="k 1")
    assert different.status_code == 409
    await shelf.upload(other, {"a": "passed"}, Idempotency_Key="k 1")
    assert len(shelf.objects_there()) == 2


async def test_the_same_key_at_the_same_time_stores_once(shelf: Shelf) -> None:
    job = await shelf.job()
    files = await asyncio.gather(
        *(shelf.upload(job, {"a": "failed", "b": "passed"}, Idempotency_Key="k") for _ in range(4))
    )
    assert len({file["id"] for file in files}) == 1
    assert len(shelf.objects_there()) == 1
    assert (await shelf.job_json(job))["tests"]["total"] == 2


async def test_uploads_to_one_job_at_the_same_time_all_count(shelf: Shelf) -> None:
    job = await shelf.job()
    await asyncio.gather(
        *(shelf.upload(job, {f"t{n}": "passed"}, DCI_NAME=f"{n}.xml") for n in range(8))
    )
    assert (await shelf.job_json(job))["tests"]["total"] == 8


async def test_what_fails_after_the_bytes_were_stored_leaves_no_bytes(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await shelf.job()
    put = DiskStore.put

    async def archive_meanwhile(*args: Any, **kwargs: Any) -> Any:
        stored = await put(*args, **kwargs)
        await shelf.world.sql("UPDATE jobs SET state = 'archived' RETURNING id")
        return stored

    monkeypatch.setattr(DiskStore, "put", archive_meanwhile)
    assert (await shelf.post(job, b"x", **TEXT)).status_code == 404
    assert shelf.objects_there() == []


async def test_an_upload_takes_few_statements(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, b"x", "red user", **TEXT)
    counter = count_statements()
    await shelf.upload(job, b"x", "red user", **TEXT)
    assert counter[0] <= 14  # with those that find out who is asking
