"""Verbs of identity: recognise the caller of a request, open and close sessions."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from ringtest.control.accounts.model import (
    NO_PASSWORD,
    Caller,
    Logins,
    Machine,
    RoleNames,
    check_password,
    hash_password,
    is_foreign,
)
from ringtest.control.db.changes import Kept
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.identity import model, store
from ringtest.control.identity.model import Holder, Person, Token
from ringtest.control.kernel.errors import (
    BadRequest,
    TooManyRequests,
    Unauthorised,
    Unavailable,
)
from ringtest.control.kernel.ids import new_secret
from ringtest.control.kernel.settings import Settings
from ringtest.control.limits import service as limits
from ringtest.control.limits.model import login_bounds, signature_bound
from ringtest.control.ports.identity_provider import IdentityProvider
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.sso import model as sso_model
from ringtest.control.sso import service as sso
from ringtest.control.wire import signature

log = logging.getLogger(__name__)

SESSION_COOKIE = "ringtest_session"
_WAITING = 100
"""Password checks that may wait: each takes a fifth of a second of a processor."""


@dataclass(slots=True)
class Gate:
    """One per process: verified passwords, and checks that run right now."""

    logins: Logins = field(default_factory=Logins)
    running: dict[tuple[bytes, str], asyncio.Future[bool]] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))


_GATE = Gate()


@dataclass(frozen=True, slots=True)
class Request:
    """What a scheme may look at. `headers` are looked up by lower-case name; `path` is
    decoded once, `route` its template without the version; `body_digest` reads the whole body
    and gives its hex SHA-256; `address` is as limits count it."""

    method: str
    path: str
    route: str
    query: Iterable[tuple[str, str]]
    headers: Mapping[str, str]
    address: str
    body_digest: Callable[[], Awaitable[str]]


class Desk:
    """Where callers show who they are: one per application, with what it remembers.

    Callers are remembered while the tables they are made of stay as they are (`db.changes`);
    what ends by itself is remembered with its end.
    """

    def __init__(
        self, secrets: SecretBox, settings: Settings, provider: IdentityProvider | None = None
    ) -> None:
        self.secrets = secrets
        self.settings = settings
        self.roles = RoleNames.of(settings)
        self.ring = sso.KeyRing(provider, settings)
        self.audiences = frozenset(filter(None, settings.sso_audiences.split(",")))
        self.rules = sso_model.team_rules(settings)
        self.tolerance = timedelta(seconds=settings.signature_seconds)
        self.public_host = urlsplit(settings.public_url).netloc
        self.allowances = limits.Allowances()
        self.token_uses: dict[UUID, datetime] = {}
        self.closed: dict[str, datetime] = {}
        """Machines at addresses whose signatures are refused, until when."""
        self._db: Database | None = None

    def serve(self, db: Database) -> None:
        """Callers are those of this database from now on; of another one nothing is kept."""
        if self._db is not db:
            self._db = db
            self.people: Kept[Person] = Kept(db.changes, room=5000)
            self.machines: Kept[Holder] = Kept(db.changes, room=5000)
            self.tokens: Kept[Token] = Kept(db.changes, room=5000)
            self.bearers: Kept[tuple[sso_model.Person, int, Person]] = Kept(db.changes, room=5000)


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request at the desk."""

    db: Database
    desk: Desk
    request: Request
    gate: Gate
    now: datetime


async def authenticate(
    db: Database, request: Request, *, desk: Desk, gate: Gate | None = None
) -> Caller:
    """The caller; 401 when there is none. No SQL for one that is remembered, else one statement.

    Header X-Dci-Team-Id narrows a user to one of its teams. HMAC: 400 for a bad or old
    signature, 412 when the machine's team is not active.
    """
    desk.serve(db)
    visit = _Visit(db, desk, request, gate or _GATE, db.clock.now())
    header = request.headers.get("authorization")
    scheme = header.partition(" ")[0].lower() if header is not None else _NO_HEADER
    recognise = _SCHEMES.get(scheme)
    if recognise is None:
        raise Unauthorised("this authorization scheme is unknown here")
    who, caller = await recognise(visit)
    team = request.headers.get("x-dci-team-id")
    if team and isinstance(who, Person):
        return model.narrow(who, caller, model.parse_team_scope(team), desk.roles)
    return caller


