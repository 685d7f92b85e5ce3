"""A track on a clock to turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from tests.control.tests.track import Track, open_track


@pytest.fixture
async def track(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Track]:
    async with open_track(clocked_db, clock, tmp_path) as opened:
        yield opened
