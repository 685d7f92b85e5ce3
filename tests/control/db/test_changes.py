"""What a process remembers is forgotten when a table changes, and while nobody listens."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from ringtest.control.db import rows
from ringtest.control.db.changes import Kept
from ringtest.control.db.notify import CHANGES, Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM

TEAMS = frozenset({"teams"})
NEVER_REMEMBERED = {
    "audits", "event_queue", "events", "job_attempts", "job_stages", "log_frames",
    "schema_migrations", "test_failures", "failure_texts", "test_plans", "tests", "test_shapes",
    "component_sets", "shape_days", "topic_days", "test_days", "test_weeks", "test_sets",
}  # fmt: skip
"""Tables that nobody is told of: lists of them are made anew."""

QUIET = {
    "api_tokens": frozenset({"last_used_at"}),
    "remotecis": frozenset({"last_seen_at", "agent_version"}),
}
"""Columns that change by themselves, all the time."""


@pytest.fixture
async def following(db: Database) -> AsyncIterator[Notifications]:
    """The database's changes are heard."""
    notifications = Notifications(db.dsn)
    await notifications.start()
    db.changes.follow(notifications)
    yield notifications
    await notifications.stop()


def told(notifications: Notifications, channel: str, payload: str) -> asyncio.Event:
    """Set once this has been heard."""
    arrived = asyncio.Event()

    def listen(*said: str) -> None:
        if said == (channel, payload):
            arrived.set()

    notifications.subscribe(listen)
    return arrived


async def heard(db: Database, notifications: Notifications) -> None:
    """Returns when everything that was told before has arrived."""
    arrived = told(notifications, "ringtest_live", "proof")
    async with db.transaction(SYSTEM) as tx:
        await tx.notify("ringtest_live", "proof")
    await asyncio.wait_for(arrived.wait(), 10)


def keep(db: Database, reads: frozenset[str] | None = TEAMS) -> Kept[str]:
    kept: Kept[str] = Kept(db.changes)
    kept.keep("key", "value", reads=reads, since=db.changes.moment())
    return kept


async def lab(db: Database) -> UUID:
    async with db.transaction(SYSTEM) as tx:
        team = await rows.insert(tx, "teams", {"name": "red"})
        return await rows.insert(tx, "remotecis", {"name": "lab", "team_id": team})


async def elsewhere(db: Database, sql: str) -> None:
    """Another process changes something."""
    connection: asyncpg.Connection = await asyncpg.connect(db.dsn)
    await connection.execute(sql)
    await connection.close()


async def test_own_writes_show_at_once(db: Database, following: Notifications) -> None:
    kept = keep(db)
    assert kept.recall("key") == "value"
    async with db.transaction(SYSTEM) as tx:
        await rows.insert(tx, "teams", {"name": "red"})
        assert kept.recall("key") == "value"  # nobody else sees it yet either
    assert kept.recall("key") is None


async def test_writes_of_others_show_when_they_are_told(
    db: Database, following: Notifications
) -> None:
    await lab(db)
    await heard(db, following)
    kept, other = keep(db), keep(db, frozenset({"products"}))
    await elsewhere(db, "UPDATE teams SET country = 'FR'")
    await heard(db, following)
    assert (kept.recall("key"), other.recall("key")) == (None, "value")


async def test_nothing_is_remembered_while_nobody_listens(
    db: Database, following: Notifications
) -> None:
    kept = keep(db)
    following.connected.clear()
    assert kept.recall("key") is None
    assert keep(db).recall("key") is None
    following.tell(CHANGES, "")
    following.connected.set()
    assert kept.recall("key") is None


async def test_what_was_remembered_before_a_gap_is_gone_after_it(
    db: Database, following: Notifications
) -> None:
    kept, lost = keep(db), told(following, CHANGES, "")
    await elsewhere(
        db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE '%listen%'"
        " AND pid <> pg_backend_pid() AND datname = current_database()",
    )  # fmt: skip
    await asyncio.wait_for(lost.wait(), 10)
    await asyncio.wait_for(following.connected.wait(), 10)
    assert kept.recall("key") is None
    assert keep(db).recall("key") == "value"


async def test_a_heartbeat_is_no_change(db: Database, following: Notifications) -> None:
    lab_id = await lab(db)
    await heard(db, following)
    kept = keep(db, frozenset({"remotecis"}))
    beat = "UPDATE remotecis m SET last_seen_at = now(), agent_version = coalesce('1', '2')"
    async with db.transaction(SYSTEM) as tx:
        await tx.execute(f"{beat} WHERE id = $1", lab_id)
    await elsewhere(db, beat)
    await heard(db, following)
    assert kept.recall("key") == "value"
    await elsewhere(db, "UPDATE remotecis SET name = 'other'")
    await heard(db, following)
    assert kept.recall("key") is None


@pytest.mark.parametrize(
    ("sql", "members"),
    [
        ("INSERT INTO teams_components_access SELECT id, id FROM teams", True),
        ("DELETE FROM teams", True),
        ("UPDATE teams SET state = 'archived'", True),
        ("UPDATE teams SET name = 'blue'", False),
    ],
)
async def test_rows_that_come_and_go_are_told_apart_from_edits(
    db: Database, following: Notifications, sql: str, members: bool
) -> None:
    await lab(db)
    await heard(db, following)
    heard_of: list[tuple[str, str]] = []
    following.subscribe(lambda *words: heard_of.append(words))
    await elsewhere(db, sql)
    await heard(db, following)
    said = [payload for channel, payload in heard_of if channel == CHANGES]
    assert any(payload.endswith("+") for payload in said) is members
    effect = db.memory.statements.of(sql)
    assert set(said) <= effect.writes


async def test_what_a_transaction_wrote_itself_is_not_kept(
    db: Database, following: Notifications
) -> None:
    async with db.transaction(SYSTEM) as tx:
        assert tx.footprint.since is not None
        await rows.insert(tx, "teams", {"name": "red"})
        assert tx.footprint.since is None


async def test_every_column_is_told_of_or_known_to_be_quiet(db: Database) -> None:
    """A table with quiet columns that gets a column must be tracked anew."""
    assert db.memory.statements.quiet == QUIET
    assert db.memory.statements.untracked >= NEVER_REMEMBERED


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT name FROM products p", {"products", "products_teams"}),
        ("SELECT 1 FROM users u, teams AS t", {"users", "users_teams", "teams"}),
        ("SELECT (SELECT count(*) FROM files) FROM jobs", {"files", "jobs"}),
        ("WITH page AS (SELECT * FROM jobs) SELECT 1 FROM page", {"jobs"}),
        ("SELECT last_seen_at FROM remotecis", None),
        ("SELECT 1 FROM audits", None),
        ("SELECT rt_known('topic', $1)", None),
    ],
)
async def test_what_a_statement_reads_is_known_with_what_policies_read(
    db: Database, sql: str, reads: set[str] | None
) -> None:
    assert db.memory.statements.of(sql).reads == (None if reads is None else frozenset(reads))


async def test_there_is_room_for_so_many(db: Database, following: Notifications) -> None:
    kept: Kept[int] = Kept(db.changes, room=2)
    for number in range(3):
        kept.keep(number, number, reads=TEAMS, since=db.changes.moment())
        kept.recall(0)
    assert [kept.recall(number) for number in range(3)] == [0, None, 2]
