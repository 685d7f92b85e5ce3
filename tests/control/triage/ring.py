"""A product, its component sets and labs that ran them, written as rows.

Every lab is its own team's, as partners are. Jobs are made in the order in which a test
asks for them, a minute apart, so that "before" and "after" need no clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.signatures.model import Failure
from ringtest.control.triage import service, store
from ringtest.control.triage.model import Group

_SPEC: dict[str, Any] = {"timeout_seconds": 60, "max_attempts": 3, "stages": {}}
_NOON = datetime(2026, 1, 1, 12)


@dataclass(slots=True)
class Ring:
    """One topic of one product; names stand for ids."""

    db: Database
    product: UUID
    topic: UUID
    definition: UUID
    made: int = 0
    teams: dict[str, UUID] = field(default_factory=dict)
    labs: dict[str, UUID] = field(default_factory=dict)
    components: dict[str, UUID] = field(default_factory=dict)

    async def add_lab(
        self,
        name: str,
        *,
        team: UUID | None = None,
        linked: bool = True,
        subscribed: bool = True,
    ) -> UUID:
        """A lab, of a new team of the same name unless one is given."""
        async with self.db.transaction(SYSTEM) as tx:
            team = team or await rows.insert(tx, "teams", {"name": name})
            lab = await rows.insert(tx, "remotecis", {"name": name, "team_id": team})
            if linked:
                await tx.execute(
                    "INSERT INTO products_teams (product_id, team_id) VALUES ($1, $2)"
                    " ON CONFLICT DO NOTHING",
                    self.product,
                    team,
                )
            if subscribed:
                await tx.execute(
                    "INSERT INTO remotecis_topics VALUES ($1, $2, $3, $4)",
                    lab,
                    self.topic,
                    team,
                    tx.now,
                )
        self.teams[name], self.labs[name] = team, lab
        return lab

    async def component(self, name: str, **values: Any) -> UUID:
        """A component called `<type> <version>`, made once."""
        if name not in self.components:
            kind, _, version = name.partition(" ")
            async with self.db.transaction(SYSTEM) as tx:
                row = {
                    "type": kind,
                    "version": version,
                    "display_name": name,
                    "topic_id": self.topic,
                    "released_at": _NOON + timedelta(minutes=len(self.components)),
                    **values,
                }
                self.components[name] = await rows.insert(tx, "components", row)
        return self.components[name]

    async def add_definition(self, name: str) -> UUID:
        """Another job definition of the topic."""
        async with self.db.transaction(SYSTEM) as tx:
            values = {"name": name, "topic_id": self.topic, "spec": _SPEC}
            return await rows.insert(tx, "job_definitions", values)

    async def run(
        self,
        lab: str,
        *names: str,
        fails: tuple[Failure, ...] = (),
        result: str | None = None,
        status: str = "finished",
        definition: UUID | None = None,
    ) -> UUID:
        """A job of a lab with a component set; `fails` are grouped as triage would."""
        components = [await self.component(name) for name in names]
        self.made += 1
        at = _NOON + timedelta(minutes=self.made)
        finished = status == "finished"
        async with self.db.transaction(SYSTEM) as tx:
            values = {
                "created_at": at,
                "status": status,
                "result": (result or ("failed" if fails else "passed")) if finished else None,
                "name": "all tests",
                "topic_id": self.topic,
                "product_id": self.product,
                "remoteci_id": self.labs[lab],
                "team_id": self.teams[lab],
                "definition_id": definition or self.definition,
                "set_key": component_set_key(components),
                "finished_at": at + timedelta(seconds=30) if finished else None,
            }
            job_id = await rows.insert(tx, "jobs", values)
            await tx.execute(
                "INSERT INTO jobs_components SELECT $1, unnest($2::uuid[]), $3",
                job_id,
                components,
                self.teams[lab],
            )
            await self._group(tx, job_id, fails)
        return job_id

    async def _group(self, tx: Transaction, job_id: UUID, fails: tuple[Failure, ...]) -> None:
        job = await store.select_job(tx, job_id)
        if job is None:
            return
        for test_id in {failure.test_id for failure in fails} - {None}:
            await tx.execute(
                "INSERT INTO tests VALUES ($1, $2, 'suite', 'class', $3) ON CONFLICT DO NOTHING",
                job.team_id,
                test_id,
                f"test {test_id}",
            )
        await service.record_failures(tx, job=job, failures=list(fails))

    async def regroup(self, job_id: UUID, *fails: Failure) -> None:
        """The job was tried again: these are its failures now."""
        async with self.db.transaction(SYSTEM) as tx:
            await self._group(tx, job_id, fails)

    async def groups(self, lab: str | None = None) -> list[Group]:
        """Groups of the topic as a lab's team sees them, or as the vendor does."""
        tenant = SYSTEM if lab is None else Tenant(teams=frozenset({self.teams[lab]}))
        async with self.db.transaction(tenant) as tx:
            query = ListQuery(limit=200, where=(("topic_id", str(self.topic)),))
            groups, count = await service.list_groups(tx, query=query)
        assert count == len(groups)
        return groups


async def open_ring(db: Database, *, types: tuple[str, ...] = ("build", "lib")) -> Ring:
    """A topic with these mandatory component types, open to all teams of its product."""
    async with db.transaction(SYSTEM) as tx:
        product = await rows.insert(tx, "products", {"name": "Ring", "label": "RING"})
        topic = await rows.insert(
            tx,
            "topics",
            {
                "name": "Ring 1",
                "product_id": product,
                "component_types": list(types),
                "export_control": True,
            },
        )
        definition = await rows.insert(
            tx, "job_definitions", {"name": "all tests", "topic_id": topic, "spec": _SPEC}
        )
    return Ring(db, product, topic, definition)
