"""Messages on disk, one JSON file each; a second copy of an id is counted, not kept."""

import hashlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class MessageStore:
    """A folder of messages. Safe to use from several threads and after a restart."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()

    def add(self, channel: str, message_id: str, content: dict[str, Any]) -> bool:
        """Keep the message; False when this id was here before (its `copies` goes up)."""
        path = self._path(channel, message_id)
        with self._lock:
            new = not path.exists()
            if new:
                kept = {
                    "id": message_id,
                    "channel": channel,
                    "received_at": datetime.now(UTC).replace(tzinfo=None).isoformat(),
                    "copies": 1,
                    **content,
                }
            else:
                kept = json.loads(path.read_text())
                kept["copies"] += 1
            # whole or not at all: a sink killed here has answered nothing yet
            draft = path.with_suffix(".new")
            draft.write_text(json.dumps(kept, indent=1))
            draft.replace(path)
        return new

    def all(self) -> list[dict[str, Any]]:
        """Every message, oldest first."""
        with self._lock:
            kept = [json.loads(path.read_text()) for path in self._folder.glob("*.json")]
        return sorted(kept, key=lambda message: str(message["received_at"]))

    def _path(self, channel: str, message_id: str) -> Path:
        # the id comes from outside: only its digest becomes a file name
        digest = hashlib.sha256(f"{channel}\n{message_id}".encode()).hexdigest()[:24]
        return self._folder / f"{digest}.json"
