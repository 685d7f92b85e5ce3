"""Verbs of identity: recognise the caller of a request, open and close sessions."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ringtest.control.accounts.model import (
    NO_PASSWORD,
    Caller,
    Logins,
    Machine,
    RoleNames,
    check_password,
)
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.identity import model, store
from ringtest.control.kernel.errors import (
    BadRequest,
    PreconditionFailed,
    Unauthorised,
    Unavailable,
)
from ringtest.control.kernel.ids import new_secret
from ringtest.control.kernel.tenant import Tenant
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.wire import signature

log = logging.getLogger(__name__)

SESSION_COOKIE = "ringtest_session"
_READING = ("GET", "HEAD")
_WAITING = 100
"""Password checks that may wait: each takes a fifth of a second of a processor."""


@dataclass(slots=True)
class Gate:
    """One per process: verified passwords and failures, and checks that run right now."""

    logins: Logins = field(default_factory=Logins)
    running: dict[tuple[bytes, str], asyncio.Future[bool]] = field(default_factory=dict)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))


_GATE = Gate()


@dataclass(frozen=True, slots=True)
class Request:
    """What a scheme may look at. `headers` are looked up by lower-case name; `path` is
    decoded once; `body_digest` reads the whole body and gives its hex SHA-256."""

    method: str
    path: str
    query: Iterable[tuple[str, str]]
    headers: Mapping[str, str]
    body_digest: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Means:
    """What a scheme may use."""

    db: Database
    secrets: SecretBox
    roles: RoleNames
    gate: Gate


async def authenticate(
    db: Database,
    request: Request,
    *,
    secrets: SecretBox,
    roles: RoleNames,
    gate: Gate | None = None,
) -> Caller:
    """The caller, after one SQL statement; 401 when there is none.

    Header X-Dci-Team-Id narrows a user to one of its teams. HMAC: 400 for a bad or old
    signature, 412 when the machine's team is not active.
    """
    means = Means(db, secrets, roles, gate or _GATE)
    header = request.headers.get("authorization")
    if header is None:
        caller = await _by_session(request, means)
    else:
        recognise = _SCHEMES.get(header.split(" ", 1)[0].lower())
        if recognise is None:
            raise Unauthorised("this authorization scheme is unknown here")
        caller = await recognise(request, means)
    team = request.headers.get("x-dci-team-id")
    return await _narrow(caller, team, means) if team and caller.kind == "user" else caller


async def _by_session(request: Request, means: Means) -> Caller:
    token = model.cookie(request.headers.get("cookie", ""), SESSION_COOKIE)
    if token is None:
        raise Unauthorised("Authorization header missing")
    text = await means.db.ask(
        "SELECT rt_identity_by_session($1, $2)", model.token_hash(token), means.db.clock.now()
    )
    if text is None:
        raise Unauthorised("the session has ended; log in again")
    if request.method not in _READING and request.headers.get("x-requested-with") != "ringtest":
        raise Unauthorised("requests with a session need the header X-Requested-With: ringtest")
    return model.user_caller(model.read_user(text), means.roles)


async def _by_basic(request: Request, means: Means) -> Caller:
    login, password = model.read_basic(request.headers["authorization"][5:].strip())
    return await _log_in(login, password, means)


async def log_in(
    db: Database, login: str, password: str, *, roles: RoleNames, gate: Gate | None = None
) -> Caller:
    """The user of that name, else e-mail address, with that password; 401."""
    return await _log_in(login, password, Means(db, _NoSecrets(), roles, gate or _GATE))


class _NoSecrets:
    """People's passwords are hashed: nothing to open."""

    def seal(self, secret: str) -> bytes:
        raise ValueError("no key here")

    def open(self, sealed: bytes) -> str:
        raise ValueError("no key here")


async def _log_in(login: str, password: str, means: Means) -> Caller:
    text = None if "\0" in login else await means.db.ask("SELECT rt_identity_by_login($1)", login)
    row = model.read_user(text) if text is not None else None
    if not await _verify(means.gate, login, password, row, means.db.clock.now()) or row is None:
        raise Unauthorised("the name or the password is wrong")
    return model.user_caller(row, means.roles)


