"""A run without a server is told to one later, and a recorded run is done again."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringtest.agent.alone import reporting
from ringtest.agent.alone.reporting import About, NotReported, report_folder
from ringtest.agent.attempt import Attempt
from ringtest.agent.capsule import NAME, Capsule, describe_machine, differences, read_capsule
from ringtest.agent.lab_api import LabApi
from ringtest.agent.secrets.left import SENT, what_left
from ringtest.client import AsyncClient, Connection, Unreachable
from tests.agent.alone.conftest import Ringtest, environment
from tests.agent.pipelines.conftest import Site, site

__all__ = ["site"]

DEFINITION = """
name: smoke
isolation: none
parameters: {ring: gold}
stages:
  test:
    - {runner: pytest, with: {paths: [test_ring.py]}}
  collect: ["echo kept > kept.txt"]
artifacts: ["kept.txt"]
"""
RING = """
import os
def test_gold(): assert os.environ["RINGTEST_PARAMETER_RING"] == "gold"
def test_round(): assert not os.path.exists("square")
"""


@pytest.fixture
def folder(ringtest: Ringtest, tmp_path: Path) -> Path:
    """What a run with one test that fails left."""
    (tmp_path / "test_ring.py").write_text(RING)
    (tmp_path / "square").touch()
    done = ringtest(DEFINITION)
    assert done.code == 10, done.text
    return done.folder


def lab(site: Site, name: str = "east") -> AsyncClient:
    made = site.labs[name]
    key = f"remoteci/{made['id']}", made["api_secret"]
    return AsyncClient(Connection.for_key(site.address, *key))


async def report(site: Site, folder: Path) -> str:
    async with lab(site) as client:
        return await report_folder(folder, client, About(site.topic_id), lambda line: None)


async def job_of(site: Site, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await site.http.get(f"/jobs/{job_id}")).json()["job"]
    return found


async def test_the_job_is_the_run(site: Site, folder: Path) -> None:
    job = await job_of(site, await report(site, folder))
    assert (job["name"], job["phase"], job["result"]) == ("smoke", "finished", "failed")
    journal = (folder / "journal.jsonl").read_text().splitlines()
    assert job["started_at"] == json.loads(journal[0])["at"]
    stages = (await site.http.get(f"/jobs/{job['id']}/stages")).json()["stages"]
    assert [(one["name"], one["status"]) for one in stages] == [
        ("prepare", "passed"), ("test", "failed"), ("collect", "passed"),
    ]  # fmt: skip
    names = {file["name"] for file in await site.files(job)}
    attempt = Attempt.load(folder)
    assert attempt
    left = what_left(attempt)
    assert {one.state for one in left} == {SENT}
    assert {one.name for one in left if one.what == "file"} == names
    assert {"kept.txt", f"ringtest-results/{NAME}"} < names
    tests = (await site.http.get(f"/jobs/{job['id']}/tests?outcome=failed")).json()["tests"]
    assert [one["name"] for one in tests] == ["test_round"]
    log = (await site.http.get(f"/jobs/{job['id']}/log/raw")).text
    assert "test_round" in log


async def test_what_was_reported_is_not_reported_twice(site: Site, folder: Path) -> None:
    assert await report(site, folder) == await report(site, folder)


async def test_a_report_that_was_broken_off_goes_on(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    upload = LabApi.upload

    async def cut(self: LabApi, **given: Any) -> Any:
        calls.append(given["name"])
        if len(calls) == 2:
            raise Unreachable("the network is gone")
        return await upload(self, **given)

    with monkeypatch.context() as patch:
        patch.setattr(LabApi, "upload", cut)
        with pytest.raises(Unreachable):
            await report(site, folder)
    begun = msgspec.json.decode((folder / "reported.json").read_bytes(), type=reporting.Reported)
    assert await report(site, folder) == begun.claim.job_id
    job = await job_of(site, begun.claim.job_id)
    names = [file["name"] for file in await site.files(job)]
    assert job["result"] == "failed" and len(names) == len(set(names))


async def test_a_run_that_died_is_an_error(site: Site, folder: Path) -> None:
    journal = folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    (folder / "outcome.json").unlink()
    job = await job_of(site, await report(site, folder))
    assert (job["result"], job["status_reason"]) == ("errored", "the run died before its end")


async def test_no_other_folder_is_taken_for_a_run(site: Site, tmp_path: Path) -> None:
    with pytest.raises(NotReported, match="not the folder of a run"):
        await report(site, tmp_path)


def typed(site: Site, where: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ringtest.cli.main", *words],
        cwd=where,
        env=environment(where, **site.key("east"), **more),
        capture_output=True,
        text=True,
        timeout=120,
    )


async def test_a_job_is_done_again_and_told_apart(site: Site, folder: Path, tmp_path: Path) -> None:
    done = await asyncio.to_thread(
        typed, site, tmp_path, "report", str(folder), "--topic", "ring-1"
    )
    assert done.returncode == 0, done.stderr
    job_id = next(line for line in done.stdout.splitlines() if line.startswith("job "))[4:]
    (tmp_path / "square").unlink()
    again = await asyncio.to_thread(
        typed, site, tmp_path, "rerun", job_id, "--work", ".", "--out", "again"
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing different here" in again.stdout
    assert "1 did not end as before" in again.stdout and "test_round" in again.stdout
    assert (tmp_path / "again" / "report.html").exists()


async def test_what_is_different_is_listed_and_nothing_is_run(
    site: Site, folder: Path, tmp_path: Path
) -> None:
    path = folder / "junit" / NAME
    capsule = json.loads(path.read_text())
    capsule["machine"]["kernel"] = "2.6.32"
    path.write_text(json.dumps(capsule))
    shown = await asyncio.to_thread(
        typed, site, tmp_path, "rerun", str(folder), "--check", "-f", "json"
    )
    assert shown.returncode == 0, shown.stderr
    (one,) = json.loads(shown.stdout)
    assert (one["what"], one["recorded"]) == ("kernel", "2.6.32")
    assert not list(tmp_path.glob("runs/*"))


def test_components_are_compared_by_their_digests(folder: Path, tmp_path: Path) -> None:
    file = {"id": "1", "name": "a.rpm", "size": 1, "sha256": "0" * 64}
    raw = json.loads((folder / "junit" / NAME).read_text())
    raw["components"] = [{"id": "c", "type": "rpm", "version": "1", "files": [file]}]
    capsule = msgspec.convert(raw, type=Capsule)
    (tmp_path / "a.rpm").write_text("x")
    machine = describe_machine(tmp_path)
    (gone,) = differences(capsule, machine, {})
    (changed,) = differences(capsule, machine, {"1": tmp_path / "a.rpm"})
    assert (gone.what, gone.here) == ("rpm 1 a.rpm", "not there")
    assert changed.here.startswith("2d711642b726")


def test_a_capsule_of_another_form_is_named(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"format": 1}')
    with pytest.raises(Exception, match="is not a capsule"):
        read_capsule(tmp_path / NAME)
