"""Verbs of evidence: keep what failing cases said, and tell it again."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.db.pool import Database, Transaction
from ringtest.control.evidence import store
from ringtest.control.evidence.model import Block, Texts, pack, unpack
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.ports.result_parser import Cases
from ringtest.control.reading.model import bad_positions

_INLINE = 200
"""Packing so few cases takes less time than a visit to a thread."""
_TOGETHER = 32
"""Blocks that one statement writes, or that lie open at a time."""
_RESULTS, _ROWS = 20, 1000
"""Results, and failure rows of each at a time, that one transaction packs."""


async def keep(tx: Transaction, *, result: Mapping[str, Any], start: int, cases: Cases) -> None:
    """Keep what the failing cases of a batch said that begins at the position `start`.

    `result` has `id`, `created_at` and `team_id`.
    """
    await _keep(tx, result, _said(cases, start))


def _said(cases: Cases, start: int) -> list[tuple[int, Texts]]:
    """What the failing cases of a batch said, by position; `start` is that of the first case."""
    said = ((at, cases.evidence.get(at)) for at in bad_positions(cases.outcomes))
    return [
        (start + at, Texts(one.exception_type, one.message, one.detail, one.stdout, one.stderr))
        for at, one in said
        if one is not None
    ]


async def _keep(
    tx: Transaction, result: Mapping[str, Any], said: Sequence[tuple[int, Texts]]
) -> None:
    if len(said) <= _INLINE:
        blocks = list(pack(said))
    else:
        blocks = await asyncio.to_thread(lambda: list(pack(said)))
    for at in range(0, len(blocks), _TOGETHER):
        await store.insert_blocks(tx, result, blocks[at : at + _TOGETHER])


async def of_cases(
    tx: Transaction, *, cases: Sequence[tuple[UUID, datetime, int]]
) -> dict[tuple[UUID, int], Texts]:
    """Texts of cases by result and position; a case is its result, that one's moment, and a
    position. Whose results they are is for the caller to know."""
    if not cases:
        return {}
    rows = await store.select_cases(tx, cases)
    wanted = {(result_id, position) for result_id, _, position in cases}
    return await asyncio.to_thread(_pick, rows, wanted)


def _pick(
    rows: Iterable[Mapping[str, Any]], wanted: set[tuple[UUID, int]]
) -> dict[tuple[UUID, int], Texts]:
    found: dict[tuple[UUID, int], Texts] = {}
    for row in rows:
        if row["data"] is None:
            found[row["result_id"], row["position"]] = _texts(row)
            continue
        for position, texts in unpack(row["data"]).items():
            if (row["result_id"], position) in wanted:
                found[row["result_id"], position] = texts
    return found


def _texts(row: Mapping[str, Any]) -> Texts:
    return Texts(*(row[name] for name in ("exception_type", "message", "detail", "stdout",
                                          "stderr")))  # fmt: skip


async def of_result(
    tx: Transaction, *, result_id: UUID, last: int | None = None, half: int | None = None
) -> dict[int, Texts]:
    """Texts of a result by position, up to `last`. With `half`: of a detail longer than twice as
    many characters the beginning and the end."""
    rows = await store.select_rows(tx, result_id, last, half)
    found = {row["position"]: _texts(row) for row in rows}
    blocks: list[Block] | None = None
    while blocks is None or len(blocks) == _TOGETHER:
        after = blocks[-1].first if blocks else -1
        blocks = await store.select_blocks(tx, result_id, after, last, _TOGETHER)
        found |= await asyncio.to_thread(_open, blocks, last, half)
    return found


def _open(blocks: Iterable[Block], last: int | None, half: int | None) -> dict[int, Texts]:
    return {
        position: texts if half is None else texts.within(half)
        for block in blocks
        for position, texts in unpack(block.data).items()
        if last is None or position <= last
    }


async def of_failures(
    tx: Transaction, *, places: Iterable[tuple[UUID, int]], half: int
) -> dict[tuple[UUID, int], Texts]:
    """The same of results whose failures up to some positions are wanted: their ids, each with
    positions in their order."""
    found = {}
    for result_id, last in dict(places).items():
        said = await of_result(tx, result_id=result_id, last=last, half=half)
        found.update({(result_id, position): texts for position, texts in said.items()})
    return found


async def pack_waiting(db: Database) -> int:
    """Pack texts that were stored before there were blocks, the latest first, a few results in
    a transaction of its own; how many. It can be stopped at any time. The room that texts
    leave behind is for rows to come; `VACUUM FULL` of a month's table gives it back."""
    async with db.transaction(SYSTEM) as tx:
        taken = await store.take_unpacked(tx, _RESULTS)
        for one in taken:
            await _pack(tx, one)
    return len(taken)


async def _pack(tx: Transaction, result: Mapping[str, Any]) -> None:
    """Move the texts of a result's failure rows into blocks."""
    rows: Sequence[Mapping[str, Any]] | None = None
    while rows is None or len(rows) == _ROWS:
        rows = await store.take_texts(tx, result["id"], result["created_at"], _ROWS)
        if rows:
            about = {**result, "team_id": rows[0]["team_id"]}
            await _keep(tx, about, [(row["position"], _texts(row)) for row in rows])
