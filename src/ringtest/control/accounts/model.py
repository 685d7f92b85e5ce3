"""Who is asking, and what that identity may do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from ringtest.control.kernel.errors import Unauthorised
from ringtest.control.kernel.tenant import Scope, Tenant

Kind = Literal["user", "remoteci", "feeder"]


@dataclass(frozen=True, slots=True)
class RoleNames:
    """Teams whose members hold a role: settings, with DCI's names as defaults."""

    super_admin: str = "admin"
    epm: str = "EPM"
    read_only: str = "Red Hat"


@dataclass(frozen=True, slots=True)
class Team:
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
    profile: Mapping[str, Any] = field(default_factory=dict)  # fullname, email, timezone

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
