"""A small server over chosen rooms, and one caller of every role to ask it."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from dciauth.v2.headers import generate_headers
from litestar import Litestar, Request, Response, Router
from litestar.di import NamedDependency as Injected
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.params import SkipValidation

from ringtest.control.accounts.model import Caller, Machine, RoleNames, hash_password
from ringtest.control.connectors.aes_secret_box import AesSecretBox
from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction, statements
from ringtest.control.identity.api import caller_provider
from ringtest.control.kernel.clock import Clock
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.labs import store as lab_store
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.results.api import intake_provider
from ringtest.control.results.service import Intake
from ringtest.control.wire import answers

log = logging.getLogger(__name__)

PASSWORD = "open sesame"
_HASH = hash_password(PASSWORD, cost=2)  # the real cost would be most of the tests' time
ROLES = RoleNames()
PEOPLE = {
    "super admin": [ROLES.super_admin],
    "epm": [ROLES.epm],
    "read-only": [ROLES.read_only],
    "red user": ["red"],
    "blue user": ["blue"],
}
MACHINES: dict[str, tuple[Machine, str]] = {
    "red lab": ("remoteci", "red"),
    "blue lab": ("remoteci", "blue"),
    "feeder": ("feeder", "feeders"),
}


class SignedBy(httpx.Auth):
    """Signs as dciauth does, which signs for every agent out there."""

    requires_request_body = True

    def __init__(self, kind: str, machine: UUID, secret: str, clock: Clock) -> None:
        self._access_key = f"{kind}/{machine}"
        self._secret = secret
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        now = self._clock.now()
        request.headers.update(
            generate_headers(
                {
                    "method": request.method,
                    "endpoint": request.url.raw_path.decode().partition("?")[0],
                    "params": dict(request.url.params.multi_items()),
                    "host": request.headers["host"],
                    "data": request.content,
                    "timestamp": now.strftime("%Y%m%dT%H%M%SZ"),
                    "datestamp": now.strftime("%Y%m%d"),
                },
                {"access_key": self._access_key, "secret_key": self._secret},
            )
        )
        yield request


@dataclass(slots=True)
class World:
    """A server, its database and everyone's ids by name."""

    db: Database
    app: Any
    secrets: AesSecretBox
    teams: dict[str, UUID] = field(default_factory=dict)
    users: dict[str, UUID] = field(default_factory=dict)
    machines: dict[str, UUID] = field(default_factory=dict)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def __getitem__(self, who: str) -> httpx.AsyncClient:
        return self.clients[who]

    def client(self, auth: httpx.Auth | None = None) -> httpx.AsyncClient:
        """A client of the server's API."""
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://ring/api/v1", auth=auth)

    async def get(self, who: str, path: str, **params: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = await self[who].get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sql(self, query: str, *args: Any) -> Any:
        """One value, seen by the server itself."""
        async with self.db.transaction(SYSTEM) as tx:
            return await tx.fetchval(query, *args)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """Every event of a type, oldest first: payload, team_id, topic_id."""
        async with self.db.transaction(SYSTEM) as tx:
            found = await tx.fetch(
                "SELECT payload::text, team_id, topic_id FROM events WHERE type = $1 ORDER BY id",
                kind,
            )
            return [dict(row) for row in found]


@dataclass(slots=True)
class Wired:
    """An app over some rooms, and what it works with: both may be exchanged between tests."""

    rooms: Sequence[Any]
    parts: dict[str, object]
    caller: Callable[..., Awaitable[Caller]]
    intake: Callable[..., Intake]
    app: Litestar = field(init=False)

    @classmethod
    def over(cls, rooms: Sequence[Any], parts: dict[str, object]) -> "Wired":
        """The rooms' routes, wired as the server wires them."""
        wired = cls(rooms, parts, *_providers(parts))
        wired.app = _app(wired)
        return wired

    def work_with(self, parts: dict[str, object]) -> None:
        """Parts of the same names as before."""
        self.caller, self.intake = _providers(parts)
        self.parts = parts


_spare: dict[object, list[Wired]] = {}
"""Apps that no test uses, by their routes, the names of their parts and how much they take:
making one takes longer than most tests do."""


@contextmanager
def _lent(rooms: Sequence[Any], parts: dict[str, object]) -> Iterator[Litestar]:
    settings = parts["settings"]
    assert isinstance(settings, Settings)
    names = frozenset(parts) - {"provider"}
    kind = (*map(id, _routes(rooms)), names, settings.max_body)
    spare = _spare.setdefault(kind, [])
    if spare:
        wired = spare.pop()
        wired.work_with(parts)
    else:
        wired = Wired.over(rooms, parts)
    yield wired.app
    wired.parts = {}
    spare.append(wired)


def small_app(rooms: Sequence[Any], parts: dict[str, object]) -> Litestar:
    """The rooms' routes, wired as the server wires them."""
    return Wired.over(rooms, parts).app


def _providers(
    parts: dict[str, object],
) -> tuple[Callable[..., Awaitable[Caller]], Callable[..., Intake]]:
    settings, secrets = parts["settings"], parts["secrets"]
    provider: Any = parts.get("provider")
    assert isinstance(settings, Settings)
    assert isinstance(secrets, SecretBox)
    objects: Any = parts.get("objects")
    parsers: Any = parts.get("parsers", {})
    intake = intake_provider(lambda: objects, parsers, settings)
    return caller_provider(secrets, settings, provider), intake


def _routes(rooms: Sequence[Any]) -> list[Any]:
    return [route for room in rooms for route in room.routes]


def _app(wired: Wired) -> Litestar:
    def part(name: str) -> Provide:
        return Provide(lambda: wired.parts[name], sync_to_thread=False)

    async def provide_caller(request: Request[Any, Any, Any], db: Injected[Database]) -> Caller:
        return await wired.caller(request, db)

    def provide_intake(
        db: SkipValidation[Injected[Database]], caller: SkipValidation[Injected[Caller]]
    ) -> Intake:
        return wired.intake(db, caller)

    def refuse(_: Request[Any, Any, Any], error: RingtestError) -> Response[bytes]:
        return answers.error(error.status_code, error.message, error.payload)

    def refuse_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
        if error.status_code >= 500:
            log.error("the framework failed", exc_info=error)
        return answers.error(error.status_code, error.detail, {})

    def fail(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        log.error("the server made a mistake", exc_info=error)
        return answers.error(500, repr(error), {})

    settings = wired.parts["settings"]
    assert isinstance(settings, Settings)
    return Litestar(
        [Router("/api/v1", route_handlers=_routes(wired.rooms))],
        dependencies={
            "caller": Provide(provide_caller),
            "intake": Provide(provide_intake, sync_to_thread=False),
            **{name: part(name) for name in wired.parts if name != "provider"},
        },
        exception_handlers={RingtestError: refuse, HTTPException: refuse_http, Exception: fail},
        request_max_body_size=settings.max_body,
        openapi_config=None,
    )


@asynccontextmanager
async def open_world(
    db: Database, rooms: Sequence[Any], *, settings: Settings | None = None, **parts: object
) -> AsyncIterator[World]:
    """A server over `rooms` with one caller of every role."""
    settings = settings or Settings(data=Path("/nonexistent"), max_body=1024 * 1024)
    secrets = AesSecretBox("a key of the tests alone")
    given: dict[str, object] = {"db": db, "settings": settings, "secrets": secrets, **parts}
    with _lent(rooms, given) as app:
        world = World(db, app, secrets)
        async with db.transaction(SYSTEM) as tx:
            await _settle(tx, world)
        world.clients["nobody"] = world.client()
        yield world
        for client in world.clients.values():
            await client.aclose()


async def _settle(tx: Transaction, world: World) -> None:
    for name in (ROLES.super_admin, ROLES.epm, ROLES.read_only, "red", "blue", "feeders"):
        world.teams[name] = await rows.insert(tx, "teams", {"name": name})
    for name in PEOPLE:
        mail = f"{name.replace(' ', '.')}@ring"
        values = {"name": name, "fullname": name, "email": mail, "password": _HASH}
        world.users[name] = await rows.insert(tx, "users", values)
        world.clients[name] = world.client(httpx.BasicAuth(name, PASSWORD))
    for name, (kind, team) in MACHINES.items():
        world.machines[name] = machine = await rows.insert(
            tx, f"{kind}s", {"name": name, "team_id": world.teams[team]}
        )
        signed = SignedBy(kind, machine, f"secret of {name}", world.db.clock)
        world.clients[name] = world.client(signed)
    await add_memberships(tx, world)
    await add_keys(tx, world)


async def add_memberships(tx: Transaction, world: World) -> None:
    """Everyone into their teams."""
    for name, teams in PEOPLE.items():
        for team in teams:
            await tx.execute(
                "INSERT INTO users_teams (user_id, team_id) VALUES ($1, $2)",
                world.users[name],
                world.teams[team],
            )


async def add_keys(tx: Transaction, world: World) -> None:
    """Every machine's key: `secret of <its name>`."""
    for name, (kind, _) in MACHINES.items():
        sealed = world.secrets.seal(f"secret of {name}")
        await lab_store.add_key(tx, kind, world.machines[name], sealed)


def count_statements() -> list[int]:
    """Starts a counter of the SQL statements of what follows in this task."""
    counter = [0]
    statements.set(counter)
    return counter
