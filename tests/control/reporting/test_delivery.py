"""One message per target and new group: settled, retried, never doubled, never leaking."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.connectors.aes_secret_box import AesSecretBox
from ringtest.control.db import rows
from ringtest.control.db.loops import Loop
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.ports.notifier import DeliveryFailed, Message
from ringtest.control.reporting import loop
from ringtest.control.reporting.model import MAX_ATTEMPTS, SETTLE, SETTLE_LIMIT, retry_delay
from ringtest.control.signatures.model import Failure
from tests.control.triage.ring import Ring, open_ring

BOOM = Failure("test", "ValueError: the ring is open", "class test", test_id=7)
OTHER = Failure("test", "TypeError: rings have no end", "class other", test_id=8)


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Receiver:
    """A channel in the test's hands: `trouble` is raised after the message has arrived."""

    channel: str = "webhook"
    trouble: BaseException | None = None
    down: bool = False
    got: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> str:
        if self.down:
            raise DeliveryFailed("connection refused")
        self.got.append(message)
        if self.trouble:
            raise self.trouble
        return "200 OK"


@dataclass
class Post:
    """A ring, its reporting loops and their receiver."""

    ring: Ring
    clock: VirtualClock
    receiver: Receiver
    secrets: AesSecretBox
    loops: list[Loop]
    vendor: UUID

    async def target(self, **values: Any) -> UUID:
        """A target of the vendor's, unless a team is given."""
        row = {
            "name": "hook",
            "channel": "webhook",
            "address": "https://example.org/hook",
            "team_id": self.vendor,
            **values,
        }
        async with self.ring.db.transaction(SYSTEM) as tx:
            return await rows.insert(tx, "report_targets", row)

    async def work(self, seconds: float = 0) -> None:
        """Turn the clock, then run every loop until nothing is left to do now."""
        self.clock.advance(seconds)
        for one in self.loops:
            while await one.act():
                pass

    async def settle(self) -> None:
        """Plan, wait until it is due, send."""
        await self.work()
        await self.work(SETTLE.total_seconds())

    async def deliveries(self) -> list[dict[str, Any]]:
        """Every delivery, oldest first."""
        async with self.ring.db.transaction(SYSTEM) as tx:
            found = await tx.fetch("SELECT * FROM deliveries ORDER BY created_at, id")
        return [dict(row) for row in found]

    async def told(self, kind: str) -> int:
        """How many events of a type there are."""
        async with self.ring.db.transaction(SYSTEM) as tx:
            number: int = await tx.fetchval("SELECT count(*) FROM events WHERE type = $1", kind)
        return number


@pytest.fixture
async def post(clocked_db: Database, clock: VirtualClock) -> AsyncIterator[Post]:
    """Labs a, b and c of three teams, and the vendor's own team."""
    ring = await open_ring(clocked_db)
    for name in ("a", "b", "c"):
        await ring.add_lab(name)
    async with clocked_db.transaction(SYSTEM) as tx:
        vendor = await rows.insert(tx, "teams", {"name": "EPM"})
    receiver, secrets = Receiver(), AesSecretBox("a key of the tests alone")
    settings = Settings(public_url="https://ring.example.org/")
    loops = loop.loops(clocked_db, {"webhook": receiver}, secrets, settings)
    yield Post(ring, clock, receiver, secrets, loops, vendor)