async def _verify(
    gate: Gate, login: str, password: str, row: model.UserRow | None, now: datetime
) -> bool:
    """Is it the user's password? An unknown user costs as much time as a known one.

    Requests with the same credentials share one check, so a page that asks for ten
    things at once is neither slow nor taken for an attack.
    """
    etag = row.etag if row else ""
    digest = gate.logins.digest(login, password)
    if gate.logins.remembers(digest, etag, now):
        return True
    running = gate.running.get((digest, etag))
    if running is None:
        if len(gate.running) >= _WAITING:
            raise Unavailable("too many logins wait to be checked; try again")
        gate.logins.begin(login, now)
        running = asyncio.ensure_future(_check(gate, digest, login, password, row, now))
        gate.running[digest, etag] = running
        running.add_done_callback(lambda _: gate.running.pop((digest, etag), None))
    return await asyncio.shield(running)


async def _check(
    gate: Gate, digest: bytes, login: str, password: str, row: model.UserRow | None, now: datetime
) -> bool:
    hashed = (row.password if row else None) or NO_PASSWORD
    async with gate.turns:
        good = await asyncio.to_thread(check_password, password, hashed)
    if good and row is not None:
        gate.logins.remember(digest, row.etag, login, now)
    return good and row is not None


async def _by_signature(request: Request, means: Means) -> Caller:
    claim = signature.read(request.headers)
    if claim.kind not in ("remoteci", "feeder"):
        raise BadRequest("HmacMechanism failed: the client type must be remoteci or feeder")
    kind: Machine = "remoteci" if claim.kind == "remoteci" else "feeder"
    now = means.db.clock.now()
    try:
        machine_id = UUID(claim.holder)
    except ValueError:
        raise Unauthorised(f"{kind} not known here") from None
    text = await means.db.ask("SELECT rt_identity_of_machine($1, $2, $3)", kind, machine_id, now)
    if text is None:
        raise Unauthorised(f"{kind} {machine_id} not known here, or not active")
    row = model.read_machine(text)
    signature.require_fresh(claim, now)
    signature.require_valid(
        claim,
        _open_all(row.secrets, means.secrets, machine_id),
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body_digest=await request.body_digest(),
    )
    if row.team.state != "active":
        raise PreconditionFailed(f"team {row.team.name} not active")
    return model.machine_caller(kind, row, means.roles)


def _open_all(sealed: Iterable[str], secrets: SecretBox, machine_id: UUID) -> Iterable[str]:
    """The machine's keys, newest first; after a rotation the old one still counts."""
    for text in sealed:
        try:
            yield secrets.open(base64.b64decode(text))
        except ValueError:
            log.error("key.unreadable machine=%s: was the server's secret key changed?", machine_id)


Scheme = Callable[[Request, Means], Awaitable[Caller]]
_SCHEMES: dict[str, Scheme] = {
    "basic": _by_basic,
    "dci2-hmac-sha256": _by_signature,
    "dci-hmac-sha256": _by_signature,
    "aws4-hmac-sha256": _by_signature,
}
"""By the first word of the Authorization header, in lower case. Bearer tokens go here."""


async def _narrow(caller: Caller, text: str, means: Means) -> Caller:
    team_id = model.parse_team_scope(text)
    grants: frozenset[UUID] = frozenset()
    if caller.component_teams and team_id in caller.team_ids:
        async with means.db.transaction(Tenant(teams=frozenset({team_id}))) as tx:
            grants = await store.granted_to(tx, team_id)
    return model.narrow(caller, team_id, grants, means.roles)


async def open_session(tx: Transaction, *, caller: Caller) -> str:
    """A new session of the user; returns the cookie's value, which is kept nowhere."""
    token = new_secret()
    await store.add_session(tx, model.token_hash(token), caller.id, tx.now + model.SESSION_LIFE)
    return token


async def close_session(tx: Transaction, *, token: str) -> None:
    """End one session; an unknown one is fine."""
    await store.drop_session(tx, model.token_hash(token))
