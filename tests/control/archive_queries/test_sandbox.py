"""SQL reaches the caller's files and nothing else: no other file, no network, no setting, no
memory or time without end. And what it is refused, it is refused twice: by what may be asked,
and by the process that it runs in."""

import asyncio
import os
from pathlib import Path

import duckdb
import pytest

from ringtest.control.connectors.duckdb_columnar import question
from ringtest.control.connectors.duckdb_columnar.question import Request, open_box
from ringtest.control.ports.columnar import COLUMNS, Ask
from tests.control.archive_queries.library import Library

READERS = [
    "read_parquet('{path}')", "parquet_scan('{path}')", "'{path}'", "\"{path}\"",
    "parquet_metadata('{path}')", "parquet_schema('{path}')", "read_csv('{path}')",
    "read_text('{path}')", "read_blob('{path}')", "read_json('{path}')", "sniff_csv('{path}')",
    "glob('{folder}/*')", "read_parquet('{folder}/**')", "query('FROM ''{path}''')",
    "query_table('{path}')", "query_table(['results', '{path}'])", "read_duckdb('{path}')",
]  # fmt: skip
"""Everything that reads a file by its name."""
TELLERS = [
    "SELECT * FROM information_schema.tables", "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_settings", "SELECT * FROM pg_catalog.pg_settings",
    "SELECT * FROM duckdb_views()", "SELECT * FROM duckdb_secrets()", "SHOW TABLES",
    "SELECT * FROM duckdb_databases()", "SELECT * FROM duckdb_extensions()",
    "SELECT current_setting('allowed_paths')", "SELECT Current_Setting('temp_directory')",
    "SELECT getenv('PATH')", "SELECT getvariable('x')", "SELECT * FROM duckdb_logs()",
    "SELECT * FROM sqlite_master", "SELECT * FROM duckdb_temporary_files()",
    "WITH x AS (SELECT current_setting('allowed_paths') AS p) SELECT p FROM x",
    "SELECT list_transform([1], lambda z: current_setting('allowed_paths'))",
    "SELECT (SELECT count(*) FROM duckdb_settings())", "DESCRIBE duckdb_settings",
    "SUMMARIZE duckdb_settings()", "SELECT * FROM results, duckdb_settings()",
    "SELECT * FROM (VALUES (1)) v UNION ALL SELECT 1 FROM duckdb_settings()",
    "SELECT * FROM arrow_scan(1::BIGINT, 2::BIGINT, 3::BIGINT)", "SELECT write_log('x')",
    "SELECT * FROM pragma_database_size()", "SELECT * FROM which_secret('s3://a', 's3')",
]  # fmt: skip
"""Everything that tells of the process or writes to it."""
DOERS = [
    "COPY (SELECT 1) TO '{folder}/out.csv'", "COPY results TO '{folder}/out.parquet'",
    "ATTACH '{folder}/a.db'", "ATTACH 'postgres://127.0.0.1/x' (TYPE postgres)", "LOAD httpfs",
    "INSTALL httpfs", "SET threads = 64", "RESET memory_limit", "PRAGMA database_list",
    "CREATE TABLE t AS SELECT 1", "DROP VIEW results", "INSERT INTO results VALUES (1)",
    "EXPORT DATABASE '{folder}'", "CALL pragma_version()", "SELECT 1; SELECT 2", "CHECKPOINT",
    "CREATE SECRET s (TYPE s3)", "BEGIN", "PREPARE p AS SELECT 1", "USE main", "VACUUM",
    "IMPORT DATABASE '{folder}'", "EXPLAIN ANALYZE SELECT 1", "SET VARIABLE x = 1",
    "CREATE MACRO m() AS TABLE FROM duckdb_settings()", "DETACH memory", "ANALYZE", ";;",
]  # fmt: skip
"""Everything that is no question."""
BREAKERS = [
    "EXPORT DATABASE '{folder}/x'", "SET enable_external_access = true",
    "SET allowed_paths = ['/']", "SET lock_configuration = false",
    "SET temp_directory = '{folder}'",
]  # fmt: skip


def request_over(paths: list[Path], sql: str = "") -> Request:
    """A question over files, as the process of its own gets it."""
    return Request(sql, [str(path) for path in paths], dict(COLUMNS), 10, 256, 1, 10)


def refused(path: Path, sql: str) -> str:
    """Why a question over a file is not answered."""
    with pytest.raises(question.Refused) as told:
        question.answer(request_over([path], sql))
    return told.value.message