async def _by_session(visit: _Visit) -> tuple[Person, Caller]:
    request = visit.request
    token = model.cookie(request.headers.get("cookie", ""), SESSION_COOKIE)
    if token is None:
        raise Unauthorised("Authorization header missing")
    digest = model.token_hash(token)
    person = visit.desk.people.recall(digest)
    if person is None:
        since = visit.db.changes.moment()
        text = await store.person_by_session(visit.db, digest)
        if text is not None:
            person = Person.read(text, visit.desk.roles)
            visit.desk.people.keep(digest, person, reads=store.SESSION, since=since)
    if person is None or person.row.ends_at is None or person.row.ends_at <= visit.now:
        raise Unauthorised("the session has ended; log in again")
    if (
        request.method not in model.READING
        and request.headers.get("x-requested-with") != "ringtest"
    ):
        raise Unauthorised("requests with a session need the header X-Requested-With: ringtest")
    return person, replace(person.caller, via="session")


async def person(db: Database, *, user_id: UUID, roles: RoleNames) -> Caller | None:
    """The identity of a user who is not here now: what may be told to it. None: not active."""
    text = await store.person(db, user_id)
    return Person.read(text, roles).caller if text is not None else None


async def lab(db: Database, *, remoteci_id: UUID, roles: RoleNames) -> Caller | None:
    """The identity of a lab that the server itself works for. None: not active, or its team."""
    text = await store.machine(db, "remoteci", remoteci_id)
    if text is None:
        return None
    row = model.read_machine(text)
    return model.machine_caller("remoteci", row, roles) if row.team.state == "active" else None


# Passwords ---------------------------------------------------------------------------


async def _by_basic(visit: _Visit) -> tuple[Person, Caller]:
    login, password = model.read_basic(visit.request.headers["authorization"][5:].strip())
    person = await _log_in(visit, login, password)
    return person, person.caller


async def log_in(
    db: Database, login: str, password: str, *, desk: Desk, address: str, gate: Gate | None = None
) -> Caller:
    """The user of that name, else e-mail address, with that password; 401."""
    desk.serve(db)
    request = Request("POST", "", "", (), {}, address, _no_body)
    visit = _Visit(db, desk, request, gate or _GATE, db.clock.now())
    return (await _log_in(visit, login, password)).caller


async def _no_body() -> str:
    return ""


async def _log_in(visit: _Visit, login: str, password: str) -> Person:
    key = ("login", login)
    person = visit.desk.people.recall(key)
    if person is None and "\0" not in login:
        since = visit.db.changes.moment()
        text = await store.person_by_login(visit.db, login)
        if text is not None:
            person = Person.read(text, visit.desk.roles)
            visit.desk.people.keep(key, person, reads=store.PERSON, since=since)
    if not await _verify(visit, login, password, person) or person is None:
        raise Unauthorised("the name or the password is wrong")
    return person


async def _verify(visit: _Visit, login: str, password: str, person: Person | None) -> bool:
    """Is it the user's password? An unknown user costs as much time as a known one.

    Requests with the same credentials share one check, so a page that asks for ten
    things at once is neither slow nor taken for an attack.
    """
    gate, etag = visit.gate, person.row.etag if person else ""
    digest = gate.logins.digest(login, password)
    if gate.logins.remembers(digest, etag, visit.now):
        return True
    running = gate.running.get((digest, etag))
    if running is None:
        if len(gate.running) >= _WAITING:
            raise Unavailable("too many logins wait to be checked; try again")
        running = asyncio.ensure_future(_check(visit, digest, login, password, person))
        gate.running[digest, etag] = running
        running.add_done_callback(lambda _: gate.running.pop((digest, etag), None))
    return await asyncio.shield(running)


