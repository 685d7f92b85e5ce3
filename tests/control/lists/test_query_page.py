"""Every filter that the page of the query language shows is what the page says it is."""

import re
from datetime import datetime

import asyncpg
import pytest

from ringtest.control.db.conditions import Conditions
from ringtest.control.db.job_fields import add_job_filter
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.query_words import parse_query
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "reference" / "query-language.md").read_text()
_BLOCKS = re.findall(r"^```query( wrong)?\n(.*?)^```", PAGE, re.M | re.S)
_TABLE = [cell for row in re.findall(r"^\| (`.*?) \|", PAGE, re.M) for cell in [row]]
RIGHT = [line for wrong, block in _BLOCKS if not wrong for line in block.splitlines()] + [
    text for cell in _TABLE for text in re.findall(r"`([^`]+)`", cell)
]
WRONG = [line for wrong, block in _BLOCKS if wrong for line in block.splitlines()]


def _sql(text: str) -> Conditions:
    conditions = Conditions(now=datetime(2026, 10, 8))
    add_job_filter(conditions, parse_query(text))
    return conditions


def test_the_page_shows_filters() -> None:
    assert len(RIGHT) > 30 and len(WRONG) > 5


async def test_what_the_page_shows_finds_jobs(database_url: str) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(database_url)
    try:
        for text in RIGHT:
            conditions = _sql(text)
            sql = f"SELECT count(*) FROM jobs j WHERE {conditions.sql()}"
            assert await connection.fetchval(sql, *conditions.values) == 0, text
    finally:
        await connection.close()


@pytest.mark.parametrize("text", WRONG)
def test_what_the_page_calls_wrong_is_pointed_at(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        _sql(text)
    assert 0 <= refused.value.payload["position"] <= len(text)
