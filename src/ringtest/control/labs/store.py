"""SQL of labs and feeders. Reads filter by team themselves, so they hold without policies too.

Reaching up the ladder: archiving a lab archives its jobs with it (the wire format's rule),
moving it asks whether any have not ended, and both concern its subscriptions to topics.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from ringtest.control.accounts.model import TEAM_COLUMNS, USER_COLUMNS, Machine
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.labs.model import CONNECTED_FOR, TOUCH_EVERY

_MACHINE_KINDS: dict[str, Kind] = {**rows.COMMON, "team_id": "uuid"}
_REMOTECI_KINDS: dict[str, Kind] = {**_MACHINE_KINDS, "public": "bool", "last_seen_at": "time"}


def _of_teams(teams: Sequence[UUID] | None) -> Conditions:
    """Machines that are not archived, of these teams; None: of all."""
    conditions = Conditions(["m.state <> 'archived'"])
    if teams is not None:
        conditions.add("m.team_id = ANY({})", list(teams))
    return conditions


def _columns(kind: Machine, conditions: Conditions, tx: Transaction) -> str:
    columns = f"""m.id, m.created_at, m.updated_at, m.etag, m.state, m.name, m.data, m.team_id,
      (SELECT row_to_json(e) FROM (SELECT {TEAM_COLUMNS} FROM teams t
        WHERE t.id = m.team_id) e) AS team"""
    if kind == "feeder":
        return columns
    since = conditions.param(tx.now - CONNECTED_FOR)
    return f"""{columns}, m.public, m.last_seen_at, m.agent_version,
      coalesce(m.last_seen_at > {since}, false) AS connected,
      (SELECT coalesce(json_agg(json_build_object('id', o.id, 'name', o.name) ORDER BY o.name),
          '[]') FROM topics o JOIN remotecis_topics ro ON ro.topic_id = o.id
        WHERE ro.remoteci_id = m.id AND o.state <> 'archived') AS topics,
      (SELECT coalesce(json_agg(row_to_json(e)), '[]') FROM (SELECT {USER_COLUMNS} FROM users u
        JOIN user_remotecis ur ON ur.user_id = u.id
        WHERE ur.remoteci_id = m.id AND u.state <> 'archived' ORDER BY u.name) e) AS users"""


async def remotecis_of_user(tx: Transaction, user_id: UUID) -> rows.Page:
    conditions = Conditions(["m.state <> 'archived'"])
    conditions.add("l.user_id = {}", user_id)
    columns = _columns("remoteci", conditions, tx)
    source = "remotecis m JOIN user_remotecis l ON l.remoteci_id = m.id"
    return await rows.everything(tx, columns, source, conditions, order="m.name")


# remote CIs and feeders --------------------------------------------------------------


async def get_machine(
    tx: Transaction,
    kind: Machine,
    machine_id: UUID,
    teams: Sequence[UUID] | None,
    *,
    archived: bool = False,
) -> rows.Found:
    conditions = Conditions() if archived else _of_teams(teams)
    conditions.add("m.id = {}", machine_id)
    columns = _columns(kind, conditions, tx)
    return await rows.one(tx, columns, f"{kind}s m", conditions)


async def list_machines(
    tx: Transaction,
    kind: Machine,
    query: ListQuery,
    teams: Sequence[UUID] | None,
    *,
    team_id: UUID | None = None,
) -> rows.Page:
    kinds = _REMOTECI_KINDS if kind == "remoteci" else _MACHINE_KINDS
    conditions = _of_teams(teams)
    if team_id is not None:
        conditions.add("m.team_id = {}", team_id)
    apply_where(conditions, query, kinds, "m")
    order = order_by(query, kinds, "m", "-created_at")
    columns = _columns(kind, conditions, tx)
    return await rows.page(tx, columns, f"{kind}s m", conditions, order=order, query=query)


async def get_machine_team(
    tx: Transaction, kind: Machine, machine_id: UUID, teams: Sequence[UUID] | None
) -> UUID | None:
    """The team of a machine that these teams may see."""
    conditions = _of_teams(teams)
    conditions.add("m.id = {}", machine_id)
    found: UUID | None = await tx.fetchval(
        f"SELECT m.team_id FROM {kind}s m WHERE {conditions.sql()}", *conditions.values
    )
    return found


async def get_data(
    tx: Transaction, remoteci_id: UUID, teams: Sequence[UUID] | None, keys: Sequence[str] | None
) -> str | None:
    """A lab's `data` as JSON, cut down to `keys` if given."""
    conditions = _of_teams(teams)
    conditions.add("m.id = {}", remoteci_id)
    column = "m.data"
    if keys is not None:
        wanted = conditions.param(list(keys))
        column = f"""(SELECT coalesce(jsonb_object_agg(d.key, d.value), '{{}}')
          FROM jsonb_each(m.data) d WHERE d.key = ANY({wanted}))"""
    data: str | None = await tx.fetchval(
        f"SELECT {column} FROM remotecis m WHERE {conditions.sql()}", *conditions.values
    )
    return data


