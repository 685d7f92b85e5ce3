"""An attic on a clock to turn."""

from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from tests.control.archive.attic import Attic, open_attic
from tests.control.tallies.yard import open_yard


@pytest.fixture
async def attic(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> Attic:
    return open_attic(await open_yard(clocked_db, clock, tmp_path / "objects"), tmp_path)
