"""The built browser UI, if it is there: files by name, and its start page for every other path."""

import mimetypes
from pathlib import Path

from litestar import Response, get
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


def pages(folder: Path) -> list[HTTPRouteHandler]:
    """Routes that serve `folder`; without it, one page that says how to get the pages."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}

    @get(["/", "/{path:path}"], include_in_schema=False)
    async def page(path: FromPath[str] = "") -> Response[bytes]:
        name = path.strip("/")
        if name.startswith(("api/", "schema/")):
            raise NotFound("no such address")
        if "index.html" not in files:
            return Response(_NOT_BUILT.encode(), media_type="text/plain; charset=utf-8")
        found = files.get(name)
        if found is None and name.startswith("assets/"):
            raise NotFound("no such file")
        shown = found or files["index.html"]
        # names under assets/ carry a hash of their content and never change
        forever = name.startswith("assets/") and found is not None
        return Response(
            shown.read_bytes(),
            media_type=mimetypes.guess_type(shown.name)[0] or "application/octet-stream",
            headers={
                "Cache-Control": "public, max-age=31536000, immutable" if forever else "no-cache",
                "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
            },
        )

    return [page]
