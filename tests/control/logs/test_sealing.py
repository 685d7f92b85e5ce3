"""Frames move to the object store: whole, once, wherever the power is cut."""

import asyncio
import base64
from typing import Any

import pytest

from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.logs import model, service, store
from ringtest.control.logs.loop import seal
from tests.control.jobs.bench import Bench
from tests.control.logs.test_reading import Follower

LINES = [f"line {number}" for number in range(90_000)]


async def printed(bench: Bench, *, ends: bool = True) -> tuple[str, str]:
    """A job with about 1 MB of log in frames of 70 kB; its id and token."""
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    data = "\n".join(LINES).encode()
    records: list[dict[str, Any]] = []
    for seq, start in enumerate(range(0, len(data), 70_000), 1):
        piece = base64.b64encode(data[start : start + 70_000]).decode()
        await bench.told(job_id, token, {"seq": seq, "kind": "log", "stage": "test", "data": piece})
        records.append({})
    if ends:
        end = {"seq": len(records) + 1, "kind": "finish", "result": "passed"}
        await bench.told(job_id, token, end)
    return job_id, token


async def raw(bench: Bench, job_id: str) -> str:
    return (await bench.world["red user"].get(f"/jobs/{job_id}/log/raw")).text


async def hot(bench: Bench) -> int:
    count: int = await bench.world.sql("SELECT count(*) FROM log_frames WHERE data IS NOT NULL")
    return count


async def test_the_log_of_an_ended_attempt_moves_to_the_object_store(bench: Bench) -> None:
    job_id, _ = await printed(bench)
    before = await raw(bench, job_id)
    assert await seal(bench.world.db, bench.objects) == 1
    assert await seal(bench.world.db, bench.objects) == 0
    assert await hot(bench) == 0
    team = bench.world.teams["red"]
    assert {key.rsplit("/", 1)[0] for key in bench.objects.kept} == {f"logs/{team}/{job_id}/1"}
    sizes = await bench.world.sql("SELECT array_agg(byte_count ORDER BY seq) FROM log_frames")
    assert len(sizes) == len(bench.objects.kept)
    assert max(sizes) <= 256 * 1024 < sizes[0] + 70_000
    assert await raw(bench, job_id) == before == "\n".join(LINES)
    page = await bench.world.get("red user", f"/jobs/{job_id}/log", from_line=70_000, limit=2)
    assert page["log"]["lines"] == LINES[70_000:70_002]
    assert page["log"]["total_lines"] == len(LINES)
    found = await bench.world.get("red user", f"/jobs/{job_id}/log/search", q="LINE 89999")
    assert found["matches"] == [{"line": 89_999, "text": "line 89999"}]


async def test_the_log_of_a_running_attempt_stays_hot(bench: Bench) -> None:
    await printed(bench, ends=False)
    assert await seal(bench.world.db, bench.objects) == 0
    assert bench.objects.kept == {}


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_power_cut_while_sealing_loses_and_doubles_nothing(
    bench: Bench, moment: str
) -> None:
    job_id, _ = await printed(bench)
    hot_before = await hot(bench)
    bench.objects.cut = moment
    assert await seal(bench.world.db, bench.objects) == 0  # told in the log, tried again later
    assert await hot(bench) == hot_before
    assert await raw(bench, job_id) == "\n".join(LINES)
    assert await seal(bench.world.db, bench.objects) == 1
    assert await raw(bench, job_id) == "\n".join(LINES)
    frames = await bench.world.sql("SELECT count(*) FROM log_frames")
    assert len(bench.objects.kept) == frames


async def test_a_database_lost_between_object_and_rows_changes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, _ = await printed(bench)

    async def lost(*_: object) -> None:
        raise Unavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "swap", lost)
        assert await seal(bench.world.db, bench.objects) == 0
    assert await raw(bench, job_id) == "\n".join(LINES)
    assert await seal(bench.world.db, bench.objects) == 1
    assert await raw(bench, job_id) == "\n".join(LINES)


async def test_two_sealers_come_to_the_same(bench: Bench) -> None:
    job_id, _ = await printed(bench)
    await asyncio.gather(*(seal(bench.world.db, bench.objects) for _ in range(3)))
    while await hot(bench):
        await seal(bench.world.db, bench.objects)
    assert await raw(bench, job_id) == "\n".join(LINES)


async def test_a_slow_sealer_does_not_undo_a_quicker_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow one chose its frames before late log bytes came and others sealed them."""
    job_id, token = await printed(bench)
    async with bench.world.db.transaction(SYSTEM) as tx:
        (log,) = await service.list_unsealed(tx, limit=5)
        chosen = await store.select_hot(tx, log, limit=256, most=model.FRAME_BYTES)
    late = {"seq": 100, "kind": "log", "data": base64.b64encode(b"!\nlate\n").decode()}
    await bench.world.sql(
        "UPDATE job_attempts SET applied_seq = 99 WHERE job_id = $1 RETURNING 1", job_id
    )
    await bench.told(job_id, token, late)
    assert await seal(bench.world.db, bench.objects) == 1

    async def stale(*_: object, **__: object) -> Any:
        return chosen

    with monkeypatch.context() as patch:
        patch.setattr(store, "select_hot", stale)
        await service.seal_group(bench.world.db, bench.objects, log=log)
    assert await raw(bench, job_id) == "\n".join(LINES) + "!\nlate\n"


async def test_log_bytes_that_come_late_are_sealed_after_the_others(bench: Bench) -> None:
    job_id, token = await printed(bench)
    await seal(bench.world.db, bench.objects)
    await bench.world.sql(
        "UPDATE job_attempts SET applied_seq = 99 WHERE job_id = $1 RETURNING 1", job_id
    )
    late = {"seq": 100, "kind": "log", "data": base64.b64encode(b"!\nlate\n").decode()}
    await bench.told(job_id, token, late)
    assert await hot(bench) == 1
    assert await seal(bench.world.db, bench.objects) == 1
    assert await raw(bench, job_id) == "\n".join(LINES) + "!\nlate\n"


async def test_sealing_under_a_reader_repeats_and_skips_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sealed frame holds three of the hot ones, of which the reader has read two."""
    monkeypatch.setattr(service, "_FRAMES", 2)
    job_id, _ = await printed(bench)
    follower = Follower(bench, job_id)
    seen = [await follower.next(), await follower.next()]
    await seal(bench.world.db, bench.objects)
    seen.extend([(chunk.first, list(chunk.lines)) async for chunk in follower.chunks])
    assert [line for _, lines in seen for line in lines] == LINES
    assert all(lines[0] == LINES[number] for number, lines in seen)
