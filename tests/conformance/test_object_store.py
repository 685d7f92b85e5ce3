"""What every object store must hold: whole objects or none, exact bytes, no way out of it."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from ringtest.control import registry
from ringtest.control.kernel.errors import BadRequest, NotFound, TooLarge
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import Arrived, ObjectStore, Stored
from ringtest.control.wire.spool import nameless
from tests.s3_server import S3Server, s3_server

LIMIT = 10 * 1024 * 1024
STORES = sorted(name for name in registry.find_connectors() if name.startswith("object_store."))


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ObjectStore:
    """An empty store of each connector."""
    objects = "disk:"
    if request.param == "object_store.s3":
        server: S3Server = request.getfixturevalue("s3")
        objects = f"s3://{server.new_bucket()}/some/prefix"
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
    made = registry.object_store(Settings(data=tmp_path, objects=objects))
    assert isinstance(made, ObjectStore)
    return made


async def chunks(*parts: bytes, error: BaseException | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if error:
        raise error


async def content(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.get(key, start=start, end=end)])


async def is_there(store: ObjectStore, key: str) -> bool:
    try:
        await content(store, key)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize("sizes", [[], [0], [5], [1000, 1, 0, 70_000], [300_000] * 12])
async def test_what_is_put_is_got_with_its_size_and_digest(
    store: ObjectStore, sizes: list[int]
) -> None:
    parts = [bytes([n % 256]) * size for n, size in enumerate(sizes)]
    whole = b"".join(parts)
    stored = await store.put("team/job/file", chunks(*parts), limit=LIMIT)
    assert stored == Stored(len(whole), hashlib.sha256(whole).hexdigest())
    assert await content(store, "team/job/file") == whole


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, None), (3, None), (3, 7), (0, 0), (5, 5), (9, 99), (10, None), (99, None)],
)
async def test_a_span_is_the_slice_of_the_whole(
    store: ObjectStore, start: int, end: int | None
) -> None:
    await store.put("a/b", chunks(b"0123456789"), limit=LIMIT)
    assert await content(store, "a/b", start, end) == b"0123456789"[start:end]


async def test_spans_of_a_large_object_come_in_bounded_chunks(store: ObjectStore) -> None:
    whole = bytes(range(256)) * 8192
    await store.put("a/b", chunks(whole), limit=LIMIT)
    got = [chunk async for chunk in store.get("a/b", start=1000, end=1_500_000)]
    assert b"".join(got) == whole[1000:1_500_000]
    assert max(map(len, got)) <= 1024 * 1024


async def test_putting_again_replaces(store: ObjectStore) -> None:
    await store.put("a/b", chunks(b"old and longer"), limit=LIMIT)
    await store.put("a/b", chunks(b"new"), limit=LIMIT)
    assert await content(store, "a/b") == b"new"


async def test_what_is_absent_is_not_found_and_may_be_deleted(store: ObjectStore) -> None:
    assert not await is_there(store, "a/b")
    await store.delete("a/b")
    await store.put("a/b", chunks(b"x"), limit=LIMIT)
    await store.delete("a/b")
    assert not await is_there(store, "a/b")
    assert not await is_there(store, "a"), "a folder is no object"


async def test_over_the_limit_nothing_is_kept(store: ObjectStore) -> None:
    with pytest.raises(TooLarge) as refused:
        await store.put("a/b", chunks(b"x" * 600_000, b"y" * 600_000), limit=1_000_000)
    assert refused.value.payload == {"limit": 1_000_000}
    assert not await is_there(store, "a/b")
    assert (await store.put("a/b", chunks(b"x" * 100), limit=100)).size == 100


async def test_a_stream_that_breaks_keeps_nothing_and_what_was_there_before(
    store: ObjectStore,
) -> None:
    await store.put("a/old", chunks(b"old"), limit=LIMIT)
    for key in ("a/new", "a/old"):
        with pytest.raises(ConnectionResetError):
            await store.put(key, chunks(b"x" * 700_000, error=ConnectionResetError()), limit=LIMIT)
    assert not await is_there(store, "a/new")
    assert await content(store, "a/old") == b"old"


async def test_a_put_that_is_cancelled_keeps_nothing(store: ObjectStore) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x" * 700_000
        begun.set()
        await never.wait()

    putting = asyncio.create_task(store.put("a/b", slow(), limit=LIMIT))
    await begun.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert not await is_there(store, "a/b")


async def test_readers_of_a_replaced_object_see_one_version(store: ObjectStore) -> None:
    old, new = b"o" * 3_000_000, b"n" * 3_000_000
    await store.put("a/b", chunks(old), limit=LIMIT)
    reader = store.get("a/b")
    first = await anext(reader)
    await store.put("a/b", chunks(new), limit=LIMIT)
    rest = b"".join([chunk async for chunk in reader])
    assert first + rest == old


async def test_many_at_once_do_not_mix(store: ObjectStore) -> None:
    bodies = {f"t/{n}/f": bytes([n]) * (n * 50_000) for n in range(20)}
    await asyncio.gather(
        *(store.put(key, chunks(body), limit=LIMIT) for key, body in bodies.items())
    )
    for key, body in bodies.items():
        assert await content(store, key) == body


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "a//b", "a/", "./a", "a/./b",
     ".incoming/x", "a/.hidden", "a\\b", "a\0b", "a/b\n", "C:x", "a/" + "b" * 300, "a/" * 600 + "b",
     "~root", "a b", "é"],
)  # fmt: skip
async def test_keys_that_lead_elsewhere_are_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(BadRequest):
        await store.put(key, chunks(b"x"), limit=LIMIT)
    with pytest.raises(BadRequest):
        await content(store, key)
    with pytest.raises(BadRequest):
        await store.delete(key)


async def test_names_of_versions_and_packages_are_keys(store: ObjectStore) -> None:
    key = "0c1d/lib-1.2.3+git~4@x=y_z/ring-2.0.1-1.el9.x86_64.rpm".replace("~", "-")
    await store.put(key, chunks(b"x"), limit=LIMIT)
    assert await content(store, key) == b"x"


async def test_listing_gives_every_object_once_in_order_with_its_size(store: ObjectStore) -> None:
    keys = ["a/x", "a-b/x", "a.b", "a/b/c", "B", "a/b-c", "z/z/z/z", "a/b.c/d"]
    for size, key in enumerate(keys):
        await store.put(key, chunks(b"x" * size), limit=LIMIT)
    listed = [one async for one in store.list()]
    assert [one.key for one in listed] == sorted(keys)
    assert {one.key: one.size for one in listed} == {key: n for n, key in enumerate(keys)}
    assert all(-5 < one.age < 60 for one in listed)
    for number, key in enumerate(sorted(keys)):
        assert [one.key async for one in store.list(key)] == sorted(keys)[number + 1 :]
    assert [one.key async for one in store.list("a/zz")] == ["z/z/z/z"], "of a key that is not"


async def test_what_is_being_put_is_not_listed(store: ObjectStore) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x" * 9_000_000
        begun.set()
        await go_on.wait()

    putting = asyncio.create_task(store.put("a/b", slow(), limit=LIMIT))
    await begun.wait()
    assert [one async for one in store.list()] == []
    go_on.set()
    await putting
    assert [one.key async for one in store.list()] == ["a/b"]


async def test_an_object_of_several_parts_is_whole_and_its_remains_go(store: ObjectStore) -> None:
    whole = os.urandom(9_000_000) * 3
    pieces = [whole[at : at + 700_001] for at in range(0, len(whole), 700_001)]
    stored = await store.put("a/b", chunks(*pieces), limit=len(whole))
    assert stored.sha256 == hashlib.sha256(whole).hexdigest()
    assert await content(store, "a/b") == whole
    assert await content(store, "a/b", 8_388_600, 16_777_230) == whole[8_388_600:16_777_230]
    with pytest.raises(TooLarge):
        await store.put("a/b", chunks(*pieces), limit=len(whole) - 1)
    assert await content(store, "a/b") == whole


async def test_an_address_gives_the_object_to_whoever_has_it(store: ObjectStore) -> None:
    await store.put("a/lib-1.2+x@y=z.whl", chunks(b"0123456789"), limit=LIMIT)
    address = await store.presign("a/lib-1.2+x@y=z.whl", seconds=600)
    if address is None:
        return  # reached through the server alone
    async with httpx.AsyncClient() as http:
        assert (await http.get(address)).content == b"0123456789"
        part = await http.get(address, headers={"Range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"234")
        head = await store.presign("a/lib-1.2+x@y=z.whl", seconds=600, method="HEAD")
        assert head and (await http.head(head)).headers["content-length"] == "10"
    assert "Expires=600" in address


@pytest.mark.parametrize("size", [1_000_001, 9_000_000])
async def test_what_has_arrived_is_put_with_the_digest_it_came_with(
    store: ObjectStore, tmp_path: Path, size: int
) -> None:
    body = os.urandom(size)
    stored = Stored(size, hashlib.sha256(body).hexdigest())
    for key in ("one/object", "one/object", "another"):  # the second replaces the first
        with nameless(tmp_path) as file:
            file.write(body)
            assert await store.put(key, Arrived(file, stored), limit=LIMIT) == stored
        assert await content(store, key) == body
    with nameless(tmp_path) as file:
        file.write(body)
        with pytest.raises(TooLarge):
            await store.put("too/large", Arrived(file, stored), limit=size - 1)
    assert not await is_there(store, "too/large")
