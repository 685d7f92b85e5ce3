"""Verbs of accounts: users, teams, memberships, roles, audits, the first start."""

import asyncio
from typing import Any
from uuid import UUID

from ringtest.control.accounts import store
from ringtest.control.accounts.model import (
    NO_PASSWORD,
    Caller,
    RoleNames,
    check_password,
    hash_password,
    permit,
)
from ringtest.control.db import rows
from ringtest.control.db.audits import Note
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.unseen import seen
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound
from ringtest.control.kernel.ids import new_secret
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.settings import Settings
from ringtest.control.limits import service as limits
from ringtest.control.limits.model import password_bound

# Users -------------------------------------------------------------------------------


async def add_audit(
    tx: Transaction,
    *,
    caller: Caller,
    action: str,
    subject_id: UUID | None = None,
    team_id: UUID | None = None,
) -> None:
    """Note who did what, for GET /audits: written with the COMMIT, without a statement of its
    own. `action` is verb_noun, as in `create_teams`."""
    tx.note(Note(caller.kind, caller.id, action, subject_id, team_id))


async def list_audits(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of who did what, for super administrators."""
    permit(caller.is_super_admin)
    if query.updated_after:
        raise BadRequest("audits do not change: use created_after")
    return await store.list_audits(tx, query)


async def create_user(
    tx: Transaction, *, caller: Caller, values: dict[str, Any]
) -> tuple[str, str]:
    """Add a user by e-mail address or SSO name, which also are its default names."""
    permit(caller.writes_all)
    name = values.get("email") or values.get("sso_username")
    if not name:
        raise BadRequest("email or sso_username is required")
    row = {"name": name, "fullname": name, **values}
    if row.get("password") is not None:
        row["password"] = await asyncio.to_thread(hash_password, row["password"])
    user_id = await rows.insert(tx, "users", row)
    await add_audit(tx, caller=caller, action="create_user", subject_id=user_id)
    return rows.found(await store.get_user(tx, user_id), "user")


async def list_users(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of all users, for administrators."""
    permit(caller.writes_all)
    return await store.list_users(tx, query)


async def get_user(tx: Transaction, *, caller: Caller, user_id: UUID) -> tuple[str, str]:
    """JSON and etag of a user: for administrators, and for the user itself."""
    permit(caller.writes_all or (caller.kind == "user" and caller.id == user_id))
    return rows.found(await store.get_user(tx, user_id), "user")


async def update_user(
    tx: Transaction, *, caller: Caller, user_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a user; 409 when it changed meanwhile. A new password ends its sessions and, but
    for `keep_tokens`, its tokens; who is not active any more loses its sessions.

    An sso_sub that is not given is set to null: clients of the wire format rely on it.
    """
    permit(caller.is_super_admin)
    rows.found(await store.get_user(tx, user_id), "user")
    keep_tokens = bool(values.pop("keep_tokens", False))
    row = {"sso_sub": None, **values}
    if row.get("password") is not None:
        row["password"] = await asyncio.to_thread(hash_password, row["password"])
    await _change_user(tx, user_id, etag, row, keep_tokens=keep_tokens)
    await add_audit(tx, caller=caller, action="update_user", subject_id=user_id)
    return rows.found(await store.get_user(tx, user_id, archived=True), "user")


async def _change_user(
    tx: Transaction, user_id: UUID, etag: str, row: dict[str, Any], *, keep_tokens: bool = False
) -> None:
    if not await rows.update(tx, "users", user_id, row, etag=etag):
        raise Conflict("the user was changed meanwhile; read it again")
    if "password" in row or row.get("state", "active") != "active":
        await store.drop_sessions(tx, user_id)
    if row.get("state") == "archived" or ("password" in row and not keep_tokens):
        await store.drop_tokens(tx, user_id)


async def confirm_me(
    db: Database, *, caller: Caller, values: dict[str, Any], settings: Settings
) -> None:
    """Take `current_password` out of a change of oneself: 400 when it is missing or wrong.

    Read-only members and people without a password, who log in elsewhere, need none. Not in a
    transaction: hashing takes a fifth of a second, and a wrong password counts at once.
    """
    permit(caller.kind == "user")
    permit(caller.via != "token" or "new_password" not in values)
    current = values.pop("current_password", None)
    if caller.is_read_only:
        return
    async with db.transaction(caller.tenant) as tx:
        hashed = await store.get_password(tx, caller.id)
    if hashed is None and "new_password" not in values:
        return
    if current is None:
        error = "current_password: is a required property"
        raise BadRequest("Request malformed", errors=[error], error=error)
    bound = password_bound(caller.id, settings)
    failed = await limits.require_open(db, [bound], settings)
    if not await asyncio.to_thread(check_password, current, hashed or NO_PASSWORD):
        await limits.note_failure(db, [bound], settings)
        raise BadRequest("current_password is wrong")
    if failed:
        await limits.forgive(db, bound)


async def update_me(
    tx: Transaction, *, caller: Caller, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change one's own profile or password, which `confirm_me` has looked at; 409 when the
    user changed meanwhile. A new password ends one's sessions and, but for `keep_tokens`, one's
    tokens."""
    permit(caller.kind == "user")
    new = values.pop("new_password", None)
    if new is not None:
        values["password"] = await asyncio.to_thread(hash_password, new)
    keep_tokens = bool(values.pop("keep_tokens", False))
    await _change_user(tx, caller.id, etag, values, keep_tokens=keep_tokens)
    return rows.found(await store.get_user(tx, caller.id), "user")


async def delete_user(tx: Transaction, *, caller: Caller, user_id: UUID, etag: str) -> None:
    """Archive a user; its sessions, tokens and logins end. 409 when it changed meanwhile."""
    permit(caller.is_super_admin)
    rows.found(await store.get_user(tx, user_id), "user")
    await _change_user(tx, user_id, etag, {"state": "archived"})
    await add_audit(tx, caller=caller, action="delete_user", subject_id=user_id)


async def list_user_teams(tx: Transaction, *, caller: Caller, user_id: UUID) -> rows.Page:
    """Teams of a user."""
    await get_user(tx, caller=caller, user_id=user_id)
    return await store.teams_of_user(tx, user_id)


# Teams -------------------------------------------------------------------------------


def _permit_role_name(caller: Caller, roles: RoleNames, *names: str | None) -> None:
    """Membership in some teams is a role, by name: only super admins touch these names."""
    permit(caller.is_super_admin or not any(name in roles for name in names))


def _require_no_role(roles: RoleNames, name: str) -> None:
    """Without these teams nobody could administrate the server."""
    if name in roles:
        raise Conflict(f"the server's roles need the team {name} as it is")


async def create_team(
    tx: Transaction, *, caller: Caller, roles: RoleNames, values: dict[str, Any]
) -> tuple[str, str]:
    """Add a team; 409 when its name is taken, 401 when the name is a role's."""
    permit(caller.writes_all)
    _permit_role_name(caller, roles, values["name"])
    team_id = await rows.insert(tx, "teams", values)
    await add_audit(tx, caller=caller, action="create_teams", subject_id=team_id, team_id=team_id)
    return rows.found(await store.get_team(tx, team_id, None), "team")


async def list_teams(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of the teams that the caller may see."""
    return await store.list_teams(tx, query, caller.visible_teams)


async def get_team(tx: Transaction, *, caller: Caller, team_id: UUID) -> tuple[str, str]:
    """JSON and etag of a team that the caller may see; 401 when there is one that it may not."""
    return await seen(tx, "team", team_id, await store.get_team(tx, team_id, caller.visible_teams))


async def require_team(tx: Transaction, *, team_id: UUID) -> str:
    """The name of a team there is; 404."""
    name = await store.get_team_name(tx, team_id)
    if name is None:
        raise NotFound("team not found")
    return name


async def update_team(
    tx: Transaction,
    *,
    caller: Caller,
    roles: RoleNames,
    team_id: UUID,
    etag: str,
    values: dict[str, Any],
) -> tuple[str, str]:
    """Change a team; 409 when it changed meanwhile."""
    await get_team(tx, caller=caller, team_id=team_id)
    permit(caller.writes_all)
    name = await require_team(tx, team_id=team_id)
    _permit_role_name(caller, roles, name, values.get("name"))
    if values.get("name", name) != name or values.get("state", "active") != "active":
        _require_no_role(roles, name)
    if values.get("state") == "archived":
        permit(caller.is_super_admin)
        await store.archive_team(tx, team_id)
    if not await rows.update(tx, "teams", team_id, values, etag=etag):
        raise Conflict("the team was changed meanwhile; read it again")
    await add_audit(tx, caller=caller, action="update_team", subject_id=team_id, team_id=team_id)
    return rows.found(await store.get_team(tx, team_id, None, archived=True), "team")


async def delete_team(
    tx: Transaction, *, caller: Caller, roles: RoleNames, team_id: UUID, etag: str
) -> None:
    """Archive a team with its labs, jobs and files; its members leave it."""
    await get_team(tx, caller=caller, team_id=team_id)
    permit(caller.is_super_admin)
    _require_no_role(roles, await require_team(tx, team_id=team_id))
    if not await rows.update(tx, "teams", team_id, {"state": "archived"}, etag=etag):
        raise Conflict("the team was changed meanwhile; read it again")
    await store.archive_team(tx, team_id)
    await add_audit(tx, caller=caller, action="delete_team", subject_id=team_id, team_id=team_id)


async def add_member(
    tx: Transaction, *, caller: Caller, roles: RoleNames, team_id: UUID, user_id: UUID
) -> None:
    """Make a user a member; 409 when it is one."""
    permit(caller.writes_all)
    _permit_role_name(caller, roles, await require_team(tx, team_id=team_id))
    rows.found(await store.get_user(tx, user_id), "user")
    await store.add_member(tx, team_id, user_id)
    await add_audit(tx, caller=caller, action="add_member", subject_id=user_id, team_id=team_id)


async def drop_member(tx: Transaction, *, caller: Caller, team_id: UUID, user_id: UUID) -> None:
    """End a membership, and subscriptions to the team's labs; 404 when there is none."""
    permit(caller.writes_all)
    if not await store.drop_member(tx, team_id, user_id):
        raise NotFound("the user is not a member of this team")
    await add_audit(tx, caller=caller, action="drop_member", subject_id=user_id, team_id=team_id)


async def list_members(tx: Transaction, *, caller: Caller, team_id: UUID) -> rows.Page:
    """Users of a team, for its members."""
    await get_team(tx, caller=caller, team_id=team_id)
    permit(caller.is_member(team_id))
    return await store.members_of(tx, team_id)


async def grant_components(
    tx: Transaction, *, caller: Caller, team_id: UUID, teams: list[UUID]
) -> None:
    """Let a team see the components of `teams`; 409 when it may already."""
    permit(caller.writes_all)
    await require_team(tx, team_id=team_id)
    others = sorted({team for team in teams if team != team_id})
    if await store.count_teams(tx, others) != len(others):
        raise NotFound("team not found")
    await store.add_grants(tx, team_id, others)
    await add_audit(tx, caller=caller, action="grant_components", team_id=team_id)


async def revoke_components(
    tx: Transaction, *, caller: Caller, team_id: UUID, teams: list[UUID]
) -> None:
    """No longer let a team see the components of `teams`."""
    permit(caller.writes_all)
    await require_team(tx, team_id=team_id)
    await store.drop_grants(tx, team_id, teams)
    await add_audit(tx, caller=caller, action="revoke_components", team_id=team_id)


async def list_grants(tx: Transaction, *, caller: Caller, team_id: UUID) -> rows.Page:
    """Teams whose components the team may see."""
    permit(caller.writes_all)
    await require_team(tx, team_id=team_id)
    return await store.granting_teams(tx, team_id)


# First start -------------------------------------------------------------------------


async def ensure_first_start(tx: Transaction, *, settings: Settings) -> str | None:
    """Create the role teams if absent, and the user `admin` if there is no user at all.

    Returns the password of a user it created (from the settings, else a random one):
    it is readable only now.
    """
    await store.lock_first_start(tx)
    roles = RoleNames.of(settings)
    ids = {}
    for name in (roles.super_admin, roles.epm, roles.read_only):
        ids[name] = await store.team_by_name(tx, name) or await rows.insert(
            tx, "teams", {"name": name}
        )
    if await store.has_users(tx):
        return None
    password = settings.admin_password or new_secret()[:24]
    hashed = await asyncio.to_thread(hash_password, password)
    user = {"name": "admin", "fullname": "Administrator", "password": hashed}
    user_id = await rows.insert(tx, "users", user)
    await store.add_member(tx, ids[roles.super_admin], user_id)
    return password
