"""Verbs of files. Uploading is a verb of `results`, which reads what is uploaded."""

from dataclasses import asdict
from uuid import UUID

import asyncpg

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Transaction
from ringtest.control.files import store
from ringtest.control.files.model import Upload
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Job
from ringtest.control.kernel.errors import BadRequest, NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.ports.object_store import Stored


async def place_upload(tx: Transaction, *, caller: Caller, upload: Upload) -> asyncpg.Record:
    """The job that an upload is for, if the caller may add to it.

    id, team_id, topic_id, remoteci_id, name, configuration, url, created_at, attempt; and
    `file` (JSON) and `sha256` when the upload's idempotency key stored a file before.
    """
    job = await store.select_target(tx, upload, caller.visible_teams)
    if job is None:
        raise NotFound("job not found" if upload.job_id else "jobstate not found")
    permit(caller.is_member(job["team_id"]))
    if upload.jobstate_id and not job["jobstate_id"]:
        raise NotFound("jobstate not found in this job")
    if upload.attempt is not None and upload.attempt > job["attempt"]:
        raise BadRequest(f"the job has {job['attempt']} attempts", attempt=job["attempt"])
    return job


async def add_file(
    tx: Transaction,
    *,
    job: Job,
    upload: Upload,
    stored: Stored,
    id: UUID,
    object_key: str,
    attempt: int,
) -> str | None:
    """The row of a stored object: its JSON; None when its key stored a file meanwhile."""
    values = {
        "id": id,
        "name": upload.name,
        "mime": upload.mime,
        "object_key": object_key,
        "attempt": attempt,
        "jobstate_id": upload.jobstate_id,
        "job_id": job.id,
        "team_id": job.team_id,
        "idempotency_key": upload.key,
        **asdict(stored),
    }
    return await store.insert_file(tx, values)


async def get_file(tx: Transaction, *, caller: Caller, file_id: UUID) -> str:
    """A file's JSON."""
    text: str = (await require_file(tx, caller=caller, file_id=file_id))["json"]
    return text


async def require_file(tx: Transaction, *, caller: Caller, file_id: UUID) -> asyncpg.Record:
    """name, mime, size, sha256, object_key, team_id, job_id, attempt, json; or NotFound."""
    file = await store.select_file(tx, file_id, caller.visible_teams)
    if file is None:
        raise NotFound("file not found")
    return file


async def list_files(
    tx: Transaction, *, caller: Caller, job_id: UUID, query: ListQuery
) -> tuple[str, int]:
    """Files of a job: JSON array and count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_files(tx, job_id, caller.visible_teams, query)


async def archive_file(tx: Transaction, *, file_id: UUID) -> None:
    """Hide a file from every read; for the server, which asked who wants that."""
    await store.archive_file(tx, file_id)
