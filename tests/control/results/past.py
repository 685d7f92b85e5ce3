"""A topic of its own that two labs reach, and jobs in it that ran some hours apart."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.results.shelf import ROOMS, Shelf, open_shelf

_INNER = {
    "passed": "",
    "failed": '<failure type="AssertionError" message="broke">at</failure>',
    "errored": '<error message="OSError: no device">at</error>',
    "skipped": '<skipped message="not here"/>',
    "flaky": '<flakyFailure type="AssertionError" message="broke">at</flakyFailure>',
}
"""A case that is `flaky` passed, after an attempt that failed."""


def junit(cases: Iterable[tuple[str, str, float]]) -> bytes:
    """A result file of names, outcomes and seconds."""
    inner = [
        f'<testcase classname="c" name="{name}" time="{seconds}">{_INNER[word]}</testcase>'
        for name, word, seconds in cases
    ]
    return f'<testsuite name="ring" tests="{len(inner)}">{"".join(inner)}</testsuite>'.encode()


@dataclass(slots=True)
class Past:
    """A topic and its components by name."""

    shelf: Shelf
    components: dict[str, UUID] = field(default_factory=dict)

    async def begin(self) -> None:
        """An empty topic that both teams reach."""
        self.components = {}
        async with self.shelf.world.db.transaction(SYSTEM) as tx:
            product = await tx.fetchval("SELECT id FROM products LIMIT 1")
            values = {"name": str(new_id()), "product_id": product, "export_control": True}
            self.shelf.topic_id = await rows.insert(tx, "topics", values)

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

    async def job(self, lab: str, builds: Sequence[str], hours: float, **more: Any) -> str:
        """A job of a lab with its components, some hours after the one before: its id."""
        self.shelf.clock.advance(hours * 3600)
        ids = [await self.component(name) for name in builds]
        job_id = await self.shelf.job(lab, set_key=component_set_key(ids), **more)
        team = self.shelf.world.teams[lab.split()[0]]
        async with self.shelf.world.db.transaction(SYSTEM) as tx:
            for one in ids:
                await tx.execute(
                    "INSERT INTO jobs_components VALUES ($1, $2, $3)", UUID(job_id), one, team
                )
        return job_id


P = TypeVar("P", bound=Past)


@asynccontextmanager
async def open_past(
    db: Database,
    clock: VirtualClock,
    folder: Path,
    rooms: Sequence[Any],
    begin: Callable[[Shelf], P],
    **more: Any,
) -> AsyncIterator[P]:
    """A past of nothing, whose topic both teams reach; `rooms` and parts (`more`) beside
    those of a shelf."""
    async with open_shelf(db, clock, folder, rooms=[*ROOMS, *rooms], **more) as shelf:
        async with db.transaction(SYSTEM) as tx:
            await tx.execute("UPDATE topics SET export_control = true")
            for name in ("red", "blue"):
                await tx.execute(
                    "INSERT INTO products_teams (product_id, team_id) SELECT product_id, $2"
                    " FROM topics WHERE id = $1",
                    shelf.topic_id,
                    shelf.world.teams[name],
                )
        yield begin(shelf)
