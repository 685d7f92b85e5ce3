"""Mail to those who follow: what is worth one, once, to those who may see it, not too many.

The receiver is a real mail server.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.connectors.smtp import Smtp
from ringtest.control.connectors.webhook import Webhook
from ringtest.control.db import rows
from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.notifications import api, model
from ringtest.control.ports.notifier import Notifier
from ringtest.control.reporting import loop
from tests.conformance.receivers import HttpReceiver, MailReceiver
from tests.control.people import World, open_world
from tests.control.triage.ring import Ring, open_ring


@dataclass
class Post:
    """A ring of the red team's lab, its followers, and a mail server."""

    world: World
    ring: Ring
    clock: VirtualClock
    mail: MailReceiver
    loops: list[Loop]

    async def end(self, result: str, **values: Any) -> UUID:
        """A job of the red lab ends."""
        job = await self.ring.run("red", "build 1")
        async with self.world.db.transaction(SYSTEM) as tx:
            ended = {"status": "finished", "result": result, "finished_at": tx.now, **values}
            await rows.update(tx, "jobs", job, ended, etag=None)
            await tx.add_event(
                EventType.JOB_FINISHED,
                team_id=self.world.teams["red"],
                topic_id=self.ring.topic,
                job_id=str(job),
                result=result,
            )
        return job

    async def publish(self, name: str, **values: Any) -> UUID:
        """A component of the ring's topic appears."""
        component = await self.ring.component(name, **values)
        async with self.world.db.transaction(SYSTEM) as tx:
            await tx.add_event(
                EventType.COMPONENT_PUBLISHED,
                team_id=values.get("team_id"),
                topic_id=self.ring.topic,
                component_id=str(component),
                type="build",
            )
        return component

    async def follow_lab(self, who: str) -> None:
        lab, user = self.ring.labs["red"], self.world.users[who]
        await self.world.sql("INSERT INTO user_remotecis VALUES ($1, $2)", user, lab)

    async def work(self, wait: timedelta = model.SETTLE) -> None:
        """Note what happened, turn the clock, send what is due."""
        for seconds in (0.0, wait.total_seconds()):
            self.clock.advance(seconds)
            for one in self.loops:
                while await one.act():
                    pass


@pytest.fixture
async def post(clocked_db: Database, clock: VirtualClock) -> AsyncIterator[Post]:
    mail = MailReceiver()
    await mail.start()
    async with open_world(clocked_db, [api]) as world:
        ring = await open_ring(clocked_db)
        await ring.add_lab("red", team=world.teams["red"])
        await ring.component("build 1")
        server = f"smtp://127.0.0.1:{mail.port}"
        settings = Settings(public_url="https://ring.example.org/")
        notifiers: dict[str, Notifier] = {
            "mail": Smtp(server, "ring@example.org"),
            "webhook": Webhook(),
        }
        loops = loop.loops(clocked_db, notifiers, world.secrets, settings)
        yield Post(world, ring, clock, mail, loops)
    await mail.stop()


async def test_who_follows_a_lab_hears_of_its_failed_job(post: Post) -> None:
    await post.follow_lab("red user")
    job = await post.end("failed", name="nightly", status_reason="the ring is open")
    await post.work()
    (got,) = post.mail.got
    assert got.subject == "[Ring 1] failure in red: nightly with build 1"
    assert got.headers["to"] == "red.user@ring"
    for line in (
        f"https://ring.example.org/jobs/{job}",
        "the ring is open",
        "You follow the labs: red.",
        "ringtest lab unfollow",
    ):
        assert line in got.text
    await post.work(timedelta(days=1))
    assert len(post.mail.got) == 1


@pytest.mark.parametrize(("result", "mails"), [("passed", 0), ("cancelled", 0), ("errored", 1)])
async def test_success_and_what_was_stopped_are_no_news(
    post: Post, result: str, mails: int
) -> None:
    await post.follow_lab("red user")
    await post.end(result)
    await post.work()
    assert len(post.mail.got) == mails


