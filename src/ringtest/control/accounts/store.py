"""SQL of accounts. Reads filter by team themselves, so they hold without policies too.

Reaching up the ladder: archiving a team archives its labs, feeders, jobs and files with it
(the wire format's rule).
"""

from collections.abc import Sequence
from uuid import UUID

from ringtest.control.accounts.model import TEAM_COLUMNS, USER_COLUMNS
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.paging import ListQuery

_USER_KINDS: dict[str, Kind] = {
    **rows.COMMON,
    "fullname": "text",
    "email": "text",
    "sso_username": "text",
    "sso_sub": "text",
    "timezone": "text",
}
_TEAM_KINDS: dict[str, Kind] = {
    **rows.COMMON,
    "country": "text",
    "external": "bool",
    "has_pre_release_access": "bool",
}
_AUDIT_KINDS: dict[str, Kind] = {
    "id": "int",
    "created_at": "time",
    "user_id": "uuid",
    "actor_kind": "text",
    "action": "text",
    "subject_id": "uuid",
    "team_id": "uuid",
    "request_id": "text",
    "outcome": "text",
}

_USER_AND = f"""{USER_COLUMNS},
  (SELECT coalesce(json_agg(row_to_json(e)), '[]') FROM (SELECT {TEAM_COLUMNS} FROM teams t
    JOIN users_teams ut ON ut.team_id = t.id
    WHERE ut.user_id = u.id AND t.state <> 'archived' ORDER BY t.name) e) AS team,
  (SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name, 'state', r.state,
      'team_id', r.team_id) ORDER BY r.name), '[]') FROM remotecis r
    JOIN user_remotecis ur ON ur.remoteci_id = r.id
    WHERE ur.user_id = u.id AND r.state <> 'archived') AS remotecis"""
_TEAM_AND = f"""{TEAM_COLUMNS},
  (SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name, 'state', r.state,
      'public', r.public, 'last_seen_at', r.last_seen_at) ORDER BY r.name), '[]')
    FROM remotecis r WHERE r.team_id = t.id AND r.state <> 'archived') AS remotecis"""


def _of_teams(column: str, teams: Sequence[UUID] | None) -> Conditions:
    """Rows that are not archived, of these teams; None: of all."""
    conditions = Conditions([f"{column.split('.')[0]}.state <> 'archived'"])
    if teams is not None:
        conditions.add(f"{column} = ANY({{}})", list(teams))
    return conditions


# users -------------------------------------------------------------------------------


async def get_user(tx: Transaction, user_id: UUID, *, archived: bool = False) -> rows.Found:
    """A user with teams and subscriptions; never the password."""
    conditions = Conditions() if archived else Conditions(["u.state <> 'archived'"])
    conditions.add("u.id = {}", user_id)
    return await rows.one(tx, _USER_AND, "users u", conditions)


async def list_users(tx: Transaction, query: ListQuery) -> rows.Page:
    conditions = Conditions(["u.state <> 'archived'"])
    apply_where(conditions, query, _USER_KINDS, "u")
    order = order_by(query, _USER_KINDS, "u", "-created_at")
    return await rows.page(tx, _USER_AND, "users u", conditions, order=order, query=query)


async def get_password(tx: Transaction, user_id: UUID) -> str | None:
    """The hash, if the user has a password."""
    found: str | None = await tx.fetchval("SELECT password FROM users WHERE id = $1", user_id)
    return found


async def members_of(tx: Transaction, team_id: UUID) -> rows.Page:
    conditions = Conditions(["u.state <> 'archived'"])
    conditions.add("l.team_id = {}", team_id)
    source = "users u JOIN users_teams l ON l.user_id = u.id"
    return await rows.everything(tx, USER_COLUMNS, source, conditions, order="u.name")


async def drop_sessions(tx: Transaction, user_id: UUID) -> None:
    await tx.execute("DELETE FROM sessions WHERE user_id = $1", user_id)


async def drop_tokens(tx: Transaction, user_id: UUID) -> None:
    """Of the user alone: those of machines stay."""
    await tx.execute(
        "UPDATE api_tokens SET state = 'archived', updated_at = $2, etag = md5(random()::text)"
        " WHERE holder_kind = 'user' AND holder_id = $1 AND state <> 'archived'",
        user_id,
        tx.now,
    )


# teams -------------------------------------------------------------------------------


async def get_team(
    tx: Transaction, team_id: UUID, teams: Sequence[UUID] | None, *, archived: bool = False
) -> rows.Found:
    conditions = Conditions() if archived else _of_teams("t.id", teams)
    conditions.add("t.id = {}", team_id)
    return await rows.one(tx, _TEAM_AND, "teams t", conditions)


