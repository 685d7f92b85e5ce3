"""A lane on a clock to turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from tests.control.trends.lane import Lane, open_lane


@pytest.fixture
async def lane(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(clocked_db, clock, tmp_path) as opened:
        yield opened
