"""Who is asking, and what that identity may do. Pure."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, TypedDict
from uuid import UUID

import msgspec

from ringtest.control.kernel import sha512_crypt
from ringtest.control.kernel.errors import Unauthorised
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import Scope, Tenant

Kind = Literal["user", "remoteci", "feeder"]
Machine = Literal["remoteci", "feeder"]
Via = Literal["password", "session", "signature", "sso", "token"]
"""How a caller showed who it is."""

USER_COLUMNS = """u.id, u.created_at, u.updated_at, u.etag, u.state, u.name, u.sso_username,
  u.sso_sub, u.fullname, u.email, u.timezone"""
"""What may be shown of a user `u`: everything but the password."""
TEAM_COLUMNS = """t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.country,
  t.external, t.has_pre_release_access"""
"""What may be shown of a team `t`."""


class Role(StrEnum):
    """What a caller is. A person is a member, and may be more by membership in three teams;
    a machine is what it is, whatever its team. The rights of each are the properties of
    `Caller`."""

    SUPER_ADMIN = "super_admin"  # everything
    EPM = "epm"  # reads everything; writes all but products, users, audits and purges
    READ_ONLY = "read_only"  # reads everything; writes in its own teams alone
    MEMBER = "member"  # its teams' things, and the topics these may see
    REMOTECI = "remoteci"  # a lab: as a member of one team, and alone in making jobs
    FEEDER = "feeder"  # topics, components and their files, of whatever product


class RoleFlags(TypedDict):
    """Roles of a person as `Caller` takes them."""

    is_super_admin: bool
    is_epm: bool
    is_read_only: bool


@dataclass(frozen=True, slots=True)
class RoleNames:
    """Teams whose members hold a role: settings, with DCI's names as defaults."""

    super_admin: str = "admin"
    epm: str = "EPM"
    read_only: str = "Red Hat"

    @classmethod
    def of(cls, settings: Settings) -> "RoleNames":
        """The names that the settings give."""
        return cls(settings.super_admin_team, settings.epm_team, settings.read_only_team)

    def flags(self, names: Iterable[str]) -> RoleFlags:
        """The roles that membership in teams of these names gives."""
        held = set(names)
        return {
            "is_super_admin": self.super_admin in held,
            "is_epm": self.epm in held,
            "is_read_only": self.read_only in held,
        }

    def __contains__(self, name: object) -> bool:
        return name in (self.super_admin, self.epm, self.read_only)


class Team(msgspec.Struct, frozen=True):
    """A team as its members carry it."""

    id: UUID
    name: str
    has_pre_release_access: bool = False
    state: str = "active"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated identity. Services check with it; policies get its `tenant`."""

    kind: Kind
    id: UUID
    name: str
    etag: str
    teams: tuple[Team, ...]
    component_teams: frozenset[UUID] = frozenset()
    is_super_admin: bool = False
    is_epm: bool = False
    is_read_only: bool = False
    may_write: bool = True  # a token of scope `read` may not
    via: Via = "password"
    profile: Mapping[str, Any] = field(default_factory=dict)  # fullname, email, timezone

    @property
    def roles(self) -> frozenset[Role]:
        """Everything the caller is.

        >>> sorted(Caller("user", UUID(int=1), "jo", "", (), is_epm=True).roles)
        [<Role.EPM: 'epm'>, <Role.MEMBER: 'member'>]
        """
        own = Role.MEMBER if self.kind == "user" else Role(self.kind)
        held = (
            (Role.SUPER_ADMIN, self.is_super_admin),
            (Role.EPM, self.is_epm),
            (Role.READ_ONLY, self.is_read_only),
        )
        return frozenset({own, *(role for role, is_held in held if is_held)})

    @property
    def team_ids(self) -> frozenset[UUID]:
        return frozenset(team.id for team in self.teams)

    @property
    def reads_all(self) -> bool:
        """Super admins, EPMs and read-only members see every team's rows."""
        return self.is_super_admin or self.is_epm or self.is_read_only

    @property
    def writes_all(self) -> bool:
        return self.is_super_admin or self.is_epm

    @property
    def reads_catalog(self) -> bool:
        """Sees every topic, whatever its product's teams."""
        return self.reads_all or self.kind == "feeder"

    @property
    def writes_catalog(self) -> bool:
        """May create topics and team-less components."""
        return self.writes_all or self.kind == "feeder"

    @property
    def has_pre_release_access(self) -> bool:
        return any(team.has_pre_release_access for team in self.teams)

    @property
    def visible_teams(self) -> list[UUID] | None:
        """Teams whose rows to filter for; None means no filter."""
        return None if self.reads_all else sorted(self.team_ids)

    @property
    def visible_component_teams(self) -> list[UUID] | None:
        return None if self.reads_all else sorted(self.team_ids | self.component_teams)

    def is_member(self, team_id: UUID) -> bool:
        """Belongs to the team; EPMs and super admins count as members of every team."""
        return self.writes_all or team_id in self.team_ids

    @property
    def tenant(self) -> Tenant:
        """The same rights, as row-level security reads them."""
        return Tenant(
            scope=self._scope(),
            teams=self.team_ids,
            component_teams=self.component_teams,
            pre_release=self.has_pre_release_access,
            user=self.id if self.kind == "user" else None,
            may_write=self.may_write,
        )

    def _scope(self) -> Scope:
        if self.writes_all:
            return "all"
        if self.is_read_only:
            return "read"
        return "catalog" if self.kind == "feeder" else "team"


