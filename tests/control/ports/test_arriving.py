"""Bytes that arrive: in their order, digested, few of them waiting, faults told."""

import asyncio
import hashlib
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.kernel.errors import Unavailable
from ringtest.control.ports.arriving import Arriving
from ringtest.control.ports.object_store import Stored

PIECE = bytes(300_000)


def opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("wb", buffering=0)


@given(sizes=st.lists(st.integers(0, 600_000), max_size=12), seed=st.integers(0, 9))
def test_all_bytes_are_there_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int
) -> None:
    path = tmp_path_factory.mktemp("arriving") / "file"
    pieces = [bytes([(seed + at) % 256]) * size for at, size in enumerate(sizes)]

    async def arrive() -> Stored:
        arriving = Arriving(opener(path))
        for piece in pieces:
            await arriving.add(piece)
        return await arriving.end()

    whole = b"".join(pieces)
    assert asyncio.run(arrive()) == Stored(len(whole), hashlib.sha256(whole).hexdigest())
    assert path.read_bytes() == whole


class Slow(io.FileIO):
    """A file that takes nothing until it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "wb")
        self.begun, self.gate = threading.Event(), threading.Event()

    def write(self, data: object) -> int:
        """As a file does, later."""
        self.begun.set()
        self.gate.wait(20)
        return super().write(data)  # type: ignore[arg-type]


async def test_who_brings_more_than_may_wait_waits(tmp_path: Path) -> None:
    file = Slow(tmp_path / "file")
    arriving = Arriving(lambda: file)

    async def bring() -> None:
        for _ in range(40):
            await arriving.add(PIECE)

    bringing = asyncio.create_task(bring())
    for _ in range(100):
        await asyncio.sleep(0)
    assert 0 < arriving.size <= 4 * 1024 * 1024 + len(PIECE) and not bringing.done()
    file.gate.set()
    await bringing
    assert (await arriving.end()).size == 40 * len(PIECE)


async def test_a_full_disk_is_told_to_who_brings_more() -> None:
    arriving = Arriving(opener(Path("/dev/full")))
    with pytest.raises(Unavailable):
        for _ in range(100):
            await arriving.add(PIECE)
    await arriving.give_up()


async def test_a_full_disk_is_told_at_the_end() -> None:
    arriving = Arriving(opener(Path("/dev/full")))
    await arriving.add(b"little")
    with pytest.raises(Unavailable):
        await arriving.end()


async def test_what_waits_is_not_written_once_it_was_given_up(tmp_path: Path) -> None:
    file = Slow(tmp_path / "file")
    arriving = Arriving(lambda: file)
    for _ in range(10):
        await arriving.add(PIECE)
    await asyncio.to_thread(file.begun.wait, 20)
    giving_up = asyncio.create_task(arriving.give_up())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not giving_up.done(), "a thread is still at it"
    file.gate.set()
    await giving_up
    assert (tmp_path / "file").stat().st_size <= len(PIECE)
