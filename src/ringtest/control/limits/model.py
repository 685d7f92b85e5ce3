"""How many failures close what, and buckets of requests. Pure."""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ringtest.control.kernel.settings import Settings

MERGE_SECONDS = 1.0
"""How often a process settles what it gave out with the others."""
MERGE_SHARE = 0.05
"""Keys that took less than this share of a bucket since they were settled wait their turn."""
KEYS = 20_000
"""Buckets a process remembers; the one that was used least recently goes first."""


@dataclass(frozen=True, slots=True)
class Bound:
    """After `most` failures of `key` within the window it is closed; 0: never."""

    key: str
    most: int


def login_bounds(login: str, address: str, settings: Settings) -> tuple[Bound, Bound]:
    """What a failed password counts against: the name, and the address it came from."""
    return (
        Bound(f"login {_digest(login)}", settings.login_failures),
        Bound(f"from {address}", settings.login_failures_address),
    )


def signature_bound(machine: object, address: str, settings: Settings) -> Bound:
    """What a wrong signature counts against: that machine at that address.

    Not the machine alone: whoever knows a lab's id could stop the lab.
    """
    return Bound(f"signature {machine} from {address}", settings.login_failures_address)


def password_bound(user: object, settings: Settings) -> Bound:
    """What a wrong current password counts against: the user who is logged in."""
    return Bound(f"password {user}", settings.login_failures)


def _digest(text: str) -> str:
    """Names are kept as digests: some people type their password there."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def wait_seconds(
    bounds: Iterable[Bound],
    failures: Mapping[str, Sequence[datetime]],
    *,
    pending: int = 0,
    window: timedelta,
    now: datetime,
) -> int:
    """How long the first closed bound stays closed; 0 when all are open.

    `pending` checks run right now and may fail: they count as if they had.

    >>> at = datetime(2026, 1, 1)
    >>> wait_seconds([Bound("a", 2)], {"a": [at, at]}, window=timedelta(seconds=60), now=at)
    61
    """
    for bound in bounds:
        moments = failures.get(bound.key, ())
        if not bound.most or len(moments) + pending < bound.most:
            continue
        first = moments[-bound.most] if len(moments) >= bound.most else now
        return max(1, int((first + window - now).total_seconds()) + 1)
    return 0


@lru_cache(maxsize=10_000)
def network_of(host: str | None) -> str:
    """An address as limits count it: IPv6 hosts choose freely within their /64.

    >>> network_of("2001:db8::1:2:3:4"), network_of("192.0.2.7"), network_of(None)
    ('2001:db8::/64', '192.0.2.7', 'unknown')
    """
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if address.version == 6:
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    used: float = 0.0


class Buckets:
    """Token buckets of one process. All have room for a minute; moments are seconds."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self.unsettled: dict[str, int] = {}
        """Keys that gave out enough to be told to the others, with what they hold when full."""

    def take(self, key: str, per_minute: int, now: float) -> tuple[int, float]:
        """One request of `key`: (requests left, 0.0), or (0, seconds to wait)."""
        bucket = self._buckets.pop(key, None)
        if bucket is None:
            bucket = _Bucket(float(per_minute), now)
            if len(self._buckets) >= KEYS:
                del self._buckets[next(iter(self._buckets))]
        elif now > bucket.at:
            gained = (now - bucket.at) * per_minute / 60
            bucket.tokens = min(float(per_minute), bucket.tokens + gained)
            bucket.at = now
        self._buckets[key] = bucket  # last again: used most recently
        if bucket.tokens < 1:
            return 0, (1 - bucket.tokens) * 60 / per_minute
        bucket.tokens -= 1
        bucket.used += 1
        if bucket.used >= per_minute * MERGE_SHARE:
            self.unsettled[key] = per_minute
        return int(bucket.tokens), 0.0

    def spent(self) -> dict[str, tuple[float, int]]:
        """What is to be settled now, by key: (given out, requests a minute)."""
        found = {}
        for key, per_minute in self.unsettled.items():
            bucket = self._buckets.get(key)
            if bucket is not None:
                found[key] = (bucket.used, per_minute)
                bucket.used = 0
        self.unsettled.clear()
        return found

    def settle(self, left: Mapping[str, float]) -> None:
        """What all processes together left in the buckets; nobody gets more than he had."""
        for key, tokens in left.items():
            bucket = self._buckets.get(key)
            if bucket is not None:
                bucket.tokens = min(bucket.tokens, tokens)

    def __len__(self) -> int:
        return len(self._buckets)


def seconds(now: datetime) -> float:
    """Naive UTC as seconds since 1970."""
    return now.replace(tzinfo=UTC).timestamp()
