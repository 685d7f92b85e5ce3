"""What a lab could not report is carried by hand: whole, once, and by nobody else's word."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringtest.agent import delivery, uploader, worker
from ringtest.agent.attempt import Attempt, Outcome, OutcomeFile, read_attempts
from ringtest.agent.bundles.carrying import carry
from ringtest.agent.bundles.manifest import MAGIC, BundleError, Manifest, signature
from ringtest.agent.bundles.packing import export
from ringtest.agent.bundles.unpacking import check, unpack
from ringtest.agent.journal import Journal
from ringtest.agent.protocol import Claim
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings
from ringtest.agent.verifying import IMPORTED, verify
from ringtest.client import Backoff
from tests.scenario.programs import until


class Impatient(Backoff):
    """Waits as the real one does, in the same order, but hardly at all."""

    def next(self) -> float:
        return super().next() / 50


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (uploader, delivery, worker):
        monkeypatch.setattr(module, "Backoff", Impatient)


JOB = "11111111-2222-3333-4444-555555555555"
Spec = Callable[..., dict[str, Any]]


def deaf_to_ends(method: str, path: str) -> str | None:
    """A network that is cut when the job is over: files and what follows never arrive."""
    return "refuse" if path.endswith("/files") else None


@pytest.fixture
async def unreported(
    server: Any, settings: AgentSettings, spec: Spec
) -> AsyncIterator[tuple[Agent, Any]]:
    """A running agent that could not report how its job ended, and the job."""
    server.fault = deaf_to_ends
    agent = Agent(settings)
    task = asyncio.create_task(agent.run())
    artifacts = [{"path": "*.txt"}]
    job = server.add_job(spec("seq 500", "echo x > a.txt; echo x > b.txt", artifacts=artifacts))
    outcome = settings.data / "jobs" / f"{job.id}.1" / "outcome.json"
    await server.until(lambda: ("collect", "passed") in job.stages() and outcome.exists())
    await server.stop()
    yield agent, job
    agent.stop()
    await asyncio.wait_for(task, 20)


async def bring(
    bundle: Path, settings: AgentSettings, *, place: str = "elsewhere"
) -> dict[str, str]:
    """Import from another machine."""
    other = replace(settings, data=settings.data.with_name(place))
    _, attempts = unpack(bundle, other.data, secret=other.api_secret)
    ended: dict[str, str] = {}
    await carry(attempts, other, tell=lambda one, how: ended.update({one.origin: how}))
    return ended


async def test_a_carried_attempt_counts_once_whoever_reports_it_first(
    server: Any, settings: AgentSettings, unreported: tuple[Agent, Any], tmp_path: Path
) -> None:
    _, job = unreported
    bundle = tmp_path / "west.ringtest"
    [packed] = export(settings, bundle).packed
    assert packed.name == f"{job.id}.1"
    server.fault = lambda method, path: None
    await server.start()
    assert await bring(bundle, settings) == {f"{job.id}.1": "passed"}
    assert job.printed() == b"".join(b"%d\n" % n for n in range(1, 501))
    assert job.end()["result"] == "passed"
    assert await bring(bundle, settings) == {f"{job.id}.1": "passed (was delivered before)"}
    done = settings.data / "jobs" / f"{job.id}.1" / "done"

    async def agent_has_reported() -> bool:
        return done.exists()

    await until(agent_has_reported, "the agent itself reports, too")
    assert sorted(file["name"] for file in job.collected()) == ["a.txt", "b.txt"]
    ends = [(one["result"], one["at"]) for one in job.kinds("finish")]
    assert len(set(ends)) == 1


async def test_two_machines_may_bring_one_bundle(
    server: Any, settings: AgentSettings, unreported: tuple[Agent, Any], tmp_path: Path
) -> None:
    agent, job = unreported
    agent.stop()
    export(settings, tmp_path / "b")
    server.fault = lambda method, path: None
    await server.start()
    await bring(tmp_path / "b", settings)
    files, log = dict(job.files), job.log()
    assert await bring(tmp_path / "b", settings, place="third") == {f"{job.id}.1": "passed"}
    assert (job.files, job.log()) == (files, log)
    assert len({(one["result"], one["at"]) for one in job.kinds("finish")}) == 1


async def test_what_is_still_running_stays(
    server: Any, settings: AgentSettings, agent: Any, spec: Spec, tmp_path: Path
) -> None:
    job = server.add_job(spec("echo begun; sleep 1000"))
    await server.until(lambda: job.printed() == b"begun\n")
    with pytest.raises(BundleError, match="nothing in"):
        export(settings, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    job.cancel = True


def leave_attempt(data: Path, *, files: dict[str, bytes], number: int = 1) -> Attempt:
    """An unreported attempt on disk, as an agent without a network leaves it."""
    claim = Claim({"id": JOB}, number, "token")
    raw = msgspec.json.encode(claim)
    attempt = Attempt.create(data / "jobs", claim, raw)
    journal = Journal(attempt.journal, origin=attempt.origin)
    for line in range(3):
        journal.append("log", stage="test", data=f"{line}")
    journal.close()
    told = []
    for name, content in files.items():
        path = attempt.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        told.append(OutcomeFile(name, None, len(content), hashlib.sha256(content).hexdigest()))
    attempt.outcome = Outcome("passed", None, told)
    return attempt


@pytest.fixture
def lab(tmp_path: Path) -> AgentSettings:
    """Settings of an agent that has one unreported attempt, with equal files."""
    settings = AgentSettings("http://ci", "remoteci/1", "key", data=tmp_path / "agent")
    leave_attempt(settings.data, files={"a": b"same", "logs/b": b"same", "c": b"other" * 1000})
    return settings


def parts(bundle: Path) -> tuple[str, dict[str, Any], bytes]:
    """Signature, manifest and contents."""
    with gzip.open(bundle) as file:
        assert file.readline() == MAGIC
        signed, size = file.readline().split()
        return signed.decode(), json.loads(file.read(int(size))), file.read()


def forge(bundle: Path, manifest: dict[str, Any], contents: bytes, *, key: str = "key") -> None:
    """A bundle that a holder of the key made to do harm."""
    raw = json.dumps(manifest).encode()
    with gzip.open(bundle, "wb") as file:
        file.write(MAGIC + f"{signature(key, raw)} {len(raw)}\n".encode() + raw + contents)


def test_a_bundle_holds_equal_files_once_and_unpacks_to_what_was_packed(
    lab: AgentSettings, tmp_path: Path
) -> None:
    bundle = tmp_path / "b"
    export(lab, bundle)
    assert parts(bundle)[2].count(b"same") == 1
    assert bundle.stat().st_mode & 0o777 == 0o600
    manifest, [attempt] = unpack(bundle, tmp_path / "other", secret="key")
    assert manifest.lab == "remoteci/1"
    assert (attempt.work / "logs" / "b").read_bytes() == b"same"
    [found], [original] = verify(tmp_path / "other"), verify(lab.data)
    assert found == original
    assert (found.state, found.problems) == ("unreported", [])
    assert [path.name for path in (tmp_path / "other" / IMPORTED).iterdir()] == [f"{JOB}.1"]


def test_a_file_that_changed_after_it_was_collected_is_left_out_and_named(
    lab: AgentSettings, tmp_path: Path
) -> None:
    (lab.data / "jobs" / f"{JOB}.1" / "work" / "a").write_bytes(b"later")
    assert verify(lab.data)[0].problems == ["a is not as it was collected"]
    assert export(lab, tmp_path / "b").left_out == [f"{JOB}.1: a"]
    _, [attempt] = unpack(tmp_path / "b", tmp_path / "other", secret="key")
    assert not (attempt.work / "a").exists()


@pytest.mark.parametrize("place", [0.02, 0.2, 0.5, 0.8, 0.99])
def test_a_changed_byte_is_never_taken(lab: AgentSettings, tmp_path: Path, place: float) -> None:
    bundle = tmp_path / "b"
    export(lab, bundle)
    whole = gzip.decompress(bundle.read_bytes())
    changed = bytearray(whole)
    changed[int(place * len(whole))] ^= 1
    bundle.write_bytes(gzip.compress(bytes(changed), 1))
    with pytest.raises(BundleError):
        unpack(bundle, tmp_path / "other", secret="key")
    assert list((tmp_path / "other" / IMPORTED).iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_torn_bundle_is_refused(lab: AgentSettings, tmp_path: Path, share: float) -> None:
    bundle = tmp_path / "b"
    export(lab, bundle)
    data = bundle.read_bytes()
    bundle.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BundleError, match=r"torn|no bundle"):
        unpack(bundle, tmp_path / "other", secret="key")


def test_another_labs_key_is_named(lab: AgentSettings, tmp_path: Path) -> None:
    export(lab, tmp_path / "b")
    with pytest.raises(BundleError, match="signed with another key"):
        check(tmp_path / "b", tmp_path, secret="another")
    unpack(tmp_path / "b", tmp_path / "other", secret="another", other_key=True)


def changed_path(name: str) -> Callable[[dict[str, Any]], None]:
    """A manifest whose last file has another path."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["attempts"][0]["items"][-1]["path"] = name

    return change


