"""Recognising a caller: credentials read, identities built, roles derived. Pure."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller, Machine, RoleNames, Team, permit
from ringtest.control.kernel.errors import BadRequest, PreconditionFailed, Unauthorised

SESSION_LIFE = timedelta(days=7)
MAX_CREDENTIAL = 1000
"""Characters of a login or password."""
READING = ("GET", "HEAD")
TOKEN_PREFIX = "rt_"
"""How tokens begin, so that they are known for what they are wherever they turn up."""
USED_EVERY = timedelta(minutes=1)
"""How often it is noted that a token is in use."""


class UserRow(msgspec.Struct, frozen=True):
    """A user with its teams; `password` is a hash, `grants` pairs of a team of the user and
    a team whose components that one may see, `ends_at` the end of its session, if any."""

    id: UUID
    name: str
    etag: str
    fullname: str
    timezone: str
    teams: tuple[Team, ...]
    grants: tuple[tuple[UUID, UUID], ...]
    email: str | None = None
    password: str | None = None
    ends_at: datetime | None = None


class Key(msgspec.Struct, frozen=True):
    """One secret of a machine, sealed and in base64; it counts until `ends_at`."""

    secret: str
    ends_at: datetime | None = None


class MachineRow(msgspec.Struct, frozen=True):
    """A remote CI or feeder with its team and its keys, the newest first."""

    id: UUID
    name: str
    etag: str
    team: Team
    component_teams: frozenset[UUID]
    keys: tuple[Key, ...]


class TokenRow(msgspec.Struct, frozen=True):
    """An API token. `holder` is a UserRow or MachineRow, null when it is not active."""

    id: UUID
    holder_kind: Literal["user", "remoteci", "feeder"]
    scopes: frozenset[str]
    ends_at: datetime
    holder: msgspec.Raw
    team_id: UUID | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A user as one that may be remembered."""

    row: UserRow
    caller: Caller

    @classmethod
    def read(cls, text: str | bytes | msgspec.Raw, roles: RoleNames) -> "Person":
        """The JSON of rt_person."""
        row = msgspec.json.decode(text, type=UserRow)
        return cls(row, user_caller(row, roles))


@dataclass(frozen=True, slots=True)
class Holder:
    """A machine as one that may be remembered; `secrets` are open, with their ends."""

    caller: Caller
    secrets: tuple[tuple[str, datetime | None], ...] = ()

    def require_active_team(self) -> None:
        """412 when its team is not active: machines of such teams do nothing."""
        (team,) = self.caller.teams
        if team.state != "active":
            raise PreconditionFailed(f"team {team.name} not active")

    def secrets_at(self, now: datetime) -> list[str]:
        """Secrets that count now, the newest first."""
        return [secret for secret, end in self.secrets if end is None or end > now]


@dataclass(frozen=True, slots=True)
class Token:
    """A token as one that may be remembered; `who` is its holder."""

    row: TokenRow
    who: Person | Holder


def read_machine(text: str | bytes | msgspec.Raw) -> MachineRow:
    """The JSON of rt_machine."""
    return msgspec.json.decode(text, type=MachineRow)


def read_token(text: str) -> TokenRow:
    """The JSON of rt_by_token."""
    return msgspec.json.decode(text, type=TokenRow)


def user_caller(row: UserRow, roles: RoleNames) -> Caller:
    """The identity of a person; a role is membership in the team of its name."""
    return Caller(
        kind="user",
        id=row.id,
        name=row.name,
        etag=row.etag,
        teams=row.teams,
        component_teams=frozenset(seen for _, seen in row.grants),
        **roles.flags(team.name for team in row.teams),
        profile={"fullname": row.fullname, "email": row.email, "timezone": row.timezone},
    )


def machine_caller(kind: Machine, row: MachineRow, roles: RoleNames) -> Caller:
    """The identity of a machine: one team; never an administrator, whatever its team."""
    return Caller(
        kind=kind,
        id=row.id,
        name=row.name,
        etag=row.etag,
        teams=(row.team,),
        component_teams=row.component_teams,
        is_read_only=kind == "remoteci" and row.team.name == roles.read_only,
        via="signature",
    )


