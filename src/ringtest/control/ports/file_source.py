"""Files of another server, that are read and never written: what an import copies from.

Every object store is one.
"""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from ringtest.control.ports.object_store import Listed


@runtime_checkable
class FileSource(Protocol):
    """Keys are relative paths of that server's making, e.g. `<team>/<job>/<file>`."""

    def get(self, key: str) -> AsyncIterator[bytes]:
        """A file's bytes in chunks. NotFound if absent, Unavailable when it cannot be read."""
        ...

    def list(self, after: str = "") -> AsyncIterator[Listed]:
        """Every file whose key is greater than `after`."""
        ...
