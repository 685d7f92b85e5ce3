"""One server for the whole run, and for each test fresh things to ask it about."""

import itertools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from ringtest.client.auth import HmacAuth
from ringtest.control.accounts.model import Machine, hash_password
from ringtest.control.app import Parts
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.labs import store as labs

PASSWORD = "open sesame"
_HASH = hash_password(PASSWORD, cost=2)  # the real cost would be most of the tests' time
_IN_QUERY = re.compile(r"([:=]):([a-z_]+)")
_numbers = itertools.count(1)
SPECIAL = {"sa": "admin", "epm": "EPM", "ro": "Red Hat"}

Builder = Callable[["Scene", Transaction], Awaitable["Thing"]]
BUILDERS: dict[str, Builder] = {}


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that rows of the tables name; `secret` of machines."""

    id: UUID | str
    table: str
    secret: str = ""


def thing(name: str) -> Callable[[Builder], Builder]:
    """Say how the thing `:name` of the tables is made."""

    def register(build: Builder) -> Builder:
        assert name not in BUILDERS, f"two things are called {name}"
        BUILDERS[name] = build
        return build

    return register


@dataclass(slots=True)
class Stage:
    """The server and the callers that all tests share."""

    parts: Parts
    transport: httpx.AsyncBaseTransport
    heads: httpx.AsyncBaseTransport
    auths: dict[str, httpx.Auth | None] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)


@dataclass(slots=True)
class Scene:
    """What one test asks about: things are made when they are first named."""

    stage: Stage
    version: str = "v1"
    things: dict[str, Thing] = field(default_factory=dict)
    number: int = field(default_factory=lambda: next(_numbers))

    def new(self, word: str) -> str:
        """A text that nothing else has."""
        return f"{word} {self.number}.{next(_numbers)}"

    async def get(self, name: str, tx: Transaction | None = None) -> Thing:
        """The thing of that name."""
        if name in self.stage.things:
            return self.stage.things[name]
        if name not in self.things:
            assert name in BUILDERS, f"nothing says how to make :{name}"
            if tx is None:
                async with self.stage.parts.db.transaction(SYSTEM) as own:
                    self.things[name] = await BUILDERS[name](self, own)
            else:
                self.things[name] = await BUILDERS[name](self, tx)
        return self.things[name]

    async def id(self, name: str, tx: Transaction | None = None) -> Any:
        """The id of the thing of that name."""
        return (await self.get(name, tx)).id

    async def insert(self, tx: Transaction, table: str, **values: Any) -> Thing:
        """A row, named by default."""
        return Thing(await rows.insert(tx, table, values), table)

    async def sql(self, query: str, *args: Any) -> Any:
        """One value, as the server itself sees it."""
        async with self.stage.parts.db.transaction(SYSTEM) as tx:
            return await tx.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> None:
        """A statement by the server itself."""
        async with self.stage.parts.db.transaction(SYSTEM) as tx:
            await tx.execute(query, *args)

    async def column(self, name: str, column: str) -> Any:
        """A column of the thing's row as it is now."""
        found = await self.get(name)
        return await self.sql(f"SELECT {column} FROM {found.table} WHERE id = $1", found.id)

    async def fill(self, value: Any) -> Any:
        """A body with `":name"`, `":name.column"` and `":new"` replaced."""
        if isinstance(value, dict):
            return {key: await self.fill(part) for key, part in value.items()}
        if isinstance(value, list):
            return [await self.fill(part) for part in value]
        if not isinstance(value, str) or not value.startswith(":"):
            return value
        name, _, column = value[1:].partition(".")
        if name == "new":
            return self.new("new")
        found = await self.column(name, column) if column else await self.id(name)
        return str(found) if isinstance(found, UUID) else found

    async def fill_path(self, path: str) -> str:
        """A path with `:name` replaced by ids, also in `?where=id::name` and `?id=:name`.

        `!` spells a word out."""
        parts = [
            str(await self.fill(part)) if part.startswith(":") else part.removeprefix("!")
            for part in path.partition("?")[0].split("/")
        ]
        query = path.partition("?")[2]
        for sign, name in _IN_QUERY.findall(query):
            query = query.replace(f"{sign}:{name}", f"{sign}{await self.id(name)}")
        return "/".join(parts) + (f"?{query}" if query else "")

    def client(self, auth: httpx.Auth | None, *, stream: bool = False) -> httpx.AsyncClient:
        """Somebody who asks this version of the API."""
        transport = self.stage.heads if stream else self.stage.transport
        base = f"http://ringtest/api/{self.version}"
        return httpx.AsyncClient(transport=transport, base_url=base, auth=auth)

    async def auth(self, role: str) -> httpx.Auth | None:
        """How a caller of that role says who it is."""
        if role in self.stage.auths:
            return self.stage.auths[role]
        found = await self.get(role)
        if found.table == "users":
            return await self.basic(role)
        return HmacAuth(f"{found.table.removesuffix('s')}/{found.id}", found.secret)

    async def basic(self, name: str) -> httpx.BasicAuth:
        """The login of a user, who has the one password."""
        return httpx.BasicAuth(await self.column(name, "name"), PASSWORD)

    async def ask(
        self,
        role: str,
        line: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> httpx.Response:
        """One request of the tables' form by a caller of that role."""
        method, path = line.split(" ", 1)
        async with self.client(await self.auth(role), stream=stream) as client:
            raw = body if isinstance(body, bytes) else None
            filled = None if raw is not None or body is None else await self.fill(body)
            sent = {key: str(await self.fill(value)) for key, value in (headers or {}).items()}
            return await client.request(
                method, await self.fill_path(path), json=filled, content=raw, headers=sent
            )


async def add_user(scene: Scene, tx: Transaction, word: str, *teams: Any) -> Thing:
    """A user of these teams, with the one password."""
    name = scene.new(word).replace(" ", "-")
    made = await scene.insert(
        tx, "users", name=name, fullname=name, email=f"{name}@example.org", password=_HASH
    )
    for team in teams:
        await tx.execute("INSERT INTO users_teams VALUES ($1, $2)", made.id, team)
    return made


async def add_machine(scene: Scene, tx: Transaction, table: str, word: str, team: Any) -> Thing:
    """A lab or feeder with a key."""
    made = await scene.insert(tx, table, name=scene.new(word), team_id=team)
    secret = f"secret {made.id}"
    assert isinstance(made.id, UUID)
    kind: Machine = "remoteci" if table == "remotecis" else "feeder"
    await labs.add_key(tx, kind, made.id, scene.stage.parts.secrets.seal(secret))
    return Thing(made.id, table, secret)
