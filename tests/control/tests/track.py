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
from uuid import UUID

from ringtest.control.comparisons import api as comparisons_api
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel import ids
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.results.model import id_of_test
from ringtest.control.tests import api as tests_api
from tests.control.results.shelf import ROOMS, Shelf, open_shelf

BAD = ("failed", "errored")
_INNER = {
    "passed": "",
    "failed": '<failure type="AssertionError" message="broke">at</failure>',
    "errored": '<error message="OSError: no device">at</error>',
    "skipped": '<skipped message="not here"/>',
    "flaky": '<flakyFailure type="AssertionError" message="broke">at</flakyFailure>',
}
"""A case that is `flaky` passed, after an attempt that failed."""


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
class Track:
    """A topic and what ran in it."""

    shelf: Shelf
    rows: list[Row] = field(default_factory=list)
    components: dict[str, UUID] = field(default_factory=dict)

    async def begin(self) -> None:
        """An empty topic that both teams reach."""
        self.rows, self.components = [], {}
        self.shelf.topic_id = await self.shelf.world.sql(
            "INSERT INTO topics (id, created_at, updated_at, etag, name, product_id,"
            " export_control) SELECT gen_random_uuid(), now(), now(), 'x',"
            " gen_random_uuid()::text, id, true FROM products LIMIT 1 RETURNING id"
        )

    async def component(self, name: str) -> UUID:
        """A component called `<type> <version>`, made once."""
        if name not in self.components:
            kind, _, version = name.partition(" ")
            values = {
                "type": kind,
                "version": version,
                "display_name": name,
                "topic_id": self.shelf.topic_id,
                "released_at": self.shelf.clock.now(),
            }
            async with self.shelf.world.db.transaction(SYSTEM) as tx:
                self.components[name] = await rows.insert(tx, "components", values)
        return self.components[name]

    async def run(
        self, words: Mapping[str, str] | Sequence[tuple[str, str]], *, lab: str = "red lab",
        build: str = "build 1", hours: float = 1.0,
    ) -> str:  # fmt: skip
        """A job of a lab with a component, some hours after the one before: its id. `words` are
        outcomes by test; as pairs, a test may stand there twice."""
        clock, world = self.shelf.clock, self.shelf.world
        clock.advance(hours * 3600)
        component = await self.component(build)
        key = component_set_key([component])
        job_id = await self.shelf.job(lab, set_key=key)
        team = world.teams[lab.split()[0]]
        async with world.db.transaction(SYSTEM) as tx:
            await tx.execute(
                "INSERT INTO jobs_components VALUES ($1, $2, $3)", UUID(job_id), component, team
            )
        cases = list(words.items() if isinstance(words, Mapping) else words)
        inner = "".join(
            f'<testcase classname="c" name="{name}" time="0.25">{_INNER[word]}</testcase>'
            for name, word in cases
        )
        text = f'<testsuite name="ring" tests="{len(cases)}">{inner}</testsuite>'
        at = clock.now()
        await self.shelf.upload(job_id, text.encode(), lab)
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
    async with open_shelf(db, clock, folder, rooms=[*ROOMS, tests_api, comparisons_api]) as shelf:
        async with db.transaction(SYSTEM) as tx:
            await tx.execute("UPDATE topics SET export_control = true")
            for name in ("red", "blue"):
                await tx.execute(
                    "INSERT INTO products_teams (product_id, team_id) SELECT product_id, $2"
                    " FROM topics WHERE id = $1",
                    shelf.topic_id,
                    shelf.world.teams[name],
                )
        yield Track(shelf)


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
