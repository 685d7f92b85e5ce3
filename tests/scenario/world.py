"""The whole product in one process on a virtual clock: server, loops, agents, a receiver.

Every step is one action of one part, chosen by a seeded generator; nothing runs
concurrently, so a seed replays its story.
"""

import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from ringtest.agent.definitions.model import STAGES
from ringtest.control.app import Parts, all_loops, create_app
from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.ports.notifier import DeliveryFailed, Message
from tests.parts import ADMIN, connect, first_start, make_parts
from tests.scenario.chaos import FragileDatabase, Fuse, Killed, LossyTransport
from tests.scenario.disks import Disk, mounted
from tests.scenario.lab import Lab, VirtualHmac
from tests.scenario.stories import ENDLESS, SETS, story

LABS = 2
AGENTS = (("lab-1", "a"), ("lab-1", "b"), ("lab-2", "a"))
"""Labs, and names of their agents: two have one identity."""
OFFLINE = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=2))
SPEC = {
    "timeout_seconds": 86400,
    "max_attempts": 20,
    "isolation": "none",
    "stages": {stage: [{"name": "t", "run": "true"}] for stage in STAGES},
    "artifacts": [],
}


class Receiver:
    """What reports go to: sometimes down, sometimes answering into the void."""

    channel = "webhook"

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.trouble = 0.0
        self.copies: list[str] = []

    async def send(self, message: Message) -> str:
        dice = self._rng.random()
        if dice < self.trouble / 2:
            raise DeliveryFailed("down")
        self.copies.append(message.id)
        if dice < self.trouble:
            raise DeliveryFailed("answer lost")
        return "200"