def one_more_attempt(manifest: dict[str, Any]) -> None:
    manifest["attempts"].append(manifest["attempts"][0])


def another_job(manifest: dict[str, Any]) -> None:
    manifest["attempts"][0]["job_id"] = JOB.replace("1", "2")


def no_job_at_all(manifest: dict[str, Any]) -> None:
    manifest["attempts"][0]["job_id"] = "../../etc"


def another_end(manifest: dict[str, Any]) -> None:
    manifest["attempts"][0]["digest"] = "0" * 64


def a_bomb(manifest: dict[str, Any]) -> None:
    manifest["attempts"][0]["items"][-1]["size"] = 2**60


def two_sizes(manifest: dict[str, Any]) -> None:
    items = manifest["attempts"][0]["items"]
    items[-2]["sha256"] = items[-1]["sha256"]


HOSTILE = {
    "up": (changed_path("work/../../../evil"), "no path"),
    "absolute": (changed_path("/tmp/evil"), "no path"),
    "the agent's own": (changed_path("done"), "no path"),
    "another's": (changed_path("work/not-collected"), "no file that was collected"),
    "below a file": (changed_path("work/a/evil"), "cannot be laid out"),
    "twice": (one_more_attempt, "twice"),
    "another job": (another_job, "not that of this attempt"),
    "no job": (no_job_at_all, "is no attempt"),
    "another end": (another_end, "not as told"),
    "a bomb": (a_bomb, "are free"),
    "two sizes": (two_sizes, "two sizes"),
}