async def test_hundreds_of_failures_are_one_mail_and_the_next_ones_another(post: Post) -> None:
    await post.follow_lab("red user")
    for _ in range(60):
        await post.end("failed")
    await post.work()
    (got,) = post.mail.got
    assert got.subject == "[Ring 1] 60 failed jobs"
    assert "and 10 more failed jobs" in got.text
    for _ in range(3):
        await post.end("failed")
        await post.work()
    assert len(post.mail.got) == 1
    await post.work(model.EVERY)
    assert [one.subject for one in post.mail.got][1:] == ["[Ring 1] 3 failed jobs"]
    assert post.mail.got[0].id != post.mail.got[1].id


async def test_who_may_not_see_it_any_more_gets_nothing(post: Post) -> None:
    await post.follow_lab("red user")
    await post.follow_lab("blue user")
    await post.end("failed")
    left = "DELETE FROM users_teams WHERE user_id = $1"
    await post.world.sql(left, post.world.users["red user"])
    await post.work()
    assert post.mail.got == []
    assert await post.world.sql("SELECT count(*) FROM deliveries") == 0


async def test_a_mail_server_that_is_down_gets_it_later_and_once(post: Post) -> None:
    await post.follow_lab("red user")
    await post.end("failed")
    await post.mail.stop()
    await post.work()
    await post.mail.start()
    await post.work(timedelta(minutes=5))
    await post.work(timedelta(minutes=5))
    assert len(post.mail.got) == 1


async def test_who_follows_a_topic_hears_of_new_components(post: Post) -> None:
    red = post.world["red user"]
    path = f"/topics/{post.ring.topic}/notifications"
    assert (await post.world["blue user"].post(path)).status_code == 401
    assert (await post.world["red lab"].post(path)).status_code == 401
    answer = await red.post(path)
    assert answer.status_code == 201
    wanted = {"user_id": str(post.world.users["red user"]), "topic_id": str(post.ring.topic)}
    assert answer.json() == wanted
    assert (await red.post(path)).status_code == 409
    listed = await post.world.get("red user", "/topics/notifications")
    assert [topic["id"] for topic in listed["topics"]] == [str(post.ring.topic)]
    assert "data" not in listed["topics"][0]
    users = await post.world.get("epm", f"{path}/users")
    assert [user["name"] for user in users["users"]] == ["red user"]
    assert (await red.get(f"{path}/users")).status_code == 401
    await post.publish("build 2")
    await post.publish("build 3", team_id=post.world.teams["blue"])
    await post.work()
    (got,) = post.mail.got
    assert got.subject == "[Ring 1] new build: build 2"
    assert (await red.delete(path)).status_code == 204
    assert (await red.delete(path)).status_code == 204
    await post.publish("build 4")
    await post.work(timedelta(hours=1))
    assert len(post.mail.got) == 1


async def test_a_team_hears_of_the_events_that_it_chose_and_may_see(post: Post) -> None:
    hook = HttpReceiver()
    await hook.start()
    async with post.world.db.transaction(SYSTEM) as tx:
        for team in ("red", "blue"):
            row = {
                "name": team,
                "channel": "webhook",
                "address": hook.address,
                "team_id": post.world.teams[team],
                "events": ["component.published", "job.finished"],
            }
            await rows.insert(tx, "report_targets", row)
    job = await post.end("passed", name="nightly")
    component = await post.publish("build 2")
    await post.work()
    bodies = [one.raw.decode() for one in hook.got]
    assert len(bodies) == 2
    assert str(job) in bodies[0] and '"status":"success"' in bodies[0]
    assert str(component) in bodies[1] and f"/components/{component}" in bodies[1]
    await hook.stop()


async def test_a_webhook_of_a_member_reaches_no_address_inside(post: Post) -> None:
    hook = HttpReceiver()
    await hook.start()
    async with post.world.db.transaction(SYSTEM) as tx:
        row = {
            "name": "trap",
            "channel": "webhook",
            "address": hook.address.replace("127.0.0.1", "localhost"),
            "team_id": post.world.teams["red"],
            "events": ["job.finished"],
            "by_member": True,
        }
        await rows.insert(tx, "report_targets", row)
    await post.end("passed")
    await post.work()
    assert hook.got == []
    answer = await post.world.sql("SELECT status || ' ' || answer FROM deliveries")
    assert answer.startswith("failed") and "not a public address" in answer
    await hook.stop()
