"""The next version of a file: only what differs is fetched, and what is put together is right."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ringtest.agent.components import storing
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.control import StageFailed
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import Component, ComponentFile
from ringtest.agent.settings import AgentSettings
from ringtest.client import AsyncClient, Backoff, Connection, Retries
from ringtest.control.cutting.model import Cutter

OLD = random.Random(2).randbytes(1_500_000)
NEW = OLD[:300_000] + b"changed" * 1000 + OLD[310_000:900_000] + OLD[950_000:]


class AtOnce(Backoff):
    def next(self) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "Backoff", AtOnce)


@pytest.fixture
async def api(server: Any, settings: AgentSettings) -> Any:
    connection = Connection.for_key(settings.server, settings.client_id, settings.api_secret)
    async with AsyncClient(connection, retries=Retries(attempts=1)) as client:
        yield LabApi(client)


@pytest.fixture
def store(api: LabApi, tmp_path: Path) -> Iterator[ComponentStore]:
    yield ComponentStore(tmp_path / "files", api, limit_bytes=10**9)


def listed(data: bytes) -> bytes:
    cutter = Cutter(len(data))
    cutter.feed(data)
    return cutter.list()


def publish(server: Any, name: str, data: bytes, *, has_list: bool = True) -> Component:
    file = server.add_file(name, data)
    if has_list:
        server.lists[file["id"]] = listed(data)
    return Component(
        str(uuid4()),
        "rpm",
        files=[ComponentFile(file["id"], name, file["size"], file["sha256"])],
    )


async def provide(store: ComponentStore, component: Component, target: Path) -> bytes:
    said: list[str] = []
    [path] = await store.provide(component, target, said.append)
    return path.read_bytes()


def moved(server: Any) -> int:
    """Bytes of content that were asked for by the ranges since the last look."""
    total = 0
    for each in server.ranges:
        first, last = each.removeprefix("bytes=").split("-")
        total += int(last) + 1 - int(first) if last else 10**9
    server.ranges.clear()
    return total


async def test_only_what_differs_is_fetched(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    assert await provide(store, publish(server, "ring-1.0.tar", OLD), tmp_path / "1") == OLD
    assert server.ranges == [""]
    server.ranges.clear()
    assert await provide(store, publish(server, "ring-1.1.tar", NEW), tmp_path / "2") == NEW
    assert 7000 <= moved(server) <= 30_000
    third = NEW[:1_200_000] + b"again" + NEW[1_200_000:]
    assert await provide(store, publish(server, "ring-1.2.tar", third), tmp_path / "3") == third
    assert moved(server) <= 20_000


async def test_a_list_that_was_made_later_serves_too(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    old = publish(server, "ring-1.0.tar", OLD, has_list=False)
    await provide(store, old, tmp_path / "1")
    server.lists[old.files[0].id] = listed(OLD)
    server.ranges.clear()
    assert await provide(store, publish(server, "ring-1.1.tar", NEW), tmp_path / "2") == NEW
    assert moved(server) <= 30_000


async def test_a_file_that_was_kept_without_a_note_is_a_version_too(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    old = publish(server, "ring-1.0.tar", OLD)
    kept = store.shelf.path(old.files[0].sha256 or "")
    kept.parent.mkdir(parents=True)
    kept.write_bytes(OLD)
    assert await provide(store, old, tmp_path / "1") == OLD
    assert server.ranges == []
    assert await provide(store, publish(server, "ring-1.1.tar", NEW), tmp_path / "2") == NEW
    assert moved(server) <= 30_000


async def test_without_lists_the_whole_file_is_fetched(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    await provide(store, publish(server, "ring-1.0.tar", OLD, has_list=False), tmp_path / "1")
    later = publish(server, "ring-1.1.tar", NEW, has_list=False)
    assert await provide(store, later, tmp_path / "2") == NEW
    assert server.ranges == ["", ""]


async def test_another_type_or_name_is_no_version_of_it(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    await provide(store, publish(server, "ring-1.0.tar", OLD), tmp_path / "1")
    await provide(store, publish(server, "bell-1.0.tar", NEW), tmp_path / "2")
    assert server.ranges == ["", ""]


async def test_an_old_version_that_was_spoiled_spoils_nothing(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    old = publish(server, "ring-1.0.tar", OLD)
    await provide(store, old, tmp_path / "1")
    kept = store.shelf.path(old.files[0].sha256 or "")
    stamps = kept.stat()
    kept.chmod(0o644)
    kept.write_bytes(bytes(len(OLD)))
    os.utime(kept, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))  # and says that it was not
    assert await provide(store, publish(server, "ring-1.1.tar", NEW), tmp_path / "2") == NEW


@pytest.mark.parametrize("cut_at", [1, 299_999, 300_500, 700_000, 1_400_000])
async def test_a_cut_at_any_byte_costs_only_the_rest(
    server: Any, store: ComponentStore, tmp_path: Path, cut_at: int
) -> None:
    await provide(store, publish(server, "ring-1.0.tar", OLD), tmp_path / "1")
    server.ranges.clear()
    later = publish(server, "ring-1.1.tar", NEW)
    part = store.shelf.part(later.files[0].sha256 or "")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(NEW[:cut_at])
    assert await provide(store, later, tmp_path / "2") == NEW
    assert moved(server) <= 30_000


async def test_a_server_that_fails_all_the_time_is_outlasted(
    server: Any, store: ComponentStore, tmp_path: Path, faults: Callable[..., Any]
) -> None:
    await provide(store, publish(server, "ring-1.0.tar", OLD), tmp_path / "1")
    server.fault = faults(0.4, seed=11)
    assert await provide(store, publish(server, "ring-1.1.tar", NEW), tmp_path / "2") == NEW


async def test_answers_that_are_cut_in_the_middle_are_gone_on_with(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    dice = random.Random(5)

    def cut(method: str, path: str) -> str | None:
        return "cut" if path.endswith("/content") and dice.random() < 0.7 else None

    server.fault = cut
    old = publish(server, "ring-1.0.tar", OLD)
    assert await provide(store, old, tmp_path / "1") == OLD
    assert len(server.ranges) > 1
    starts = [int(each.removeprefix("bytes=").split("-")[0] or 0) for each in server.ranges]
    assert starts == sorted(starts)
    assert await provide(store, publish(server, "ring-1.1.tar", NEW), tmp_path / "2") == NEW


@pytest.mark.parametrize("seed", range(6))
async def test_lists_that_lie_cost_bytes_and_nothing_else(
    server: Any, store: ComponentStore, tmp_path: Path, seed: int
) -> None:
    await provide(store, publish(server, "ring-1.0.tar", OLD), tmp_path / "1")
    later = publish(server, "ring-1.1.tar", NEW)
    dice = random.Random(seed)
    data = bytearray(server.lists[later.files[0].id])
    if seed == 0:
        data = bytearray(listed(OLD))
    elif seed == 1:
        del data[dice.randrange(len(data)) :]
    else:
        for _ in range(20):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    server.lists[later.files[0].id] = bytes(data)
    assert await provide(store, later, tmp_path / "2") == NEW


async def test_a_file_that_is_longer_or_shorter_than_announced_is_refused(
    server: Any, store: ComponentStore, tmp_path: Path
) -> None:
    for other in (OLD + b"!", OLD[:-1], b""):
        wanted = publish(server, "ring-1.0.tar", OLD, has_list=False)
        server.content[wanted.files[0].id] = other
        with pytest.raises(StageFailed, match="SHA-256"):
            await provide(store, wanted, tmp_path / "1")
    assert not list((tmp_path / "files").glob("*/*"))


async def test_what_is_unwanted_goes_and_what_a_job_holds_stays(
    server: Any, api: LabApi, tmp_path: Path
) -> None:
    store = ComponentStore(tmp_path / "files", api, limit_bytes=2_500_000, keep_days=2)
    first, second, third = [
        publish(server, f"ring-1.{number}.tar", random.Random(number).randbytes(1_000_000))
        for number in range(3)
    ]
    await provide(store, first, tmp_path / "1")
    for number, each in enumerate((second, third)):
        await provide(store, each, tmp_path / f"{number}")
        (tmp_path / f"{number}" / each.files[0].name).unlink()
    keys = [each.files[0].sha256 or "" for each in (first, second, third)]
    for age, key in enumerate(reversed(keys)):
        path = store.shelf.path(key)
        stamp = path.stat().st_mtime
        os.utime(path, (stamp - age * 3600, stamp))
    store.prune()
    is_linked = store.shelf.path(keys[0]).exists() and store.shelf.path(keys[0]).stat().st_nlink > 1
    there = [store.shelf.path(key).exists() for key in keys]
    assert there == ([True, False, True] if is_linked else [False, True, True])
    os.utime(store.shelf.path(keys[2]), (1.0, stamp))
    store.prune()
    assert not list((tmp_path / "files").glob(f"*/{keys[2]}*"))
