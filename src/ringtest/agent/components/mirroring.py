"""Mirrors of components: a folder per topic and type, with several versions in it.

`TO/<topic>/<type>/<version>/…`, `TO/<topic>/<type>/current`, and `TO/.store`, where every file is
once. Only one process at a time writes below `TO`.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from ringtest.agent.attempt import safe_name
from ringtest.agent.components import file_lists, trees
from ringtest.agent.components.file_lists import BadFileList, FileList
from ringtest.agent.components.sources import Gone, lan_client
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.protocol import Component, ComponentFile

STORE = ".store"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A version that is there, and those that went for it."""

    folder: Path
    files: int
    gone: list[Path]


@contextmanager
def taken(to: Path) -> Generator[None]:
    """The folder is ours; waits for another process that mirrors into it. Its end frees the
    folder however it comes."""
    (to / STORE).mkdir(parents=True, exist_ok=True)
    handle = os.open(to / STORE / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


async def mirror(
    store: ComponentStore, component: Component, folder: Path, *, keep: int, say: Say
) -> Mirrored:
    """Bring a component's files into a version below `folder` and make it the current one.

    A list of DCI among the files says which links there are, and must fit the files. What the
    store raises; BadFileList, NoSpace.
    """
    named = [file for file in component.files if file.name == file_lists.NAME]
    listed = FileList()
    if named:
        [path] = await store.keep(_only(component, named), say)
        listed = file_lists.read(await asyncio.to_thread(path.read_bytes))
        _require_listed(listed, component.files)
    for file in component.files:
        file_lists.joined("", file.name.rpartition("/")[2])
        file_lists.joined(*_split(file.name))
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    trees.require_space(folder, store.missing_bytes(component.files))
    kept = await store.keep(component, say)
    files = {file.name: path for file, path in zip(component.files, kept, strict=True)}
    version = component.version or component.display_name or component.id
    target = trees.version_folder(folder, version)
    return await asyncio.to_thread(_put, target, files, listed, keep, store)


def _put(
    target: Path, files: dict[str, Path], listed: FileList, keep: int, store: ComponentStore
) -> Mirrored:
    if not trees.is_built(target, files, listed.symlinks):
        trees.build(target, files, listed.symlinks)
    trees.switch(target)
    gone = trees.prune_versions(target.parent, keep=keep)
    store.prune()
    return Mirrored(target, len(files), gone)


def _only(component: Component, files: list[ComponentFile]) -> Component:
    return Component(component.id, component.type, files=files)


def _split(name: str) -> tuple[str, str]:
    folder, _, last = name.rpartition("/")
    return folder, last


def _require_listed(listed: FileList, files: list[ComponentFile]) -> None:
    there = {file.name: (file.sha256 or "").lower() for file in files}
    for each in listed.files:
        if there.get(each.place) != each.sha256.lower():
            raise BadFileList(f"the list has {each.place!r}, and the component does not")


async def component_at(address: str, *, version: str | None) -> tuple[Component, FileList]:
    """What a mirror's own list at an address holds, as a component of type `mirror`. Gone,
    BadFileList. Without a version it is named by the list's content."""
    data = bytearray()
    try:
        async with (
            lan_client() as http,
            http.stream("GET", f"{address.rstrip('/')}/{quote(file_lists.NAME)}") as answer,
        ):
            if answer.status_code != 200:
                raise Gone(f"{address} has no {file_lists.NAME}: {answer.status_code}")
            async for more in answer.aiter_raw():
                data += more
                if len(data) > file_lists.MOST_BYTES:
                    raise BadFileList(f"the list has more than {file_lists.MOST_BYTES} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Gone(f"{address} does not answer: {error}") from error
    listed = file_lists.read(bytes(data))
    files = [
        ComponentFile(each.sha256, each.place, each.size, each.sha256) for each in listed.files
    ]
    return Component(address, "mirror", version=version or "latest", files=files), listed


async def mirror_address(
    store: ComponentStore,
    address: str,
    folder: Path,
    *,
    version: str | None,
    keep: int,
    say: Say,
) -> Mirrored:
    """Bring everything that a mirror's list names into a version below `folder`. The store must
    have been made with the address as its mirror."""
    component, listed = await component_at(address, version=version)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    trees.require_space(folder, store.missing_bytes(component.files))
    kept = await store.keep(component, say)
    files = {file.name: path for file, path in zip(component.files, kept, strict=True)}
    target = trees.version_folder(folder, version or "latest")
    return await asyncio.to_thread(_put, target, files, listed, keep, store)


def place_of(to: Path, topic: str, kind: str) -> Path:
    """The folder of a type's versions."""
    return to / safe_name(topic) / safe_name(kind)
