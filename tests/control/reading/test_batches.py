"""A file of many cases is read in batches, of which all but the last are packed meanwhile."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.reading import service
from ringtest.control.reading.service import Parsed, Reading

_INNER = (
    "", "", '<failure type="E" message="broke {n}">at {n}</failure>', "<skipped/>",
    '<flakyFailure message="late">late</flakyFailure>', "<system-out>told {n}</system-out>",
    '<error message="{n}"/><properties><property name="a" value="{n}"/></properties>',
)  # fmt: skip


def file_of(count: int) -> bytes:
    suites = []
    for start in range(0, count, 10):
        cases = "".join(
            f'<testcase classname="c{n % 3}" name="t{n}" time="0.{n}">'
            f"{_INNER[n % len(_INNER)].format(n=n)}</testcase>"
            for n in range(start, min(count, start + 10))
        )
        suites.append(f'<testsuite name="s{start}"><properties><property name="p" value="{start}"/>'
                      f"</properties>{cases}</testsuite>")  # fmt: skip
    return f"<testsuites>{''.join(suites)}</testsuites>".encode()


async def read(data: bytes, piece: int) -> Parsed:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), piece):
            yield data[at : at + piece]

    reading = Reading(JunitParser())
    async for _ in reading.watch(chunks()):
        pass
    parsed = await reading.finish()
    assert parsed is not None
    return parsed


def shown(parsed: Parsed) -> dict[str, Any]:
    """Everything, whatever batches it is in."""
    cases = [
        (
            start + at,
            row.suite,
            row.classname,
            row.name,
            row.outcome,
            msgspec.json.encode(row.evidence),
        )
        for start, batch in parsed.batches
        for at, row in enumerate(with_times(batch).rows())
    ]
    told = {name: getattr(parsed, name) for name in Parsed.__slots__ if name != "batches"}
    return told | {"cases": cases}


def with_times(batch: Any) -> Any:
    batch.times = [0.0] * len(batch)
    return batch


@pytest.mark.parametrize(("open_", "packed"), [(1, 1), (7, 3), (40, 100)])
async def test_batches_make_no_difference(
    monkeypatch: pytest.MonkeyPatch, open_: int, packed: int
) -> None:
    data = file_of(95)
    whole = await read(data, len(data))
    assert not whole.batches.are_several
    monkeypatch.setattr(service, "_FEED", 300)
    monkeypatch.setattr(service, "_OPEN", open_)
    monkeypatch.setattr(service, "_PACKED", packed)
    parts = await read(data, 100)
    assert parts.batches.are_several
    assert len(parts.outcomes) == 95 and len(parts.retried) > 10
    assert shown(parts) == shown(whole)


async def test_a_plan_is_the_same_plan_in_whatever_pieces_it_comes() -> None:
    digests = {(await read(file_of(40), piece)).digest for piece in (50, 1000, 100_000)}
    assert len(digests) == 1
    assert (await read(file_of(41), 1000)).digest not in digests
