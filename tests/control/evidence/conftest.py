"""A shelf of jobs on a clock to turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from tests.control.results.shelf import Shelf, open_shelf


@pytest.fixture
async def shelf(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(clocked_db, clock, tmp_path) as opened:
        yield opened