async def test_a_new_group_is_told_once_with_its_verdict(post: Post) -> None:
    await post.target(secret=post.secrets.seal("s3cret"))
    await post.ring.run("a", "build 1", "lib 1")
    for lab in "abc":
        await post.ring.run(lab, "build 2", "lib 1", fails=(BOOM,))
    await post.settle()
    (message,) = post.receiver.got
    assert message.subject == (
        "[Ring 1] ValueError: the ring is open: everyone (3 of 3 labs that have run it),"
        " since build 2"
    )
    for line in (
        "Hits:        everyone (3 of 3 labs that have run it)",
        "Since:       build 2",
        "Last good:   build 1, lib 1",
        "Changed:     build 1 -> 2",
        "Test:        class test 7",
    ):
        assert line in message.text
    (group,) = await post.ring.groups()
    link = (
        f"https://ring.example.org/products/{post.ring.product}?topic={post.ring.topic}#{group.id}"
    )
    assert link in message.text and message.body["link"] == link
    assert message.body["text"] == message.text
    assert message.body["group"]["verdict"]["scope"] == "everyone"
    assert "reports" not in message.body["group"]
    assert (message.secret, message.address) == ("s3cret", "https://example.org/hook")
    (delivery,) = await post.deliveries()
    assert (delivery["status"], delivery["answer"], delivery["attempts"]) == (
        "delivered",
        "200 OK",
        1,
    )
    assert message.id == str(delivery["id"])
    assert group.reports[0].status == "delivered"
    assert await post.told("report.delivered") == 1


async def test_a_known_group_is_not_told_again(post: Post) -> None:
    await post.target()
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    await post.ring.run("a", "build 2", "lib 1", fails=(BOOM, OTHER))
    await post.settle()
    assert [m.body["group"]["exception_type"] for m in post.receiver.got] == [
        "ValueError",
        "TypeError",
    ]