async def _check(
    visit: _Visit, digest: bytes, login: str, password: str, person: Person | None
) -> bool:
    """Hash the password, unless too many were wrong; failures are everybody's knowledge."""
    gate, db, settings = visit.gate, visit.db, visit.desk.settings
    hashed = (person.row.password if person else None) or NO_PASSWORD
    bounds = login_bounds(login, visit.request.address, settings)
    async with gate.turns:
        pending = gate.pending.get(login, 0)
        gate.pending[login] = pending + 1
        try:
            failed = await limits.require_open(db, bounds, settings, pending=pending)
            good = await asyncio.to_thread(check_password, password, hashed)
            if not good or person is None:
                await limits.note_failure(db, bounds, settings)
                return False
        finally:
            gate.pending[login] -= 1
            if not gate.pending[login]:
                del gate.pending[login]
    gate.logins.remember(digest, person.row.etag, visit.now)
    if failed:
        await limits.forgive(db, bounds[0])
    if is_foreign(hashed):
        again = await asyncio.to_thread(hash_password, password)
        await store.replace_hash(db, person.row.id, hashed, again)
    return True


# Signatures --------------------------------------------------------------------------


async def _by_signature(visit: _Visit) -> tuple[Holder, Caller]:
    claim = signature.read(visit.request.headers)
    if claim.kind not in ("remoteci", "feeder"):
        raise BadRequest("HmacMechanism failed: the client type must be remoteci or feeder")
    kind: Machine = "remoteci" if claim.kind == "remoteci" else "feeder"
    try:
        machine_id = UUID(claim.holder)
    except ValueError:
        raise Unauthorised(f"{kind} not known here") from None
    holder = await _machine(visit, kind, machine_id)
    if holder is None:
        raise Unauthorised(f"{kind} {machine_id} not known here, or not active")
    signature.require_fresh(claim, visit.now, visit.desk.tolerance)
    await _require_valid(visit, claim, holder, machine_id)
    holder.require_active_team()
    if visit.desk.settings.refuse_replays and visit.request.method not in model.READING:
        until = claim.moment + visit.desk.tolerance
        await limits.require_unused(visit.db, bytes.fromhex(claim.digest), until)
    return holder, holder.caller


async def _machine(visit: _Visit, kind: Machine, machine_id: UUID) -> Holder | None:
    desk, key = visit.desk, (kind, machine_id)
    holder = desk.machines.recall(key)
    if holder is None:
        since = visit.db.changes.moment()
        text = await store.machine(visit.db, kind, machine_id)
        if text is None:
            return None
        holder = _open(kind, model.read_machine(text), desk)
        desk.machines.keep(key, holder, reads=store.MACHINE, since=since)
    return holder


def _open(kind: Machine, row: model.MachineRow, desk: Desk) -> Holder:
    """The machine with its keys opened, newest first; after a rotation the old one may count."""
    opened = []
    for key in row.keys:
        try:
            opened.append((desk.secrets.open(base64.b64decode(key.secret)), key.ends_at))
        except ValueError:
            log.error("key.unreadable machine=%s: was the server's secret key changed?", row.id)
    return Holder(model.machine_caller(kind, row, desk.roles), tuple(opened))


async def _require_valid(
    visit: _Visit, claim: signature.Signature, holder: Holder, machine_id: UUID
) -> None:
    """400 for a wrong signature; 429 when there were too many of this machine from there."""
    desk, request = visit.desk, visit.request
    bound = signature_bound(machine_id, request.address, desk.settings)
    until = desk.closed.get(bound.key)
    if until is not None and visit.now < until:
        wait = int((until - visit.now).total_seconds()) + 1
        raise TooManyRequests(f"too many wrong signatures; try again in {wait} s", retry_after=wait)
    try:
        signature.require_valid(
            claim,
            holder.secrets_at(visit.now),
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            body_digest=await request.body_digest(),
            public_host=desk.public_host,
        )
    except BadRequest:
        closed = await limits.note_failure(visit.db, [bound], desk.settings)
        if closed:
            desk.closed = {key: end for key, end in desk.closed.items() if end > visit.now}
            desk.closed[bound.key] = visit.now + timedelta(seconds=closed)
        raise


# Bearer ------------------------------------------------------------------------------


