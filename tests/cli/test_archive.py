"""`ringtest archive`: what is sent, what people see, and what ClickHouse holds afterwards."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from ringtest.cli.clickhouse import _COLUMNS
from ringtest.control.connectors.duckdb_columnar import DuckColumnar
from ringtest.control.ports.columnar import COLUMNS, Run
from tests.cli.clickhouse_server import PASSWORD, Warehouse, clickhouse_server

Runner = Callable[..., Result]
TOPICS = ("11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-666666666666")
TEAM = "22222222-2222-4333-8444-555555555555"
META = {"count": 1, "complete": True, "files": 1, "live": {"cases": 0, "complete": True}}


def test_rows_of_an_answer_are_a_table_json_or_csv(api: Any, run: Runner) -> None:
    columns = [{"name": "t.name", "type": "VARCHAR"}, {"name": "count(*)", "type": "BIGINT"}]
    rows = [{"t.name": "a", "count(*)": 3}]
    api.on("POST", "/archive/query", {"columns": columns, "rows": rows, "_meta": META})
    table = run("archive", "query", "SELECT 1", "--topic", TOPICS[0], "--from", "2026-01-01")
    assert [line.split() for line in table.stdout.splitlines()] == [
        ["t.name", "count(*)"], ["a", "3"],
    ]  # fmt: skip
    assert api.sent() == (
        "POST", "/archive/query",
        {"sql": "SELECT 1", "limit": 1000, "live": True, "topic_id": TOPICS[0],
         "from": "2026-01-01"},
    )  # fmt: skip
    assert "idempotency-key" not in api.requests[-1].headers
    assert json.loads(run("archive", "query", "SELECT 1", "-f", "json").stdout) == rows
    assert run("archive", "query", "SELECT 1", "-f", "csv").stdout == "t.name,count(*)\na,3\n"


def test_rows_that_are_cut_and_results_that_are_not_seen_are_told(api: Any, run: Runner) -> None:
    live = {"cases": 9, "complete": False, "since": "2026-02-01T00:00:00"}
    meta = META | {"complete": False, "stopped": "rows", "live": live}
    api.on("POST", "/archive/query", {"columns": [], "rows": [{}], "_meta": meta})
    told = run("archive", "query", "SELECT 1").stderr
    assert "[the first 1 rows: there are more rows" in told
    assert "only those since 2026-02-01T00:00:00" in told


def test_what_is_wrong_with_the_sql_is_pointed_at(api: Any, run: Runner) -> None:
    refusal = {"message": "Binder Error: no nope", "payload": {"position": 7}}
    api.on("POST", "/archive/query", refusal, status=400)
    result = run("archive", "query", "SELECT nope")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1:] == ["  SELECT nope", "         ^"]


def test_files_are_listed_and_written_again(api: Any, run: Runner) -> None:
    file = {"month": "2026-01", "topic": "rhel", "team": "red", "rows": 3, "bytes": 9}
    api.on("GET", "/archive", {"archive": [file], "_meta": {"count": 1}})
    assert run("archive", "list").stdout.split()[-5:] == ["2026-01", "rhel", "red", "3", "9"]
    api.on("POST", "/archive/write", {"archive": {"files": 2}})
    assert run("archive", "write", "--from", "2026-01-01").stdout == "2 files will be written\n"
    assert api.parameters() == {"from": "2026-01-01"}


@pytest.mark.parametrize("address", ["http://jo:secret@h:1/d", "ftp://h/d", "http://h:1/", "h"])
def test_an_address_with_a_password_or_none_is_refused(api: Any, run: Runner, address: str) -> None:
    result = run("archive", "push", "--to", address)
    assert result.exit_code == 2
    assert "secret" not in result.output + result.stderr


# with the engine itself ----------------------------------------------------------


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    pytest.importorskip("chdb", reason="ClickHouse's engine takes 500 MB: pip install chdb")
    with clickhouse_server() as server:
        yield server


def parquet(folder: Path, topic: str, month: int, *, job: str, count: int, name: str) -> bytes:
    """A file of the archive with so many cases."""
    columnar = DuckColumnar(folder / "scratch")
    run = Run(
        job_id=job, file_id=job, created_at=datetime(2026, month, 2, 3, 4, 5, 6), topic_id=topic,
        topic="rhel", team_id=TEAM, team="red", remoteci_id=TEAM, remoteci="lab", set_key="k",
        job_name=None, attempt=1, file_name="junit.xml", test_ids=list(range(count)),
        outcomes=b"pf" * (count // 2), states=b"uu" * (count // 2),
        durations=bytes(4 * count), retried=[1], said={1: ("AssertionError", "why é")},
    )  # fmt: skip
    with columnar.sheet({112: "passed", 102: "failed"}, {117: "unchanged"}) as sheet:
        sheet.add_tests({one: ("s", "c", f"{name}_{one}") for one in range(count)})
        sheet.add_run(run)
        return sheet.finish().path.read_bytes()


def archive(api: Any, files: list[tuple[str, int, bytes, int]]) -> None:
    """What the server has: topic, month, content and rows of files."""
    listed = []
    for topic, month, content, rows in files:
        digest = hashlib.sha256(content).hexdigest()
        api.on("GET", f"/archive/{digest[:8]}/content", content)
        listed.append(
            {"id": digest[:8], "topic_id": topic, "topic": "rhel", "month": f"2026-{month:02}",
             "team_id": TEAM, "team": "red", "rows": rows, "bytes": len(content), "digest": digest}
        )  # fmt: skip
    api.on("GET", "/archive", {"archive": listed, "_meta": {"count": len(listed)}})


def job_id(number: int) -> str:
    return f"33333333-2222-4333-8444-{number:012}"


async def test_the_archive_is_in_clickhouse_once_however_often_it_is_pushed(
    api: Any, run: Runner, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(_COLUMNS) == list(COLUMNS)
    first = parquet(tmp_path, TOPICS[0], 1, job=job_id(1), count=6, name="old")
    second = parquet(tmp_path, TOPICS[0], 1, job=job_id(2), count=4, name="other")
    third = parquet(tmp_path, TOPICS[1], 2, job=job_id(3), count=2, name="third")
    archive(api, [(TOPICS[0], 1, first, 6), (TOPICS[0], 1, second, 4), (TOPICS[1], 2, third, 2)])
    monkeypatch.setenv("RINGTEST_CLICKHOUSE_PASSWORD", "wrong")
    refused = run("archive", "push", "--to", warehouse.address)
    assert refused.exit_code == 1 and "Authentication failed" in refused.stderr
    assert "wrong" not in refused.output + refused.stderr
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")

    def push(*more: str) -> str:
        result = run(
            "archive", "push", "--to", warehouse.address, "--password-file", str(secret), *more
        )
        assert result.exit_code == 0, result.output + result.stderr
        assert PASSWORD not in result.output + result.stderr
        return result.stdout

    assert push().splitlines() == [
        "1/2 2026-01 rhel: 10 rows", "2/2 2026-02 rhel: 2 rows", "2 pushed, 0 were there",
    ]  # fmt: skip
    count = "SELECT count(), uniqExact(file_id, position) FROM results"
    assert warehouse.ask(count) == [["12", "12"]]
    assert push() == "0 pushed, 2 were there\n"
    assert warehouse.ask(count) == [["12", "12"]]
    sql = f"SELECT * FROM results WHERE file_id = '{job_id(1)}' AND position = 1"
    assert warehouse.ask(f"{sql} FORMAT JSONEachRow")[0][0] == json.dumps(
        {"job_id": job_id(1), "file_id": job_id(1), "position": 1,
         "created_at": "2026-01-02 03:04:05.000006", "topic_id": TOPICS[0], "topic": "rhel",
         "team_id": TEAM, "team": "red", "remoteci_id": TEAM, "remoteci": "lab", "set_key": "k",
         "job_name": None, "attempt": 1, "file_name": "junit.xml", "suite": "s", "classname": "c",
         "name": "old_1", "test_id": "0000000000000001", "outcome": "failed",
         "state": "unchanged", "seconds": 0, "retried": True, "type": "AssertionError",
         "message": "why é"},
        separators=(",", ":"), ensure_ascii=False,
    )  # fmt: skip

    changed = parquet(tmp_path, TOPICS[0], 1, job=job_id(1), count=2, name="new")
    archive(api, [(TOPICS[0], 1, changed, 2), (TOPICS[0], 1, second, 4)])
    assert push().splitlines()[1:] == [
        "1 pushed, 0 were there", "1 are no longer in the archive: --prune removes them",
    ]  # fmt: skip
    names = "SELECT DISTINCT splitByChar('_', name)[1] AS n FROM results ORDER BY n"
    assert warehouse.ask(names) == [["new"], ["other"], ["third"]]
    assert push("--topic", TOPICS[0]) == "0 pushed, 1 were there\n"
    assert push("--prune").splitlines()[-1] == "1 removed"
    assert warehouse.ask(names) == [["new"], ["other"]]
    assert warehouse.ask("SHOW TABLES") == [["pushed"], ["results"]]


async def test_a_push_that_broke_off_goes_on_and_shows_nothing_half(
    api: Any, run: Runner, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGTEST_CLICKHOUSE_PASSWORD", PASSWORD)
    one = parquet(tmp_path, TOPICS[1], 5, job=job_id(5), count=2, name="five")
    two = parquet(tmp_path, TOPICS[1], 6, job=job_id(6), count=4, name="six")
    more = parquet(tmp_path, TOPICS[1], 6, job=job_id(7), count=4, name="seven")
    everything = [(TOPICS[1], 5, one, 2), (TOPICS[1], 6, two, 4), (TOPICS[1], 6, more, 4)]
    archive(api, everything)
    digest = hashlib.sha256(more).hexdigest()
    api.on("GET", f"/archive/{digest[:8]}/content", more[:-100] + bytes(100))  # cut on its way
    broken = run("archive", "push", "--to", warehouse.address)
    assert broken.exit_code == 1
    sql = f"SELECT toMonth(created_at) AS m, count() FROM results WHERE topic_id = '{TOPICS[1]}'"
    sql += " GROUP BY m ORDER BY m"
    assert warehouse.ask(sql) == [["5", "2"]]
    archive(api, everything)
    again = run("archive", "push", "--to", warehouse.address)
    told = ["1/1 2026-06 rhel: 8 rows", "1 pushed, 1 were there"]
    assert again.stdout.splitlines()[:2] == told
    assert warehouse.ask(sql) == [["5", "2"], ["6", "8"]]