class Mistakes(logging.Handler):
    """Collects what the server logged as its own mistake."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(self.format(record))


@dataclass(slots=True)
class World:
    """One seed's story and the means to move it on."""

    rng: random.Random
    clock: VirtualClock
    db: FragileDatabase
    transport: LossyTransport
    loops: list[Loop]
    receiver: Receiver
    mistakes: Mistakes
    admin: httpx.AsyncClient
    labs: list[Lab] = field(default_factory=list)
    to_publish: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    """Jobs that somebody has cancelled, for all that he knows."""
    was_away: bool = False
    topic_id: str = ""
    owner: asyncpg.Connection | None = None

    async def step(self) -> None:
        """One random action; any process may be killed in the middle of it."""
        match self.rng.choices(
            ["clock", "loop", "lab", "kill_lab", "offline", "full_disk", "publish", "cancel"],
            [3, 8, 24, 0.4, 0.2, 0.4, 1, 0.5],
        )[0]:
            case "clock":
                self.clock.advance(self.rng.choice([0.1, 1, 5, 20, 70]))
            case "loop":
                await self._run_loop(self.rng.choice(self.loops), fragile=True)
            case "lab":
                if self.rng.random() < 0.1:
                    self.db.fuse.light(self.rng.randint(0, 12))
                await self.rng.choice(self.labs).step()
            case "kill_lab":
                self.rng.choice(self.labs).kill()
            case "offline":
                lab = self.rng.choice(self.labs)
                lab.offline_until = self.clock.now() + self.rng.choice(OFFLINE)
            case "full_disk":
                disk = self.rng.choice(self.labs).disk
                disk.fill(not disk.is_full)
            case "publish":
                await self._publish_next()
            case "cancel":
                await self._cancel_one()
        self.db.fuse.put_out()

    async def be_away_for_a_week(self) -> None:
        """No lab reaches the server for seven days; the jobs go on, the server gives them up."""
        self.was_away = True
        until = self.clock.now() + timedelta(days=7)
        for lab in self.labs:
            lab.offline_until = until
            for _ in range(6):
                await lab.step()
        while self.clock.now() < until:
            self.clock.advance(36 * 3600)
            for loop in self.loops:
                await self._run_loop(loop, fragile=False)

    async def _run_loop(self, loop: Loop, *, fragile: bool) -> None:
        if fragile and self.rng.random() < 0.3:
            self.db.fuse.light(self.rng.randint(0, 15))
        with suppress(Killed):  # what the dead process had not committed is gone
            await loop.act()

    async def _publish_next(self) -> None:
        if not self.to_publish:
            return
        try:
            await self.publish("markupsafe", self.to_publish[0])
        except httpx.TransportError:
            return
        self.to_publish.pop(0)

    async def _cancel_one(self) -> None:
        """Somebody stops a job that would not end by itself, wherever it is."""
        left = [job for job in await self._endless() if job not in self.stopped]
        if not left:
            return
        job = self.rng.choice(left)
        try:
            answer = await self.admin.post(f"/jobs/{job}/cancel")
        except httpx.TransportError:
            return
        assert answer.status_code in (202, 409), answer.text
        self.stopped.add(job)

    async def _endless(self) -> list[str]:
        """Jobs that do not end by themselves, in an order that is the same in every replay."""
        assert self.owner is not None
        rows = await self.owner.fetch(
            "SELECT job_id FROM jobs_components JOIN components ON components.id = component_id"
            " JOIN jobs ON jobs.id = job_id JOIN remotecis ON remotecis.id = jobs.remoteci_id"
            " WHERE version = ANY($1) ORDER BY version, remotecis.name",
            list(ENDLESS),
        )
        return [str(row["job_id"]) for row in rows]

    async def publish(self, kind: str, version: str) -> None:
        """Publish a component; doing it again after a lost answer changes nothing."""
        answer = await self.admin.post(
            "/components",
            json={
                "type": kind,
                "topic_id": self.topic_id,
                "display_name": f"{kind} {version}",
                "version": version,
            },
        )
        assert answer.status_code in (201, 409), answer.text

    async def settle(self, *, rounds: int = 400) -> None:
        """No more faults: run everything until nothing is left to do."""
        self.transport.loss = self.receiver.trouble = 0.0
        for lab in self.labs:
            lab.offline_until, lab.disk.trouble = None, 0.0
            lab.disk.fill(False)
        while self.to_publish:
            await self._publish_next()
        for _ in range(rounds):
            await self._cancel_one()
            for loop in self.loops:
                await self._run_loop(loop, fragile=False)
            for lab in self.labs:
                for _ in range(12):
                    await lab.step()
            self.clock.advance(20)
            if await self._is_settled():
                return
        raise AssertionError(f"the world did not come to rest: {await self._open_ends()}")

    async def _open_ends(self) -> list[str]:
        """What is still to do, for the report of a seed that does not settle."""
        assert self.owner is not None
        rows = await self.owner.fetch(
            "SELECT 'event ' || consumer || ' ' || attempts || ' ' || coalesce(error, '') AS text"
            " FROM event_queue UNION ALL SELECT 'job ' || status || ' attempt ' || attempt"
            " FROM jobs WHERE status <> 'finished' UNION ALL"
            " SELECT 'delivery ' || attempts FROM deliveries WHERE status = 'pending'"
        )
        ends = [row["text"] for row in rows] + self.mistakes.records[-3:]
        return ends + [f"{lab.name}: {lab.current}" for lab in self.labs if lab.current]

    async def _is_settled(self) -> bool:
        assert self.owner is not None
        open_rows = await self.owner.fetchval(
            "SELECT (SELECT count(*) FROM event_queue)"
            " + (SELECT count(*) FROM jobs WHERE status <> 'finished')"
            " + (SELECT count(*) FROM deliveries WHERE status = 'pending')"
        )
        return open_rows == 0 and all(lab.current is None for lab in self.labs)


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    assert answer.status_code == 201, f"{path}: {answer.status_code} {answer.text}"
    content: dict[str, Any] = answer.json()
    inner = next(iter(content.values()))
    return inner if isinstance(inner, dict) else content


