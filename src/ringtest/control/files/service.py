"""Verbs of files. Uploading is a verb of `results`, which reads what is uploaded."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.rows import Page
from ringtest.control.db.unseen import refusal, seen
from ringtest.control.files import store
from ringtest.control.files.model import Upload
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Job
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    NotFound,
    RingtestError,
)
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.objects.service import leave_for
from ringtest.control.ports.object_store import Arrived, ObjectStore, Stored, put_back

Chunks = AsyncIterator[bytes]
ZIPPED = 1000
"""Files of one archive at most."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that a file may have, and up to how many it lives in its row."""

    file: int
    inline: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are safe: as an object, or in `content` on their way to their row."""

    stored: Stored
    id: UUID
    object_key: str
    content: bytes | None

    def row(self) -> dict[str, Any]:
        """Columns of the file."""
        kept = {"id": self.id, "object_key": self.object_key, "content": self.content}
        return {**asdict(self.stored), **kept}


async def read_small(chunks: Chunks, limits: Limits) -> tuple[bytes | None, Chunks]:
    """The whole body if it is to live in its row, else None; and all of it as chunks."""
    if isinstance(chunks, Arrived) and chunks.stored.size > min(limits.inline, limits.file):
        return None, chunks
    first: list[bytes] = []
    size = 0
    async for chunk in chunks:
        first.append(chunk)
        size += len(chunk)
        if size > min(limits.inline, limits.file):
            return None, put_back(first, chunks)
    small = b"".join(first)
    return (small if limits.inline else None), put_back([small], chunks)


def digests_of(body: bytes) -> Stored:
    """What a store says of a body when it is put."""
    return Stored(len(body), hashlib.sha256(body).hexdigest())


def md5_of(upload: Upload, body: bytes) -> str | None:
    """The body's MD5, if its sender says what it is."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest() if upload.md5 else None


async def place_upload(tx: Transaction, *, caller: Caller, upload: Upload) -> asyncpg.Record:
    """The job that an upload is for, if the caller may add to it.

    id, team_id, topic_id, remoteci_id, name, configuration, url, created_at, attempt; and
    `file` (JSON) and `sha256` when the upload's idempotency key stored a file before.
    """
    job = await store.select_target(tx, upload, caller.visible_teams)
    if job is None:
        raise await _unseen(tx, upload)
    return _require_fit(caller, upload, job)


async def _unseen(tx: Transaction, upload: Upload) -> RingtestError:
    """401 for what another team's job is, 404 for none."""
    if upload.job_id:
        return await refusal(tx, "job", upload.job_id)
    assert upload.jobstate_id
    return await refusal(tx, "jobstate", upload.jobstate_id)


def _require_fit(caller: Caller, upload: Upload, job: asyncpg.Record) -> asyncpg.Record:
    permit(caller.is_member(job["team_id"]))
    if upload.jobstate_id and not job["jobstate_id"]:
        raise NotFound("jobstate not found in this job")
    if upload.attempt is not None and upload.attempt > job["attempt"]:
        raise BadRequest(f"the job has {job['attempt']} attempts", attempt=job["attempt"])
    return job


async def place_file(
    tx: Transaction,
    *,
    caller: Caller,
    upload: Upload,
    kept: Kept,
) -> str | None:
    """A stored file without results becomes one of its job's: its JSON, in one statement.

    None when its idempotency key stored a file before, or just now: `place_upload` gets that.
    """
    placed = await store.place_file(
        tx, upload, kept.row(), teams=caller.visible_teams, members=_members(caller)
    )
    if placed is None:
        raise await _unseen(tx, upload)
    job = _require_fit(caller, upload, placed)
    tx.concern(kept.id, job["team_id"])
    return _added(upload, job)


def _members(caller: Caller) -> list[UUID] | None:
    return None if caller.writes_all else sorted(caller.team_ids)


def _added(upload: Upload, job: asyncpg.Record) -> str | None:
    if job["added"] is None and upload.key is None:
        raise NotFound("job not found")  # archived meanwhile
    text: str | None = job["added"]
    return text


async def add_small_file(db: Database, *, caller: Caller, upload: Upload, body: bytes) -> str:
    """A file that holds no results and lives in its row: its JSON. Nothing to undo."""
    stored = digests_of(body)
    upload.require_digests(sha256=stored.sha256, md5=md5_of(upload, body))
    file_id = new_id()
    kept = Kept(stored, file_id, f"inline/{file_id}", body)
    tenant = caller.tenant
    if db.is_alone(tenant):
        placed = await store.place_file_alone(
            db, tenant, upload, kept.row(), teams=caller.visible_teams, members=_members(caller)
        )
        if placed is None:
            async with db.transaction(tenant) as tx:
                raise await _unseen(tx, upload)
        text = _added(upload, _require_fit(caller, upload, placed))
    else:
        async with db.transaction(tenant) as tx:
            text = await place_file(tx, caller=caller, upload=upload, kept=kept)
    if text is not None:
        return text
    async with db.transaction(caller.tenant) as tx:
        target = await place_upload(tx, caller=caller, upload=upload)
    if target["file"] is None:  # archived meanwhile
        raise NotFound("job not found")
    if target["sha256"] != stored.sha256:
        raise Conflict("another file was stored with this Idempotency-Key")
    before: str = target["file"]
    return before


