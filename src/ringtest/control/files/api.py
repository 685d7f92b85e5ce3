"""Routes that read files of jobs; those that change them are in `results`."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from litestar import Request, Response, get, route
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from litestar.response import Stream

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.files import service
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, downloads, requests, zips
from ringtest.control.wire.asked import Asked

Http = Request[Any, Any, Any]


@get("/files/{file_id:str}", summary="One file of a job, without its content")
async def get_file(
    file_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text = await service.get_file(tx, caller=caller, file_id=parse_id(file_id, "file"))
    return answers.one("file", text, fields=requests.fields(request))


@route(
    "/files/{file_id:str}/content",
    http_method=["GET", "HEAD"],
    summary="A file's bytes, as an attachment",
)
async def get_content(
    file_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    settings: Injected[Settings],
) -> Response[Any]:
    """Understands Range: a download that was cut goes on where it ended.

    With /api/v2 302 to where the object store has it for ten minutes, if it can do that.
    """
    async with db.reading(caller.tenant) as tx:
        file = await service.require_file(tx, caller=caller, file_id=parse_id(file_id, "file"))
        here = await service.get_content(tx, file_id=file["id"]) if file["is_here"] else None

    async def chunks(start: int, end: int) -> AsyncIterator[bytes]:
        if here is not None:
            yield here[start:end]
            return
        async for chunk in objects.get(file["object_key"], start=start, end=end):
            yield chunk

    if here is None and request.url.path.startswith("/api/v2/"):
        key, form = file["object_key"], settings.downloads
        address = await downloads.address(objects, key, form, request.method)
        if address:
            return downloads.elsewhere(address)
    download = downloads.Download(file["name"], file["mime"], file["size"], file["sha256"], chunks)
    return await downloads.send(request, download)


@get("/jobs/{job_id:str}/files", summary="Files of a job")
async def list_files(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "files",
        lambda tx, query: service.list_files(
            tx, caller=caller, job_id=parse_id(job_id, "job"), query=query
        ),
    )


@get("/jobs/{job_id:str}/files/zip", summary="Files of a job as one zip")
async def zip_of_job(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Stream:
    """All of them, or those of `ids`, separated by commas; at most 1000. What is missing in the
    object store is told by a note in the archive."""
    wanted = await _wanted(request, db, caller, parse_id(job_id, "job"))
    return _zip(f"{parse_id(job_id, 'job')}.zip", db, caller, objects, wanted)


@get("/files_zip", summary="Files of one or several jobs as one zip")
async def zip_of_files(
    request: Http, db: Injected[Database], caller: Injected[Caller], objects: Injected[ObjectStore]
) -> Stream:
    """Those of `ids`, separated by commas; at most 1000. Each job's in a folder of its id."""
    wanted = await _wanted(request, db, caller, None)
    return _zip("files.zip", db, caller, objects, wanted, folders=True)


async def _wanted(
    request: Http, db: Database, caller: Caller, job_id: UUID | None
) -> list[asyncpg.Record]:
    text = Asked(request, {"ids"}).text("ids")
    ids = [parse_id(part.strip(), "file") for part in text.split(",") if part.strip()]
    if job_id is None and not ids:
        raise BadRequest("ids: name the files, separated by commas")
    async with db.reading(caller.tenant) as tx:
        return await service.list_wanted(
            tx, caller=caller, job_id=job_id, ids=list(dict.fromkeys(ids))
        )


def _zip(
    name: str,
    db: Database,
    caller: Caller,
    objects: ObjectStore,
    wanted: Sequence[asyncpg.Record],
    *,
    folders: bool = False,
) -> Stream:
    async def chunks(file: asyncpg.Record) -> AsyncIterator[bytes]:
        if file["is_here"]:
            async with db.reading(caller.tenant) as tx:
                yield await service.get_content(tx, file_id=file["id"])
            return
        async for chunk in objects.get(file["object_key"]):
            yield chunk

    names = zips.safe_names(
        f"{file['job_id']}/{file['name']}" if folders else file["name"] for file in wanted
    )
    entries = [
        zips.Entry(path, file["size"], file["created_at"], partial(chunks, file))
        for path, file in zip(names, wanted, strict=True)
    ]
    headers = {"Content-Disposition": downloads.attachment(name)}
    return Stream(zips.stream(entries), media_type="application/zip", headers=headers)


routes = [get_file, get_content, list_files, zip_of_job, zip_of_files]
