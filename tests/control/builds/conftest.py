"""A yard on a clock to turn."""

from collections.abc import AsyncIterator

import pytest

from ringtest.control.db.pool import Database
from tests.control.builds.yard import Yard, open_yard
from tests.jenkins_server import jenkins_server


@pytest.fixture
async def yard(clocked_db: Database) -> AsyncIterator[Yard]:
    with jenkins_server() as server:
        async with open_yard(clocked_db, server) as opened:
            yield opened