async def _by_bearer(visit: _Visit) -> tuple[Person | Holder, Caller]:
    token = visit.request.headers["authorization"][6:].strip()
    if token.startswith(model.TOKEN_PREFIX):
        return await _by_token(visit, token)
    return await _by_sso(visit, token)


async def _by_token(visit: _Visit, text: str) -> tuple[Person | Holder, Caller]:
    desk, digest = visit.desk, model.token_hash(text)
    token = desk.tokens.recall(digest)
    if token is None:
        since = visit.db.changes.moment()
        found = await store.token(visit.db, digest)
        if found is None:
            raise Unauthorised("this token is unknown or revoked")
        token = _read_token(found, desk)
        desk.tokens.keep(digest, token, reads=store.TOKEN, since=since)
    row, who = token.row, token.who
    if row.ends_at <= visit.now:
        raise Unauthorised("this token has expired")
    if isinstance(who, Holder):
        who.require_active_team()
    model.require_scope(row.scopes, visit.request.method, visit.request.route)
    await _note_use(visit, row)
    caller = model.scoped(who.caller, row.scopes)
    if row.team_id is not None and isinstance(who, Person):
        caller = model.narrow(who, caller, row.team_id, desk.roles)
    return who, caller


def _read_token(text: str, desk: Desk) -> Token:
    row = model.read_token(text)
    if bytes(row.holder) == b"null":
        raise Unauthorised("whom this token was for is not active")
    if row.holder_kind == "user":
        return Token(row, Person.read(row.holder, desk.roles))
    machine = model.machine_caller(row.holder_kind, model.read_machine(row.holder), desk.roles)
    return Token(row, Holder(machine))


async def _note_use(visit: _Visit, row: model.TokenRow) -> None:
    uses = visit.desk.token_uses
    last = uses.get(row.id) or row.last_used_at
    if last is None or visit.now - last >= model.USED_EVERY:
        if len(uses) > 10_000:
            uses.clear()
        uses[row.id] = visit.now
        await store.note_token_used(visit.db, row.id, visit.now)


async def _by_sso(visit: _Visit, text: str) -> tuple[Person, Caller]:
    desk, digest = visit.desk, model.token_hash(text)
    remembered = desk.bearers.recall(digest)
    is_usable = desk.ring.is_usable(visit.now)
    if remembered is not None and is_usable and remembered[1] == desk.ring.generation:
        claimed, _, person = remembered
        claimed.require_fresh(visit.now)
        return person, replace(person.caller, via="sso")
    claimed = await sso.verify(
        text, desk.ring, audiences=desk.audiences, rules=desk.rules, now=visit.now
    )
    since, generation = visit.db.changes.moment(), desk.ring.generation
    known = await sso.find(visit.db, claimed)
    may_create = bool(desk.settings.sso_create_users)
    if await sso.settle(visit.db, claimed, known, create=may_create):
        since = visit.db.changes.moment()
        known = await sso.find(visit.db, claimed)
    if known is None or bytes(known.person) == b"null":
        raise Unauthorised(f"the user {claimed.name} is not active")
    person = Person.read(known.person, desk.roles)
    desk.bearers.keep(digest, (claimed, generation, person), reads=store.PERSON, since=since)
    return person, replace(person.caller, via="sso")


Scheme = Callable[[_Visit], Awaitable[tuple[Person | Holder, Caller]]]
_NO_HEADER = " "
_SCHEMES: dict[str, Scheme] = {
    _NO_HEADER: _by_session,
    "basic": _by_basic,
    "bearer": _by_bearer,
    "dci2-hmac-sha256": _by_signature,
    "dci-hmac-sha256": _by_signature,
    "aws4-hmac-sha256": _by_signature,
}
"""By the first word of the Authorization header, in lower case."""


# Sessions ----------------------------------------------------------------------------


async def open_session(tx: Transaction, *, caller: Caller) -> str:
    """A new session of the user; returns the cookie's value, which is kept nowhere."""
    token = new_secret()
    await store.add_session(tx, model.token_hash(token), caller.id, tx.now + model.SESSION_LIFE)
    return token


async def close_session(tx: Transaction, *, token: str) -> None:
    """End one session; an unknown one is fine."""
    await store.drop_session(tx, model.token_hash(token))