def narrow(person: Person, caller: Caller, team_id: UUID, roles: RoleNames) -> Caller:
    """The caller as a member of that one team alone; 401 when it is not a member."""
    teams = tuple(team for team in caller.teams if team.id == team_id)
    permit(bool(teams), f"you are not a member of the team {team_id}")
    return replace(
        caller,
        teams=teams,
        component_teams=frozenset(seen for team, seen in person.row.grants if team == team_id),
        **roles.flags(team.name for team in teams),
    )


# Scopes of tokens --------------------------------------------------------------------

SCOPES: Mapping[str, frozenset[str]] = {
    "read": frozenset(),
    "jobs:write": frozenset({"jobs", "jobstates", "files", "pipelines", "uploads", "job_requests"}),
    "components:write": frozenset({"components", "uploads"}),
    "labs:write": frozenset({"remotecis", "feeders"}),
    "catalog:write": frozenset(
        {"products", "topics", "job_definitions", "trigger_rules", "report_targets", "deliveries"}
    ),
    "all": frozenset(),
}
"""What each scope lets a token change: the first words of addresses. Every token reads."""
_NEEDS_ALL = ("/purge", "/api_secret", "/keys/{key_id:str}")
"""Ends of addresses that make keys, or end things for good: more than changing one's things."""


def require_scope(scopes: frozenset[str], method: str, route: str) -> None:
    """401 unless a token of these scopes may send `method` to `route` (a template such as
    `/jobs/{job_id:str}`). What no scope names needs `all`.

    >>> require_scope(frozenset({"jobs:write"}), "POST", "/jobs/schedule")
    >>> require_scope(frozenset({"jobs:write"}), "POST", "/teams")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.Unauthorised: this token may not: it needs the scope all
    """
    if method in READING or "all" in scopes:
        return
    noun = route.strip("/").partition("/")[0]
    fitting = [] if route.endswith(_NEEDS_ALL) else [s for s, n in SCOPES.items() if noun in n]
    if scopes.isdisjoint(fitting):
        raise Unauthorised(
            f"this token may not: it needs the scope {' or '.join(fitting or ['all'])}"
        )


def scoped(caller: Caller, scopes: frozenset[str]) -> Caller:
    """The caller as its token shows it: transactions of one that only reads cannot write."""
    return replace(caller, via="token", may_write=not scopes <= {"read"})


def identity_json(caller: Caller) -> dict[str, Any]:
    """What GET /identity says. Machines have no name there, and `team_name` in their team:
    the wire format's habit."""
    is_user = caller.kind == "user"
    teams = {
        str(team.id): {
            "id": team.id,
            "name": team.name,
            "has_pre_release_access": team.has_pre_release_access,
            **({} if is_user else {"team_name": team.name, "state": team.state}),
        }
        for team in caller.teams
    }
    return {
        "id": caller.id,
        "etag": caller.etag,
        "name": caller.name if is_user else None,
        "fullname": caller.profile.get("fullname"),
        "email": caller.profile.get("email"),
        "timezone": caller.profile.get("timezone"),
        "teams": teams,
        "kind": caller.kind,
        "is_super_admin": caller.is_super_admin,
        "is_epm": caller.is_epm,
        "is_read_only": caller.is_read_only,
    }


def token_hash(token: str) -> bytes:
    """What the database keeps of a session's cookie, or of a token."""
    return hashlib.sha256(token.encode()).digest()


def read_basic(credentials: str) -> tuple[str, str]:
    """Login and password of a Basic header's second half; 401 when it is not that.

    >>> read_basic("b3dsOmE6Yg==")
    ('owl', 'a:b')
    """
    try:
        text = base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        raise Unauthorised("the Basic credentials cannot be read") from None
    login, _, password = text.partition(":")
    if max(len(login), len(password)) > MAX_CREDENTIAL:
        raise Unauthorised("the Basic credentials are too long")
    return login, password


def cookie(header: str, name: str) -> str | None:
    """One cookie's value out of a Cookie header.

    >>> cookie("a=1; ringtest_session=x", "ringtest_session")
    'x'
    """
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None


def parse_team_scope(text: str) -> UUID:
    """The team of X-Dci-Team-Id; 400 when it is no id."""
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest("X-Dci-Team-Id must be a team's id") from None
