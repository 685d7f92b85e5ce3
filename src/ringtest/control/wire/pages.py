"""The built browser UI, if it is there: files by name, and its start page for every other path."""

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from ringtest.control.kernel.errors import NotFound

_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:;"
    " style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'"
)
_NOT_BUILT = (
    "Ringtest serves its API at /api/v1 (description: /schema/openapi.json).\n"
    "The browser pages are not built here: run `make setup` with Node installed.\n"
)
_TEXT = {".html", ".js", ".css", ".svg", ".json", ".txt", ".map"}


def pages(folder: Path) -> list[HTTPRouteHandler]:
    """Routes that serve `folder` as it is at the time of the request, compressed on demand.

    Without a built UI: one page that says how to get it.
    """
    root = folder.resolve()

    @get(["/", "/{path:path}"], include_in_schema=False)
    async def page(request: Request[Any, Any, Any], path: FromPath[str] = "") -> Response[bytes]:
        name = path.strip("/")
        if name.startswith(("api/", "schema/")):
            raise NotFound("no such address")
        file = _find(root, name)
        is_asset = name.startswith("assets/")
        if file is None and is_asset:
            raise NotFound("no such file")
        shown = file or _find(root, "index.html")
        if shown is None:
            return Response(_NOT_BUILT.encode(), media_type="text/plain")
        zipped = shown.suffix in _TEXT and "gzip" in request.headers.get("accept-encoding", "")
        headers = {
            # names under assets/ carry a hash of their content and never change
            "Cache-Control": "public, max-age=31536000, immutable" if is_asset else "no-cache",
            "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
            "Vary": "Accept-Encoding",
        }
        return Response(
            _content(shown, shown.stat().st_mtime_ns, zipped=zipped),
            media_type=mimetypes.guess_type(shown.name)[0] or "application/octet-stream",
            headers=headers | ({"Content-Encoding": "gzip"} if zipped else {}),
        )

    return [page]


def _find(root: Path, name: str) -> Path | None:
    """The file of that name below `root`; nothing outside it exists."""
    if not name or "\0" in name or len(name.encode(errors="replace")) > 255:
        return None
    file = (root / name).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


@lru_cache(maxsize=256)
def _content(file: Path, changed: int, *, zipped: bool) -> bytes:
    """The bytes to send; `changed` makes a rebuilt file another entry."""
    content = file.read_bytes()
    return gzip.compress(content, 6, mtime=0) if zipped else content
