"""The next version of a tar.gz: what differs in it is fetched, and the same file is made."""

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ringtest.agent.components import rebuilding, storing
from ringtest.agent.components.planning import Piece, few_spans, missing
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import Component, ComponentFile
from ringtest.agent.settings import AgentSettings, SettingsError, read_settings
from ringtest.client import AsyncClient, Backoff, Connection, Retries, packed
from ringtest.control.cutting.model import PartsCutter, Remaking

DICE = random.Random(9)
TEXTS = {f"src/file-{n:03}.py": DICE.randbytes(2000).hex().encode() for n in range(80)}
LATER = {
    **TEXTS,
    "src/file-007.py": b"changed\n" * 500,
    "src/file-050.py": TEXTS["src/file-050.py"] + b"a line more\n",
    "src/file-050a.py": b"a file more\n",
}


def tar_of(files: dict[str, bytes], *, time: float) -> bytes:
    """As a build makes it: all times are others."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in sorted(files.items()):
            about = tarfile.TarInfo(f"ring-{time}/{name}")
            about.size, about.mtime = len(data), time
            tar.addfile(about, io.BytesIO(data))
    return out.getvalue()


OLD = gzip.compress(tar_of(TEXTS, time=1000.25), 9, mtime=1)
NEW = gzip.compress(tar_of(LATER, time=2000.75), 9, mtime=2)


class AtOnce(Backoff):
    def next(self) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "Backoff", AtOnce)
    monkeypatch.setattr(rebuilding, "Backoff", AtOnce)


@pytest.fixture
async def api(server: Any, settings: AgentSettings) -> Any:
    connection = Connection.for_key(settings.server, settings.client_id, settings.api_secret)
    async with AsyncClient(connection, retries=Retries(attempts=1)) as client:
        yield LabApi(client)


@pytest.fixture
def store(api: LabApi, tmp_path: Path) -> Iterator[ComponentStore]:
    yield ComponentStore(tmp_path / "files", api, limit_bytes=10**9)


@cache
def listed(data: bytes) -> bytes:
    remaking = Remaking()
    assert remaking.feed(data)
    recipe = remaking.recipe()
    assert recipe
    cutter = PartsCutter(recipe)
    cutter.feed(data)
    return cutter.list()


def publish(server: Any, name: str, data: bytes) -> Component:
    file = server.add_file(name, data)
    server.lists[file["id"]] = listed(data)
    files = [ComponentFile(file["id"], name, file["size"], file["sha256"])]
    return Component(str(uuid4()), "rpm", files=files)


async def provide(store: ComponentStore, component: Component, target: Path) -> bytes:
    [path] = await store.provide(component, target, SAID.append)
    return path.read_bytes()


SAID: list[str] = []


def asked_for(server: Any) -> int:
    """Bytes of parts."""
    total = 0
    for spans in server.spans:
        ends = [each.split("-") for each in spans.split(",")]
        total += sum(int(last) + 1 - int(first) for first, last in ends)
    return total


async def have_old(server: Any, store: ComponentStore, folder: Path) -> None:
    assert await provide(store, publish(server, "ring-1.0.tar.gz", OLD), folder / "1") == OLD
    server.ranges.clear()


async def test_only_what_differs_in_it_is_fetched(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    await have_old(server, store, tmp_path)
    assert await provide(store, publish(server, "ring-1.1.tar.gz", NEW), tmp_path / "2") == NEW
    assert server.ranges == [], "nothing of the packed bytes"
    headers = 3 * 512 * len(LATER)
    assert asked_for(server) < headers + 40_000
    server.spans.clear()
    third = gzip.compress(tar_of({**LATER, "z": b"!"}, time=2000.75), 9, mtime=3)
    assert await provide(store, publish(server, "ring-1.2.tar.gz", third), tmp_path / "3") == third
    assert server.ranges == [], "a file that was made is one that others are made of"
    assert not list((tmp_path / "files").glob("*/*.part"))


async def test_what_is_packed_and_no_tar_is_made_too(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    body = random.Random(3).randbytes(400_000)
    old, new = gzip.compress(body, 6), gzip.compress(body[:9] + b"!" + body[9:], 6)
    assert await provide(store, publish(server, "disk-1.img.gz", old), tmp_path / "1") == old
    server.ranges.clear()
    assert await provide(store, publish(server, "disk-2.img.gz", new), tmp_path / "2") == new
    assert server.ranges == []
    assert asked_for(server) < 20_000


def zip_of(files: dict[str, bytes], *, year: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data, compresslevel=9)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["whl", "tar"])
async def test_archives_whose_times_are_all_others_share_their_files(
    server: Any, store: ComponentStore, tmp_path: Path, kind: str
) -> None:
    if kind == "whl":
        old, new = zip_of(TEXTS, year=2020), zip_of(LATER, year=2021)
    else:
        old, new = tar_of(TEXTS, time=1.5), tar_of(LATER, time=2.5)
    await provide(store, publish(server, f"ring-1.0.{kind}", old), tmp_path / "1")
    server.ranges.clear()
    assert await provide(store, publish(server, f"ring-1.1.{kind}", new), tmp_path / "2") == new
    assert server.ranges == []
    recipe, _ = packed.read(listed(new))
    assert recipe and asked_for(server) < recipe.headers + 40_000


async def test_a_zlib_that_packs_otherwise_costs_a_download(
    server: Any, store: ComponentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await have_old(server, store, tmp_path)
    later = publish(server, "ring-1.1.tar.gz", NEW)
    plain = packed.Recipe.packer
    monkeypatch.setattr(packed.Recipe, "packer", lambda self: plain(replace(self, level=1)))
    assert await provide(store, later, tmp_path / "2") == NEW
    assert server.ranges == [""]


async def test_where_it_is_switched_off_or_much_differs_the_file_is_fetched(
    server: Any, api: LabApi, store: ComponentStore, tmp_path: Path
) -> None:
    off = ComponentStore(tmp_path / "off", api, limit_bytes=10**9, remake_packed=False)
    await have_old(server, off, tmp_path)
    assert await provide(off, publish(server, "ring-1.1.tar.gz", NEW), tmp_path / "2") == NEW
    assert server.spans == []
    files = {name: DICE.randbytes(4000) for name in TEXTS}
    other = gzip.compress(tar_of(files, time=2000.75), 9)
    await have_old(server, store, tmp_path / "on")
    assert await provide(store, publish(server, "ring-1.2.tar.gz", other), tmp_path / "3") == other
    assert server.spans == []


async def test_answers_that_are_cut_are_gone_on_with(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    await have_old(server, store, tmp_path)
    left = iter(("cut", "drop", 503))
    server.fault = lambda method, path: next(left, None) if path.endswith("/parts") else None
    assert await provide(store, publish(server, "ring-1.1.tar.gz", NEW), tmp_path / "2") == NEW
    assert next(left, None) is None
    assert server.ranges == []


async def test_a_server_that_goes_away_for_good_costs_a_download(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    await have_old(server, store, tmp_path)
    server.fault = lambda method, path: 503 if path.endswith("/parts") else None
    assert await provide(store, publish(server, "ring-1.1.tar.gz", NEW), tmp_path / "2") == NEW
    assert len(server.ranges) == 1


async def test_what_came_before_is_gone_on_with_when_little_is_left(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    await have_old(server, store, tmp_path)
    later = publish(server, "ring-1.1.tar.gz", NEW)
    part = store.shelf.part(later.files[0].sha256 or "")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(NEW[:-1000])
    assert await provide(store, later, tmp_path / "2") == NEW
    assert (server.spans, server.ranges) == ([], [f"bytes={len(NEW) - 1000}-"])


def wrong_recipe(data: bytes) -> bytes:
    recipe, at = packed.read(data)
    assert recipe
    return packed.write(replace(recipe, level=1), data[at:])


def wrong_size(data: bytes) -> bytes:
    recipe, at = packed.read(data)
    assert recipe
    moved = replace(recipe, headers=recipe.headers - 512, contents=recipe.contents + 512)
    return packed.write(moved, data[at:])


def noise(seed: int) -> Callable[[bytes], bytes]:
    def spoil(data: bytes) -> bytes:
        dice, broken = random.Random(seed), bytearray(data)
        for _ in range(20):
            broken[dice.randrange(packed.HEAD_SIZE, len(broken))] ^= 1 << dice.randrange(8)
        return bytes(broken)

    return spoil


@pytest.mark.parametrize("spoil", [wrong_recipe, wrong_size, *map(noise, range(4))])
async def test_lists_that_lie_cost_bytes_and_nothing_else(
    server: Any, store: ComponentStore, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    await have_old(server, store, tmp_path)
    later = publish(server, "ring-1.1.tar.gz", NEW)
    server.lists[later.files[0].id] = spoil(server.lists[later.files[0].id])
    assert await provide(store, later, tmp_path / "2") == NEW


async def test_an_old_version_that_was_spoiled_spoils_nothing(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    await have_old(server, store, tmp_path)
    [note] = [store.shelf.note(path.name) for path in store.shelf._files()]
    assert note
    kept = store.shelf.path(note.sha256)
    kept.chmod(0o644)
    kept.write_bytes(OLD[:5000] + b"spoiled" + OLD[5007:])
    store.shelf.remember(note.sha256, note)
    assert await provide(store, publish(server, "ring-1.1.tar.gz", NEW), tmp_path / "2") == NEW
    assert len(server.ranges) == 1


async def test_without_room_for_the_parts_the_file_is_fetched(
    server: Any, store: ComponentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, size: int) -> None:
        raise OSError(f"no room for {size}")

    await have_old(server, store, tmp_path)
    monkeypatch.setattr(rebuilding, "require_space", full)
    assert await provide(store, publish(server, "ring-1.1.tar.gz", NEW), tmp_path / "2") == NEW
    assert len(server.ranges) == 1


def test_many_spans_become_few() -> None:
    old = Path("old")
    lengths = [5, 100, 5, 10, 5, 1000, 5, 1, 5]
    pieces, at = [], 0
    for number, length in enumerate(lengths):
        pieces.append(Piece(at, length, old if number % 2 else None, at if number % 2 else 0))
        at += length
    assert few_spans(pieces, 9) == pieces
    for most in (1, 2, 3, 4):
        few = few_spans(pieces, most)
        assert len([piece for piece in few if piece.source is None]) == most
        assert few[-1].end == at
        assert [piece.start for piece in few[1:]] == [piece.end for piece in few[:-1]]
    assert missing(few_spans(pieces, 2)) == 25 + 111


def test_the_setting_is_yes_or_no(tmp_path: Path) -> None:
    given = {"server": "http://ci", "client_id": "remoteci/1", "api_secret": "s"}
    config = tmp_path / "agent.toml"
    config.write_text("remake_packed = false\n")
    assert read_settings(given, {}, config).remake_packed is False
    config.write_text('remake_packed = "no"\n')
    with pytest.raises(SettingsError, match="true or false"):
        read_settings(given, {}, config)
