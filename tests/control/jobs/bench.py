"""A topic with components and a definition in a world of callers, and jobs to work on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from ringtest.control.attempts import api as attempts_api
from ringtest.control.db import rows
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.definitions import api as definitions_api
from ringtest.control.holds import api as holds_api
from ringtest.control.inventories import api as inventories_api
from ringtest.control.job_parts import api as job_parts_api
from ringtest.control.jobs import api as jobs_api
from ringtest.control.jobs_events import api as jobs_events_api
from ringtest.control.jobstates import api as jobstates_api
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.lab_caches import api as lab_caches_api
from ringtest.control.lab_labels import api as lab_labels_api
from ringtest.control.lab_runs import api as lab_runs_api
from ringtest.control.log_search import api as log_search_api
from ringtest.control.log_tail import api as log_tail_api
from ringtest.control.logs import api as logs_api
from ringtest.control.pipelines import api as pipelines_api
from ringtest.control.records import api as records_api
from ringtest.control.requests import api as requests_api
from ringtest.control.requests import service as requests
from ringtest.control.stats import api as stats_api
from tests.control.logs.objects import MemoryObjects
from tests.control.people import World, open_world

ROOMS = [
    jobs_api,
    job_parts_api,
    jobs_events_api,
    stats_api,
    requests_api,
    jobstates_api,
    pipelines_api,
    definitions_api,
    attempts_api,
    holds_api,
    inventories_api,
    lab_caches_api,
    lab_labels_api,
    lab_runs_api,
    logs_api,
    log_search_api,
    log_tail_api,
    records_api,
]
SPEC: dict[str, Any] = {
    "timeout_seconds": 900,
    "max_attempts": 3,
    "isolation": "venv",
    "stages": {"prepare": [{"run": "make"}], "test": [{"run": "make check"}], "collect": []},
    "artifacts": [{"path": "junit*.xml", "mime": "application/junit"}],
    "progress": "pytest",
}


@dataclass(slots=True)
class Bench:
    """Ids of what jobs stand on. `components` and `topics` by name."""

    world: World
    objects: MemoryObjects
    product_id: UUID
    topics: dict[str, UUID] = field(default_factory=dict)
    components: dict[str, UUID] = field(default_factory=dict)
    definition_id: UUID | None = None

    async def topic(self, name: str, *, linked: bool = True, **more: Any) -> UUID:
        """A topic of types compose and kernel, by default one that both teams may use."""
        async with self.world.db.transaction(SYSTEM) as tx:
            product_id = self.product_id
            if not linked:
                label = {"name": f"hidden {name}", "label": f"HIDDEN {name}"}
                product_id = await rows.insert(tx, "products", label)
            self.topics[name] = await rows.insert(
                tx,
                "topics",
                {
                    "name": name,
                    "product_id": product_id,
                    "component_types": ["compose", "kernel"],
                    "export_control": True,
                    "data": {"registry": {"password": "registry secret"}},
                    **more,
                },
            )
        return self.topics[name]

    async def component(self, name: str, topic: str = "linux", **more: Any) -> UUID:
        """A component; the word before the blank is its type."""
        async with self.world.db.transaction(SYSTEM) as tx:
            self.components[name] = await rows.insert(
                tx,
                "components",
                {
                    "type": name.split(" ")[0],
                    "display_name": name,
                    "version": name.split(" ")[-1],
                    "topic_id": self.topics[topic],
                    "released_at": tx.now,
                    "data": {"url": "https://builds.example"},
                    **more,
                },
            )
        return self.components[name]

    async def queued(self, lab: str = "red lab", **spec: Any) -> str:
        """A fresh job in the queue of a lab; its id as text."""
        async with self.world.db.transaction(SYSTEM) as tx:
            definition_id = self.definition_id
            if spec or definition_id is None:
                definition_id = await rows.insert(
                    tx,
                    "job_definitions",
                    {
                        "name": f"special {len(self.components)} {tx.now} {spec}",
                        "topic_id": self.topics["linux"],
                        "spec": {**SPEC, **spec},
                    },
                )
            request_id = await requests.request_job(
                tx,
                rule_id=None,
                topic_id=self.topics["linux"],
                definition_id=definition_id,
                component_ids=[self.components["compose 1"], self.components["kernel 1"]],
            )
            assert request_id is not None
            job_id = await requests.assign_job(
                tx, request_id=request_id, remoteci_id=self.world.machines[lab]
            )
        return str(job_id)

    async def created(self, lab: str = "red lab", **more: Any) -> dict[str, Any]:
        """A job as a DCI client creates it."""
        body = {"components": [str(self.components["compose 1"])], **more}
        answer = await self.world[lab].post("/jobs", json=body)
        assert answer.status_code == 201, answer.text
        job: dict[str, Any] = answer.json()["job"]
        return job

    async def job(self, job_id: str, who: str = "super admin") -> dict[str, Any]:
        """The JSON of a job."""
        job: dict[str, Any] = (await self.world.get(who, f"/jobs/{job_id}"))["job"]
        return job

    async def claim(
        self, job_id: str, agent: str = "agent 1", lab: str = "red lab"
    ) -> dict[str, Any]:
        """A claim that must succeed."""
        answer = await self.world[lab].post(f"/jobs/{job_id}/claim", json={"agent": agent})
        assert answer.status_code == 200, answer.text
        claim: dict[str, Any] = answer.json()["claim"]
        return claim

    async def tell(
        self, job_id: str, token: str, *records: dict[str, Any], lab: str = "red lab"
    ) -> httpx.Response:
        """A batch of records."""
        return await self.world[lab].post(
            f"/jobs/{job_id}/records",
            json={"records": records},
            headers={"X-Ringtest-Lease": token},
        )

    async def told(self, job_id: str, token: str, *records: dict[str, Any]) -> dict[str, Any]:
        """The answer to a batch that must be taken."""
        answer = await self.tell(job_id, token, *records)
        assert answer.status_code == 200, answer.text
        reported: dict[str, Any] = answer.json()
        return reported


@asynccontextmanager
async def open_bench(
    db: Database,
    *,
    settings: Settings | None = None,
    rooms: Sequence[Any] = (),
    **parts: object,
) -> AsyncIterator[Bench]:
    """A server over the rooms of jobs; red and blue may use the topic `linux`, not `secret`."""
    objects = MemoryObjects()
    given = {
        "notifications": Notifications(db.dsn),
        "objects": objects,
        "closing": asyncio.Event(),
        **parts,
    }
    async with open_world(db, [*ROOMS, *rooms], settings=settings, **given) as world:
        async with db.transaction(SYSTEM) as tx:
            product_id = await rows.insert(tx, "products", {"name": "Linux", "label": "LINUX"})
            for team in ("red", "blue"):
                await tx.execute(
                    "INSERT INTO products_teams VALUES ($1, $2)", product_id, world.teams[team]
                )
        bench = Bench(world, objects, product_id)
        await bench.topic("linux")
        await bench.topic("secret", linked=False)
        for name in ("compose 1", "kernel 1"):
            await bench.component(name)
        await bench.component("compose of blue", team_id=world.teams["blue"])
        await bench.component("compose secret", topic="secret")
        async with db.transaction(SYSTEM) as tx:
            values = {"name": "check", "topic_id": bench.topics["linux"], "spec": SPEC}
            bench.definition_id = await rows.insert(tx, "job_definitions", values)
        yield bench
