"""Verbs of resumable uploads.

Bytes become objects of at most `PART` bytes while they arrive, each committed as soon as it
is durable: of an upload that is cut, also by the death of the server, at most one part is
sent again. The last byte makes it a file, by the verbs of `results` and `component_files`.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.catalog import service as catalog
from ringtest.control.component_files import model as component_model
from ringtest.control.component_files import service as component_files
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.files import service as files
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    NotFound,
    RingtestError,
    TooLarge,
    Unavailable,
)
from ringtest.control.kernel.ids import new_id
from ringtest.control.objects import service as kept
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.results import service as results
from ringtest.control.uploads import model, store
from ringtest.control.uploads.model import Checksum, ChecksumMismatch, Wanted

PART = 8 * 1024 * 1024
"""Bytes of a part at most."""
_LISTED = 200
_EXPIRED = 20


@dataclass(frozen=True, slots=True)
class Place:
    """What the server's parts are for an upload; `limits` of files, `life` of a pause."""

    db: Database
    objects: ObjectStore
    parsers: Mapping[str, ResultParser]
    limits: files.Limits
    life: timedelta


async def create_upload(
    place: Place, *, caller: Caller, metadata: dict[str, str], size: int
) -> asyncpg.Record:
    """Begin an upload for a job or a component that the caller may add files to."""
    if size > place.limits.file:
        raise TooLarge(
            f"the file may have at most {place.limits.file} bytes", limit=place.limits.file
        )
    wanted = model.wanted(metadata, key=None)
    upload_id = new_id()
    async with place.db.transaction(caller.tenant) as tx:
        team_id = await _team(tx, caller, wanted)
        values = {
            "id": upload_id,
            "expires_at": tx.now + place.life,
            "owner_id": caller.id,
            "team_id": team_id,
            "size": size,
            "metadata": metadata,
        }
        await store.insert(tx, values)
        tx.concern(upload_id, team_id)
        upload = await _require(tx, caller, upload_id)
    return upload if size else await _finish(place, caller, upload)


async def _team(tx: Transaction, caller: Caller, wanted: Wanted) -> UUID | None:
    if wanted.job_file:
        target = await files.place_upload(tx, caller=caller, upload=wanted.job_file)
        team: UUID | None = target["team_id"]
        return team
    assert wanted.component_id is not None
    component = await catalog.require_writable_component(
        tx, caller=caller, component_id=wanted.component_id
    )
    return component.team_id


async def _require(tx: Transaction, caller: Caller, upload_id: UUID) -> asyncpg.Record:
    upload = await store.select(tx, upload_id, caller.id)
    if upload is None:
        raise NotFound("upload not found")
    return upload


async def get_upload(tx: Transaction, *, caller: Caller, upload_id: UUID) -> asyncpg.Record:
    """An upload of the caller's own: id, size, received, expires_at, file_id, failure, json."""
    return await _require(tx, caller, upload_id)


async def list_uploads(tx: Transaction, *, caller: Caller) -> tuple[str, int]:
    """The caller's uploads that may go on, newest first."""
    return await store.select_open(tx, caller.id, _LISTED)


async def settle_upload(place: Place, *, caller: Caller, upload_id: UUID) -> asyncpg.Record:
    """The upload as it stands. All of it is there but it is no file yet: now it becomes one."""
    async with place.db.transaction(caller.tenant) as tx:
        upload = await _require(tx, caller, upload_id)
    _require_sound(upload)
    is_whole = upload["received"] == upload["size"] and upload["file_id"] is None
    return await _finish(place, caller, upload) if is_whole else upload


def _require_sound(upload: asyncpg.Record) -> None:
    if upload["failure"]:
        raise BadRequest(f"the upload was refused: {upload['failure']}")


async def append(
    place: Place,
    *,
    caller: Caller,
    upload_id: UUID,
    offset: int,
    chunks: AsyncIterator[bytes],
    checksum: Checksum | None,
) -> asyncpg.Record:
    """Bytes from `offset` on; after the last one the upload is a file.

    409 with the right offset when it is another one; what arrives of a body that breaks off
    counts, unless a checksum says that all of it or nothing does.
    """
    async with place.db.transaction(caller.tenant) as tx:
        upload = await _require(tx, caller, upload_id)
    _require_sound(upload)
    if upload["received"] != offset:
        raise _elsewhere(upload)
    body = _Body(chunks, left=upload["size"] - offset, checksum=checksum)
    try:
        await _take(place, caller, upload, body)
    except BaseException:
        for _, _, key in body.waiting:
            await place.objects.delete(key)
        raise
    return await settle_upload(place, caller=caller, upload_id=upload_id)


def _elsewhere(upload: asyncpg.Record) -> Conflict:
    at = upload["received"]
    return Conflict(f"the upload is at byte {at}: go on there", offset=at)


async def _take(place: Place, caller: Caller, upload: asyncpg.Record, body: "_Body") -> None:
    start = at = upload["received"]
    while await body.more():
        key = f"uploads/{upload['id']}/{at}-{new_id()}"
        stored = await place.objects.put(key, body.part(), limit=PART)
        body.waiting.append((at, stored.size, key))
        at += stored.size
        if not body.checksum:
            await _advance(place, caller, upload, start, body)
            start = at
    if body.failure is None:
        body.require_checksum()
    if body.checksum and body.failure is None:
        await _advance(place, caller, upload, start, body)
    if body.failure:
        raise body.failure


