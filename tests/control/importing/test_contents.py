"""Bytes and results come with their rows, and labs go on with the keys they have."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from dciauth.v2.headers import generate_headers

from ringtest.control import registry
from ringtest.control.importing.model import PARTS
from tests.control.importing.conftest import JOBS
from tests.control.importing.moving import Move, lost
from tests.control.importing.seed import PASSWORD, SECRET, contents, junit, one
from tests.parts import connect, make_parts
from tests.s3_server import s3_server


async def test_bytes_come_with_their_digest(moved: Move) -> None:
    outcome = moved.outcome
    assert outcome.contents_left == 1  # one that DCI itself has not
    file = (await moved.here("SELECT * FROM files WHERE id = $1", one("file 0 3")))[0]
    wanted = junit(2)
    assert (file["sha256"], file["size"]) == (hashlib.sha256(wanted).hexdigest(), len(wanted))
    store = registry.object_store(moved.settings)
    assert b"".join([chunk async for chunk in store.get(file["object_key"])]) == wanted
    small = await moved.here("SELECT content FROM files WHERE id = $1", one("file 1 3"))
    assert small[0][0] == b"output of step 1"
    every = await moved.here("SELECT count(*) FROM files WHERE sha256 <> ''")
    assert every[0][0] == JOBS * 8 + 1


async def test_files_beside_components_get_a_row(moved: Move) -> None:
    found = await moved.here(
        "SELECT name, size FROM component_files WHERE component_id = $1 AND sha256 <> ''",
        one("component 0"),
    )
    assert {row["name"]: row["size"] for row in found} == {
        "a-0": 7, "dci_files_list.json": 2, "BaseOS/x86_64/os/a file.rpm": 6,
    }  # fmt: skip


async def test_results_are_read_as_if_they_were_uploaded(moved: Move) -> None:
    outcome = moved.outcome
    assert outcome.results_left == 0
    found = await moved.here(
        "SELECT r.*, j.tests FROM test_results r JOIN jobs j ON j.id = r.job_id WHERE j.id = $1",
        one("job 29"),
    )
    assert found[0]["id"] == one("result 29")  # DCI's
    assert found[0]["outcomes"] == b"ff" + b"p" * 18
    # the run before in the same lab, job 1, failed two as well; job 0 failed three
    assert found[0]["previous_result_id"] == one("result 1")
    assert found[0]["states"] == b"u" * 20
    recovered = await moved.here("SELECT * FROM test_results WHERE job_id = $1", one("job 28"))
    assert recovered[0]["regressions"] == 0
    failures = await moved.here(
        "SELECT since_job_id, since_at FROM test_failures WHERE job_id = $1", one("job 29")
    )
    assert {row["since_job_id"] for row in failures} == {one("job 1")}
    assert str(failures[0]["since_at"]).startswith("2025-01-01 08:07")


async def test_reading_results_tells_nobody_and_changes_no_job(moved: Move) -> None:
    assert (await moved.here("SELECT count(*) FROM events"))[0][0] == 0
    jobs = await moved.here("SELECT id, etag FROM jobs WHERE name = 'nightly'")
    assert {row["etag"] for row in jobs} == {
        row["etag"] for row in await moved.there("SELECT etag FROM jobs WHERE name = 'nightly'")
    }


async def test_results_may_be_read_later(move: Move) -> None:
    first = await move.run(*(part for part in PARTS if part != "results"))
    assert first.results_left == JOBS
    assert (await move.run("results")).results_left == 0


async def test_files_come_from_s3_as_well(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as server:
        bucket = server.new_bucket()
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        place = f"s3://{bucket}"
        store = registry.object_store(replace(move.settings, objects=place))
        for key, data in list(contents(10).items()):
            if " " not in key:
                await store.put(key, _once(data), limit=1 << 20)
        source = registry.file_source(place, move.settings)
        outcome = await move.run(sources={"file": source, "component_file": source})
    assert lost(outcome) == []
    here = await move.here("SELECT count(*) FROM files WHERE sha256 <> ''")
    assert here[0][0] == 81


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_a_lab_signs_with_the_key_it_had(moved: Move) -> None:
    parts = make_parts(moved.db, moved.settings.data)
    url = "http://ringtest/api/v1/identity"
    async with connect(parts, None) as http:
        for kind, number in (("remoteci", 3), ("feeder", 1)):
            key = {"remoteci": "lab 3", "feeder": "feeder 1"}[kind]
            headers = generate_headers(
                {"method": "GET", "endpoint": "/api/v1/identity", "host": "ringtest"},
                {"access_key": f"{kind}/{one(key)}", "secret_key": SECRET},
            )  # fmt: skip
            answer = await http.get(url, headers=headers)
            assert answer.status_code == 200, (number, answer.text)
            assert answer.json()["identity"]["id"] == str(one(key))


async def test_passwords_are_kept_as_they_are(moved: Move) -> None:
    there = await moved.there("SELECT id, password FROM users ORDER BY id")
    here = await moved.here("SELECT id, password FROM users ORDER BY id")
    assert list(map(tuple, here)) == list(map(tuple, there))


async def test_a_moved_job_is_served_with_all_of_it(moved: Move) -> None:
    parts = make_parts(moved.db, moved.settings.data)
    async with connect(parts, httpx.BasicAuth("admin", PASSWORD)) as http:
        answer = await http.get(f"/jobs/{one('job 4')}")
        assert answer.status_code == 200, answer.text
        job = answer.json()["job"]
        assert (job["status"], job["etag"]) == ("success", hashlib.md5(b"j4").hexdigest())
        assert answer.headers["etag"] == job["etag"]
        assert len(job["components"]) == 6
        assert [state["status"] for state in job["jobstates"]][-1] == "success"
        assert [file["name"] for file in job["files"]] == ["junit.xml"]
        file = await http.get(f"/files/{one('file 1 4')}/content")
        assert file.content == b"output of step 1"
        junit_answer = await http.get(f"/files/{one('file 0 4')}/junit")
        assert junit_answer.json()["testsuites"][0]["failures"] == 2
        assert (await http.get("/stats")).status_code == 200
