"""What is not needed is deleted; what a crash left over is found."""

from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.objects import service
from ringtest.control.ports.object_store import ObjectStore


def loops(db: Database, objects: ObjectStore) -> list[Loop]:
    """Nobody waits for either, so both look by themselves alone."""
    return [
        Loop("objects.delete", lambda: service.delete_forgotten(db, objects), 30.0),
        Loop("objects.sweep", lambda: service.sweep(db, objects), 600.0),
    ]
