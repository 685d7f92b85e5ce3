"""Which files the archive has, and what a question may ask of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

VERSION = 1
"""Of the columns of files: those of another version are written again."""
CLAIM = timedelta(minutes=10)
"""Who writes a file says so again within this time, or has lost it to others."""
PAGE_CASES = 300_000
"""Cases that are read at a time, unless one result alone has more."""
PAGE_RESULTS = 200
MESSAGE = 1000
"""Characters that are kept of a failure's type, and of its message."""
LIVE_CASES = 1_000_000
"""Cases of results without a file that a question sees, the latest of them."""

EVER = date(2000, 1, 1), date(2999, 12, 1)
"""Days of any result."""


@dataclass(frozen=True, slots=True)
class Group:
    """What one file is about; `month` is its first day."""

    topic_id: UUID
    month: date
    team_id: UUID

    @property
    def since(self) -> datetime:
        """The first moment of the month."""
        return datetime.combine(self.month, time())

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(month_after(self.month), time())


@dataclass(frozen=True, slots=True)
class Claim:
    """A group whose file somebody writes: its row, the object there was, and whether its
    results are kept no longer, so that the object holds what is nowhere else."""

    id: UUID
    group: Group
    object_key: str | None
    is_retired: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """Which results: of these teams (None: all), maybe of one topic, in days from `first` to
    `last` (both included)."""

    teams: Sequence[UUID] | None
    topic_id: UUID | None = None
    first: date = EVER[0]
    last: date = EVER[1]

    @property
    def months(self) -> tuple[date, date]:
        """The first days of the first and the last month."""
        return self.first.replace(day=1), self.last.replace(day=1)


@dataclass(frozen=True, slots=True)
class File:
    """A file that is there."""

    id: UUID
    object_key: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Live:
    """What a question sees of results that have no file yet. `since`: the oldest of them, when
    there are more than are shown."""

    cases: int = 0
    is_complete: bool = True
    since: datetime | None = None


def month_after(month: date) -> date:
    """The first day of the next month.

    >>> str(month_after(date(2026, 12, 1)))
    '2027-01-01'
    """
    return (month + timedelta(days=31)).replace(day=1)


def key_of(group: Group, file_id: UUID, suffix: str) -> str:
    """Where a file lies in the object store; every writing has a key of its own.

    >>> zero = UUID(int=0)
    >>> key_of(Group(zero, date(2026, 3, 1), zero), zero, ".parquet")[36:60]
    '00000000/2026-03/0000000'
    """
    return f"archive/{group.topic_id}/{group.month:%Y-%m}/{group.team_id}/{file_id}{suffix}"