async def test_a_new_target_is_not_flooded_with_the_past(post: Post) -> None:
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.work(1)
    await post.target()
    await post.ring.run("b", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    assert post.receiver.got == []


async def test_the_verdict_waits_for_labs_that_are_running(post: Post) -> None:
    await post.target()
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    late = await post.ring.run("b", "build 1", "lib 1", status="running")
    await post.settle()
    assert post.receiver.got == []
    async with post.ring.db.transaction(SYSTEM) as tx:
        await tx.execute("UPDATE jobs SET status='finished', result='passed' WHERE id=$1", late)
    await post.work(5)
    assert "only a (1 of 2 labs" in post.receiver.got[0].subject
    (delivery,) = await post.deliveries()
    assert delivery["attempts"] == 1


async def test_it_does_not_wait_for_ever(post: Post) -> None:
    await post.target()
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.ring.run("b", "build 1", "lib 1", status="running")
    await post.settle()
    await post.work(SETTLE_LIMIT.total_seconds())
    assert "a, the only lab that has run it" in post.receiver.got[0].subject


async def test_a_receiver_that_is_down_for_a_while_gets_one_message(post: Post) -> None:
    await post.target()
    post.receiver.down = True
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    for attempt in range(1, 8):
        (delivery,) = await post.deliveries()
        assert (delivery["status"], delivery["attempts"]) == ("pending", attempt)
        assert delivery["answer"] == "connection refused"
        wait = retry_delay(delivery["id"], attempt)
        assert delivery["next_at"] == post.clock.now() + wait
        await post.work(wait.total_seconds() - 0.001)
        assert (await post.deliveries())[0]["attempts"] == attempt
        await post.work(0.001)
    post.receiver.down = False
    await post.work(3600)
    await post.work(3600)
    assert len(post.receiver.got) == 1


async def test_a_crash_before_it_was_recorded_sends_the_same_id_again(post: Post) -> None:
    await post.target()
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    post.receiver.trouble = Crash()
    with pytest.raises(Crash):
        await post.settle()
    post.receiver.trouble = None
    await post.work(60)
    assert len(post.receiver.got) == 1  # somebody may still be sending it
    await post.work(61)
    first, second = post.receiver.got
    assert first.id == second.id
    (delivery,) = await post.deliveries()
    assert delivery["status"] == "delivered"
    assert await post.told("report.delivered") == 1


async def test_a_sender_that_lost_its_claim_records_nothing(post: Post) -> None:
    await post.target()
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.work()

    class Slow(Receiver):
        async def send(self, message: Message) -> str:
            if not self.got:
                self.got.append(message)
                await post.work(200)  # the claim runs out and another sender delivers
                raise DeliveryFailed("too late")
            return await super().send(message)

    slow = Slow()
    settings = Settings()
    post.loops = loop.loops(post.ring.db, {"webhook": slow}, post.secrets, settings)
    await post.work(5)
    (delivery,) = await post.deliveries()
    assert (delivery["status"], delivery["attempts"]) == ("delivered", 2)
    assert len({message.id for message in slow.got}) == 1
    assert await post.told("report.delivered") == 1


async def test_a_final_refusal_gives_up_and_tells(post: Post) -> None:
    await post.target()
    post.receiver.trouble = DeliveryFailed("410 gone", again=False)
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    (delivery,) = await post.deliveries()
    assert (delivery["status"], delivery["answer"]) == ("failed", "410 gone")
    assert await post.told("report.failed") == 1


async def test_after_the_last_attempt_it_gives_up(post: Post) -> None:
    await post.target()
    post.receiver.down = True
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    for _ in range(MAX_ATTEMPTS):
        await post.work(3600)
    (delivery,) = await post.deliveries()
    assert (delivery["status"], delivery["attempts"]) == ("failed", MAX_ATTEMPTS)
    total = sum((retry_delay(delivery["id"], n) for n in range(1, MAX_ATTEMPTS)), timedelta())
    assert timedelta(hours=10) < total < timedelta(days=2)


async def test_a_broken_connector_is_a_failure_like_any_other(post: Post) -> None:
    await post.target()
    post.receiver.trouble = RuntimeError("secret detail")
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    (delivery,) = await post.deliveries()
    assert (delivery["status"], delivery["answer"]) == (
        "pending",
        "the connector failed: RuntimeError",
    )


async def test_a_secret_of_another_key_is_said_and_not_sent(post: Post) -> None:
    await post.target(secret=AesSecretBox("the key of another server").seal("s3cret"))
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    assert post.receiver.got == []
    (delivery,) = await post.deliveries()
    assert delivery["status"] == "failed" and "set it again" in delivery["answer"]


async def test_a_target_of_a_partner_hears_of_its_own_labs_alone(post: Post) -> None:
    await post.target(team_id=post.ring.teams["b"])
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    assert post.receiver.got == []
    await post.ring.run("b", "build 2", "lib 1", fails=(BOOM,))
    await post.settle()
    (message,) = post.receiver.got
    assert "b, the only lab that has run it" in message.text
    assert [lab["name"] for lab in message.body["group"]["verdict"]["labs_run"]] == ["b"]
    assert message.body["group"]["occurrences"] == 1


async def test_topics_and_states_choose_the_targets(post: Post) -> None:
    async with post.ring.db.transaction(SYSTEM) as tx:
        topic = {"name": "Ring 2", "product_id": post.ring.product, "component_types": []}
        elsewhere = await rows.insert(tx, "topics", topic)
    await post.target(topic_id=elsewhere)
    await post.target(state="inactive")
    mine = await post.target(topic_id=post.ring.topic)
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.settle()
    assert [delivery["target_id"] for delivery in await post.deliveries()] == [mine]


async def test_a_resting_target_keeps_what_waits_for_it(post: Post) -> None:
    target = await post.target()
    await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.work()
    async with post.ring.db.transaction(SYSTEM) as tx:
        await rows.update(tx, "report_targets", target, {"state": "inactive"}, etag=None)
    await post.work(60)
    assert post.receiver.got == []
    async with post.ring.db.transaction(SYSTEM) as tx:
        await rows.update(tx, "report_targets", target, {"state": "active"}, etag=None)
    await post.work(1)
    assert len(post.receiver.got) == 1


async def test_a_failure_that_went_away_before_it_was_told_is_not_told(post: Post) -> None:
    await post.target()
    job = await post.ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await post.work()
    await post.ring.regroup(job)
    await post.settle()
    assert post.receiver.got == [] and await post.deliveries() == []
    await post.ring.regroup(job, BOOM)
    await post.settle()
    assert len(post.receiver.got) == 1
