"""What failing cases said is told again as it was, packed or not."""

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.evidence import loop, model, service
from ringtest.control.evidence.model import Texts, pack, unpack
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.results import service as results
from tests.control.results.shelf import Shelf

LONG = "x" * 20_000
_TEXT = st.none() | st.text(max_size=40) | st.integers(50, 3000).map(lambda n: "late " * n)
_SAID = st.dictionaries(
    st.integers(0, 10_000), st.builds(Texts, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT), max_size=40
)


@given(_SAID)
def test_what_is_packed_is_told_again_and_blocks_do_not_overlap(said: dict[int, Texts]) -> None:
    cases = sorted(said.items())
    blocks = list(pack(cases))
    opened = [unpack(block.data) for block in blocks]
    found = {position: texts for one in opened for position, texts in one.items()}
    assert found == {at: texts for at, texts in cases if texts != Texts()}
    assert [min(one) for one in opened] == [block.first for block in blocks]
    for one, later in itertools.pairwise(opened):
        assert max(one) < min(later)


def test_texts_that_are_alike_take_a_fraction_of_what_they_are() -> None:
    trace = "".join(f'  File "ring/step_{n}.py", line {n}, in step\n' for n in range(20))
    cases = [(at, Texts("OSError", f"node {at} is late", trace)) for at in range(500)]
    size = sum(len(texts) for _, texts in cases)
    assert sum(len(block.data) for block in pack(cases)) < size / 20


def junit_of_many(count: int) -> bytes:
    """Failing cases whose texts fill several blocks, with passing ones between them."""

    def case(at: int) -> Iterator[str]:
        yield f'<testcase classname="c" name="n{at:04}">'
        if at % 3:
            text = LONG if at == 1 else f"at {at} " * 100
            yield f'<failure type="Late" message="{at} broke">{text}</failure>'
            yield f"<system-out>out of {at}</system-out>"
        yield "</testcase>"

    cases = "".join(part for at in range(count) for part in case(at))
    return f'<testsuite name="s" tests="{count}">{cases}</testsuite>'.encode()


async def told(shelf: Shelf, job: str, file: dict[str, Any]) -> tuple[Any, ...]:
    """All that is told of what the cases of a job said, wherever it is."""
    pages = [
        (await shelf.tests(job, outcome="failed", limit=limit, offset=offset))["tests"]
        for limit, offset in ((1000, 0), (3, 0), (2, 397), (1, 200))
    ]
    junit = await shelf.world.get("red user", f"/files/{file['id']}/junit")
    async with shelf.world.db.transaction(SYSTEM) as tx:
        rooms = await results.failures_of_job(tx, job_id=UUID(job))
    return pages, junit, rooms


async def in_rows(shelf: Shelf) -> None:
    """Texts as they were stored before there were blocks: in the rows of the failures."""
    async with shelf.world.db.transaction(SYSTEM) as tx:
        for row in await tx.fetch("SELECT result_id, created_at, texts FROM failure_texts"):
            for position, one in unpack(row["texts"]).items():
                await tx.execute(
                    "UPDATE test_failures SET exception_type = $4, message = $5, detail = $6,"
                    " stdout = $7, stderr = $8 WHERE result_id = $1 AND created_at = $2"
                    " AND position = $3",
                    row["result_id"], row["created_at"], position, one.type, one.message,
                    one.detail, one.stdout, one.stderr,
                )  # fmt: skip
        await tx.execute("DELETE FROM failure_texts")
        await tx.execute("INSERT INTO unpacked_results SELECT id, created_at FROM test_results")


async def test_texts_stored_before_there_were_blocks_are_told_alike_and_packed_in_batches(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_RESULTS", 1)
    monkeypatch.setattr(service, "_ROWS", 150)
    monkeypatch.setattr(service, "_TOGETHER", 2)  # blocks
    monkeypatch.setattr(model, "_BLOCK", 16 * 1024)
    job, other = await shelf.job(attempt=1), await shelf.job(attempt=1)
    file = await shelf.upload(job, junit_of_many(600))
    await shelf.upload(other, {"a": "failed", "b": "passed"})
    packed = await told(shelf, job, file)
    (page, *_), _, rooms = packed
    assert [case["message"] for case in page] == [f"{at} broke" for at in range(600) if at % 3]
    assert page[0]["detail"] == LONG and page[0]["stdout"] == "out of 1"
    assert rooms[0].detail == "x" * 8192 + "\n…\n" + "x" * 8192
    assert (rooms[5].exception_type, rooms[5].message) == ("Late", "8 broke")

    await in_rows(shelf)
    assert await told(shelf, job, file) == packed
    (packing,) = loop.loops(shelf.world.db)
    done = 0
    while taken := await packing.act():
        done += taken
        assert await told(shelf, job, file) == packed
    assert done == 2
    left = "SELECT count(*) FROM test_failures WHERE message IS NOT NULL OR detail IS NOT NULL"
    assert await shelf.world.sql(left) == 0
    assert (await shelf.tests(other, outcome="failed"))["tests"][0]["message"] == "a broke"


async def test_another_team_sees_none_of_the_texts(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(), {"a": "failed"})
    team = shelf.world.teams["blue"]
    async with shelf.world.db.transaction(SYSTEM) as tx:
        (there,) = await tx.fetch("SELECT result_id, created_at, first FROM failure_texts")
        assert await tx.fetch("SELECT FROM failure_texts WHERE team_id = $1", team) == []
    async with shelf.world.db.transaction(Tenant(teams=frozenset({team}))) as tx:
        case = (there["result_id"], there["created_at"], there["first"])
        assert await service.of_cases(tx, cases=[case]) == {}
        assert await service.of_result(tx, result_id=there["result_id"]) == {}
