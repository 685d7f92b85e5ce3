"""Any order of claims, reports, silences, cancels and retries: pure rules first, then the
database must come to the same as the pure rules."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.attempts import model, service, store
from ringtest.control.attempts.model import Attempt, Outcome, Standing, Step
from ringtest.control.connectors.aes_secret_box import AesSecretBox
from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Job
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import Conflict, RingtestError
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.outcome import JobResult, JobStatus, Stage, StageStatus
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.records import service as logs
from ringtest.control.records.model import FinishRecord, Record, ReleaseRecord, StageRecord
from ringtest.control.requests import service as requests
from tests.control.jobs.bench import SPEC

LEASE = 60
SETTINGS = Settings(lease_seconds=LEASE)
SECRETS = AesSecretBox("a key of the tests")
START = datetime(2026, 1, 1, 12)
AGENTS = st.sampled_from(["one", "two"])


class Pure(RuleBasedStateMachine):
    """A job and its attempts as the pure rules have them; `mirror` is for what follows them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        job_id, team_id, topic_id, remoteci_id = (UUID(int=number) for number in range(1, 5))
        self.job = Job(
            job_id, team_id, topic_id, remoteci_id, JobStatus.QUEUED, START, timeout_seconds=300
        )
        self.attempts: dict[int, Attempt] = {}
        self.events: list[EventType] = []
        self.seq: dict[int, int] = {}

    def mirror(self, name: str, *args: Any, refused: bool = False) -> None:
        """Nothing here."""

    def take(self, step: Step | None) -> None:
        if step is None:
            return
        self.job = step.job
        if step.attempt:
            self.attempts[step.attempt.number] = step.attempt
        self.events.extend(step.events)

    @property
    def current(self) -> Attempt | None:
        return self.attempts.get(self.job.attempt)

    @rule(agent=AGENTS)
    def claim(self, agent: str) -> None:
        token = f"token {self.job.attempt + 1}"
        try:
            step = model.claim(
                self.job, self.current, agent=agent, token=token, lease_seconds=LEASE, now=self.now
            )
        except Conflict:
            self.mirror("claim", agent, refused=True)
            return
        if self.job.status is JobStatus.RUNNING:
            assert step == Step(self.job, self.current)  # the same answer again
        self.take(step)
        self.mirror("claim", agent)

    @precondition(lambda self: bool(self.attempts))
    @rule(
        data=st.data(),
        what=st.sampled_from(["beat", "stage", "passed", "failed", "cancelled", "release"]),
        again=st.booleans(),
    )
    def report(self, data: st.DataObject, what: str, again: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.attempts)))
        attempt = self.attempts[number]
        before = self.job
        standing = model.standing(self.job, attempt)
        counts = standing in (Standing.OWNS, Standing.REVIVABLE)
        seq = self.seq.get(number, 0) + (what != "beat")
        if standing is Standing.REVIVABLE:
            stage = self.stage_of.get(number)
            self.take(model.revive(self.job, attempt, stage=stage))
        if counts:
            self.apply(number, what)
        attempt = self.attempts[number]
        if model.standing(self.job, attempt) is Standing.OWNS:
            attempt = model.renew(attempt, lease_seconds=LEASE, now=self.now)
        self.attempts[number] = replace(attempt, applied_seq=seq)
        self.seq[number] = seq
        if not counts:
            assert self.job == before
        fenced = standing is Standing.FENCED
        self.mirror("report", number, what, seq, fenced)
        if again:  # the answer was lost, and the agent sends the batch once more
            state = (self.job, dict(self.attempts))
            now_standing = model.standing(self.job, self.attempts[number])
            self.mirror("report", number, what, seq, now_standing is Standing.FENCED)
            assert state == (self.job, dict(self.attempts))

    @property
    def stage_of(self) -> dict[int, Stage]:
        if not hasattr(self, "_stage_of"):
            self._stage_of: dict[int, Stage] = {}
        return self._stage_of

    def apply(self, number: int, what: str) -> None:
        attempt = self.attempts[number]
        match what:
            case "stage":
                self.job = model.begin_stage(self.job, Stage.TEST)
                self.stage_of[number] = Stage.TEST
            case "release":
                self.take(model.release(self.job, attempt, reason="tired", now=self.now))
            case "passed" | "failed" | "cancelled":
                result = JobResult(what)
                self.take(model.finish(self.job, attempt, result=result, reason=None, now=self.now))

    @rule()
    def cancel(self) -> None:
        try:
            self.take(model.cancel(self.job, reason="cancelled by somebody", now=self.now))
        except Conflict:
            self.mirror("cancel", refused=True)
        else:
            self.mirror("cancel")

    @rule()
    def retry(self) -> None:
        try:
            self.take(model.retry(self.job))
        except Conflict:
            self.mirror("retry", refused=True)
        else:
            self.mirror("retry")

    @rule(seconds=st.sampled_from([1, 30, 60, 61, 301]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.mirror("wait", seconds)

    @rule()
    def rescue(self) -> None:
        self.take(model.lose(self.job, self.current, now=self.now) if self.current else None)
        self.mirror("rescue")

    @rule()
    def expire(self) -> None:
        if self.current:
            self.take(model.time_out(self.job, self.current, lease_seconds=LEASE, now=self.now))
        self.mirror("expire")

    @invariant()
    def a_running_job_is_in_exactly_one_pair_of_hands(self) -> None:
        owners = [a for a in self.attempts.values() if a.outcome is None]
        if self.job.status is JobStatus.RUNNING:
            assert owners == [self.current]
            assert self.job.started_at is not None
        else:
            assert owners == []

    @invariant()
    def a_finished_job_says_what_came_of_it(self) -> None:
        finished = self.job.status is JobStatus.FINISHED
        assert finished == (self.job.result is not None) == (self.job.finished_at is not None)

    @invariant()
    def attempts_never_exceed_what_is_granted(self) -> None:
        assert self.job.attempt <= self.job.max_attempts
        assert sorted(self.attempts) == list(range(1, self.job.attempt + 1))
        if self.job.status is JobStatus.QUEUED:
            assert self.job.attempt < self.job.max_attempts

    @invariant()
    def every_end_is_told_once(self) -> None:
        ends = self.events.count(EventType.JOB_FINISHED)
        starts_again = sum(
            1
            for one, following in zip(self.events, self.events[1:], strict=False)
            if one is EventType.JOB_FINISHED and following is EventType.JOB_RETRIED
        )
        assert ends == starts_again + (self.job.status is JobStatus.FINISHED)

    @invariant()
    def an_attempt_ends_with_an_outcome(self) -> None:
        for attempt in self.attempts.values():
            assert (attempt.ended_at is None) == (attempt.outcome is None)
            assert attempt.outcome is not Outcome.LOST or attempt.ended_at >= attempt.claimed_at  # type: ignore[operator]


class Mirrored(Pure):
    """The same, done to the database by the services, and compared after each rule."""

    run: ClassVar[Callable[[Coroutine[Any, Any, Any]], Any]]
    db: ClassVar[Database]
    clock: ClassVar[VirtualClock]
    lab: ClassVar[Caller]
    ground: ClassVar[dict[str, Any]]

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[int, str] = {}
        self.now = self.clock.now()
        job_id, self.job = self.call(self._create)
        self.job_id: UUID = job_id

    def call(self, verb: Callable[..., Any], *args: Any) -> Any:
        async def inside() -> Any:
            async with self.db.transaction(SYSTEM) as tx:
                return await verb(tx, *args)

        return type(self).run(inside())

    async def _create(self, tx: Transaction) -> tuple[UUID, Job]:
        request_id = await requests.request_job(tx, rule_id=None, **self.ground)
        assert request_id is not None
        job_id = await requests.assign_job(tx, request_id=request_id, remoteci_id=self.lab.id)
        return job_id, await jobs.lock_job(tx, caller=None, job_id=job_id)

    def mirror(self, name: str, *args: Any, refused: bool = False) -> None:
        try:
            self.call(getattr(self, f"_{name}"), *args)
        except RingtestError:
            assert refused
        else:
            assert not refused
        self.call(self._compare)

    async def _claim(self, tx: Transaction, agent: str) -> None:
        await service.claim_job(
            tx, caller=self.lab, job_id=self.job_id, agent=agent, settings=SETTINGS
        )
        current = await store.select_attempt(tx, self.job_id, self.job.attempt)
        assert current is not None
        self.tokens[current.number] = current.lease_token

    async def _report(
        self, tx: Transaction, number: int, what: str, seq: int, fenced: bool
    ) -> None:
        records: list[Record] = []
        match what:
            case "stage":
                records = [StageRecord(seq, Stage.TEST, StageStatus.RUNNING)]
            case "release":
                records = [ReleaseRecord(seq, "tired")]
            case "passed" | "failed" | "cancelled":
                records = [FinishRecord(seq, JobResult(what))]
        reported = await logs.apply_records(
            tx, caller=self.lab, job_id=self.job_id, token=self.tokens[number], records=records,
            settings=SETTINGS, secrets=SECRETS,
        )  # fmt: skip
        assert reported.applied_seq == seq
        assert reported.fenced == fenced
        owns = model.standing(self.job, self.attempts[number]) is Standing.OWNS
        assert reported.cancel == (owns and self.job.cancel_requested_at is not None)

    async def _cancel(self, tx: Transaction) -> None:
        await service.cancel_job(tx, caller=self.lab, job_id=self.job_id)

    async def _retry(self, tx: Transaction) -> None:
        await service.retry_job(tx, caller=self.lab, job_id=self.job_id)

    async def _wait(self, tx: Transaction, seconds: int) -> None:
        self.clock.advance(seconds)

    async def _rescue(self, tx: Transaction) -> None:
        if self.job_id in await service.list_expired(tx, limit=10_000):
            await service.rescue_lost(tx, job_id=self.job_id)

    async def _expire(self, tx: Transaction) -> None:
        if self.job_id in await service.list_overdue(tx, settings=SETTINGS, limit=10_000):
            await service.expire_job(tx, job_id=self.job_id, settings=SETTINGS)

    async def _compare(self, tx: Transaction) -> None:
        there = await jobs.lock_job(tx, caller=None, job_id=self.job_id)
        assert there == replace(self.job, reason=there.reason)
        for number, attempt in self.attempts.items():
            kept = await store.select_attempt(tx, self.job_id, number)
            assert kept is not None
            assert replace(kept, job_id=attempt.job_id, lease_token=attempt.lease_token) == attempt
        told = await tx.fetch(
            "SELECT type FROM events WHERE payload ->> 'job_id' = $1 AND type = ANY ($2)"
            " ORDER BY id",
            str(self.job_id),
            [one.value for one in set(self.events)],
        )
        assert [row["type"] for row in told] == [one.value for one in self.events]


def test_no_order_of_things_puts_a_job_into_two_hands_or_loses_it() -> None:
    run_state_machine_as_test(
        Pure, settings=settings(max_examples=150, stateful_step_count=40, deadline=None)
    )


@pytest.fixture
def mirrored(database_url: str, clock: VirtualClock) -> Any:
    with asyncio.Runner() as runner:
        db = runner.run(Database.connect(database_url, clock=clock, connections=2))
        Mirrored.run, Mirrored.db, Mirrored.clock = runner.run, db, clock
        runner.run(_ground())
        yield Mirrored
        runner.run(db.close())


async def _ground() -> None:
    async with Mirrored.db.transaction(SYSTEM) as tx:
        team_id = await rows.insert(tx, "teams", {"name": "red"})
        lab_id = await rows.insert(tx, "remotecis", {"name": "lab", "team_id": team_id})
        product_id = await rows.insert(tx, "products", {"name": "p", "label": "P"})
        topic = {"name": "linux", "product_id": product_id, "export_control": True}
        topic_id = await rows.insert(tx, "topics", topic)
        spec = {**SPEC, "timeout_seconds": 300}
        definition = {"name": "check", "topic_id": topic_id, "spec": spec}
        definition_id = await rows.insert(tx, "job_definitions", definition)
    Mirrored.lab = Caller("remoteci", lab_id, "lab", "", (Team(team_id, "red"),))
    Mirrored.ground = {
        "topic_id": topic_id, "definition_id": definition_id, "component_ids": [],
    }  # fmt: skip


def test_the_database_comes_to_the_same_as_the_rules(mirrored: type[Mirrored]) -> None:
    run_state_machine_as_test(
        mirrored,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
