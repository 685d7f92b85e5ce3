"""Brings an attempt's end to the server: its files, then the record that finishes the job.

Every step can be done again after a crash: files have keys, records have numbers.
"""

import asyncio
import hashlib
import logging
from base64 import b64encode

from ringtest.agent.attempt import Attempt, Outcome, OutcomeFile
from ringtest.agent.channel import Channel
from ringtest.agent.control import Abandoned, Control
from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.agent.secrets.left import note_file
from ringtest.client import ApiError, Backoff, Unreachable
from ringtest.client.files import LocalFile

_LAST_WORDS_SECONDS = 30.0

log = logging.getLogger("ringtest.agent")


async def deliver(
    attempt: Attempt, outcome: Outcome, channel: Channel, api: LabApi, control: Control
) -> str:
    """Report a finished attempt: its result, or `lost`. Interrupted when given up meanwhile."""
    if channel.journal.last_kind != "finish":
        for file in outcome.files:
            problem = await control.unless_stopped(_upload(attempt, file, api), collecting=True)
            if problem:
                note(channel, f"artifact {file.name} was not stored: {problem}")
        channel.journal.append(
            "finish", at=outcome.at, result=outcome.result, reason=outcome.reason
        )
    if await control.unless_stopped(channel.drained(), collecting=True):
        log.info("%s: %s", attempt.label, outcome.result)
        return outcome.result
    log.warning("%s: the server refused the end: %s", attempt.label, channel.refused)
    return "lost"


async def release(
    attempt: Attempt, channel: Channel, why: str, *, seconds: float | None = None
) -> str | None:
    """Give the job back; None when the server could not be told within `seconds`."""
    if channel.journal.last_kind != "release":
        channel.journal.append("release", reason=why)
    if await channel.drained(seconds=seconds):
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


async def _upload(attempt: Attempt, file: OutcomeFile, api: LabApi) -> str:
    """Store one file, however long that takes; why it cannot be, empty when it is stored."""
    backoff = Backoff()
    local = LocalFile(attempt.source(file.name), file.size, file.sha256)
    key = hashlib.sha256(f"{attempt.claim.attempt}/{file.name}".encode()).hexdigest()
    while True:
        try:
            await api.upload(
                job_id=attempt.claim.job_id,
                attempt=attempt.claim.attempt,
                name=file.name,
                mime=file.mime,
                key=key,
                file=local,
            )
            note_file(attempt, file)
            return ""
        except ApiError as error:
            if not is_temporary(error):
                return str(error)
        except Unreachable:
            pass  # the uploader has said so already
        except OSError as error:
            return str(error)
        await asyncio.sleep(backoff.next())


def note(channel: Channel, text: str) -> None:
    """Add a line of the agent's own to the job's log."""
    line = f"[ringtest] {text}\n".encode()
    channel.journal.append("log", needed=True, stage="collect", data=b64encode(line).decode())
