"""Lists of chunks: whoever made them, what is read is a whole file or refused."""

import pytest

from ringtest.client import chunk_lists
from ringtest.client.chunk_lists import BadList

CHUNKS = chunk_lists.chunk_record(3, b"a" * 8) + chunk_lists.chunk_record(4, b"b" * 8)
LIST = chunk_lists.write(7, [(7, 2, b"s" * 8)], CHUNKS)


def test_a_list_is_read_as_it_was_written() -> None:
    head = chunk_lists.read_head(LIST, size=7)
    [segment] = chunk_lists.read_segments(head, LIST)
    chunks = chunk_lists.read_chunks(segment, LIST[head.chunks_at() :])
    assert [(each.start, each.length) for each in chunks] == [(0, 3), (3, 4)]
    assert head.total() == len(LIST)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        LIST[:20],
        b"X" + LIST[1:],
        LIST[:24],
        chunk_lists.write(7, [(6, 2, b"s" * 8)], CHUNKS),
        chunk_lists.write(7, [(7, 9, b"s" * 8)], CHUNKS),
        chunk_lists.write(8, [(8, 2, b"s" * 8)], CHUNKS),
    ],
)
def test_what_is_no_list_of_the_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadList):
        chunk_lists.read_segments(chunk_lists.read_head(data, size=7), data)


def test_chunks_of_another_segment_are_refused() -> None:
    [segment] = chunk_lists.read_segments(chunk_lists.read_head(LIST, size=7), LIST)
    with pytest.raises(BadList):
        chunk_lists.read_chunks(segment, CHUNKS[: chunk_lists.CHUNK_SIZE])
