"""A DCI server's database beside the one of the test."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
import pytest

from ringtest.control.db.cluster import OWNER, SUPERUSER
from ringtest.control.db.launcher import Postgres
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import SystemClock
from tests.control.importing import seed
from tests.control.importing.moving import Move

JOBS = 120
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def dci_template(postgres: Postgres) -> str:
    """A filled DCI database that nobody writes to."""
    await _run(postgres, f"CREATE DATABASE dci_template OWNER {OWNER}")
    await seed.make(postgres.dsn(OWNER, "dci_template"), jobs=JOBS)
    return "dci_template"


@pytest.fixture
async def dci_url(postgres: Postgres, dci_template: str) -> AsyncIterator[str]:
    """DSN of a DCI database of the test's own."""
    name = f"dci_{next(_numbers)}"
    await _run(
        postgres,
        f"CREATE DATABASE {name} TEMPLATE {dci_template} OWNER {OWNER} STRATEGY file_copy",
    )
    yield postgres.dsn(OWNER, name)
    await _run(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def dci_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that belong to it."""
    folder = tmp_path_factory.mktemp("dci-files")
    seed.write(folder, seed.contents(JOBS))
    return folder


@pytest.fixture(scope="session")
async def moved(
    postgres: Postgres,
    dci_template: str,
    dci_files: Path,
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Move]:
    """What one import made; for tests that only look."""
    async with fresh_database() as url:
        db = await Database.connect(url, clock=SystemClock(), connections=5)
        made = Move(
            postgres.dsn(OWNER, dci_template), dci_files, db, tmp_path_factory.mktemp("moved")
        )
        made.outcome = await made.run()
        yield made
        await db.close()


@pytest.fixture
def move(dci_url: str, dci_files: Path, db: Database, tmp_path: Path) -> Move:
    """An import from the one into the other."""
    return Move(dci_url, dci_files, db, tmp_path)


async def _run(server: Postgres, sql: str) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
