"""Jobs of two labs in one topic, uploaded as labs do, and the same as plain rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.trends import api as trends_api
from tests.control.results.past import Past, junit, open_past

LABS = ("red lab", "blue lab")
Cases = Mapping[str, tuple[str, float]]
"""Outcome and seconds by test."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job and what its result file held."""

    id: str
    at: datetime
    lab: str
    builds: tuple[str, ...]
    cases: Cases
    result: str | None
    tags: tuple[str, ...]
    number: float | None

    @property
    def team(self) -> str:
        return self.lab.split()[0]

    def count(self, word: str) -> int:
        return sum(outcome == word for outcome, _ in self.cases.values())


@dataclass(slots=True)
class Lane(Past):
    """A topic and what ran in it."""

    jobs: list[Job] = field(default_factory=list)

    async def begin(self) -> None:
        """An empty topic that both teams reach, and no jobs."""
        self.jobs = []
        async with self.shelf.world.db.transaction(SYSTEM) as tx:
            await tx.execute("DELETE FROM jobs")
        await Past.begin(self)

    async def run(
        self, cases: Cases, *, lab: str = "red lab", builds: Sequence[str] = ("build 1",),
        hours: float = 1.0, result: str | None = "passed", tags: Sequence[str] = (),
        number: float | None = None,
    ) -> Job:  # fmt: skip
        """A job some hours after the one before, with a result file and a number `speed`."""
        world, clock = self.shelf.world, self.shelf.clock
        job_id = await self.job(lab, builds, hours, tags=list(tags))
        at, team = clock.now(), world.teams[lab.split()[0]]
        if number is not None:
            async with world.db.transaction(SYSTEM) as tx:
                await tx.execute(
                    "INSERT INTO jobs_keys_values (job_id, team_id, key, value)"
                    " VALUES ($1, $2, 'speed', $3)", UUID(job_id), team, number,
                )  # fmt: skip
        if cases:
            body = junit((name, word, seconds) for name, (word, seconds) in cases.items())
            await self.shelf.upload(job_id, body, lab)
        if result is not None:
            async with world.db.transaction(SYSTEM) as tx:
                await tx.execute(
                    "UPDATE jobs SET status = 'finished', result = $2 WHERE id = $1",
                    UUID(job_id), result,
                )  # fmt: skip
        ran = Job(job_id, at, lab, tuple(builds), cases, result, tuple(tags), number)
        self.jobs.append(ran)
        return ran

    def seen_by(self, who: str) -> list[Job]:
        """Jobs that a caller sees."""
        return [job for job in self.jobs if who == "epm" or job.team == who.split()[0]]

    async def of_topic(self, who: str, what: str, **params: Any) -> Any:
        """An answer about the topic."""
        path = f"/topics/{self.shelf.topic_id}/{what}"
        return await self.shelf.world.get(who, path, **params)


@asynccontextmanager
async def open_lane(db: Database, clock: VirtualClock, folder: Path) -> AsyncIterator[Lane]:
    """An empty lane whose topic both teams reach."""
    async with open_past(db, clock, folder, [trends_api], Lane) as lane:
        yield lane
