"""A bench of jobs on a clock to turn."""

from collections.abc import AsyncIterator

import pytest

from ringtest.control.db.pool import Database
from tests.control.jobs.bench import Bench, open_bench


@pytest.fixture
async def bench(clocked_db: Database) -> AsyncIterator[Bench]:
    async with open_bench(clocked_db) as opened:
        yield opened
