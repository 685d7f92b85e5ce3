"""SQL of limits: functions that any process may call for any key, outside of transactions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from ringtest.control.db.pool import Database

Failures = dict[str, list[datetime]]


async def failures(db: Database, keys: Sequence[str], since: datetime) -> Failures:
    """Moments of failures by key, oldest first."""
    text = await db.ask("SELECT rt_failures($1, $2)", list(keys), since)
    return msgspec.json.decode(text, type=Failures)


async def add_failure(
    db: Database, keys: Sequence[str], now: datetime, since: datetime
) -> Failures:
    """Count a failure of every key; all there are now, as `failures` gives them."""
    text = await db.ask("SELECT rt_fail($1, $2, $3)", list(keys), now, since)
    return msgspec.json.decode(text, type=Failures)


async def forgive(db: Database, key: str) -> None:
    """The failures of `key` no longer count."""
    await db.ask("SELECT rt_forgive($1)", key)


async def spend(
    db: Database, spent: Mapping[str, tuple[float, int]], now: datetime
) -> dict[str, float]:
    """Take (given out, requests a minute) by key from the common buckets; what they hold."""
    text = await db.ask(
        "SELECT rt_spend($1, $2, $3, $4, $5)",
        list(spent),
        [used for used, _ in spent.values()],
        [float(per_minute) for _, per_minute in spent.values()],
        [per_minute / 60 for _, per_minute in spent.values()],
        now,
    )
    return msgspec.json.decode(text or "{}", type=dict[str, float])


async def is_first(db: Database, digest: bytes, until: datetime) -> bool:
    """Note a signature; False when it was seen before."""
    return bool(await db.ask("SELECT rt_first_seen($1, $2)", digest, until))


async def forget(db: Database, now: datetime, failed_before: datetime) -> int:
    """Remove what no longer counts; how many rows."""
    return int(await db.ask("SELECT rt_forget_callers($1, $2)", now, failed_before))