@pytest.mark.parametrize("way", HOSTILE)
def test_a_hostile_bundle_of_a_key_holder_is_refused_and_writes_nothing(
    lab: AgentSettings, tmp_path: Path, way: str
) -> None:
    change, says = HOSTILE[way]
    export(lab, tmp_path / "b")
    _, manifest, contents = parts(tmp_path / "b")
    change(manifest)
    forge(tmp_path / "evil", manifest, contents)
    before = sorted(path for path in tmp_path.rglob("*") if "other" not in path.parts)
    with pytest.raises(BundleError, match=says):
        unpack(tmp_path / "evil", tmp_path / "other", secret="key")
    assert list((tmp_path / "other" / IMPORTED).iterdir()) == []
    assert before == sorted(
        p for p in tmp_path.rglob("*") if "other" not in p.relative_to(tmp_path).parts
    )


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(
    lab: AgentSettings, tmp_path: Path
) -> None:
    export(lab, tmp_path / "b")
    _, manifest, contents = parts(tmp_path / "b")
    forge(tmp_path / "evil", manifest, contents + b"\0" * (64 << 20))
    assert (tmp_path / "evil").stat().st_size < 200_000
    with pytest.raises(BundleError, match="more follows"):
        unpack(tmp_path / "evil", tmp_path / "other", secret="key")


def test_a_table_of_contents_without_end_is_not_read(tmp_path: Path) -> None:
    for head in (b"x 99999999999999\n", b"x" * 10_000, b"x -1\n"):
        with gzip.open(tmp_path / "evil", "wb") as file:
            file.write(MAGIC + head)
        with pytest.raises(BundleError, match=r"no size|too large"):
            check(tmp_path / "evil", tmp_path, secret="key")


def test_a_manifest_says_what_it_is(lab: AgentSettings, tmp_path: Path) -> None:
    export(lab, tmp_path / "b")
    manifest = msgspec.convert(parts(tmp_path / "b")[1], Manifest)
    assert len(list(manifest.contents())) == 5  # claim, journal, outcome, two contents


def test_a_file_leaves_without_the_secrets_that_were_in_it(
    lab: AgentSettings, tmp_path: Path
) -> None:
    [attempt] = read_attempts(lab.data / "jobs")
    attempt.cleaned.mkdir()
    (attempt.cleaned / "a").write_bytes(b"****")
    (attempt.work / "a").write_bytes(b"same and a secret")
    outcome = attempt.outcome
    assert outcome
    digest = hashlib.sha256(b"****").hexdigest()
    files = [OutcomeFile("a", None, 4, digest, redacted=1), *outcome.files[1:]]
    attempt.outcome = msgspec.structs.replace(outcome, files=files)
    export(lab, tmp_path / "b")
    _, [carried] = unpack(tmp_path / "b", tmp_path / "other", secret="key")
    assert carried.source("a").read_bytes() == b"****"
