"""`ringtest report`: what a run without a server left, told to a server later.

The run becomes a job of the lab with the run's own times. Every step can be done again after it
was broken off: the folder remembers the claim, files have keys, records have numbers.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ringtest.agent.ansible.files import MIME as TASK_MIME
from ringtest.agent.ansible.kept import COMMITS, kept_task, read_commits
from ringtest.agent.attempt import RESULTS, Attempt, write_durably
from ringtest.agent.capsule import MIME, NAME
from ringtest.agent.journal import Journal, Position
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import Claim
from ringtest.agent.secrets.left import Line, note
from ringtest.agent.uploader import Uploader
from ringtest.client import ApiError, AsyncClient
from ringtest.client.files import LocalFile

_REMEMBERED = "reported.json"


class Reported(Struct, frozen=True):
    """Where a run was reported to, or is being."""

    server: str
    claim: Claim
    done: bool = False


class NotReported(Exception):
    """The folder cannot be reported; the message says why."""


class About(Struct, frozen=True):
    """What people say of a run when they report it."""

    topic_id: str
    components_ids: Sequence[str] = ()
    name: str | None = None
    comment: str | None = None
    tags: Sequence[str] = ()


async def report_folder(
    folder: Path, client: AsyncClient, about: About, say: Callable[[str], None]
) -> str:
    """Tell a server of the run in `folder`: the job's id. NotReported, ApiError, Unreachable."""
    attempt = Attempt.load(folder)
    if attempt is None:
        raise NotReported(f"{folder} is not the folder of a run")
    known = _remembered(folder, client.connection.server)
    if known and known.done:
        say(f"reported before as job {known.claim.job_id}")
        return known.claim.job_id
    journal = Journal(attempt.journal)
    try:
        if journal.last_kind != "finish":
            journal.append("finish", result="errored", reason="the run died before its end")
        claim = known.claim if known else await _begin(attempt, journal, client, about)
        _remember(folder, Reported(client.connection.server, claim))
        say(f"job {claim.job_id}")
        await _tell(folder, attempt, journal, claim, LabApi(client), say)
    finally:
        journal.close()
    _remember(folder, Reported(client.connection.server, claim, done=True))
    return claim.job_id


async def _begin(attempt: Attempt, journal: Journal, client: AsyncClient, about: About) -> Claim:
    """The job that the run becomes, in this lab's hands."""
    (first,) = journal.read(1, most=1)
    definition = msgspec.json.decode((attempt.folder / "claim.json").read_bytes())["definition"]
    definition.pop("name", None)  # the job has it
    body: dict[str, Any] = {
        "topic_id": about.topic_id,
        "components_ids": list(about.components_ids),
        "definition": definition,
        "agent": "ringtest report",
        "name": about.name or str(attempt.claim.job.get("name") or attempt.folder.name),
        "started_at": msgspec.json.decode(first)["at"],
        "comment": about.comment,
        "tags": list(about.tags),
    }
    key = hashlib.sha256(f"{attempt.claim.job_id} {about.topic_id}".encode()).hexdigest()
    answer = await client.post("/jobs/reported", body, key=key)
    return msgspec.convert(answer["claim"], type=Claim)


async def _tell(
    folder: Path,
    attempt: Attempt,
    journal: Journal,
    claim: Claim,
    api: LabApi,
    say: Callable[[str], None],
) -> None:
    """Files first, while an empty report now and then keeps the lease; then what happened."""
    breathing = asyncio.create_task(_breathe(api, claim))
    try:
        for name, mime, path in _files(folder, attempt):
            if path.name == COMMITS and mime == TASK_MIME:
                await _attach_commits(path, claim, api, say)
                continue
            say(f"{name}")
            task = kept_task(name) if mime == TASK_MIME else None
            key = hashlib.sha256(f"{claim.job_id}/{name}".encode()).hexdigest()
            file = LocalFile.measure(path)
            shown = task.name if task else name
            await api.upload(
                job_id=claim.job_id,
                attempt=claim.attempt,
                name=shown,
                mime=mime,
                key=key,
                file=file,
            )
            note(attempt, Line("file", name, size=file.size, sha256=file.sha256))
    finally:
        breathing.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await breathing
    position = Position(attempt.reported)
    uploader = Uploader(
        journal,
        position,
        send=lambda lines: api.send_records(claim.job_id, claim.lease_token, lines),
        heartbeat_seconds=claim.heartbeat_seconds,
        on_cancel=lambda: None,
        on_lost=lambda why: None,
    )
    sending = asyncio.create_task(uploader.run())
    try:
        if not await uploader.drained():
            raise _given_up(folder, uploader.refused)
        say(f"{journal.last_seq} records")
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        position.close()


async def _attach_commits(
    path: Path, claim: Claim, api: LabApi, say: Callable[[str], None]
) -> None:
    for told in read_commits(path):
        say(f"commit {told.commit[:7]}")
        words = f"{claim.job_id}/{told.repo}/{told.commit}"
        try:
            key = hashlib.sha256(words.encode()).hexdigest()[:32]
            await api.attach_commit(claim.job, told, key)
        except ApiError as error:
            say(f"it is not a component of the job: {error}")


async def _breathe(api: LabApi, claim: Claim) -> None:
    while True:
        await asyncio.sleep(claim.heartbeat_seconds)
        with suppress(ApiError):
            await api.send_records(claim.job_id, claim.lease_token, [])


def _given_up(folder: Path, why: str) -> NotReported:
    (folder / _REMEMBERED).unlink(missing_ok=True)
    (folder / "reported.position").unlink(missing_ok=True)
    return NotReported(f"the server gave the job up: {why}; do this again for another job")


def _files(folder: Path, attempt: Attempt) -> list[tuple[str, str | None, Path]]:
    """Name, MIME type and place of everything that a job brings home."""
    outcome = attempt.outcome
    kept = [(one.name, one.mime, folder / "artifacts" / one.name) for one in outcome.files] \
        if outcome else []  # fmt: skip
    junit = [
        (f"{RESULTS}/{path.name}", "application/junit", path)
        for path in sorted((folder / "junit").glob("*.xml"))
    ]
    own = [(f"{RESULTS}/{NAME}", MIME, folder / "junit" / NAME)]
    return [each for each in (*kept, *junit, *own) if each[2].is_file()]


def _remembered(folder: Path, server: str) -> Reported | None:
    try:
        known = msgspec.json.decode((folder / _REMEMBERED).read_bytes(), type=Reported)
    except (OSError, msgspec.MsgspecError):
        return None
    if known.server != server:
        raise NotReported(f"{folder} was reported to {known.server} as job {known.claim.job_id}")
    return known


def _remember(folder: Path, reported: Reported) -> None:
    write_durably(folder / _REMEMBERED, msgspec.json.encode(reported))
