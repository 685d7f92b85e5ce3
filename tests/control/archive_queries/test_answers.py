"""SQL is answered over what the caller may see, archived or not, and in words when it is not."""

import asyncio
from typing import Any

import pytest

from ringtest.control.archive_queries.service import Turns
from ringtest.control.kernel.errors import TooManyRequests
from ringtest.control.ports.columnar import COLUMNS, Ask, Table
from tests.control.archive_queries.library import Library

EVERY = "SELECT name, outcome FROM results ORDER BY created_at, position"


async def test_files_and_results_that_are_in_none_are_one_table(library: Library) -> None:
    answer = (await library.ask(EVERY)).json()
    assert [(row["name"], row["outcome"]) for row in answer["rows"]] == [
        ("a", "failed"), ("b", "passed"), ("secret of red", "passed"),
        ("a", "passed"), ("b", "failed"),
    ]  # fmt: skip
    assert answer["columns"] == [
        {"name": "name", "type": "VARCHAR"}, {"name": "outcome", "type": "VARCHAR"},
    ]  # fmt: skip
    live = {"cases": 2, "complete": True}
    assert answer["_meta"] == {"count": 5, "complete": True, "files": 1, "live": live}
    without = (await library.ask(EVERY, live=False)).json()
    assert without["_meta"] == {"count": 3, "complete": True, "files": 1}


async def test_who_reads_everything_asks_about_everybody(library: Library) -> None:
    sql = "SELECT team, count(*) FROM results GROUP BY ALL ORDER BY ALL"
    assert await library.rows(sql, "read-only") == [("blue", 3), ("red", 5)]
    assert await library.rows(sql, "blue lab") == [("blue", 3)]
    assert await library.rows(sql, "feeder") == []
    team = str(library.shelf.world.teams["blue"])
    assert await library.rows(sql, "epm", team_id=team) == [("blue", 3)]
    assert (await library.ask(sql, "red user", team_id=team)).status_code == 401
    assert (await library.ask(sql, "nobody")).status_code == 401


async def test_a_topic_and_days_narrow_it_down(library: Library) -> None:
    sql = "SELECT count(*) FROM results"
    topic = str(library.shelf.topic_id)
    assert await library.rows(sql, topic_id=topic) == [(5,)]
    assert await library.rows(sql, to="2026-01-31") == [(3,)]
    assert await library.rows(sql, **{"from": "2026-01-02"}) == [(2,)]
    other = "00000000-0000-4000-8000-000000000000"
    assert (await library.ask(sql, topic_id=other)).status_code == 404


async def test_a_row_has_what_a_person_expects(library: Library) -> None:
    answer = await library.ask("SELECT * FROM results WHERE name = 'a' ORDER BY created_at LIMIT 1")
    (row,) = answer.json()["rows"]
    tests = await library.shelf.tests(library.jobs["red lab"][0], q="a", outcome="failed")
    (case,) = tests["tests"]
    assert list(row) == list(COLUMNS)
    assert row | {"file_id": case["file_id"], "test_id": case["test_id"]} == row
    assert row["seconds"] == 0.25 and row["created_at"].startswith("2026-01-01T12:0")
    assert (row["topic"], row["remoteci"], row["job_name"]) == ("linux-9", "red lab", "nightly")
    assert (row["state"], row["type"]) == (case["state"], "AssertionError")
    assert (row["message"], row["retried"]) == ("a broke", False)


async def test_more_rows_than_asked_for_are_cut_and_it_is_said(library: Library) -> None:
    cut = (await library.ask("SELECT range FROM range(100)", limit=7)).json()
    assert [row["range"] for row in cut["rows"]] == [*range(7)]
    meta = cut["_meta"]
    assert (meta["count"], meta["complete"], meta["stopped"]) == (7, False, "rows")
    large = (await library.ask("SELECT repeat('x', 3000000) FROM range(9)")).json()["_meta"]
    assert (large["count"], large["stopped"]) == (5, "bytes")
    assert len(await library.rows("SELECT * FROM range(20000)", limit=99999)) == 10_000


async def test_every_kind_of_value_is_json(library: Library) -> None:
    sql = """SELECT 1 AS a, 2 AS a, 'x'::BLOB AS b, 'nan'::DOUBLE AS c,
      {'k': DATE '2026-01-02'} AS d, INTERVAL 1 DAY AS e, 1.5::DECIMAL(3, 1) AS f,
      MAP {1: 2} AS g, NULL AS h, [TRUE] AS i, TIMESTAMP '2026-01-02 03:04:05' AS j"""
    (row,) = (await library.ask(sql)).json()["rows"]
    assert row | {
        "a": 1, "a_1": 2, "b": "78", "c": None, "d": {"k": "2026-01-02"}, "f": "1.5",
        "g": {"1": 2}, "h": None, "i": [True], "j": "2026-01-02T03:04:05",
    } == row  # fmt: skip


MISTAKES = [
    ("SELECT nope FROM results", 7, 'column "nope" not found'),
    ("SELECT 'é€', nope FROM results", 13, 'column "nope" not found'),
    ("SELEC 1", 0, "syntax error"),
    ("SELECT 'a'::INTEGER", 10, "Could not convert"),
    ("SELECT * FROM others", 14, "no table 'others'"),
]
BODIES: list[dict[str, Any]] = [
    {}, {"sql": ""}, {"sql": " "}, {"sql": 1}, {"sql": "SELECT 1", "limit": 0},
    {"sql": "SELECT 1", "from": "soon"}, {"sql": "SELECT 1", "more": 1},
    {"sql": "SELECT 1", "from": "2026-02-01", "to": "2026-01-01"}, {"sql": "SELECT '\0'"},
]  # fmt: skip


async def test_mistakes_are_told_in_words_with_their_place(library: Library) -> None:
    for sql, position, words in MISTAKES:
        told = await library.refused(sql)
        assert words in told["message"]
        assert told["payload"] == {"position": position}
    for body in BODIES:
        answer = await library.shelf.world["red user"].post("/archive/query", json=body)
        assert answer.status_code == 400, answer.text


async def test_so_many_at_a_time_and_the_next_are_sent_away() -> None:
    turns, going, there = Turns(at_once=1, waiting=1), asyncio.Event(), asyncio.Event()

    async def take() -> None:
        async with turns.one():
            there.set()
            await going.wait()

    first = asyncio.create_task(take())
    await there.wait()
    second = asyncio.create_task(take())
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        async with turns.one():
            pass
    going.set()
    await asyncio.gather(first, second)
    async with turns.one():
        pass


async def test_a_file_that_is_replaced_meanwhile_is_looked_for_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Ask] = []
    answer = library.archivist.columnar.ask

    async def replaced(question: Ask) -> Table:
        asked.append(question)
        if len(asked) == 1:
            old = question.files[0]
            old.rename(old.with_suffix(".away"))
            try:
                return await answer(question)
            finally:
                old.with_suffix(".away").rename(old)
        return await answer(question)

    monkeypatch.setattr(library.archivist.columnar, "ask", replaced)
    assert await library.rows("SELECT count(*) FROM results") == [(5,)]
    assert len(asked) == 2
