"""What is kept beside outcomes, packed in blocks."""

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control.reading import model
from ringtest.control.reading.model import (
    Aside,
    AsidePacker,
    blocks_with,
    open_block,
    unpack_asides,
)

positions = st.dictionaries(st.integers(0, 500), st.text(min_size=1, max_size=30), max_size=60)


@given(
    found=positions, wanted=st.lists(st.integers(0, 500), max_size=20), block=st.integers(1, 300)
)
@settings(max_examples=80, deadline=None)
def test_each_case_is_found_in_the_blocks_that_are_asked_for_it(
    found: dict[int, str], wanted: list[int], block: int
) -> None:
    before, model._BLOCK = model._BLOCK, block
    try:
        packer = AsidePacker()
        for at in sorted(found):
            packer.add(at, Aside(message=found[at]))
        packed = packer.pack([("a", "b", [])])
    finally:
        model._BLOCK = before
    everything = unpack_asides(packed.asides, packed.aside_blocks)
    assert everything.suites == [("a", "b", [])]
    assert {at: one.message for at, one in everything.cases.items()} == found
    read: set[int] = set()
    for start, end in blocks_with(packed.aside_blocks, sorted(wanted)):
        read |= open_block(packed.asides[start:end]).keys()
    assert set(wanted) & found.keys() <= read <= found.keys()


def test_what_was_stored_in_one_piece_is_still_read() -> None:
    old = b'{"suites":[["s","s",[]]],"cases":{"3":{"message":"why","properties":[["a","b"]]}}}'
    asides = unpack_asides(zlib.compress(old), [])
    assert (asides.cases[3].message, asides.suites) == ("why", [("s", "s", [])])
