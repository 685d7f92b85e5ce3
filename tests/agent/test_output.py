"""Output: the first line at once, then in pieces that end where lines end."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from ringtest.agent.output import MOST, Output


class Pieces:
    def __init__(self) -> None:
        self.list: list[bytes] = []
        self.came = asyncio.Event()
        self.output = Output(self._take, on_error=lambda error: None)

    def _take(self, data: bytes) -> None:
        self.list.append(data)
        self.came.set()

    def write(self, data: bytes) -> None:
        os.write(self.output.write_end, data)


@pytest.fixture
async def pieces() -> AsyncIterator[Pieces]:
    all_pieces = Pieces()
    yield all_pieces
    all_pieces.output.close()


async def test_the_first_line_comes_at_once(pieces: Pieces) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    pieces.write(b"first\n")
    await asyncio.wait_for(pieces.came.wait(), 5)
    assert pieces.list == [b"first\n"]
    assert loop.time() - begun < 0.1


async def test_what_follows_is_gathered_for_a_tenth_of_a_second(pieces: Pieces) -> None:
    pieces.write(b"first\n")
    await asyncio.wait_for(pieces.came.wait(), 5)
    pieces.came.clear()
    for number in range(5):
        pieces.write(b"%d\n" % number)
        await asyncio.sleep(0)
    await asyncio.wait_for(pieces.came.wait(), 5)
    assert pieces.list == [b"first\n", b"0\n1\n2\n3\n4\n"]


async def test_an_unfinished_line_waits_for_its_end(pieces: Pieces) -> None:
    pieces.write(b"whole\nhalf")
    await asyncio.wait_for(pieces.came.wait(), 5)
    assert pieces.list == [b"whole\n"]
    pieces.came.clear()
    pieces.write(b" and half\n")
    await asyncio.wait_for(pieces.came.wait(), 5)
    assert pieces.list == [b"whole\n", b"half and half\n"]


async def test_a_line_that_stays_unfinished_is_shown_after_a_second(pieces: Pieces) -> None:
    pieces.write(b"password: ")
    await asyncio.wait_for(pieces.came.wait(), 5)
    assert pieces.list == [b"password: "]


async def test_much_output_comes_in_pieces_of_limited_size_and_whole_lines(pieces: Pieces) -> None:
    text = b"".join(b"line %d\n" % number for number in range(6000))
    pieces.write(text[:60_000])
    pieces.output.drain()
    pieces.write(text[60_000:])
    pieces.output.drain()
    assert b"".join(pieces.list) == text
    assert max(map(len, pieces.list)) <= MOST
    assert pieces.list[0].endswith(b"\n")
