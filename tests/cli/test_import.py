"""`ringtest import dci` in a process of its own, without a server."""

import csv
import os
import subprocess
from pathlib import Path

import asyncpg
import pytest

from ringtest.control.db.cluster import OWNER, SUPERUSER
from ringtest.control.db.launcher import Postgres
from tests.control.importing import seed
from tests.scenario import forked


@pytest.fixture(scope="module")
async def dci(postgres: Postgres) -> str:
    connection: asyncpg.Connection = await asyncpg.connect(postgres.dsn(SUPERUSER, "postgres"))
    await connection.execute(f"CREATE DATABASE dci_of_cli OWNER {OWNER}")
    await connection.close()
    url = postgres.dsn(OWNER, "dci_of_cli")
    await seed.make(url, jobs=20)
    return url


async def run(folder: Path, target: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "RINGTEST" not in name}
    environment |= {"RINGTEST_DATABASE_URL": target, "RINGTEST_DATA": str(folder / "data")}
    errors = folder / "errors"
    with errors.open("wb") as log:
        process = await forked.start(
            ("import", "dci", *words), environment, log=log.fileno(), piped=True, folder=folder
        )
    assert process.stdout is not None
    printed = (await process.stdout.read()).decode()
    return subprocess.CompletedProcess(words, await process.wait(), printed, errors.read_text())


async def count(url: str, table: str) -> int:
    connection: asyncpg.Connection = await asyncpg.connect(url)
    try:
        number: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
        return number
    finally:
        await connection.close()


async def test_rehearsal_says_what_would_come_and_keeps_nothing(
    dci: str, database_url: str, tmp_path: Path
) -> None:
    done = await run(tmp_path, database_url, "--from", dci, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "jobs_components" in done.stdout
    assert "jobs: 1 left out: the row of remotecis that its remoteci_id names" in done.stdout
    assert "nothing was kept" in done.stdout
    assert await count(database_url, "jobs") == 0
    assert await count(database_url, "import_passes") == 0


async def test_import_brings_everything_and_names_what_it_left_out(
    dci: str, database_url: str, tmp_path: Path
) -> None:
    seed.write(tmp_path / "files", seed.contents(20))
    done = await run(tmp_path, database_url, "--from", dci, "--files", "files", "--yes")
    assert done.returncode == 0, done.stderr
    assert "contents: " in done.stderr  # a line for each part, with its rate
    assert await count(database_url, "jobs") == 21
    with (tmp_path / "import-report.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {"table", "key", "what", "why"} == set(rows[0])
    assert str(seed.one("lost job")) in {row["key"] for row in rows}


async def test_without_a_person_to_ask_it_wants_to_be_told(
    dci: str, database_url: str, tmp_path: Path
) -> None:
    done = await run(tmp_path, database_url, "--from", dci)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert await count(database_url, "jobs") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "postgresql://nobody:secret@127.0.0.1:1/dci"), "cannot be opened"),
        (("--from", "no address"), "cannot be opened"),
        (("--only", "jobs,nonsense"), "no part 'nonsense'"),
        (("--files", "/nowhere/at/all"), "no folder"),
        (("--files", "ftp://x"), "s3://"),
    ],
)
async def test_what_cannot_be_is_said_and_nothing_is_done(
    dci: str, database_url: str, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    given = words if "--from" in words else ("--from", dci, *words)
    done = await run(tmp_path, database_url, "--yes", *given)
    assert done.returncode == 2
    assert told in done.stderr
    assert "secret" not in done.stderr


async def test_another_database_is_no_dci(database_url: str, tmp_path: Path) -> None:
    done = await run(tmp_path, database_url, "--yes", "--from", database_url)
    assert done.returncode == 2
    assert "not a DCI database" in done.stderr


async def test_rows_that_are_missing_without_a_reason_end_it_with_a_failure(
    dci: str, database_url: str, tmp_path: Path
) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(database_url)
    # a rule of somebody's that silently drops a row
    await connection.execute(
        "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.name = 'nightly' THEN RETURN NULL; END IF; RETURN NEW; END $$"
    )
    await connection.execute(
        "CREATE TRIGGER dropping BEFORE INSERT ON pipelines FOR EACH ROW EXECUTE FUNCTION drop_it()"
    )
    await connection.close()
    only = "teams,users,pipelines"
    done = await run(tmp_path, database_url, "--from", dci, "--yes", "--only", only)
    assert done.returncode == 1
    assert "nothing says why" in done.stderr
