"""A yard on a clock to turn."""

from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from tests.control.tallies.yard import Yard, open_yard


@pytest.fixture
async def yard(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> Yard:
    return await open_yard(clocked_db, clock, tmp_path)