async def seed_product(admin: httpx.AsyncClient) -> dict[str, Any]:
    """A topic with a rule, a report target, and labs of different teams, all through the API.

    Returns `{"topic_id", "labs": [{"name", "id", "api_secret"}]}`.
    """
    product = await _post(admin, "/products", {"name": "Jinja2"})
    kinds = ["jinja2", "markupsafe"]
    topic = await _post(
        admin,
        "/topics",
        {
            "name": "t",
            "product_id": product["id"],
            "component_types": kinds,
            "export_control": True,
        },
    )
    definition = await _post(
        admin, "/job_definitions", {"name": "d", "topic_id": topic["id"], "spec": SPEC}
    )
    rule = {"name": "r", "topic_id": topic["id"], "definition_id": definition["id"]}
    await _post(admin, "/trigger_rules", rule)
    labs = []
    for number in range(1, LABS + 1):
        team = await _post(admin, "/teams", {"name": f"team {number}"})
        await _post(admin, f"/products/{product['id']}/teams", {"team_id": team["id"]})
        lab = await _post(admin, "/remotecis", {"name": f"lab-{number}", "team_id": team["id"]})
        await _post(admin, f"/remotecis/{lab['id']}/topics", {"topic_id": topic["id"]})
        labs.append({"name": lab["name"], "id": lab["id"], "api_secret": lab["api_secret"]})
    admins = (await admin.get("/teams", params={"where": "name:admin"})).json()["teams"][0]
    target = {"name": "hook", "channel": "webhook", "address": "http://127.0.0.1:9/"}
    await _post(admin, "/report_targets", target | {"team_id": admins["id"]})
    return {"topic_id": topic["id"], "labs": labs}


@dataclass(slots=True)
class Stage:
    """An application that all worlds of a run share: making it costs more than a story."""

    parts: Parts
    asgi: httpx.ASGITransport


def build_stage(db: Database, folder: Path) -> Stage:
    """The stage; each world puts its own database under it."""
    parts = make_parts(db, folder, notifiers={})
    return Stage(parts, httpx.ASGITransport(app=create_app(parts)))


@asynccontextmanager
async def open_world(seed: int, dsn: str, stage: Stage, folder: Path) -> AsyncIterator[World]:
    """A world over an empty database, seeded with its product, at the start of its story; the
    disks of its agents are below `folder`."""
    rng = random.Random(seed)
    clock = VirtualClock(datetime(2026, 1, 1))
    db = await FragileDatabase.connect(dsn, clock=clock, connections=3)
    assert isinstance(db, FragileDatabase)
    db.fuse = Fuse()
    receiver = Receiver(rng)
    parts = stage.parts
    parts.db = db
    parts.notifiers = {"webhook": receiver}
    transport = LossyTransport(stage.asgi, rng)
    await first_start(parts)
    admin = connect(parts, ADMIN, transport)
    seeded = await seed_product(admin)
    world = World(
        rng=rng,
        clock=clock,
        db=db,
        transport=transport,
        loops=all_loops(parts),
        receiver=receiver,
        mistakes=Mistakes(),
        admin=admin,
        topic_id=seeded["topic_id"],
        owner=await asyncpg.connect(dsn),
        to_publish=rng.sample([*SETS, *ENDLESS], len(SETS) + len(ENDLESS)),
    )
    known = {lab["name"]: lab for lab in seeded["labs"]}
    for identity, agent in AGENTS:
        lab, name = known[identity], f"{identity}{agent}"
        auth = VirtualHmac(f"remoteci/{lab['id']}", lab["api_secret"], clock)
        http = connect(parts, auth, transport)
        (folder / name).mkdir()
        disk = Disk(folder / name, rng)
        world.labs.append(Lab(name, identity, lab["id"], http, rng, clock, story, disk))
    logging.getLogger("ringtest").addHandler(world.mistakes)
    try:
        with mounted([lab.disk for lab in world.labs]):
            yield world
    finally:
        logging.getLogger("ringtest").removeHandler(world.mistakes)
        assert world.owner is not None
        await world.owner.close()
        await db.close()
