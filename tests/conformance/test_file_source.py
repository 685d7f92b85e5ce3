"""What every source of files must hold: exact bytes, every key, no way out, nothing written."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ringtest.control import registry
from ringtest.control.kernel.errors import BadRequest, NotFound
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.file_source import FileSource
from tests.s3_server import S3Server, s3_server

FILES = {"a/b/c": b"c" * 600_000, "a/b.d": b"", "a/b/d": b"\x00\xff", "z": b"z"}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture(params=["folder", "s3"])
async def source(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FileSource:
    """The files in each kind of place."""
    settings = Settings(data=tmp_path / "data")
    if request.param == "folder":
        for key, data in FILES.items():
            (tmp_path / "files" / key).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "files" / key).write_bytes(data)
        return registry.file_source(str(tmp_path / "files"), settings)
    server: S3Server = request.getfixturevalue("s3")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    place = f"s3://{server.new_bucket()}/some/prefix"
    store = registry.object_store(Settings(data=tmp_path / "data", objects=place))
    for key, data in FILES.items():
        await store.put(key, once(data), limit=1 << 20)
    return registry.file_source(place, settings)


async def test_files_are_given_as_they_are(source: FileSource) -> None:
    assert isinstance(source, FileSource)
    for key, data in FILES.items():
        assert b"".join([chunk async for chunk in source.get(key)]) == data


async def test_every_file_is_listed_in_the_order_of_keys(source: FileSource) -> None:
    listed = [(one.key, one.size) async for one in source.list()]
    assert listed == sorted((key, len(data)) for key, data in FILES.items())
    assert [one.key async for one in source.list(after="a/b/c")] == ["a/b/d", "z"]


@pytest.mark.parametrize("key", ["nothing", "a/b/c/d", "a/b/nothing"])
async def test_what_is_not_there_is_said(source: FileSource, key: str) -> None:
    with pytest.raises(NotFound):
        _ = [chunk async for chunk in source.get(key)]


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd"])
async def test_there_is_no_way_out(source: FileSource, key: str) -> None:
    with pytest.raises(BadRequest):
        _ = [chunk async for chunk in source.get(key)]


async def test_a_folders_links_lead_nowhere_else_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    files = tmp_path / "files"
    files.mkdir()
    (files / "link").symlink_to(tmp_path / "secret")
    (files / "up").symlink_to(tmp_path)
    source = registry.file_source(str(files), Settings())
    assert [one.key async for one in source.list()] == []
    for key in ("link", "up/secret"):
        with pytest.raises((NotFound, BadRequest)):
            _ = [chunk async for chunk in source.get(key)]
    assert sorted(one.name for one in files.iterdir()) == ["link", "up"]
