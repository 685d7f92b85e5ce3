"""Transactions: all or nothing, and nothing at all for a tenant that was not named."""

from uuid import UUID

import asyncpg
import pytest

from ringtest.control.db.pool import APPLICATION_ROLE, Database, Transaction, statements
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    NotFound,
    RingtestError,
    Unauthorised,
    Unavailable,
)
from ringtest.control.kernel.ids import new_etag, new_id
from ringtest.control.kernel.tenant import SYSTEM, Tenant


async def add_team(tx: Transaction, name: str) -> UUID:
    team = new_id()
    await tx.execute(
        "INSERT INTO teams (id, created_at, updated_at, etag, name) VALUES ($1, $2, $2, $3, $4)",
        team,
        tx.now,
        new_etag(),
        name,
    )
    return team


async def add_lab(tx: Transaction, team: UUID, name: str = "lab") -> UUID:
    lab = new_id()
    await tx.execute(
        "INSERT INTO remotecis (id, created_at, updated_at, etag, name, team_id)"
        " VALUES ($1, $2, $2, $3, $4, $5)",
        lab,
        tx.now,
        new_etag(),
        name,
        team,
    )
    return lab


async def count(db: Database, tenant: Tenant, table: str) -> int:
    async with db.transaction(tenant) as tx:
        number: int = await tx.fetchval(f"SELECT count(*) FROM {table}")
        return number


async def test_commit_keeps_everything(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        await add_team(tx, "red")
        await add_team(tx, "blue")
    assert await count(db, SYSTEM, "teams") == 2


async def test_an_error_undoes_everything(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction(SYSTEM) as tx:
            await add_team(tx, "red")
            raise ZeroDivisionError
    assert await count(db, SYSTEM, "teams") == 0


async def test_two_of_one_name_are_a_conflict(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        await add_team(tx, "red")
    with pytest.raises(Conflict):
        async with db.transaction(SYSTEM) as tx:
            await add_team(tx, "red")
    assert await count(db, SYSTEM, "teams") == 1


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("INSERT INTO products_teams VALUES (gen_random_uuid(), gen_random_uuid())", NotFound),
        ("SELECT 2147483647::integer + 1", BadRequest),
    ],
)
async def test_what_postgresql_refuses_is_an_error_the_caller_can_act_on(
    db: Database, sql: str, error: type[RingtestError]
) -> None:
    with pytest.raises(error):
        async with db.transaction(SYSTEM) as tx:
            await tx.execute(sql)


async def test_execute_counts_the_rows_it_touched(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        await add_team(tx, "red")
        await add_team(tx, "blue")
        assert await tx.execute("UPDATE teams SET country = 'FR'") == 2
        assert await tx.execute("UPDATE teams SET country = 'FR' WHERE name = 'none'") == 0


async def test_a_team_sees_its_own_rows_only(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        red, blue = await add_team(tx, "red"), await add_team(tx, "blue")
        await add_lab(tx, red)
        await add_lab(tx, blue)
    assert await count(db, Tenant(teams=frozenset({red})), "remotecis") == 1
    assert await count(db, Tenant(scope="read"), "remotecis") == 2


async def test_a_tenant_that_was_not_named_sees_nothing(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        await add_lab(tx, await add_team(tx, "red"))
    for table in ("teams", "remotecis"):
        assert await count(db, Tenant(), table) == 0
        assert await db.ask(f"SELECT count(*) FROM {table}") == 0


async def test_a_tenant_ends_with_its_transaction(database_url: str) -> None:
    database = await Database.connect(database_url, connections=1)
    try:
        async with database.transaction(SYSTEM) as tx:
            await add_team(tx, "red")
        assert await database.ask("SELECT count(*) FROM teams") == 0
    finally:
        await database.close()


async def test_a_team_cannot_write_into_another_team(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        red, blue = await add_team(tx, "red"), await add_team(tx, "blue")
        lab = await add_lab(tx, blue)
    with pytest.raises(Unauthorised):
        async with db.transaction(Tenant(teams=frozenset({red}))) as tx:
            await add_lab(tx, blue, "intruder")
    async with db.transaction(Tenant(teams=frozenset({red}))) as tx:
        assert await tx.execute("DELETE FROM remotecis WHERE id = $1", lab) == 0


async def test_the_application_owns_nothing_and_bypasses_no_policy(db: Database) -> None:
    assert await db.ask("SELECT current_user") == APPLICATION_ROLE
    role = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
    assert await db.ask(f"{role} WHERE rolname = current_user") is False
    owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
    assert await db.ask(owned) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE jobs DISABLE ROW LEVEL SECURITY",
        "DROP POLICY jobs_read ON jobs",
        "CREATE TABLE mine (id integer)",
        "UPDATE schema_migrations SET name = 'x'",
    ],
)
async def test_the_application_cannot_change_the_schema(db: Database, sql: str) -> None:
    with pytest.raises(Unauthorised):
        async with db.transaction(SYSTEM) as tx:
            await tx.execute(sql)


async def test_every_table_with_a_team_has_row_level_security(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        rows = await tx.fetch("""
            SELECT relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE relkind = 'r' AND attname = 'team_id' AND NOT relrowsecurity
              AND relnamespace = 'public'::regnamespace""")
    assert [row["relname"] for row in rows] == []


async def test_statements_of_a_request_are_counted(db: Database) -> None:
    token = statements.set([0])
    try:
        async with db.transaction(SYSTEM) as tx:
            await tx.fetchval("SELECT 1")
        assert statements.get() == [3]  # BEGIN with its settings, the question, COMMIT
    finally:
        statements.reset(token)


async def test_jsonb_goes_in_as_values_and_comes_out_as_text(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT $1::jsonb", {"a": [1, None]}) == '{"a": [1, null]}'
        assert await tx.fetchval("SELECT $1::jsonb", '{"a": 1}') == '{"a": 1}'


async def test_a_lost_connection_is_unavailable_and_the_next_one_works(db: Database) -> None:
    with pytest.raises(Unavailable):
        async with db.transaction(SYSTEM) as tx:
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            owner: asyncpg.Connection = await asyncpg.connect(db.dsn)
            await owner.execute("SELECT pg_terminate_backend($1)", pid)
            await owner.close()
            await tx.fetchval("SELECT pg_sleep(60)")
    assert await count(db, SYSTEM, "teams") == 0
