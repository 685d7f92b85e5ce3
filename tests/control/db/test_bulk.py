"""Rows go from one database into another, or not at all; the one they come from is only read."""

import asyncpg
import pytest

from ringtest.control.db.bulk import open_owner, open_snapshot
from ringtest.control.kernel.errors import BadRequest


async def test_a_snapshot_cannot_be_written_to(database_url: str) -> None:
    async with open_snapshot(database_url) as rows:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await rows.execute("CREATE TABLE x (a int)")


async def test_a_snapshot_shows_one_moment(database_url: str) -> None:
    async with open_owner(database_url) as owner, open_snapshot(database_url) as rows:
        await owner.execute("CREATE TABLE x (a int)")
        before = await rows.fetchval("SELECT count(*) FROM counters")
        await owner.execute("INSERT INTO counters VALUES ('x', 'e', 1)")
        assert await rows.fetchval("SELECT count(*) FROM counters") == before


async def test_many_rows_pass_in_pieces(database_url: str) -> None:
    async with open_owner(database_url) as owner, open_snapshot(database_url) as rows:
        await owner.execute("CREATE TEMP TABLE x (a bigint, b text)")
        sql = "SELECT n::bigint, repeat('x', 100) FROM generate_series(1, $1::int) n"
        assert await owner.copy_from(rows, sql, 50_000, into="x", columns=["a", "b"]) == 50_000
        assert await owner.fetchval("SELECT sum(a) FROM x") == 50_000 * 50_001 // 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT nothing FROM nowhere",
        "SELECT n::bigint, (1 / (n - 20000))::text FROM generate_series(1, 30000) n",
        "SELECT 1::int, 'x'::text",  # another type than the table's
    ],
)
async def test_what_breaks_on_the_way_leaves_nothing(database_url: str, sql: str) -> None:
    async with open_owner(database_url) as owner, open_snapshot(database_url) as rows:
        await owner.execute("CREATE TEMP TABLE x (a bigint, b text)")
        with pytest.raises(asyncpg.PostgresError):
            await owner.copy_from(rows, sql, into="x", columns=["a", "b"])
        assert await owner.fetchval("SELECT count(*) FROM x") == 0


async def test_a_database_that_is_not_there_is_said_without_its_password() -> None:
    with pytest.raises(BadRequest) as caught:
        async with open_snapshot("postgresql://me:hush@127.0.0.1:1/dci"):
            pass
    assert "hush" not in caught.value.message
