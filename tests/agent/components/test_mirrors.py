"""Mirrors: versions share their files, one is current from one moment to the next, and no list
leads out of its folder."""

import hashlib
import http.server
import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.components import file_lists, trees
from ringtest.agent.components.file_lists import BadFileList
from ringtest.agent.components.mirroring import STORE, Mirrored, mirror_address
from ringtest.agent.components.sources import Gone
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.control import StageFailed


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "web"
    folder.mkdir()
    make = partial(_Handler, directory=str(folder))
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), make)
    threading.Thread(target=served.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{served.server_address[1]}", folder
    served.shutdown()
    served.server_close()


def publish(folder: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> None:
    """Files and a list of them, as DCI's servers have it."""
    told = []
    for place, data in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        above, _, name = place.rpartition("/")
        digest = hashlib.sha256(data).hexdigest()
        told.append({"path": above, "name": name, "sha256": digest, "size": len(data)})
    symlinks = [
        {"path": place.rpartition("/")[0], "name": place.rpartition("/")[2], "destination": to}
        for place, to in (links or {}).items()
    ]
    text = json.dumps({"directories": [], "files": told, "symlinks": symlinks})
    (folder / file_lists.NAME).write_text(text)


async def take(to: Path, address: str, version: str, keep: int = 2) -> Mirrored:
    to.mkdir(exist_ok=True)
    store = ComponentStore(to / STORE, None, limit_bytes=0, mirrors=[address])
    try:
        return await mirror_address(
            store, address, to / "rpms", version=version, keep=keep, say=lambda text: None
        )
    finally:
        await store.close()


FILES = {"os/Packages/a.rpm": b"a" * 1000, "os/Packages/b.rpm": b"b" * 1000, "os/empty": b""}


async def test_a_tree_is_as_its_list_says(web: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = web
    publish(folder, FILES, {"os/latest.rpm": "Packages/b.rpm"})
    done = await take(tmp_path / "to", address, "9.4")
    assert {place: (done.folder / place).read_bytes() for place in FILES} == FILES
    assert (done.folder / "os/latest.rpm").read_bytes() == FILES["os/Packages/b.rpm"]
    assert (tmp_path / "to/rpms/current").resolve() == done.folder.resolve()


async def test_versions_share_their_files_and_the_oldest_go(
    web: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = web
    to = tmp_path / "to"
    for number in range(4):
        publish(folder, {**FILES, "os/Packages/b.rpm": b"%d" % number * 1000})
        done = await take(to, address, f"9.{number}")
        os.utime(done.folder, (number, number))
    assert sorted(path.name for path in (to / "rpms").iterdir()) == ["9.2", "9.3", "current"]
    first, last = [to / f"rpms/9.{number}/os/Packages/a.rpm" for number in (2, 3)]
    assert first.samefile(last)
    assert len([p for p in (to / STORE).glob("*/*") if len(p.name) == 64]) == 4


async def test_a_version_that_somebody_reads_is_left_alone(
    web: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = web
    publish(folder, FILES)
    done = await take(tmp_path / "to", address, "9.4")
    inode = done.folder.stat().st_ino
    (folder / "os/Packages/a.rpm").unlink()  # nothing is fetched again either
    again = await take(tmp_path / "to", address, "9.4")
    assert again.folder.stat().st_ino == inode


async def test_a_mirror_that_breaks_leaves_the_current_version(
    web: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = web
    publish(folder, FILES)
    before = await take(tmp_path / "to", address, "9.4")
    publish(folder, {**FILES, "os/c.rpm": b"c" * 5000})
    (folder / "os/c.rpm").write_bytes(b"x" * 5000)
    with pytest.raises(StageFailed, match=r"os/c\.rpm"):
        await take(tmp_path / "to", address, "9.5")
    assert (tmp_path / "to/rpms/current").resolve() == before.folder.resolve()
    (folder / "os/c.rpm").write_bytes(b"c" * 5000)
    after = await take(tmp_path / "to", address, "9.5")
    assert (tmp_path / "to/rpms/current").resolve() == after.folder.resolve()


async def test_more_than_the_disk_has_is_refused_before_it_comes(
    web: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = web
    huge = {"path": "", "name": "huge.iso", "sha256": "0" * 64, "size": 2**60}
    (folder / file_lists.NAME).write_text(json.dumps({"files": [huge]}))
    with pytest.raises(trees.NoSpace):
        await take(tmp_path / "to", address, "1")


async def test_an_address_without_a_list_is_told(web: tuple[str, Path], tmp_path: Path) -> None:
    with pytest.raises(Gone, match="404"):
        await take(tmp_path / "to", web[0], "1")


def entry(path: str, name: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "name": name, "sha256": "a" * 64, "size": 1, **more}


def link(path: str, name: str, destination: str) -> dict[str, str]:
    return {"path": path, "name": name, "destination": destination}


@pytest.mark.parametrize(
    "listed",
    [
        {"files": [entry("..", "x")]},
        {"files": [entry("a/../..", "x")]},
        {"files": [entry("", "../x")]},
        {"files": [entry("", "..")]},
        {"files": [entry("a", "")]},
        {"files": [entry("a\\..", "x")]},
        {"files": [entry("a", "x\n")]},
        {"files": [entry("a", "x" * 300)]},
        {"files": [entry("a", "x", sha256="zz")]},
        {"files": [entry("a", "x", size=-1)]},
        {"files": [entry("a", "x"), entry("a", "x", sha256="b" * 64)]},
        {"files": [entry("a", "x"), entry("a/x", "y")]},
        {"symlinks": [link("", "x", "/etc")]},
        {"symlinks": [link("a", "x", "../../etc")]},
        {"symlinks": [link("a", "x", "b/../../../etc")]},
        {"symlinks": [link("", "x", "")]},
        {"files": [entry("x", "y")], "symlinks": [link("", "x", "a")]},
        {"files": [entry("", "x")], "symlinks": [link("", "x", "a")]},
        {"symlinks": [link("", "x", "a"), link("x", "y", "b")]},
        {"files": "x"},
        [],
    ],
)
def test_hostile_lists_are_refused(listed: Any) -> None:
    with pytest.raises(BadFileList):
        file_lists.read(json.dumps(listed).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(BadFileList):
        file_lists.read(data)