async def archive_machine(tx: Transaction, kind: Machine, machine_id: UUID) -> None:
    """What goes with a machine: its keys; with a lab its subscriptions and jobs too."""
    await tx.execute(
        "DELETE FROM credentials WHERE holder_kind = $1 AND holder_id = $2", kind, machine_id
    )
    if kind == "feeder":
        return
    await tx.execute("DELETE FROM user_remotecis WHERE remoteci_id = $1", machine_id)
    await tx.execute("DELETE FROM remotecis_topics WHERE remoteci_id = $1", machine_id)
    await tx.execute(
        "UPDATE jobs SET state = 'archived', updated_at = $2"
        " WHERE remoteci_id = $1 AND state <> 'archived'",
        machine_id,
        tx.now,
    )


async def has_open_jobs(tx: Transaction, remoteci_id: UUID) -> bool:
    """Does the lab have jobs that wait or run?"""
    found = await tx.fetchval(
        "SELECT 1 FROM jobs WHERE remoteci_id = $1 AND status <> 'finished'"
        " AND state <> 'archived' LIMIT 1",
        remoteci_id,
    )
    return found is not None


async def move_subscriptions(tx: Transaction, remoteci_id: UUID, team_id: UUID) -> None:
    """The lab's topics go with it to the team; people of other teams no longer get its mail."""
    await tx.execute(
        "UPDATE remotecis_topics SET team_id = $2 WHERE remoteci_id = $1", remoteci_id, team_id
    )
    await tx.execute(
        "DELETE FROM user_remotecis WHERE remoteci_id = $1"
        " AND user_id NOT IN (SELECT user_id FROM users_teams WHERE team_id = $2)",
        remoteci_id,
        team_id,
    )


async def retire_keys(
    tx: Transaction, kind: Machine, machine_id: UUID, retires_at: datetime
) -> None:
    """Earlier keys work until `retires_at` at most; those past their time are removed."""
    await tx.execute(
        "DELETE FROM credentials WHERE holder_kind = $1 AND holder_id = $2 AND retires_at <= $3",
        kind,
        machine_id,
        tx.now,
    )
    await tx.execute(
        "UPDATE credentials SET retires_at = least(retires_at, $3)"
        " WHERE holder_kind = $1 AND holder_id = $2",
        kind,
        machine_id,
        retires_at,
    )


async def list_keys(tx: Transaction, kind: Machine, machine_id: UUID) -> rows.Page:
    """Keys that count now, the newest first."""
    conditions = Conditions()
    conditions.add("c.holder_kind = {}", kind)
    conditions.add("c.holder_id = {}", machine_id)
    conditions.add("(c.retires_at IS NULL OR c.retires_at > {})", tx.now)
    columns = "c.id, c.created_at, c.retires_at"
    return await rows.everything(
        tx, columns, "credentials c", conditions, order="c.created_at DESC"
    )


