"""Brings an attempt's end to the server: its files, then the record that finishes the job.

Every step can be done again after a crash: files have keys, records have numbers.
"""

import asyncio
import hashlib
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ringtest.agent.ansible.files import MIME as TASK_MIME
from ringtest.agent.ansible.kept import COMMITS, kept_task, read_commits
from ringtest.agent.attempt import Attempt, Outcome, OutcomeFile
from ringtest.agent.channel import Channel
from ringtest.agent.control import Abandoned, Control
from ringtest.agent.journal import FULL
from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.agent.secrets.left import note_file
from ringtest.client import ApiError, Backoff, Unreachable
from ringtest.client.files import LocalFile

_LAST_WORDS_SECONDS = 30.0
_STATES = {
    "provision": "pre-run",
    "prepare": "pre-run",
    "test": "running",
    "collect": "post-run",
    "teardown": "post-run",
}
"""Word of the state that a job is in, by its stage."""

log = logging.getLogger("ringtest.agent")


async def deliver(
    attempt: Attempt, outcome: Outcome, channel: Channel, api: LabApi, control: Control
) -> str:
    """Report a finished attempt: its result, or `lost`. Interrupted when given up meanwhile."""
    if channel.journal.last_kind != "finish":
        states = await control.unless_stopped(
            _states(attempt, outcome, channel, api), collecting=True
        )
        for file in outcome.files:
            if Path(file.name).name == COMMITS and file.mime == TASK_MIME:
                work = _attach_commits(attempt, file, channel, api)
                await control.unless_stopped(work, collecting=True)
                continue
            upload = _upload(attempt, file, api, states)
            problem = await control.unless_stopped(upload, collecting=True)
            if problem:
                why = f"artifact {file.name} was not stored: {problem}"
                await when_it_fits(partial(note, channel, why))
        append = partial(channel.journal.append, "finish", at=outcome.at)
        end = when_it_fits(partial(append, result=outcome.result, reason=outcome.reason))
        await control.unless_stopped(end, collecting=True)
    if await control.unless_stopped(channel.drained(), collecting=True):
        log.info("%s: %s", attempt.label, outcome.result)
        return outcome.result
    log.warning("%s: the server refused the end: %s", attempt.label, channel.refused)
    return "lost"


async def release(
    attempt: Attempt, channel: Channel, why: str, *, seconds: float | None = None
) -> str | None:
    """Give the job back; None when the server could not be told within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            if channel.journal.last_kind != "release":
                await when_it_fits(partial(channel.journal.append, "release", reason=why))
            drained = await channel.drained()
    except TimeoutError:
        drained = False
    if drained:
        log.info("%s: given back: %s", attempt.label, why)
        return "released"
    return "lost" if channel.refused else None


async def drop(attempt: Attempt, channel: Channel, control: Control) -> str:
    """The job is another's now: send what the journal holds already, it is evidence."""
    log.warning("%s: lost: %s", attempt.label, control.detail)
    await channel.drained(seconds=_LAST_WORDS_SECONDS)
    return "lost"


async def end_abandoned(
    attempt: Attempt, channel: Channel, control: Control, *, seconds: float
) -> str | None:
    """What is to be done for an attempt that was given up."""
    if control.abandoned is Abandoned.LOST:
        return await drop(attempt, channel, control)
    if control.abandoned is Abandoned.BROKEN:
        log.error("%s: %s", attempt.label, control.detail)
    return await release(attempt, channel, control.detail, seconds=seconds)


async def _states(
    attempt: Attempt, outcome: Outcome, channel: Channel, api: LabApi
) -> dict[str, str]:
    """Ids of the job's states by their words, where a task of a playbook is to stand below one:
    the server has them once it has the journal so far."""
    if not any(kept_task(file.name) for file in outcome.files):
        return {}
    await channel.drained()
    states: dict[str, str] = {}

    async def ask() -> None:
        states.update(await api.states(attempt.claim.job_id))

    await _persist(ask)
    return states


async def _attach_commits(
    attempt: Attempt, file: OutcomeFile, channel: Channel, api: LabApi
) -> None:
    """Commits that `git` tasks have checked out become components of the job."""
    for told in await asyncio.to_thread(read_commits, attempt.source(file.name)):
        key = hashlib.sha256(f"{attempt.origin}/{told.repo}/{told.commit}".encode()).hexdigest()
        attach = partial(api.attach_commit, attempt.claim.job, told, key[:32])
        if problem := await _persist(attach, refused_below=429):
            why = f"commit {told.commit[:7]} is not a component of the job: {problem}"
            await when_it_fits(partial(note, channel, why))


async def _upload(
    attempt: Attempt, file: OutcomeFile, api: LabApi, states: Mapping[str, str]
) -> str:
    """Store one file, however long that takes; why it cannot be, empty when it is stored."""
    local = LocalFile(attempt.source(file.name), file.size, file.sha256)
    key = hashlib.sha256(f"{attempt.claim.attempt}/{file.name}".encode()).hexdigest()
    task = kept_task(file.name) if file.mime == TASK_MIME else None
    upload = partial(
        api.upload,
        job_id=attempt.claim.job_id,
        attempt=attempt.claim.attempt,
        name=task.name if task else file.name,
        mime=file.mime,
        key=key,
        file=local,
        jobstate_id=states.get(_STATES.get(task.stage, ""), "") if task else "",
    )
    problem = await _persist(upload)
    if not problem:
        note_file(attempt, file)
    return problem


async def _persist(send: Callable[[], Awaitable[Any]], *, refused_below: int = 0) -> str:
    """Do it, however long that takes; why it cannot be done, empty when it is."""
    backoff = Backoff()
    while True:
        try:
            await send()
            return ""
        except ApiError as error:
            if not is_temporary(error) or error.status < refused_below:
                return str(error)
        except Unreachable:
            pass  # the uploader has said so already
        except OSError as error:
            return str(error)
        await asyncio.sleep(backoff.next())


async def when_it_fits(write: Callable[[], object]) -> None:
    """Write what must not be lost, as soon as the disk has room for it. OSError for a disk that
    fails otherwise."""
    backoff = Backoff()
    while True:
        try:
            write()
            return
        except OSError as error:
            if error.errno not in FULL:
                raise
            log.warning("the disk is full: what must be written waits for room")
        await asyncio.sleep(backoff.next())


def note(channel: Channel, text: str) -> None:
    """Add a line of the agent's own to the job's log."""
    line = f"[ringtest] {text}\n".encode()
    channel.journal.append("log", needed=True, stage="collect", data=b64encode(line).decode())
