"""Routes of component files: by id, and by path as DCI's labs fetch them."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, delete, get, post, put, route
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from litestar.response import Stream

from ringtest.client import packed
from ringtest.control.accounts.model import Caller
from ringtest.control.component_files import model, service
from ringtest.control.component_files.model import Upload
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, downloads, requests, spool

Http = Request[Any, Any, Any]


@get("/components/{component_id:str}/files", summary="Files of a component, all of them")
async def list_files(
    component_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "component_files",
        lambda tx, query: service.list_files(
            tx, caller=caller, component_id=parse_id(component_id, "component"), query=query
        ),
    )


@post(
    "/components/{component_id:str}/files",
    request_max_body_size=None,
    summary="Upload a file: the body is its content",
)
async def upload_file(
    component_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Headers: DCI-NAME (default: the file's id), DCI-MIME, DCI-SHA256 and DCI-MD5 (checked
    if given)."""
    name = request.headers.get("dci-name")
    text, etag = await service.upload_file(
        db,
        objects,
        caller=caller,
        component_id=parse_id(component_id, "component"),
        upload=_upload(request, _utf8(name) if name else None),
        chunks=spool.stream(request),
        limit=settings.max_file,
    )
    return answers.one("component_file", text, etag=etag, status=201)


@put(
    "/components/{component_id:str}/files/{file_path:path}",
    status_code=201,
    request_max_body_size=None,
    summary="Upload a file by its path: the body is its content",
)
async def put_file(
    component_id: FromPath[str],
    file_path: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Headers as for POST; the same bytes again give the file that is there."""
    text, etag = await service.upload_file(
        db,
        objects,
        caller=caller,
        component_id=parse_id(component_id, "component"),
        upload=_upload(request, model.parse_file_name(file_path.strip("/"))),
        chunks=spool.stream(request),
        limit=settings.max_file,
    )
    return answers.one("component_file", text, etag=etag, status=201)


def _upload(request: Http, name: str | None) -> Upload:
    """What the headers say. dciclient calls every file application/json: that says nothing."""
    said = request.headers.get("content-type", "").split(";")[0].strip()
    guess = said if said and said != "application/json" else "application/octet-stream"
    return Upload(
        name=name,
        mime=request.headers.get("dci-mime") or guess,
        sha256=request.headers.get("dci-sha256"),
        md5=request.headers.get("dci-md5"),
    )


def _utf8(header: str) -> str:
    """Headers come as Latin-1; names in them are UTF-8 if they can be."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _place(file_path: str) -> tuple[UUID | None, str]:
    """The file's id and what is asked of it: "" its record, "content" its bytes, "chunks" the
    list of its chunks, "parts" what is in a packed one, "permit" what shows to others that it may
    be read.

    Without an id the whole path is the name of a file.
    """
    parts = file_path.strip("/").split("/")
    file_id = model.as_id(parts[0])
    if file_id is None:
        return None, model.parse_file_name("/".join(parts))
    if parts[1:] not in ([], ["content"], ["chunks"], ["parts"], ["permit"]):
        raise NotFound("component_file not found")
    return file_id, "/".join(parts[1:])


@route(
    "/components/{component_id:str}/files/{file_path:path}",
    http_method=["GET", "HEAD"],
    summary="A file: `<id>` its record, `<id>/content` its bytes, `<path>` its bytes too",
)
async def get_file(
    component_id: FromPath[str],
    file_path: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    settings: Injected[Settings],
) -> Response[Any]:
    """By id, bytes come from here, with support for Range; HEAD tells their size and type.

    `<id>/chunks` is the list of the file's chunks, for who has another version of it: a binary
    file, with support for Range; 404 while it has not been made. `<id>/permit` is for labs:
    what shows to other agents of the team, for an hour, that the lab may read the file.

    `<id>/parts` gives spans of what is in a file that gzip packed, packed by bzip2, and only those
    that the header Ringtest-Spans names; 404 for a file that is not taken apart.

    By path, 302 to where they are for ten minutes: the object store, or RHDL for what is
    kept there. The server sends them itself when its store has no addresses, or when it is
    told so (RINGTEST_DOWNLOADS=stream).
    """
    file_id, place = _place(file_path)
    component = parse_id(component_id, "component")
    if file_id is None:
        return await _by_path(request, db, caller, objects, settings, component, place)
    if place in ("chunks", "parts"):
        async with db.transaction(caller.tenant) as tx:
            told = await service.find_list(
                tx, caller=caller, component_id=component, file_id=file_id
            )
        if place == "parts" and request.method == "GET":
            spans = request.headers.get(packed.SPANS, "")
            return Stream(
                await service.find_parts(objects, told, spans),
                media_type="application/octet-stream",
                headers={"Cache-Control": "no-store"},
            )
        return await _send(request, objects, told)
    if place == "permit":
        given = await service.give_permit(
            db, caller=caller, component_id=component, file_id=file_id
        )
        return answers.raw(answers.encode({"permit": given}))
    if place or request.method == "HEAD":
        async with db.transaction(caller.tenant) as tx:
            _, content = await service.find_content(
                tx, caller=caller, component_id=component, file_id=file_id
            )
        return await _send(request, objects, content)
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_file(
            tx, caller=caller, component_id=component, file_id=file_id
        )
    return answers.one("component_file", text, etag=etag)


async def _by_path(
    request: Http,
    db: Database,
    caller: Caller,
    objects: ObjectStore,
    settings: Settings,
    component_id: UUID,
    path: str,
) -> Response[Any]:
    async with db.transaction(caller.tenant) as tx:
        component, content = await service.find_content(
            tx, caller=caller, component_id=component_id, name=path
        )
    is_v2 = request.url.path.startswith("/api/v2/")
    if model.goes_to_rhdl(settings.rhdl_url, component.tags, is_v2=is_v2):
        return downloads.elsewhere(
            model.rhdl_address(settings.rhdl_url, component.display_name, path)
        )
    # what a vendor put into the bucket itself has no row: the wire format's layout finds it
    key = content.object_key if content else f"{component_id}/{path}"
    address = await downloads.address(objects, key, settings.downloads, request.method)
    return downloads.elsewhere(address) if address else await _send(request, objects, content)


async def _send(
    request: Http, objects: ObjectStore, content: model.Content | None
) -> Response[Any]:
    if content is None:
        raise NotFound("component_file not found")
    download = downloads.Download(
        name=content.name,
        mime=content.mime,
        size=content.size,
        digest=content.sha256,
        open=lambda start, end: objects.get(content.object_key, start=start, end=end),
    )
    return await downloads.send(request, download)


@delete(
    "/components/{component_id:str}/files/{file_path:path}",
    status_code=204,
    summary="Archive a file",
)
async def delete_file(
    component_id: FromPath[str],
    file_path: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_file(
            tx,
            caller=caller,
            component_id=parse_id(component_id, "component"),
            file_id=parse_id(file_path.strip("/"), "component_file"),
            etag=etag,
        )
    return answers.nothing()


routes = [list_files, upload_file, put_file, get_file, delete_file]