async def get_team_name(tx: Transaction, team_id: UUID) -> str | None:
    """Name of a team that is not archived; also: is there such a team?"""
    name: str | None = await tx.fetchval(
        "SELECT name FROM teams WHERE id = $1 AND state <> 'archived'", team_id
    )
    return name


async def list_teams(tx: Transaction, query: ListQuery, teams: Sequence[UUID] | None) -> rows.Page:
    conditions = _of_teams("t.id", teams)
    apply_where(conditions, query, _TEAM_KINDS, "t")
    order = order_by(query, _TEAM_KINDS, "t", "-created_at")
    return await rows.page(tx, _TEAM_AND, "teams t", conditions, order=order, query=query)


async def teams_of_user(tx: Transaction, user_id: UUID) -> rows.Page:
    conditions = Conditions(["t.state <> 'archived'"])
    conditions.add("l.user_id = {}", user_id)
    source = "teams t JOIN users_teams l ON l.team_id = t.id"
    return await rows.everything(tx, TEAM_COLUMNS, source, conditions, order="t.name")


async def granting_teams(tx: Transaction, team_id: UUID) -> rows.Page:
    """Teams whose components `team_id` may see."""
    conditions = Conditions(["t.state <> 'archived'"])
    conditions.add("l.team_id = {}", team_id)
    source = "teams t JOIN teams_components_access l ON l.access_team_id = t.id"
    return await rows.everything(tx, TEAM_COLUMNS, source, conditions, order="t.name")


async def add_grants(tx: Transaction, team_id: UUID, teams: Sequence[UUID]) -> None:
    await tx.execute(
        "INSERT INTO teams_components_access (team_id, access_team_id)"
        " SELECT $1, unnest($2::uuid[])",
        team_id,
        list(teams),
    )


async def drop_grants(tx: Transaction, team_id: UUID, teams: Sequence[UUID]) -> None:
    await tx.execute(
        "DELETE FROM teams_components_access WHERE team_id = $1 AND access_team_id = ANY($2)",
        team_id,
        list(teams),
    )


async def count_teams(tx: Transaction, teams: Sequence[UUID]) -> int:
    """How many of these ids are teams."""
    number: int = await tx.fetchval(
        "SELECT count(*) FROM teams WHERE id = ANY($1) AND state <> 'archived'", list(teams)
    )
    return number


async def add_member(tx: Transaction, team_id: UUID, user_id: UUID) -> None:
    await tx.execute("INSERT INTO users_teams (team_id, user_id) VALUES ($1, $2)", team_id, user_id)


async def drop_member(tx: Transaction, team_id: UUID, user_id: UUID) -> bool:
    """Also ends the user's subscriptions to the team's labs."""
    await tx.execute(
        "DELETE FROM user_remotecis WHERE user_id = $2"
        " AND remoteci_id IN (SELECT id FROM remotecis WHERE team_id = $1)",
        team_id,
        user_id,
    )
    return (
        await tx.execute(
            "DELETE FROM users_teams WHERE team_id = $1 AND user_id = $2", team_id, user_id
        )
        == 1
    )


async def archive_team(tx: Transaction, team_id: UUID) -> None:
    """What goes with a team: its members, labs, jobs and files."""
    await tx.execute("DELETE FROM users_teams WHERE team_id = $1", team_id)
    for table in ("remotecis", "feeders", "jobs", "files"):
        await tx.execute(
            f"UPDATE {table} SET state = 'archived', updated_at = $2"
            " WHERE team_id = $1 AND state <> 'archived'",
            team_id,
            tx.now,
        )


# audits, first start -------------------------------------------------------


async def list_audits(tx: Transaction, query: ListQuery) -> rows.Page:
    """`user_id` is the wire format's name of the actor, whatever its kind."""
    conditions = Conditions()
    apply_where(conditions, query, _AUDIT_KINDS, "a")
    order = order_by(query, _AUDIT_KINDS, "a", "-created_at")
    columns = """a.id, a.created_at, a.user_id, a.actor_kind, a.action, a.subject_id, a.team_id,
      a.request_id, a.outcome"""
    source = "(SELECT *, actor_id AS user_id FROM audits) a"
    return await rows.page(tx, columns, source, conditions, order=order, query=query)


async def team_by_name(tx: Transaction, name: str) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT id FROM teams WHERE name = $1", name)
    return found


async def has_users(tx: Transaction) -> bool:
    return await tx.fetchval("SELECT 1 FROM users LIMIT 1") is not None


async def lock_first_start(tx: Transaction) -> None:
    """One process at a time until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", 0x52494E48)
