"""Log text on its way into a journal, thinned when there is no room for it.

What is written stays written. While there is no room, output is counted instead of kept, but
for its last part; a line in the log says how much is missing and why, there and nowhere else.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from ringtest.agent.journal import FULL, Journal

TAIL_BYTES = 32 * 1024
"""What is kept of the end of each gap: that is where a stage says why it failed."""


class LogWriter:
    """Writes log records. `why_no_room` is asked with a number of bytes: empty when they fit.
    With `as_text` what is UTF-8 is written as it is: base64 is a third more for disk, digests
    and network.

    OSError for a disk that fails otherwise, or one so full that not even the mark fits.
    """

    def __init__(
        self,
        journal: Journal,
        why_no_room: Callable[[int], str] = lambda size: "",
        *,
        as_text: bool = False,
    ) -> None:
        self._as_text = as_text
        self._journal = journal
        self._why_no_room = why_no_room
        self._stage = ""
        self._missing = 0
        self._tail = b""
        self._why = ""

    def write(self, stage: str, data: bytes) -> None:
        """What a stage printed."""
        if not data:
            return
        if self._missing and stage != self._stage:
            self.end_gap()
        why = self._why_no_room(len(data)) or ("" if self._journal.lay_by() else "the disk is full")
        if not why and self._missing:
            self.end_gap()
        if not why:
            try:
                self._append(stage, data)
                return
            except OSError as error:
                if error.errno not in FULL:
                    raise
                why = "the disk is full"
        self._leave_out(stage, data, why)

    def end_gap(self) -> None:
        """Say what is missing, if anything, and give its last part. When a stage ends."""
        if not self._missing:
            return
        missing, tail = self._missing - len(self._tail), self._tail
        self._missing, self._tail = 0, b""
        if missing:
            mark = f"[ringtest] {missing} bytes of output are left out here: {self._why}\n"
            tail = mark.encode() + tail
        self._append(self._stage, tail, needed=True)

    def _leave_out(self, stage: str, data: bytes, why: str) -> None:
        self._stage = stage
        self._why = self._why or why
        self._missing += len(data)
        tail = (self._tail + data)[-2 * TAIL_BYTES :]
        if len(tail) > TAIL_BYTES and self._missing > TAIL_BYTES:
            cut = tail.find(b"\n", len(tail) - TAIL_BYTES) + 1  # from a line's beginning on
            tail = tail[cut or len(tail) - TAIL_BYTES :]
        self._tail = tail

    def _append(self, stage: str, data: bytes, *, needed: bool = False) -> None:
        try:
            text = data.decode() if self._as_text else None
        except UnicodeDecodeError:
            text = None
        packed = b64encode(data).decode() if text is None else None
        self._journal.append("log", needed=needed, stage=stage, text=text, data=packed)


def printed(record: dict[str, Any]) -> bytes:
    r"""The bytes that a log record holds, in either form.

    >>> printed({"text": "caf\u00e9"}), printed({"data": "/w=="})
    (b'caf\xc3\xa9', b'\xff')
    """
    text: str | None = record.get("text")
    return b64decode(record["data"]) if text is None else text.encode()
