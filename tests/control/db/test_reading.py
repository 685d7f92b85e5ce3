"""A reading sees what a transaction of the same tenant sees, leaves nothing, changes nothing."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from ringtest.control.db import audits
from ringtest.control.db.pool import Database, statements
from ringtest.control.kernel.errors import BadRequest, Unavailable
from ringtest.control.kernel.tenant import SETTINGS, SYSTEM, Tenant
from tests.control.db.test_pool import add_lab, add_team

QUERIES: tuple[tuple[str, Any], ...] = (
    ("SELECT id, name FROM remotecis ORDER BY name", ()),
    ("SELECT name FROM remotecis WHERE name > $1 ORDER BY name DESC LIMIT 2", ("lab 1",)),
    ("SELECT t.name, (SELECT count(*) FROM remotecis r WHERE r.team_id = t.id) AS labs"
     " FROM teams t WHERE t.id = ANY ($1::uuid[]) ORDER BY t.name", "teams"),
    ("WITH labs AS (SELECT * FROM remotecis) SELECT count(*) FROM labs", ()),
    ("SELECT count(*) FROM remotecis WHERE team_id IN (SELECT id FROM teams)", ()),
    ("SELECT u.name FROM users u WHERE u.id IN (SELECT user_id FROM users_teams)", ()),
    ("SELECT c.id FROM components c JOIN topics t ON t.id = c.topic_id", ()),
    ("SELECT 1 AS one UNION ALL SELECT count(*) FROM remotecis", ()),
)  # fmt: skip


async def _teams(db: Database) -> list[UUID]:
    async with db.transaction(SYSTEM) as tx:
        teams = [await add_team(tx, name) for name in ("blue", "red")]
        for number in range(6):
            await add_lab(tx, teams[number % 2], f"lab {number}")
    return teams


async def test_a_reading_sees_what_a_transaction_sees(db: Database) -> None:
    teams = await _teams(db)
    tenants = [
        SYSTEM, Tenant(), Tenant(scope="read"), Tenant(scope="catalog"),
        Tenant(teams=frozenset(teams[:1])), Tenant(teams=frozenset(teams), may_write=False),
        Tenant(component_teams=frozenset(teams[1:])),
        Tenant(teams=frozenset(teams[:1]), pre_release=True, user=teams[0]),
    ]  # fmt: skip
    counts = []
    for tenant in [*tenants, *reversed(tenants)]:  # what one leaves would show in the next
        for sql, given in QUERIES:
            args = (teams,) if given == "teams" else given
            async with db.transaction(tenant) as tx:
                wanted = [tuple(row) for row in await tx.fetch(sql, *args)]
            async with db.reading(tenant) as tx:
                for _ in range(7):  # PostgreSQL keeps a plan from the sixth time on
                    assert [tuple(row) for row in await tx.fetch(sql, *args)] == wanted
                row = await tx.fetchrow(sql, *args)
                assert (None if row is None else tuple(row)) == (wanted[0] if wanted else None)
                assert await tx.fetchval(sql, *args) == (wanted[0][0] if wanted else None)
            counts.append(len(wanted))
    assert len(set(counts)) > 3  # tenants differ


async def test_a_reading_leaves_no_settings_behind(db: Database) -> None:
    async with db.reading(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM teams") == 0
        connection = tx._connection
        for name in SETTINGS:
            left = await connection.fetchval("SELECT current_setting($1, true)", f"ringtest.{name}")
            assert not left
        assert not connection.is_in_transaction()


async def test_a_query_of_a_reading_is_one_round_trip(db: Database) -> None:
    counter = [0]
    statements.set(counter)
    async with db.reading(SYSTEM) as tx:
        await tx.fetch("SELECT id FROM teams")
        await tx.fetchval("SELECT count(*) FROM jobs")
    assert counter == [2]


async def test_a_reading_changes_nothing(db: Database) -> None:
    async with db.reading(SYSTEM) as tx:
        with pytest.raises(NotImplementedError):
            await tx.execute("DELETE FROM teams")
        with pytest.raises(NotImplementedError):
            await tx.execute_many("DELETE FROM teams WHERE id = $1", [])
        with pytest.raises(NotImplementedError):
            tx.note(audits.Note("user", UUID(int=1), "read"))
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await tx.fetch("DELETE FROM teams RETURNING id")


async def test_what_postgresql_refuses_is_told_as_in_a_transaction(db: Database) -> None:
    with pytest.raises(BadRequest):
        async with db.reading(SYSTEM) as tx:
            await tx.fetch("SELECT 1 FROM teams WHERE name ~ $1", "(")
    async with db.reading(SYSTEM) as tx:
        assert await tx.fetchval("SELECT 1") == 1


async def test_a_lost_connection_is_unavailable_to_a_reading_too(db: Database) -> None:
    with pytest.raises(Unavailable):
        async with db.reading(SYSTEM) as tx:
            tx._connection.terminate()
            await tx.fetchval("SELECT 1")
    async with db.reading(SYSTEM) as tx:
        assert await tx.fetchval("SELECT 1") == 1


async def test_who_may_write_a_row_reads_it_by_the_policy_of_readers(db: Database) -> None:
    """Policies for everything are looked at beside those for SELECT: only where they add rows."""
    async with db.transaction(SYSTEM) as tx:
        found = await tx.fetch(
            "SELECT w.polrelid::regclass::text AS of FROM pg_policy w WHERE w.polcmd = '*'"
            " AND EXISTS (SELECT FROM pg_policy r WHERE r.polrelid = w.polrelid AND r.polcmd = 'r')"
        )
    both = {row["of"] for row in found}
    assert not both & {"jobs", "jobstates", "files", "components", "topics", "teams", "remotecis"}
    assert "users" in both  # somebody of no team sees themselves
