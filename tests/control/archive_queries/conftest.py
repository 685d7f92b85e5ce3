"""A shelf with an archive: two teams, results of two months, and everyone to ask SQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringtest.control.archive import api as archive_api
from ringtest.control.archive.service import Archivist
from ringtest.control.archive_queries import api as queries_api
from ringtest.control.connectors.duckdb_columnar import DuckColumnar
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from tests.control.archive_queries.library import Library
from tests.control.results.shelf import ROOMS, open_shelf


@pytest.fixture
async def library(
    clocked_db: Database, clock: VirtualClock, tmp_path: Path
) -> AsyncIterator[Library]:
    columnar = DuckColumnar(tmp_path / "scratch", memory=256, seconds=10)
    rooms = [*ROOMS, archive_api, queries_api]
    async with open_shelf(clocked_db, clock, tmp_path, rooms=rooms, columnar=columnar) as shelf:
        archivist = Archivist(clocked_db, shelf.objects, columnar, tmp_path / "archive")
        library = Library(shelf, archivist)
        await library.fill()
        yield library