async def test_no_file_is_read_by_its_name_not_even_ones_own(library: Library) -> None:
    own, other = await library.path("red"), await library.path("blue")
    for path in (own, other):
        for reader in READERS:
            sql = f"SELECT * FROM {reader.format(path=path, folder=path.parent)}"
            told = refused(own, sql)
            assert "available here" in told or "no table" in told, sql
    await library.refused(f"SELECT * FROM read_parquet('{other}')")


async def test_a_broken_file_is_no_mistake_of_who_asks_and_its_place_no_answer(
    library: Library,
) -> None:
    path = await library.path("red")
    path.write_bytes(b"PAR1")
    answer = await library.ask("SELECT * FROM results")
    assert answer.status_code == 503, answer.text
    assert str(path.parent) not in answer.text and path.name not in answer.text


async def test_nothing_tells_of_the_process(library: Library) -> None:
    own = await library.path("red")
    for sql in TELLERS:
        assert str(own.parent) not in refused(own, sql), sql


async def test_nothing_but_a_question_is_answered(library: Library) -> None:
    own, folder = await library.path("red"), library.shelf.folder / "mine"
    folder.mkdir()
    for sql in DOERS:
        refused(own, sql.format(folder=folder))
    assert [*folder.iterdir()] == []
    for sql in ("COPY results TO '/tmp/out.csv'", "SELECT 1; SELECT 2"):
        await library.refused(sql)
    assert await library.rows("SELECT count(*) FROM results") == [(5,)]


LARGE = [
    ("SELECT string_agg(repeat('x', 1000000), '') FROM range(10000)", "memory"),
    ("SELECT length(repeat(repeat('x', 100000000), 100))", ""),
]
ENDLESS = "SELECT count(*) FROM range(10000000) a, range(10000000) b"
DEEP = ["(" * 20_000 + "1" + ")" * 20_000, "+".join("1" * 30_000)]


async def test_what_has_no_end_is_ended(library: Library) -> None:
    for sql, words in LARGE:
        assert words in (await library.refused(sql))["message"]
    library.archivist.columnar._seconds = 1  # type: ignore[attr-defined]
    assert "takes longer than" in (await library.refused(ENDLESS))["message"]
    own = await library.path("red")
    for sql in DEEP:
        assert "depth" in refused(own, f"SELECT {sql}")


async def test_the_box_itself_reads_no_other_file_and_writes_none(
    library: Library, tmp_path: Path
) -> None:
    """As if `_check` let everything pass."""
    own, other = await library.path("red"), await library.path("blue")
    with open_box(request_over([own])) as box:
        box.execute("SET lock_configuration = true")
        (number,) = box.execute("SELECT count(*) FROM results").fetchall()[0]
        assert number == 3
        for reader in READERS:
            with pytest.raises(duckdb.Error):
                sql = f"SELECT * FROM {reader.format(path=other, folder=other.parent)}"
                assert "blue" not in str(box.execute(sql).fetchall())
        for sql in [*DOERS[:6], *BREAKERS]:
            with pytest.raises(duckdb.Error):
                box.execute(sql.format(folder=tmp_path / "mine"))
    assert not (tmp_path / "mine").exists()


async def test_the_process_has_no_environment_and_no_code_of_the_server(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGTEST_SECRET_KEY", "of the server")
    probe = library.shelf.folder / "probe.py"
    probe.write_text(
        "import os, sys\nsys.stdin.read()\n"
        "left = sorted(name for name in os.environ if name not in ('TZ', 'LC_CTYPE'))\n"
        'print(\'{"columns": [], "count": 0, "stopped": ""}\')\n'
        "print(str([left, os.getcwd(), [m for m in sys.modules if 'ringtest' in m]]), end='')\n"
    )
    where = "ringtest.control.connectors.duckdb_columnar._PROGRAM"
    monkeypatch.setattr(where, probe)
    answer = await library.archivist.columnar.ask(Ask("SELECT 1", [], 1))
    assert answer.rows == b"[[], '/', []]"
    source = Path(question.__file__).read_text()
    assert "import ringtest" not in source and "from ringtest" not in source


async def test_a_question_ends_with_who_asked(library: Library) -> None:
    """No process is left when a question is given up."""
    asking = asyncio.create_task(library.ask(ENDLESS))
    pids: list[int] = []
    while not pids:
        await asyncio.sleep(0)  # until the process is there
        pids = _children()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _children() -> list[int]:
    """Processes of this one that answer questions."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == os.getpid() and b"question.py" in line:
                found.append(int(entry.name))
    return found