async def retire_key(tx: Transaction, kind: Machine, machine_id: UUID, key_id: UUID) -> bool:
    """End one key now; False when there is none that counts."""
    done = await tx.execute(
        "UPDATE credentials SET retires_at = $4 WHERE id = $3 AND holder_kind = $1"
        " AND holder_id = $2 AND (retires_at IS NULL OR retires_at > $4)",
        kind,
        machine_id,
        key_id,
        tx.now,
    )
    return done == 1


async def select_secrets(tx: Transaction, kind: Machine, machine_id: UUID) -> list[bytes]:
    """The sealed secrets of a machine, those that end too."""
    found = await tx.fetch(
        "SELECT secret FROM credentials WHERE holder_kind = $1 AND holder_id = $2",
        kind,
        machine_id,
    )
    return [row["secret"] for row in found]


async def add_key(tx: Transaction, kind: Machine, machine_id: UUID, sealed: bytes) -> None:
    await tx.execute(
        "INSERT INTO credentials (id, created_at, holder_kind, holder_id, secret)"
        " VALUES ($1, $2, $3, $4, $5)",
        new_id(),
        tx.now,
        kind,
        machine_id,
        sealed,
    )


async def subscribe(tx: Transaction, remoteci_id: UUID, user_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO user_remotecis (remoteci_id, user_id) VALUES ($1, $2)", remoteci_id, user_id
    )


async def unsubscribe(tx: Transaction, remoteci_id: UUID, user_id: UUID) -> bool:
    return (
        await tx.execute(
            "DELETE FROM user_remotecis WHERE remoteci_id = $1 AND user_id = $2",
            remoteci_id,
            user_id,
        )
        == 1
    )


async def subscribers_of(tx: Transaction, remoteci_id: UUID) -> rows.Page:
    conditions = Conditions(["u.state <> 'archived'"])
    conditions.add("l.remoteci_id = {}", remoteci_id)
    source = "users u JOIN user_remotecis l ON l.user_id = u.id"
    return await rows.everything(tx, USER_COLUMNS, source, conditions, order="u.name")


async def touch(tx: Transaction, versions: Mapping[UUID, str | None]) -> list[asyncpg.Record]:
    """Note that labs spoke: (id, team_id, before), but of none that did so a moment ago. One
    that somebody changes at this moment is left for the next time: nobody waits for it."""
    return await tx.fetch(
        """
        WITH old AS (
          SELECT m.id, m.team_id, m.last_seen_at, spoke.version
          FROM unnest($1::uuid[], $2::text[]) spoke (id, version)
            JOIN remotecis m ON m.id = spoke.id
          WHERE m.last_seen_at IS NULL OR m.last_seen_at < $4
            OR m.agent_version IS DISTINCT FROM coalesce(spoke.version, m.agent_version)
          FOR UPDATE OF m SKIP LOCKED)
        UPDATE remotecis m SET last_seen_at = $3,
          agent_version = coalesce(old.version, m.agent_version)
        FROM old WHERE m.id = old.id RETURNING m.id, old.team_id, old.last_seen_at AS before
        """,
        list(versions),
        list(versions.values()),
        tx.now,
        tx.now - TOUCH_EVERY,
    )


async def newly_silent(tx: Transaction, *, limit: int) -> list[asyncpg.Record]:
    """Labs (id, team_id) that fell silent and of which no event says so yet; locked."""
    silent_since = tx.now - CONNECTED_FOR
    return await tx.fetch(
        """
        SELECT m.id, m.team_id FROM remotecis m
        WHERE m.last_seen_at < $1 AND m.last_seen_at >= $2 AND NOT EXISTS (
          SELECT 1 FROM events e WHERE e.created_at > m.last_seen_at AND e.type = 'lab.seen'
            AND e.payload->>'remoteci_id' = m.id::text AND e.payload->>'connected' = 'false')
        ORDER BY m.id LIMIT $3 FOR UPDATE OF m SKIP LOCKED
        """,
        silent_since,
        silent_since - timedelta(hours=1),
        limit,
    )
