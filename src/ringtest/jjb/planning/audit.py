"""A line for each change that was made to a controller, in a file that only grows."""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4


class Audit:
    """Appends JSON lines, each whole and on the disk before the next change begins.

    Several runs may write the same file. Without a path nothing is kept.
    """

    def __init__(self, path: Path | None, **always: Any) -> None:
        self._always = {"run": uuid4().hex[:12], **always}
        self._lock = threading.Lock()
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._file = os.open(path, flags, 0o600)

    def __enter__(self) -> "Audit":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def note(self, **fields: Any) -> None:
        """One line: when (UTC), of which run, and what."""
        if self._file is None:
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, **self._always, **fields}, ensure_ascii=False) + "\n"
        with self._lock:
            os.write(self._file, line.encode())
            os.fsync(self._file)
