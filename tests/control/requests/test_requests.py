"""Requests and assignments as rules and the scheduler make them."""

import asyncio
from uuid import UUID, uuid4

import pytest

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.requests import service
from tests.control.jobs.bench import Bench


async def ask(bench: Bench, tx: Transaction, rule_id: UUID) -> UUID | None:
    assert bench.definition_id is not None
    return await service.request_job(
        tx,
        rule_id=rule_id,
        topic_id=bench.topics["linux"],
        definition_id=bench.definition_id,
        component_ids=[bench.components["compose 1"]],
    )


async def test_a_rule_asks_for_a_set_once(bench: Bench) -> None:
    rule_id = uuid4()

    async def once() -> UUID | None:
        async with bench.world.db.transaction(SYSTEM) as tx:
            return await ask(bench, tx, rule_id)

    asked = await asyncio.gather(*(once() for _ in range(4)))
    assert sum(one is not None for one in asked) == 1
    assert len(await bench.world.events("job.requested")) == 1


async def test_two_schedulers_assign_one_job(bench: Bench) -> None:
    async with bench.world.db.transaction(SYSTEM) as tx:
        request_id = await ask(bench, tx, uuid4())
    assert request_id is not None

    async def once() -> UUID:
        async with bench.world.db.transaction(SYSTEM) as tx:
            return await service.assign_job(
                tx, request_id=request_id, remoteci_id=bench.world.machines["red lab"]
            )

    assert len(set(await asyncio.gather(*(once() for _ in range(4))))) == 1
    assert len(await bench.world.events("job.assigned")) == 1
    assert await bench.world.sql("SELECT count(*) FROM jobs_components") == 1


async def test_what_is_not_there_cannot_be_assigned(bench: Bench) -> None:
    async with bench.world.db.transaction(SYSTEM) as tx:
        with pytest.raises(NotFound):
            await service.assign_job(
                tx, request_id=uuid4(), remoteci_id=bench.world.machines["red lab"]
            )