async def _advance(
    place: Place, caller: Caller, upload: asyncpg.Record, start: int, body: "_Body"
) -> None:
    if not body.waiting:
        return
    async with place.db.transaction(caller.tenant) as tx:
        expires = tx.now + place.life
        if not await store.advance(
            tx, upload["id"], start=start, parts=body.waiting, expires_at=expires
        ):
            raise _elsewhere(await _require(tx, caller, upload["id"]))
    body.waiting = []


class _Body:
    """The bytes of one PATCH, in parts; a break ends the part, and is told afterwards."""

    def __init__(
        self, chunks: AsyncIterator[bytes], *, left: int, checksum: Checksum | None
    ) -> None:
        self._chunks = chunks
        self._left = left
        self._rest = b""
        self._digest = hashlib.new(checksum.algorithm) if checksum else None
        self.checksum = checksum
        self._is_over = False
        self.failure: RingtestError | None = None
        self.waiting: list[store.Part] = []
        """Parts that are stored and not yet committed."""

    async def more(self) -> bool:
        """Are there bytes yet?"""
        self._rest = self._rest or await self._next()
        return bool(self._rest)

    async def part(self) -> AsyncIterator[bytes]:
        """Up to `PART` bytes."""
        room = PART
        while room and await self.more():
            now, self._rest = self._rest[:room], self._rest[room:]
            room -= len(now)
            yield now

    async def _next(self) -> bytes:
        """The next bytes; none when it is over, or whoever sends went away."""
        chunk = b""
        try:
            while not chunk and not self._is_over:
                chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._is_over = True
        except RingtestError as error:
            self._is_over = True
            self.failure = error
        except Exception:  # in as many ways as connections break
            self._is_over = True
            self.failure = BadRequest("the body broke off: ask for the offset and go on there")
        if len(chunk) > self._left:
            self._is_over = True
            self.failure = BadRequest("these are more bytes than Upload-Length said")
            chunk = chunk[: self._left]
        self._left -= len(chunk)
        if self._digest:
            self._digest.update(chunk)
        return chunk

    def require_checksum(self) -> None:
        """460 unless the bytes have the checksum they came with."""
        if self._digest and self.checksum and self._digest.digest() != self.checksum.digest:
            raise ChecksumMismatch("Upload-Checksum is not that of the body: send it again")


async def _finish(place: Place, caller: Caller, upload: asyncpg.Record) -> asyncpg.Record:
    """Make it a file. Whoever comes second finds the first one's."""
    async with place.db.transaction(caller.tenant) as tx:
        parts = await store.select_parts(tx, upload["id"])
    file_id: UUID | None = None
    failure: RingtestError | None = None
    try:
        file_id = await _add_file(place, caller, upload, _joined(place.objects, parts))
    except Unavailable:
        raise
    except RingtestError as error:
        failure = error
    async with place.db.transaction(caller.tenant) as tx:
        now = await _require(tx, caller, upload["id"])
        if now["file_id"] is not None:
            return now
        told = failure.message if failure else None
        keys = await store.end(tx, upload["id"], file_id=file_id, failure=told)
        await kept.forget_objects(tx, keys=keys)
        now = await _require(tx, caller, upload["id"])
    if failure:
        raise failure
    return now


async def _joined(objects: ObjectStore, parts: list[store.Part]) -> AsyncIterator[bytes]:
    for _, _, key in parts:
        async for chunk in objects.get(key):
            yield chunk


async def _add_file(
    place: Place, caller: Caller, upload: asyncpg.Record, chunks: AsyncIterator[bytes]
) -> UUID:
    metadata = msgspec.json.decode(upload["metadata"], type=dict[str, str])
    wanted = model.wanted(metadata, key=f"upload/{upload['id']}")
    if wanted.job_file:
        intake = results.Intake(place.db, place.objects, place.parsers, place.limits, caller)
        text, _ = await results.upload_file(intake, upload=wanted.job_file, chunks=chunks)
        return _id_of(text)
    assert wanted.component_id is not None
    text, _ = await component_files.upload_file(
        place.db,
        place.objects,
        caller=caller,
        component_id=wanted.component_id,
        upload=component_model.Upload(
            wanted.name, wanted.mime or "application/octet-stream", wanted.sha256, wanted.md5
        ),
        chunks=chunks,
        limit=place.limits.file,
    )
    return _id_of(text)


def _id_of(text: str) -> UUID:
    file: dict[str, Any] = msgspec.json.decode(text)
    return UUID(file["id"])


async def delete_upload(tx: Transaction, *, caller: Caller, upload_id: UUID) -> None:
    """Give an upload up; a file that it became stays."""
    await _require(tx, caller, upload_id)
    await kept.forget_objects(tx, keys=await store.delete(tx, upload_id))


async def drop_expired(tx: Transaction) -> int:
    """Forget uploads that nobody went on with; for the server itself."""
    expired = await store.select_expired(tx, _EXPIRED)
    for upload_id in expired:
        await kept.forget_objects(tx, keys=await store.delete(tx, upload_id))
    return len(expired)
