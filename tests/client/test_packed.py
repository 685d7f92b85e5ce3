"""What gzip packed, as parts and back; tars taken apart and put together."""

import gzip
import io
import random
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.client import packed, tar_blocks
from ringtest.client.apart import TAR, ZIP, BadParts, Format, Joiner, Splitter
from ringtest.client.chunk_lists import BadList
from ringtest.client.packed import BadPacked, Packer, Recipe, Unpacker

FILES = st.lists(st.tuples(st.text("abé/", min_size=1, max_size=150), st.binary(max_size=1500)))
CUTS = st.lists(st.integers(0, 2**20), max_size=8)
FORMATS = [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT]


def tar_of(files: Sequence[tuple[str, bytes]], form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for number, (name, data) in enumerate(files):
            about = tarfile.TarInfo(name if form != tarfile.USTAR_FORMAT else f"a{number}")
            about.size, about.mtime = len(data), 1.5 if form == tarfile.PAX_FORMAT else 1
            tar.addfile(about, io.BytesIO(data))
            link = tarfile.TarInfo(f"link{number}")
            link.type, link.linkname = tarfile.LNKTYPE, "a"
            tar.addfile(link)
    return out.getvalue()


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted(cut % (len(data) + 1) for cut in cuts)
    return [data[a:b] for a, b in pairwise([0, *places, len(data)])]


def zip_of(files: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, data) in enumerate(files):
            archive.writestr(f"{number}{name}", data)
    return out.getvalue()


def apart(data: bytes, cuts: Sequence[int] = (), *, form: Format = TAR) -> tuple[bytes, bytes]:
    splitter, parts = Splitter(form), [bytearray(), bytearray()]
    for piece in split(data, cuts):
        for is_content, run in splitter.feed(piece):
            parts[is_content] += run
    return bytes(parts[0]) + splitter.finish(), bytes(parts[1])


def joined(
    headers: bytes, contents: bytes, cuts: Sequence[int] = (), *, form: Format = TAR
) -> bytes:
    joiner = Joiner(form, io.BytesIO(headers).read)
    out = [run for piece in split(contents, cuts) for run in joiner.feed(piece)]
    return b"".join([*out, *joiner.finish()])


@settings(deadline=None, max_examples=60)
@given(FILES, st.sampled_from(FORMATS), CUTS, CUTS)
def test_a_tar_is_its_headers_and_its_contents(
    files: list[tuple[str, bytes]], form: int, cuts: list[int], others: list[int]
) -> None:
    data = tar_of(files, form)
    headers, contents = apart(data, cuts)
    assert contents == b"".join(content for _, content in files)
    assert joined(headers, contents, others) == data


@settings(deadline=None, max_examples=60)
@given(FILES, CUTS, CUTS)
def test_a_zip_is_its_headers_and_its_packed_contents(
    files: list[tuple[str, bytes]], cuts: list[int], others: list[int]
) -> None:
    data = zip_of(files)
    headers, contents = apart(data, cuts, form=ZIP)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(contents) == sum(info.compress_size for info in archive.infolist())
    assert joined(headers, contents, others, form=ZIP) == data


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=3000), CUTS, st.sampled_from([b"tar", b"zip", b""]))
def test_whatever_is_taken_apart_is_put_together_again(
    noise: bytes, cuts: list[int], what: bytes
) -> None:
    form = ZIP if what == b"zip" else TAR
    begun = {
        b"tar": tar_of([("a", noise)], tarfile.GNU_FORMAT)[:-5000],
        b"zip": zip_of([("a", noise)]),
    }
    data = begun.get(what, b"") + noise
    try:
        headers, contents = apart(data, cuts, form=form)
    except BadParts:
        return
    assert joined(headers, contents, form=form) == data


def test_a_zip_that_tells_sizes_behind_its_members_is_not_taken_apart() -> None:
    class Pipe(io.BytesIO):
        def tell(self) -> int:
            raise OSError("a pipe has no places")

    out = Pipe()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"data")
    with pytest.raises(BadParts):
        apart(out.getvalue(), form=ZIP)


