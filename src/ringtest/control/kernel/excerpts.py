"""Long texts of others, kept within a limit: the beginning and the end, or a digest."""

from collections import deque
from hashlib import blake2b


class Sink:
    """Text of at most `limit` UTF-8 bytes: the beginning and the end of what came.

    Errors stand at the end of a Python traceback and at the start of a Java one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._seen = self._tail_size = 0

    def add(self, text: str) -> None:
        """More text."""
        room = self._limit - self._seen
        self._seen += len(text)
        if room >= len(text):
            self._head.append(text)
            return
        if self._limit <= 0:
            return  # nothing is kept, and how much it was is told
        if room > 0:
            self._head.append(text[:room])
            text = text[room:]
        self._tail.append(text[-self._limit :])
        self._tail_size += len(self._tail[-1])
        while self._tail_size - len(self._tail[0]) >= self._limit:
            self._tail_size -= len(self._tail.popleft())

    def size(self) -> int:
        """Characters kept, at most."""
        return min(self._seen, self._limit)

    def take(self) -> tuple[str | None, bool]:
        """The text (None when there was only white space) and whether it was cut."""
        text = "".join(self._head)
        if self._seen <= self._limit and (text.isascii() or len(text.encode()) <= self._limit):
            return (text, False) if text.strip() else (None, False)
        half = max(0, self._limit // 2 - 40)
        whole = (text + "".join(self._tail)).encode()
        head = whole[:half].decode(errors="ignore")
        tail = whole[len(whole) - half :].decode(errors="ignore")
        left_out = self._seen - len(head) - len(tail)
        return f"{head}\n… {left_out} characters left out …\n{tail}", True


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` bytes of UTF-8; what is cut becomes a digest of the whole.

    So that long names that differ stay different.
    """
    if len(text) * 4 <= limit or len(text.encode()) <= limit:
        return text
    mark = "…" + blake2b(text.encode(), digest_size=8).hexdigest()
    return text.encode()[: limit - 24].decode(errors="ignore") + mark
