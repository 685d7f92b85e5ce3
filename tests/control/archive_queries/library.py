"""What the tests of archive queries ask about, and how they ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from ringtest.control.archive import service
from ringtest.control.archive.model import Scope
from ringtest.control.archive.service import Archivist
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.results.shelf import Shelf

OLD: Mapping[str, Mapping[str, str]] = {
    "red lab": {"a": "failed", "b": "passed", "secret of red": "passed"},
    "blue lab": {"a": "passed", "secret of blue": "failed"},
}
"""Cases of January, which is in files."""
RECENT: Mapping[str, Mapping[str, str]] = {
    "red lab": {"a": "passed", "b": "failed"},
    "blue lab": {"a": "errored"},
}
"""Cases of February, which is not over."""


@dataclass(slots=True)
class Library:
    """`jobs`: by lab, the older first."""

    shelf: Shelf
    archivist: Archivist
    jobs: dict[str, list[str]] = field(default_factory=dict)

    async def fill(self) -> None:
        """January into files, February not; both teams may see the topic."""
        async with self.archivist.db.transaction(SYSTEM) as tx:
            for team in ("red", "blue"):
                await tx.execute(
                    "INSERT INTO products_teams (product_id, team_id)"
                    " SELECT product_id, $2 FROM topics WHERE id = $1",
                    self.shelf.topic_id,
                    self.shelf.world.teams[team],
                )
            await tx.execute("UPDATE topics SET export_control = true")
        for words in (OLD, RECENT):
            for lab, cases in words.items():
                job = await self.shelf.job(lab)
                self.jobs.setdefault(lab, []).append(job)
                await self.shelf.upload(job, cases, who=lab)
            if words is OLD:
                self.shelf.clock.advance(40 * 24 * 3600)
        await self.write()

    async def write(self) -> None:
        """Everything that is wanted."""
        await service.begin_months(self.archivist.db)
        while await service.write_next(self.archivist):
            pass

    async def ask(self, sql: str, who: str = "red user", **more: Any) -> httpx.Response:
        """The answer, whatever it is."""
        return await self.shelf.world[who].post("/archive/query", json={"sql": sql, **more})

    async def rows(self, sql: str, who: str = "red user", **more: Any) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        answer = await self.ask(sql, who, **more)
        assert answer.status_code == 200, answer.text
        return [tuple(row.values()) for row in answer.json()["rows"]]

    async def refused(self, sql: str, who: str = "red user", **more: Any) -> dict[str, Any]:
        """What a 400 says."""
        answer = await self.ask(sql, who, **more)
        assert answer.status_code == 400, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def path(self, team: str) -> Path:
        """Where the file of a team lies."""
        async with self.archivist.db.transaction(SYSTEM) as tx:
            scope = Scope([self.shelf.world.teams[team]])
            (file,) = await service.find_files(tx, scope=scope)
        (path,) = await service.nearby(
            self.archivist.objects, self.archivist.folder, [file.object_key]
        )
        return path
