"""When to try again, and after how long. Pure."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
"""Answers that say "later", from the server or from a proxy before it."""


class Backoff:
    """Growing waits with jitter, so that many clients do not come back at once.

    >>> waits = Backoff(first=1, most=5, spread=lambda: 1.0)
    >>> [waits.next() for _ in range(4)]
    [1.0, 2.0, 4.0, 5.0]
    >>> waits.reset(); waits.next()
    1.0
    """

    def __init__(
        self, *, first: float = 0.25, most: float = 10.0, spread: Callable[[], float] | None = None
    ) -> None:
        self._first = first
        self._most = most
        self._spread = spread or (lambda: random.uniform(0.5, 1.0))
        self._count = 0

    def next(self) -> float:
        """Seconds to wait now."""
        delay = min(self._most, self._first * 2.0 ** min(self._count, 30))
        self._count += 1
        return delay * self._spread()

    def reset(self) -> None:
        """It worked: begin anew the next time."""
        self._count = 0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is tried in all, and the waits between."""

    attempts: int = 5
    first: float = 0.25
    most: float = 10.0

    def backoff(self) -> Backoff:
        return Backoff(first=self.first, most=self.most)


ONCE = Retries(attempts=1)
"""For callers with a retry loop of their own."""


def may_retry(method: str, headers: Mapping[str, str]) -> bool:
    """True when doing the request twice has the effect of doing it once.

    >>> may_retry("GET", {}), may_retry("POST", {}), may_retry("PUT", {"If-match": "x"})
    (True, False, True)
    """
    names = {name.lower() for name in headers}
    if method in ("GET", "HEAD"):
        return True
    if method == "PUT":
        return "if-match" in names
    return method == "POST" and "idempotency-key" in names


def wait_asked_for(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header, 0 when there is none or it holds a date."""
    text = headers.get("retry-after", "")
    return min(float(text), 60.0) if text.isdigit() else 0.0
