"""Jobs of two labs in one topic, uploaded as labs do, and the same as plain rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.trends import api as trends_api
from tests.control.results.shelf import ROOMS, Shelf, open_shelf

LABS = ("red lab", "blue lab")
_INNER = {
    "passed": "",
    "failed": '<failure message="broke">at</failure>',
    "errored": '<error message="no device">at</error>',
    "skipped": "<skipped/>",
}
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
class Lane:
    """A topic and what ran in it."""

    shelf: Shelf
    jobs: list[Job] = field(default_factory=list)
    components: dict[str, UUID] = field(default_factory=dict)

    async def begin(self) -> None:
        """An empty topic that both teams reach, and no jobs."""
        self.jobs, self.components = [], {}
        async with self.shelf.world.db.transaction(SYSTEM) as tx:
            await tx.execute("DELETE FROM jobs")
            self.shelf.topic_id = await rows.insert(
                tx,
                "topics",
                {
                    "name": f"topic at {self.shelf.clock.now()}",
                    "product_id": await tx.fetchval("SELECT id FROM products LIMIT 1"),
                    "export_control": True,
                },
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
        self, cases: Cases, *, lab: str = "red lab", builds: Sequence[str] = ("build 1",),
        hours: float = 1.0, result: str | None = "passed", tags: Sequence[str] = (),
        number: float | None = None,
    ) -> Job:  # fmt: skip
        """A job some hours after the one before, with a result file and a number `speed`."""
        world, clock = self.shelf.world, self.shelf.clock
        clock.advance(hours * 3600)
        ids = [await self.component(name) for name in builds]
        at = clock.now()
        job_id = await self.shelf.job(lab, set_key=component_set_key(ids), tags=list(tags))
        at, team = clock.now(), world.teams[lab.split()[0]]
        async with world.db.transaction(SYSTEM) as tx:
            for one in ids:
                await tx.execute(
                    "INSERT INTO jobs_components VALUES ($1, $2, $3)", UUID(job_id), one, team
                )
            if number is not None:
                await tx.execute(
                    "INSERT INTO jobs_keys_values (job_id, team_id, key, value)"
                    " VALUES ($1, $2, 'speed', $3)", UUID(job_id), team, number,
                )  # fmt: skip
        if cases:
            inner = "".join(
                f'<testcase classname="c" name="{name}" time="{seconds}">{_INNER[word]}</testcase>'
                for name, (word, seconds) in cases.items()
            )
            text = f'<testsuite name="ring" tests="{len(cases)}">{inner}</testsuite>'
            await self.shelf.upload(job_id, text.encode(), lab)
        if result is not None:
            async with world.db.transaction(SYSTEM) as tx:
                await tx.execute(
                    "UPDATE jobs SET status = 'finished', result = $2 WHERE id = $1",
                    UUID(job_id), result,
                )  # fmt: skip
        job = Job(job_id, at, lab, tuple(builds), cases, result, tuple(tags), number)
        self.jobs.append(job)
        return job

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
    async with open_shelf(db, clock, folder, rooms=[*ROOMS, trends_api]) as shelf:
        async with db.transaction(SYSTEM) as tx:
            await tx.execute("UPDATE topics SET export_control = true")
            for name in ("red", "blue"):
                await tx.execute(
                    "INSERT INTO products_teams (product_id, team_id) SELECT product_id, $2"
                    " FROM topics WHERE id = $1",
                    shelf.topic_id,
                    shelf.world.teams[name],
                )
        yield Lane(shelf)
