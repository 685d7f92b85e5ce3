"""Routes of resumable uploads: tus 1.0, and what an upload became as JSON."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from litestar import Request, Response, delete, get, head, post, route
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.files.service import Limits
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.uploads import model, service
from ringtest.control.uploads.service import Place
from ringtest.control.wire import answers

Http = Request[Any, Any, Any]


def _place(
    db: Database, objects: ObjectStore, parsers: Mapping[str, ResultParser], settings: Settings
) -> Place:
    limits = Limits(settings.max_file, settings.inline_file)
    return Place(db, objects, parsers, limits, timedelta(days=settings.upload_days))


Body = TypeVar("Body")


def _told(answer: Response[Body], upload: asyncpg.Record) -> Response[Body]:
    """The headers that tus clients read."""
    answer.headers["Tus-Resumable"] = model.VERSION
    answer.headers["Upload-Offset"] = str(upload["received"])
    answer.headers["Upload-Length"] = str(upload["size"])
    expires = upload["expires_at"].replace(tzinfo=UTC)
    answer.headers["Upload-Expires"] = format_datetime(expires, usegmt=True)
    answer.headers["Cache-Control"] = "no-store"
    if upload["file_id"]:
        answer.headers["X-Ringtest-File"] = str(upload["file_id"])
    return answer


@post("/uploads", summary="Begin an upload that may be cut and go on")
async def create_upload(
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    parsers: Injected[Mapping[str, ResultParser]],
    settings: Injected[Settings],
) -> Response[Any]:
    """Headers: Upload-Length; Upload-Metadata with filename, filetype, sha256, md5 and
    job_id or jobstate_id (attempt, idempotency_key), or component_id. Its address
    is in Location."""
    model.check_version(request.headers.get("tus-resumable"))
    upload = await service.create_upload(
        _place(db, objects, parsers, settings),
        caller=caller,
        metadata=model.read_metadata(request.headers.get("upload-metadata")),
        size=model.read_number(request.headers.get("upload-length"), "Upload-Length"),
    )
    answer = _told(answers.one("upload", upload["json"], status=201), upload)
    answer.headers["Location"] = f"{request.url.path.rstrip('/')}/{upload['id']}"
    return answer


@get("/uploads", summary="The caller's uploads that may go on, newest first")
async def list_uploads(db: Injected[Database], caller: Injected[Caller]) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_uploads(tx, caller=caller)
    return answers.many("uploads", items, count)


@get("/uploads/{upload_id:str}", summary="An upload of the caller's, and what it became")
async def get_upload(
    upload_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[Any]:
    async with db.transaction(caller.tenant) as tx:
        upload = await service.get_upload(tx, caller=caller, upload_id=_id(upload_id))
    return _told(answers.one("upload", upload["json"]), upload)


@head("/uploads/{upload_id:str}", summary="At which byte to go on")
async def head_upload(
    upload_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    parsers: Injected[Mapping[str, ResultParser]],
    settings: Injected[Settings],
) -> Response[None]:
    """Upload-Offset; X-Ringtest-File is the file's id once it is one."""
    model.check_version(request.headers.get("tus-resumable"))
    upload = await service.settle_upload(
        _place(db, objects, parsers, settings), caller=caller, upload_id=_id(upload_id)
    )
    return _told(answers.nothing(status=200), upload)


@route(
    "/uploads/{upload_id:str}",
    http_method=["PATCH", "PUT"],
    status_code=204,
    request_max_body_size=None,
    opt={"audited": False},
    summary="Bytes from Upload-Offset on; the last one makes it a file",
)
async def append(
    upload_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    parsers: Injected[Mapping[str, ResultParser]],
    settings: Injected[Settings],
) -> Response[None]:
    """Headers: Upload-Offset (409 unless it is where the upload is), Content-Type
    application/offset+octet-stream, Upload-Checksum (460 unless it is the body's).

    What arrives of a body that is cut counts. A signed body is looked at when all of it is
    there: who signs sends some MiB at a time.
    """
    which = _id(upload_id)
    model.check_version(request.headers.get("tus-resumable"))
    if request.headers.get("content-type", "").split(";")[0].strip() != model.PATCH_TYPE:
        raise BadRequest(f"Content-Type must be {model.PATCH_TYPE}")
    upload = await service.append(
        _place(db, objects, parsers, settings),
        caller=caller,
        upload_id=which,
        offset=model.read_number(request.headers.get("upload-offset"), "Upload-Offset"),
        chunks=request.stream(),
        checksum=model.read_checksum(request.headers.get("upload-checksum")),
    )
    return _told(answers.nothing(), upload)


@delete("/uploads/{upload_id:str}", status_code=204, summary="Give an upload up")
async def delete_upload(
    upload_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.delete_upload(tx, caller=caller, upload_id=_id(upload_id))
    return answers.nothing()


def _id(text: str) -> UUID:
    return parse_id(text, "upload")


routes = [create_upload, list_uploads, get_upload, head_upload, append, delete_upload]
