"""Verbs of component files.

An upload is three steps: may it be (a transaction), the bytes (to the object store),
and the row (another transaction).
"""

import asyncio
import hashlib
import logging
import secrets
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from ringtest.client import chunk_lists, packed
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.catalog import service as catalog
from ringtest.control.catalog.model import Component
from ringtest.control.component_files import store
from ringtest.control.component_files.model import (
    LIST_SUFFIX,
    Content,
    Upload,
    parse_file_name,
    permit_key,
    permit_window,
)
from ringtest.control.cutting.model import Cutter, PartsCutter, Remaking, Wanted, read_spans
from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    NotFound,
    RingtestError,
    Unavailable,
)
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.objects.service import leave_for
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire.md5 import Md5

log = logging.getLogger(__name__)

_PAUSE = timedelta(minutes=30)
"""A list that was begun and is not there by then is made again."""
_turns = asyncio.Semaphore(2)
"""Files that are taken apart for who asks for parts: however many ask, other work goes on."""
_QUIET_SECONDS = 10.0
"""Who asked hears something after so long at the latest: else it would think that we are gone."""
_KEPT_BYTES = 4 * 2**20
"""Packed bytes that wait in memory until it is their turn; more wait in a file."""


async def upload_file(
    db: Database,
    objects: ObjectStore,
    *,
    caller: Caller,
    component_id: UUID,
    upload: Upload,
    chunks: AsyncIterator[bytes],
    limit: int,
) -> tuple[str, str]:
    """Store a file of a component: JSON and etag.

    A name is used once: the same bytes again give the file that is there, others a Conflict.
    """
    async with db.transaction(caller.tenant) as tx:
        component = await catalog.require_writable_component(
            tx, caller=caller, component_id=component_id
        )
    file_id = new_id()
    name = parse_file_name(upload.name) if upload.name else str(file_id)
    key = f"components/{component.topic_id}/{component_id}/{file_id}"
    md5 = Md5()
    stored = await objects.put(key, await md5.watch(chunks), limit=limit)
    row: dict[str, Any] = {
        "id": file_id,
        "name": name,
        "mime": upload.mime,
        "md5": md5.hex(),
        "sha256": stored.sha256,
        "size": stored.size,
        "object_key": key,
        "component_id": component_id,
    }
    try:
        _require_digests(upload, sha256=stored.sha256, md5=md5.hex())
        async with db.transaction(caller.tenant) as tx:
            used, found = await _add_file(tx, caller, component, row)
    except Unavailable:
        raise  # the row may be there all the same
    except RingtestError:
        await objects.delete(key)
        raise
    if used != file_id:
        await objects.delete(key)
    elif row["object_key"] != key:
        shared: str = row["object_key"]
        if not await leave_for(objects, own=key, shared=shared, size=stored.size):
            async with db.transaction(caller.tenant) as tx:
                await store.set_object(tx, file_id, key)
    return found


def _require_digests(upload: Upload, *, sha256: str, md5: str) -> None:
    if upload.sha256 is not None and upload.sha256.lower() != sha256:
        raise BadRequest("DCI-SHA256 is not that of the body", sha256=sha256)
    if upload.md5 is not None and upload.md5.lower() != md5:
        raise BadRequest("DCI-MD5 is not that of the body", md5=md5)


async def _add_file(
    tx: Transaction, caller: Caller, component: Component, row: dict[str, Any]
) -> tuple[UUID, tuple[str, str]]:
    """Its id, JSON and etag. `row` gets the object of a file with the same bytes, of the same
    topic and team: that object cannot go before the transaction ends, and stays afterwards."""
    component_id: UUID = row["component_id"]
    await catalog.require_writable_component(
        tx, caller=caller, component_id=component_id, lock=True
    )
    there = await store.find_file(tx, component_id, name=row["name"])
    if there is None:
        row["object_key"] = (
            await store.select_same(
                tx,
                topic_id=component.topic_id,
                team_id=component.team_id,
                sha256=row["sha256"],
                size=row["size"],
            )
            or row["object_key"]
        )
        await rows.insert(tx, "component_files", row)
    elif there["sha256"] != row["sha256"]:
        raise Conflict("the component has another file of this name", file_id=str(there["id"]))
    used: UUID = there["id"] if there else row["id"]
    return used, rows.found(await store.select_file(tx, component_id, used), "component_file")


async def list_files(
    tx: Transaction, *, caller: Caller, component_id: UUID, query: ListQuery
) -> rows.Page:
    """All files of a component: the wire format does not page them."""
    await catalog.require_component(tx, caller=caller, component_id=component_id)
    return await store.select_files(tx, component_id, query)


async def get_file(
    tx: Transaction, *, caller: Caller, component_id: UUID, file_id: UUID
) -> tuple[str, str]:
    """JSON and etag of a component's file."""
    await catalog.require_component(tx, caller=caller, component_id=component_id)
    return rows.found(await store.select_file(tx, component_id, file_id), "component_file")


async def find_content(
    tx: Transaction,
    *,
    caller: Caller,
    component_id: UUID,
    file_id: UUID | None = None,
    name: str | None = None,
) -> tuple[Component, Content | None]:
    """A component, and its file of that id or name, if it has one."""
    component = await catalog.require_component(tx, caller=caller, component_id=component_id)
    row = await store.find_file(tx, component_id, file_id=file_id, name=name)
    if row is None:
        return component, None
    found = Content(row["name"], row["mime"], row["size"], row["sha256"], row["object_key"])
    return component, found


