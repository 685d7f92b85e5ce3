"""Packed files are taken apart where they can be made again; who may read one gets its parts."""

import bz2
import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ringtest.client import chunk_lists, packed
from ringtest.client.packed import SPANS, Recipe
from ringtest.control.catalog import api as catalog_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.component_files import service
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.cutting import model
from ringtest.control.cutting.model import Remaking, Wanted, read_spans
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.settings import Settings
from tests.control.component_files.test_chunks import make_lists, path_of
from tests.control.component_files.test_sharing import Store
from tests.control.people import open_world

DICE = random.Random(1)
FILES = [(f"a-{n}", DICE.randbytes(2000).hex().encode()) for n in range(60)]


def tarred(files: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files:
            about = tarfile.TarInfo(name)
            about.size, about.mtime = len(data), 7.5
            tar.addfile(about, io.BytesIO(data))
    return out.getvalue()


TAR = tarred(FILES)
CONTENTS = b"".join(data for _, data in FILES)


def recipe_of(data: bytes, step: int = 50_000) -> Recipe | None:
    remaking = Remaking()
    for at in range(0, len(data), step):
        if not remaking.feed(data[at : at + step]):
            return None
    return remaking.recipe()


@pytest.mark.parametrize("level", range(1, 10))
def test_the_level_that_a_file_was_packed_with_is_found(level: int) -> None:
    data = gzip.compress(TAR, level, mtime=5)
    found = recipe_of(data)
    assert found and found.form == packed.IS_TAR
    assert found.contents == len(CONTENTS)
    assert found.gzip_header == data[:10]
    packer = packed.Packer(found)
    assert packer.feed(TAR) + packer.finish() == data
    assert recipe_of(data, step=999) == found


def test_an_archive_that_is_not_packed_is_told_by_its_files_too() -> None:
    found = recipe_of(TAR)
    assert found and (found.level, found.form) == (0, packed.IS_TAR)
    padding = sum(-len(data) % 512 for _, data in FILES)
    assert (found.size, found.contents) == (len(TAR) - padding, len(CONTENTS))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in FILES:
            archive.writestr(name, data)
    found = recipe_of(out.getvalue())
    assert found and (found.level, found.form) == (0, packed.IS_ZIP)
    assert found.contents == len(CONTENTS)


def test_an_archive_of_which_little_is_understood_is_told_by_its_bytes() -> None:
    assert recipe_of(TAR[: -tarfile.RECORDSIZE] + b"?" * 500_000) is None


def test_what_is_no_tar_is_contents_alone() -> None:
    found = recipe_of(gzip.compress(b"log\n" * 99_999))
    assert found and (found.form, found.headers, found.contents) == (0, 0, 399_996)


def test_a_tar_that_cannot_be_put_together_again_is_contents_alone() -> None:
    spoiled = bytearray(TAR)
    spoiled[TAR.index(FILES[0][1]) + 4000 + 50] = 1
    found = recipe_of(gzip.compress(bytes(spoiled)))
    assert found and (found.form, found.contents) == (0, len(TAR))


def changed_at_the_end() -> bytes:
    """The beginning is packed with one level, the rest with another."""
    data = DICE.randbytes(400_000).hex().encode()
    one = Recipe(9, 8, 0, b"", 0, 0).packer()
    made = one.compress(data) + one.flush(2)
    other = Recipe(1, 8, 0, b"", 0, 0).packer()
    plain = data + data
    made += other.compress(data) + other.flush()
    crc = gzip.compress(plain)[-8:]
    return gzip.compress(b"")[:10] + made + crc


OTHERS: dict[str, Callable[[], bytes]] = {
    "two levels": changed_at_the_end,
    "cut": lambda: gzip.compress(TAR)[:-1],
    "two streams": lambda: gzip.compress(TAR) * 2,
    "wrong sum": lambda: gzip.compress(TAR)[:-8] + bytes(8),
    "no gzip": lambda: CONTENTS,
    "nothing": lambda: gzip.compress(b""),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_made_again_has_no_recipe(name: str) -> None:
    assert recipe_of(OTHERS[name]()) is None


def test_a_bomb_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_MOST_UNPACKED", 2_000_000)
    assert recipe_of(gzip.compress(bytes(3_000_000)), step=500) is None


@pytest.mark.parametrize(
    "text", ["", "x", "5-4", "0-9,9-12", "20-30,0-4", "0-1000", "-5", "0-1,", "0-0," * 300 + "9-9"]
)
def test_spans_that_a_file_does_not_have_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_spans(text, 1000)


def test_nobody_asks_for_too_much_at_once() -> None:
    with pytest.raises(BadRequest, match="are wanted"):
        read_spans(f"0-{packed.MOST_WANTED}", 2**40)


def unpacked(data: bytes) -> bytes:
    out = b""
    while data:
        unpack = bz2.BZ2Decompressor()
        out += unpack.decompress(data)
        data = unpack.unused_data
    return out


@pytest.mark.parametrize("seed", range(6))
def test_wanted_spans_are_those_of_headers_and_contents(seed: int) -> None:
    data, dice = gzip.compress(TAR), random.Random(seed)
    recipe = recipe_of(data)
    assert recipe
    headers = b"".join(run for is_content, run in model._Runs(recipe).of(data) if not is_content)
    parts = headers.ljust(recipe.headers, b"\0") + CONTENTS
    places = sorted(dice.sample(range(recipe.size), 10)) if seed else [0, recipe.size]
    spans = list(zip(places[::2], places[1::2], strict=True))
    wanted = Wanted(recipe, spans)
    step = dice.randrange(100, 60_000)
    fed = [wanted.feed(data[at : at + step]) for at in range(0, len(data), step)]
    now, later = zip(*fed, wanted.rest(), strict=True)
    assert unpacked(b"".join([*now, *later])) == b"".join(parts[a:b] for a, b in spans)


@pytest.fixture
async def store(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Store]:
    rooms = [identity_api, catalog_api, component_files_api]
    folder = tmp_path / "objects"
    settings = Settings(data=tmp_path)
    async with open_world(clocked_db, rooms, settings=settings, objects=DiskStore(folder)) as world:
        yield Store(world, folder)


async def test_a_packed_file_is_listed_by_what_is_in_it_and_its_parts_are_given(
    store: Store,
) -> None:
    data = gzip.compress(TAR)
    file = await store.upload(
        await store.component(await store.topic("one"), "a", "red"), "red user", body=data
    )
    lab = store.world["red lab"]
    assert (await lab.get(path_of(file, "parts"), headers={SPANS: "0-1"})).status_code == 404
    assert await make_lists(store) == 1
    listed = (await lab.get(path_of(file, "chunks"))).content
    recipe, at = packed.read(listed)
    assert recipe == recipe_of(data)
    assert recipe
    head = chunk_lists.read_head(listed[at:], size=recipe.size)
    assert len(listed) == at + head.total()
    chunks = chunk_lists.chunks_from(0, listed[at + head.chunks_at() :])
    coarse = [each for each in chunks if each.start < recipe.headers]
    assert len(coarse) <= recipe.headers / 16_000, "they all change: their list is short"
    spans = f"0-511,{recipe.headers + 5}-{recipe.headers + 9}"
    answer = await lab.get(path_of(file, "parts"), headers={SPANS: spans})
    assert answer.status_code == 200
    assert unpacked(answer.content) == TAR[:512] + CONTENTS[5:10]
    for bad in ("", "1-0", f"0-{recipe.size}"):
        answer = await lab.get(path_of(file, "parts"), headers={SPANS: bad})
        assert answer.status_code == 400, bad
    assert (await lab.request("HEAD", path_of(file, "parts"))).status_code == 200


async def test_who_waits_for_parts_hears_something_and_gets_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = tarred([(name, data * 12) for name, data in FILES])
    file = await store.upload(
        await store.component(await store.topic("one"), "a", "red"), "red user", body=body
    )
    await make_lists(store)
    lab = store.world["red lab"]
    recipe, _ = packed.read((await lab.get(path_of(file, "chunks"))).content)
    assert recipe
    asked = {SPANS: f"0-{recipe.size - 1}"}
    quiet = (await lab.get(path_of(file, "parts"), headers=asked)).content
    monkeypatch.setattr(service, "_QUIET_SECONDS", 0.0)
    lively = (await lab.get(path_of(file, "parts"), headers=asked)).content
    assert lively.count(b"BZh9") > quiet.count(b"BZh9")
    assert unpacked(lively) == unpacked(quiet)


def test_a_large_archive_is_told_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_MOST_ARCHIVE", len(TAR) - 1)
    assert recipe_of(TAR) is None
    assert recipe_of(gzip.compress(TAR))


async def test_who_may_not_read_a_file_gets_no_parts_of_it(store: Store) -> None:
    file = await store.upload(
        await store.component(await store.topic("one"), "a", "red"),
        "red user",
        body=gzip.compress(TAR),
    )
    await make_lists(store)
    answer = await store.world["blue lab"].get(path_of(file, "parts"), headers={SPANS: "0-1"})
    assert answer.status_code in (401, 404)


async def test_a_file_that_is_not_taken_apart_has_no_parts(store: Store) -> None:
    body = random.Random(1).randbytes(100_000)
    file = await store.upload(
        await store.component(await store.topic("one"), "a", "red"), "red user", body=body
    )
    await make_lists(store)
    answer = await store.world["red lab"].get(path_of(file, "parts"), headers={SPANS: "0-1"})
    assert answer.status_code == 404
