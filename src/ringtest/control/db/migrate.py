"""Numbered SQL files, applied once each by the owner, who then grants the application role."""

from contextlib import suppress
from importlib import resources

import asyncpg

from ringtest.control.db.pool import APPLICATION_ROLE

_LOCK = 0x52494E47  # "RING": one migrator at a time, whoever starts first

_MAY_SET_ROLE = """
    SELECT pg_has_role(current_user, $1, CASE
      WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END)
"""  # from 16 on the maker of a role is its administrator, but may not become it


def _files() -> list[tuple[str, str]]:
    folder = resources.files("ringtest.control.db") / "migrations"
    return sorted((f.name, f.read_text()) for f in folder.iterdir() if f.name.endswith(".sql"))


def names() -> set[str]:
    """Every migration of this version."""
    return {name for name, _ in _files()}


async def migrate(dsn: str) -> list[str]:
    """Bring the database of `dsn` to this version; returns the names of applied files.

    The user of `dsn` becomes the owner of everything. It needs CREATEROLE, or an
    administrator creates the role first: `CREATE ROLE ringtest_app; GRANT ringtest_app TO owner`.
    """
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await _create_role(connection)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (name text PRIMARY KEY, at timestamptz NOT NULL)"
        )
        done = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migrations")}
        applied = []
        for name, sql in _files():
            if name in done:
                continue
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute("INSERT INTO schema_migrations VALUES ($1, now())", name)
            applied.append(name)
        await _grant(connection)
        return applied
    finally:
        await connection.close()


async def _create_role(connection: asyncpg.Connection) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", APPLICATION_ROLE):
        # Roles belong to the whole server: another database's migration may be quicker.
        with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            await connection.execute(f"CREATE ROLE {APPLICATION_ROLE} NOLOGIN NOBYPASSRLS")
    if not await connection.fetchval(_MAY_SET_ROLE, APPLICATION_ROLE):
        await connection.execute(f"GRANT {APPLICATION_ROLE} TO CURRENT_USER")


async def _grant(connection: asyncpg.Connection) -> None:
    await connection.execute(f"""
        GRANT USAGE ON SCHEMA public TO {APPLICATION_ROLE};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION_ROLE};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION_ROLE};
        REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM {APPLICATION_ROLE};
    """)
    # Policies hold where a table is named: parts of one are reached through the whole alone.
    parts = await connection.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class"
        " WHERE relispartition AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    if parts:
        names = ", ".join(row["name"] for row in parts)
        await connection.execute(f"REVOKE ALL ON {names} FROM {APPLICATION_ROLE}")
