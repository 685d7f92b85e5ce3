"""Lists of chunks are made when nobody waits for them."""

from ringtest.control.component_files import service
from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.ports.object_store import ObjectStore


def loops(db: Database, objects: ObjectStore) -> list[Loop]:
    """One file at a time: who fetches a file that has no list yet fetches it whole."""
    return [Loop("component_files.lists", lambda: service.make_next_list(db, objects), 5.0)]
