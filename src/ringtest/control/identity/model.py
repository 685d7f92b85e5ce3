"""Recognising a caller: credentials read, identities built, roles derived. Pure."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller, Machine, RoleNames, Team, permit
from ringtest.control.kernel.errors import BadRequest, Unauthorised

SESSION_LIFE = timedelta(days=7)
MAX_CREDENTIAL = 1000
"""Characters of a login or password; logins that fail are kept in memory for a while."""


class UserRow(msgspec.Struct, frozen=True):
    """A user with its teams; `password` is a hash."""

    id: UUID
    name: str
    etag: str
    fullname: str
    timezone: str
    teams: tuple[Team, ...]
    component_teams: frozenset[UUID]
    email: str | None = None
    password: str | None = None


class MachineRow(msgspec.Struct, frozen=True):
    """A remote CI or feeder with its team; `secrets` are sealed and in base64."""

    id: UUID
    name: str
    etag: str
    team: Team
    component_teams: frozenset[UUID]
    secrets: tuple[str, ...]


def read_user(text: str) -> UserRow:
    """The JSON of rt_identity."""
    return msgspec.json.decode(text, type=UserRow)


def read_machine(text: str) -> MachineRow:
    """The JSON of rt_identity_of_machine."""
    return msgspec.json.decode(text, type=MachineRow)


def user_caller(row: UserRow, roles: RoleNames) -> Caller:
    """The identity of a person; a role is membership in the team of its name."""
    names = {team.name for team in row.teams}
    return Caller(
        kind="user",
        id=row.id,
        name=row.name,
        etag=row.etag,
        teams=row.teams,
        component_teams=row.component_teams,
        is_super_admin=roles.super_admin in names,
        is_epm=roles.epm in names,
        is_read_only=roles.read_only in names,
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
    )


def narrow(
    caller: Caller, team_id: UUID, component_teams: frozenset[UUID], roles: RoleNames
) -> Caller:
    """The caller as a member of that one team alone; 401 when it is not a member."""
    teams = tuple(team for team in caller.teams if team.id == team_id)
    permit(bool(teams), f"you are not a member of the team {team_id}")
    names = {team.name for team in teams}
    return replace(
        caller,
        teams=teams,
        component_teams=component_teams,
        is_super_admin=roles.super_admin in names,
        is_epm=roles.epm in names,
        is_read_only=roles.read_only in names,
    )


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
    """What the database keeps of a session's cookie."""
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
