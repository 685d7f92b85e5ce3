"""Who may do what on every route: one table, kept true by tests/conformance/contract.

`make golden` writes it anew. A route without a row there fails here.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

from ringtest.control.app import create_app
from ringtest.control.db.pool import Database
from tests.conformance.contract.rows import ROLES, Row
from tests.conformance.contract.tables import ALL
from tests.parts import make_parts

GOLDEN = Path(__file__).with_name("roles.md")
VERSIONS = ("/api/v1", "/api/v2")
HEAD = """# Roles and routes

The status code that each role gets on each route of the API, for a request that is right in
all else. `user` and `lab` belong to the team that owns what the route is about, `other` and
`other_lab` to a team that has nothing to do with it, `loner` to none; `sa` is a super admin,
`ro` a member of the team that reads everything.

The table is made from the tables in tests/conformance/contract, each of whose lines is asked
as every role, over both versions of the API.
"""


def _application(db: Database, folder: Path) -> Litestar:
    """The application of routes, inside of what surrounds it."""
    inner: Any = create_app(make_parts(db, folder, notifiers={}))
    while not isinstance(inner, Litestar):
        inner = inner._app
    return inner


def _routes(app: Litestar, prefix: str) -> Iterator[tuple[str, str]]:
    """(path, method) of every route below the prefix; HEAD goes with GET."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(f"{prefix}/"):
            for method in sorted({*route.methods} - {"HEAD", "OPTIONS"}):
                yield _template(route).removeprefix(prefix), method


def _template(route: HTTPRoute) -> str:
    parts = [
        part if isinstance(part, str) else "{" + part.full + "}" for part in route.path_components
    ]
    return "/" + "/".join(parts)


def _lines(routes: list[tuple[str, str]], rows: list[Row]) -> Iterator[str]:
    yield "| route | " + " | ".join(ROLES) + " |"
    yield "|---|" + "---|" * len(ROLES)
    for path, method in routes:
        for row in rows:
            if row.full and row.fits(method, path):
                codes = row.codes()
                said = f"{method} {row.call.path}" + (f" ({row.note})" if row.note else "")
                yield f"| {said} | " + " | ".join(str(codes[role]) for role in ROLES) + " |"


async def test_every_route_says_what_each_role_gets(db: Database, tmp_path: Path) -> None:
    app = _application(db, tmp_path)
    first, second = (sorted(_routes(app, prefix)) for prefix in VERSIONS)
    assert first == second, "both versions of the API have the same routes"
    untold = [
        f"{method} {path}"
        for path, method in first
        if not any(row.full and row.fits(method, path) for row in ALL)
    ]
    assert untold == [], "these routes need a row with every role in tests/conformance/contract"
    text = HEAD + "\n" + "\n".join(_lines(first, ALL)) + "\n"
    if os.environ.get("RINGTEST_WRITE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "run `make golden` and look at what changed"


async def test_no_row_speaks_of_a_route_that_is_not_there(db: Database, tmp_path: Path) -> None:
    routes = list(_routes(_application(db, tmp_path), VERSIONS[0]))
    unknown = [
        f"{row.place}: {row.line}"
        for row in ALL
        if not any(row.fits(method, path) for path, method in routes) and row.call.method != "HEAD"
    ]
    assert unknown == []