async def add_object(
    db: Database, *, caller: Caller, upload: Upload, kept: Kept, team_id: UUID
) -> tuple[str | None, Kept]:
    """A stored object without results becomes a file of its job, in one round trip: its JSON,
    and as what it is kept (see `share`). No JSON: see `place_file`."""
    tenant = caller.tenant
    if not db.is_alone(tenant):
        async with db.transaction(tenant) as tx:
            kept = await share(tx, team_id=team_id, kept=kept)
            return await place_file(tx, caller=caller, upload=upload, kept=kept), kept
    placed = await store.place_object_alone(
        db, tenant, upload, kept.row(), teams=caller.visible_teams, members=_members(caller),
        team_id=team_id,
    )  # fmt: skip
    if placed is None:
        async with db.reading(tenant) as tx:
            raise await _unseen(tx, upload)
    text = _added(upload, _require_fit(caller, upload, placed))
    return text, replace(kept, object_key=placed["kept_as"])


async def add_file(
    tx: Transaction, *, job: Job, upload: Upload, kept: Kept, attempt: int
) -> str | None:
    """The row of a stored file: its JSON; None when its key stored a file meanwhile."""
    values = {
        "name": upload.name,
        "mime": upload.mime,
        "md5": upload.md5,
        "attempt": attempt,
        "jobstate_id": upload.jobstate_id,
        "job_id": job.id,
        "team_id": job.team_id,
        "idempotency_key": upload.key,
        **kept.row(),
    }
    return await store.insert_file(tx, values)


async def share(tx: Transaction, *, team_id: UUID, kept: Kept) -> Kept:
    """The same bytes as they are kept already, for another file of the team, if they are.

    Whose object it is cannot go before this transaction ends: its row is held. Afterwards the
    object stays as long as a file names it.
    """
    if kept.content is not None:
        return kept
    key = await store.select_same(tx, team_id, kept.stored.sha256, kept.stored.size)
    return replace(kept, object_key=key) if key else kept


async def settle_object(db: Database, objects: ObjectStore, *, kept: Kept, own: str) -> None:
    """A file was stored as the object `own` and shares another one: now `own` goes. Should the
    other one not be there as a whole, the file takes its own all the same."""
    if kept.object_key == own:
        return
    size = kept.stored.size
    if await leave_for(objects, own=own, shared=kept.object_key, size=size):
        return
    async with db.transaction(SYSTEM) as tx:
        await store.set_object(tx, kept.id, own)


async def list_wanted(
    tx: Transaction, *, caller: Caller, job_id: UUID | None, ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Files with these ids, or all of a job: id, name, size, created_at, object_key, is_here,
    job_id. 401 or 404 when one of them is not the caller's to read, 400 for too many."""
    if job_id is not None:
        await jobs.require_job(tx, caller=caller, job_id=job_id)
    if len(ids) > ZIPPED:
        raise BadRequest(f"ids: at most {ZIPPED} files in one archive")
    found = await store.select_wanted(tx, caller.visible_teams, job_id, ids, ZIPPED + 1)
    there = {file["id"] for file in found}
    for missing in (one for one in ids if one not in there):
        raise await refusal(tx, "file", missing)
    if len(found) > ZIPPED:
        raise BadRequest(f"the job has more than {ZIPPED} files: name some by ids")
    return found


async def get_file(tx: Transaction, *, caller: Caller, file_id: UUID) -> str:
    """A file's JSON."""
    text: str = (await require_file(tx, caller=caller, file_id=file_id))["json"]
    return text


async def require_file(tx: Transaction, *, caller: Caller, file_id: UUID) -> asyncpg.Record:
    """name, mime, size, sha256, object_key, is_here, team_id, job_id, attempt, json; 401
    when it is another team's, 404 when there is none."""
    file = await store.select_file(tx, file_id, caller.visible_teams)
    return await seen(tx, "file", file_id, file)


async def get_content(tx: Transaction, *, file_id: UUID) -> bytes:
    """The bytes of a file that is in its row (`is_here`), of whoever was let to it."""
    content = await store.select_content(tx, file_id)
    if content is None:
        raise NotFound("file not found")  # removed just now
    return content


async def list_files(tx: Transaction, *, caller: Caller, job_id: UUID, query: ListQuery) -> Page:
    """Files of a job: JSON array and count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_files(tx, job_id, caller.visible_teams, query)


async def archive_file(tx: Transaction, *, file_id: UUID) -> None:
    """Hide a file from every read; for the server, which asked who wants that."""
    await store.archive_file(tx, file_id)
