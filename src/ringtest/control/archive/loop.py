"""What the archive does by itself: months that are over are written to files."""

from ringtest.control.archive import service
from ringtest.control.archive.service import Archivist
from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.columnar import Columnar
from ringtest.control.ports.object_store import ObjectStore


def loops(db: Database, objects: ObjectStore, columnar: Columnar, settings: Settings) -> list[Loop]:
    """Nobody waits for a file: one after the other, every ten minutes those that are wanted."""
    if not settings.archive:
        return []
    archivist = Archivist(db, objects, columnar, settings.data / "archive")

    async def write() -> int:
        begun = await service.begin_months(db)
        return await service.write_next(archivist) or begun

    return [Loop("archive.write", write, 600.0)]