async def delete_file(
    tx: Transaction, *, caller: Caller, component_id: UUID, file_id: UUID, etag: str
) -> None:
    """Archive a file; 404 when it changed meanwhile."""
    await catalog.require_writable_component(tx, caller=caller, component_id=component_id)
    rows.found(await store.select_file(tx, component_id, file_id), "component_file")
    if not await rows.update(tx, "component_files", file_id, {"state": "archived"}, etag=etag):
        raise NotFound("component_file not found")


async def find_list(
    tx: Transaction, *, caller: Caller, component_id: UUID, file_id: UUID
) -> Content:
    """The list of a file's chunks, as something to send; NotFound while there is none."""
    await catalog.require_component(tx, caller=caller, component_id=component_id)
    row = await store.find_file(tx, component_id, file_id=file_id)
    if row is None:
        raise NotFound("component_file not found")
    if not row["chunks_size"]:
        raise NotFound("the file has no list of chunks")
    return Content(
        f"{row['name']}{LIST_SUFFIX}",
        "application/octet-stream",
        row["chunks_size"],
        hashlib.sha256(f"chunks of {row['sha256']}".encode()).hexdigest(),
        row["object_key"] + LIST_SUFFIX,
    )


async def make_next_list(db: Database, objects: ObjectStore) -> int:
    """Cut one file that has no list of its chunks, and keep the list beside it; 0: there is none.

    Equal files share their object and so the list.
    """
    async with db.transaction(SYSTEM) as tx:
        found = await store.claim_unlisted(tx, smallest=chunk_lists.SMALLEST, pause=_PAUSE)
    if found is None:
        return 0
    key: str = found["object_key"]
    size = found["known"]
    if size is None:
        try:
            made = await _cut_parts(objects, key) or await _cut(objects, key, found["size"])
            await objects.put(key + LIST_SUFFIX, _once(made), limit=len(made))
            size = len(made)
        except (NotFound, ValueError) as error:
            log.warning("component_files.no_list key=%s: %s", key, error)
            size = 0
        except Unavailable:
            return 1
    async with db.transaction(SYSTEM) as tx:
        await store.set_list(tx, object_key=key, size=size)
    return 1


async def _cut_parts(objects: ObjectStore, key: str) -> bytes | None:
    """The recipe of a packed file and the list of its parts' chunks; None when it cannot be made
    again of what is in it, byte for byte."""
    remaking = Remaking()
    async for block in objects.get(key):
        if not await asyncio.to_thread(remaking.feed, block):
            return None
    recipe = await asyncio.to_thread(remaking.recipe)
    if recipe is None:
        return None
    cutter = PartsCutter(recipe)
    async for block in objects.get(key):
        await asyncio.to_thread(cutter.feed, block)
    return await asyncio.to_thread(cutter.list)


async def _cut(objects: ObjectStore, key: str, size: int) -> bytes:
    cutter = Cutter(size)
    async for block in objects.get(key):
        await asyncio.to_thread(cutter.feed, block)
    return cutter.list()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def find_parts(objects: ObjectStore, listed: Content, spans: str) -> AsyncIterator[bytes]:
    """Spans of what is in a packed file, packed by bzip2. NotFound for a file that is not taken
    apart, BadRequest for spans that it does not have."""
    most = packed.HEAD_SIZE + packed.LONGEST_HEADER
    pieces = objects.get(listed.object_key, start=0, end=min(most, listed.size))
    recipe, _ = packed.read(b"".join([piece async for piece in pieces]))
    if recipe is None:
        raise NotFound("the file is not taken apart")
    wanted = Wanted(recipe, read_spans(spans, recipe.size))
    return _parts(objects, listed.object_key.removesuffix(LIST_SUFFIX), wanted)


async def _parts(objects: ObjectStore, key: str, wanted: Wanted) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    told = clock()
    with tempfile.SpooledTemporaryFile(max_size=_KEPT_BYTES) as later:
        async for block in objects.get(key):
            async with _turns:
                now, more = await asyncio.to_thread(wanted.feed, block)
            later.write(more)
            if not now and clock() - told >= _QUIET_SECONDS:
                now = wanted.sign_of_life()
            if now:
                yield now
                told = clock()
            if wanted.is_full:
                break
        now, more = await asyncio.to_thread(wanted.rest)
        yield now
        later.seek(0)
        while piece := await asyncio.to_thread(later.read, packed.PIECE):
            yield piece
        yield more


async def give_permit(
    db: Database, *, caller: Caller, component_id: UUID, file_id: UUID
) -> dict[str, str]:
    """What shows to other agents of the lab's team, for this hour, that the lab may read the
    file. 401 for who is no lab, 404 for who may not read it."""
    permit(caller.kind == "remoteci")
    async with db.transaction(caller.tenant) as tx:
        _, content = await find_content(
            tx, caller=caller, component_id=component_id, file_id=file_id
        )
        hour = permit_window(tx.now)
    if content is None:
        raise NotFound("component_file not found")
    async with db.transaction(SYSTEM) as tx:
        secret = await store.find_secret(tx, hour=hour)
        secret = secret or await store.secret_of(tx, hour=hour, fresh=secrets.token_bytes(32))
    key = permit_key(secret, content.sha256, caller.teams[0].id)
    return {"window": hour.isoformat(), "key": key}
