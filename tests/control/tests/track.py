"""Runs of two labs over days and component sets, and the same as plain rows.

What the server answers is held against what Python counts of the rows.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ringtest.control.comparisons import api as comparisons_api
from ringtest.control.db.pool import Database
from ringtest.control.kernel import ids
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.results.model import id_of_test
from ringtest.control.tests import api as tests_api
from tests.control.results.past import Past, junit, open_past

BAD = ("failed", "errored")


def id_of(name: str) -> str:
    """A test's id on the wire."""
    return ids.test_id_text(id_of_test("ring", "c", name))


@dataclass(frozen=True, slots=True)
class Row:
    """One case of one run."""

    test: str
    outcome: str
    retried: bool
    team: str
    lab: str
    job_id: str
    at: datetime
    set_name: str
    turn: int = 0  # of a test that stands in a file several times

    @property
    def ran(self) -> bool:
        return self.outcome != "skipped"

    @property
    def is_bad(self) -> bool:
        return self.outcome in BAD


@dataclass(slots=True)
class Track(Past):
    """A topic and what ran in it."""

    rows: list[Row] = field(default_factory=list)

    async def begin(self) -> None:
        """An empty topic that both teams reach."""
        self.rows = []
        await Past.begin(self)

    async def run(
        self, words: Mapping[str, str] | Sequence[tuple[str, str]], *, lab: str = "red lab",
        build: str = "build 1", hours: float = 1.0,
    ) -> str:  # fmt: skip
        """A job of a lab with a component, some hours after the one before: its id. `words` are
        outcomes by test; as pairs, a test may stand there twice."""
        job_id = await self.job(lab, [build], hours)
        cases = list(words.items() if isinstance(words, Mapping) else words)
        at = self.shelf.clock.now()
        await self.shelf.upload(job_id, junit((name, word, 0.25) for name, word in cases), lab)
        turns: Counter[str] = Counter()
        for name, word in cases:
            flaky = word == "flaky"
            outcome = "passed" if flaky else word
            who, turn = lab.split()[0], turns[name]
            self.rows.append(Row(name, outcome, flaky, who, lab, job_id, at, build, turn))
            turns[name] += 1
        return job_id

    def seen_by(self, who: str, **only: object) -> list[Row]:
        """Rows that a caller sees, of these columns' values."""
        own = [row for row in self.rows if who == "epm" or row.team == who.split()[0]]
        return [row for row in own if all(getattr(row, k) == v for k, v in only.items())]

    def is_flip(self, row: Row) -> bool:
        """Passed before and failed now, or the other way, with the same components. The run
        before is the lab's last one."""
        before = [one for one in self.rows if one.lab == row.lab and one.at < row.at]
        if not before or not row.ran:
            return False
        job = before[-1].job_id
        same = (job, row.test, row.turn)
        last = [one for one in before if (one.job_id, one.test, one.turn) == same]
        return bool(
            last
            and last[0].ran
            and last[0].is_bad != row.is_bad
            and last[0].set_name == row.set_name
        )

    async def ask(self, who: str, path: str, **params: Any) -> Any:
        """An answer about the topic."""
        return await self.shelf.world.get(who, path, topic_id=str(self.shelf.topic_id), **params)


@asynccontextmanager
async def open_track(db: Database, clock: VirtualClock, folder: Path) -> AsyncIterator[Track]:
    """An empty track, whose topic both teams reach."""
    async with open_past(db, clock, folder, [tests_api, comparisons_api], Track) as track:
        yield track


def naive_days(track: Track, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Days of a test's rows."""
    days: dict[str, dict[str, Any]] = {}
    for row in rows:
        day = days.setdefault(
            row.at.date().isoformat(),
            {
                "day": row.at.date().isoformat(), "runs": 0, "passed": 0, "failed": 0,
                "errored": 0, "absent": 0, "retried": 0, "flips": 0,
            },
        )  # fmt: skip
        day["runs"] += row.ran
        day["absent"] += not row.ran
        for word in ("passed", "failed", "errored"):
            day[word] += row.outcome == word
        day["retried"] += row.retried
        day["flips"] += track.is_flip(row)
    return [days[day] for day in sorted(days)]