def test_something_behind_a_file_or_a_cut_file_is_no_tar_that_is_known() -> None:
    data = bytearray(tar_of([("a", b"xyz")], tarfile.GNU_FORMAT))
    at = data.index(b"xyz")
    with pytest.raises(BadParts):
        apart(bytes(data[: at + 2]))
    data[at + 100] = 1
    with pytest.raises(BadParts):
        apart(bytes(data))


def test_contents_that_do_not_fit_their_headers_are_refused() -> None:
    headers, contents = apart(tar_of([("a", b"x" * 999)], tarfile.GNU_FORMAT))
    for wrong in (contents[:-1], contents + b"x", b""):
        with pytest.raises(BadParts):
            joined(headers, wrong)


def recipe_of(header: bytes, level: int) -> Recipe:
    return Recipe(level, 8, 0, header, 0, 1)


@pytest.mark.parametrize("level", [1, 6, 9])
def test_however_it_is_fed_the_packed_bytes_are_the_same(level: int) -> None:
    dice = random.Random(level)
    data = b"".join(
        dice.choice([b"word ", dice.randbytes(40), b"more words "]) for _ in range(9999)
    )
    made = gzip.compress(data, level, mtime=7)
    for size in (100, 4096, 70_000, len(data)):
        unpacker, packer = Unpacker(), None
        out = []
        for at in range(0, len(made), size):
            for piece in unpacker.feed(made[at : at + size]):
                packer = packer or Packer(recipe_of(unpacker.header, level))
                out.append(packer.feed(piece))
        unpacker.finish()
        assert packer
        assert b"".join([*out, packer.finish()]) == made


ALL = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\3\0abc" + b"name\0" + b"comment\0"
HEADERS = {
    "plain": b"\x1f\x8b\x08\0" + bytes(6),
    "name": b"\x1f\x8b\x08\x08" + bytes(6) + b"a.tar\0",
    "all": ALL + (zlib.crc32(ALL) & 0xFFFF).to_bytes(2, "little"),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers_are_kept_whatever_is_in_them(header: bytes) -> None:
    packer = Packer(recipe_of(header, 6))
    made = packer.feed(b"data") + packer.finish()
    assert zlib.decompress(made, 31) == b"data"
    unpacker = Unpacker()
    assert b"".join(each for byte in made for each in unpacker.feed(bytes([byte]))) == b"data"
    unpacker.finish()
    assert unpacker.header == header


GOOD = gzip.compress(b"data" * 999, mtime=0)


@pytest.mark.parametrize(
    "data",
    [GOOD[:-1], GOOD + b"x", GOOD[:-5] + b"x" + GOOD[-4:], b"text", b"", GOOD[:20], GOOD * 2],
)
def test_what_is_not_one_whole_file_is_told(data: bytes) -> None:
    unpacker = Unpacker()
    with pytest.raises(BadPacked):
        for _ in unpacker.feed(data):
            pass
        unpacker.finish()


def test_a_header_without_an_end_is_not_waited_for() -> None:
    unpacker = Unpacker()
    with pytest.raises(BadPacked):
        for _ in range(10):
            list(unpacker.feed(b"\x1f\x8b\x08\x08" + b"a" * 1000))


def test_unpacked_pieces_are_small_whatever_they_are_made_of() -> None:
    pieces = list(Unpacker().feed(gzip.compress(bytes(10_000_000))))
    assert max(map(len, pieces)) <= packed.PIECE


def test_a_recipe_is_read_as_it_was_written() -> None:
    recipe = Recipe(9, 8, 1, HEADERS["all"], 5, 7)
    data = packed.write(recipe, b"list")
    assert packed.read(data) == (recipe, len(data) - 4)
    assert packed.read(b"RTCHUNK1...") == (None, 0)
    for broken in (data[:20], data[: packed.HEAD_SIZE + 3], data[:8] + b"\x0a" + data[9:]):
        with pytest.raises(BadList):
            packed.read(broken)


def test_what_no_header_is_tells_nothing() -> None:
    assert tar_blocks.read_header(b"x" * 512) is None
    assert tar_blocks.read_header(b"short") is None