def permit(allowed: bool, message: str = "Operation not authorized.") -> None:
    """Go on, or 401. The only way a service refuses."""
    if not allowed:
        raise Unauthorised(message)


# Passwords ----------------------------------------------------------------------

_COST = 14  # log2 of scrypt's N; 16 MiB and about 0.2 s with the five passes below
_BLOCK, _PASSES = 8, 5


def hash_password(password: str, *, cost: int = _COST) -> str:
    """scrypt with a fresh salt, its parameters in front: `scrypt$14$8$5$salt$hash`."""
    salt = secrets.token_bytes(16)
    made = _scrypt(password, salt, cost, _BLOCK, _PASSES)
    parts = [base64.b64encode(part).decode() for part in (salt, made)]
    return "$".join(["scrypt", str(cost), str(_BLOCK), str(_PASSES), *parts])


NO_PASSWORD = f"scrypt${_COST}${_BLOCK}${_PASSES}$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "="
"""Matches nothing, and takes as long as a real one to find that out."""


def is_foreign(hashed: str) -> bool:
    """A hash of the server that was here before (sha512-crypt): the next login replaces it."""
    return hashed.startswith("$6$")


def check_password(password: str, hashed: str) -> bool:
    """Is it the password? Takes as long either way.

    >>> check_password("owl", hash_password("owl", cost=4))
    True
    >>> check_password("elk", hash_password("owl", cost=4))
    False
    """
    if is_foreign(hashed):
        return sha512_crypt.verify(password, hashed)
    scheme, cost, block, passes, salt, made = hashed.split("$")
    if scheme != "scrypt":
        return False
    again = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(passes))
    return hmac.compare_digest(again, base64.b64decode(made))


def _scrypt(password: str, salt: bytes, cost: int, block: int, passes: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=1 << cost, r=block, p=passes, maxmem=1 << 28, dklen=32
    )


class Logins:
    """Passwords that this process verified, so that not every request pays for its hash.

    A verified password is remembered for `REMEMBER` as a keyed digest, and only while
    the user's etag stays: any change of the user forgets it. Failures are counted for all
    processes together (room `limits`).
    """

    REMEMBER = timedelta(minutes=5)
    SIZE = 10_000  # the oldest go first

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._verified: dict[bytes, tuple[str, datetime]] = {}

    def digest(self, login: str, password: str) -> bytes:
        """Names a pair of login and password, to this process alone."""
        text = f"{len(login)}:{login}{password}".encode()
        return hmac.digest(self._key, text, "sha256")

    def remembers(self, digest: bytes, etag: str, now: datetime) -> bool:
        """Was this pair verified for this very state of the user?"""
        known = self._verified.get(digest)
        return known is not None and known[0] == etag and now < known[1]

    def remember(self, digest: bytes, etag: str, now: datetime) -> None:
        """The pair is right: skip the costly check for a while."""
        self._verified.pop(digest, None)
        self._verified[digest] = (etag, now + self.REMEMBER)
        if len(self._verified) > self.SIZE:
            del self._verified[next(iter(self._verified))]
