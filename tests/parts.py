"""A whole server in the test's process, over the test's database, with real connectors."""

from collections.abc import Mapping
from pathlib import Path

import httpx

from ringtest.control import registry
from ringtest.control.accounts import service as accounts
from ringtest.control.app import Parts, create_app
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.ports.notifier import Notifier

ADMIN = httpx.BasicAuth("admin", "admin password")


def make_parts(
    db: Database, folder: Path, *, notifiers: Mapping[str, Notifier] | None = None
) -> Parts:
    """The parts of a server whose objects and key live in `folder`; nothing is started."""
    settings = Settings(data=folder, admin_password="admin password")
    return Parts(
        settings=settings,
        db=db,
        notifications=Notifications(db.dsn),
        objects=registry.object_store(settings),
        secrets=registry.secret_box(settings),
        parsers=registry.result_parsers(settings),
        notifiers=registry.notifiers(settings) if notifiers is None else notifiers,
        columnar=registry.columnar(settings),
        backends=registry.ci_backends(settings),
    )


async def first_start(parts: Parts) -> None:
    """The role teams and the user `admin`, as a first start makes them."""
    async with parts.db.transaction(SYSTEM) as tx:
        await accounts.ensure_first_start(tx, settings=parts.settings)


def connect(
    parts: Parts, auth: httpx.Auth | None, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """A client of the server without a network in between."""
    inner = transport or _transport(parts)
    return httpx.AsyncClient(transport=inner, base_url="http://ringtest/api/v1", auth=auth)


_latest: list[tuple[Parts, httpx.ASGITransport]] = []


def _transport(parts: Parts) -> httpx.ASGITransport:
    """All clients of one server's parts ask the same app: making it takes most of a second."""
    if not _latest or _latest[0][0] is not parts:
        _latest[:] = [(parts, httpx.ASGITransport(app=create_app(parts)))]
    return _latest[0][1]
