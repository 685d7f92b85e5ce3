"""What a job asks for: the files of a component, each fetched once for all jobs of the lab."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import httpx

from ringtest.agent.attempt import safe_name
from ringtest.agent.components.fetching import Lists, Plan, fill, whole
from ringtest.agent.components.names import human_size, safe_path
from ringtest.agent.components.planning import missing
from ringtest.agent.components.rebuilding import Rebuilder, is_worth_it
from ringtest.agent.components.shelf import Note, Shelf, place
from ringtest.agent.components.sources import (
    Gone,
    Lies,
    ServerSource,
    Source,
    lan_client,
    mirror_source,
    peer_source,
)
from ringtest.agent.components.writing import Part
from ringtest.agent.control import StageFailed
from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.agent.protocol import Component, ComponentFile
from ringtest.client import ApiError, Backoff, Unreachable

TRIES_AFTER_MISMATCH = 3
_AT_A_TIME = 8
_SHUNNED_SECONDS = 600.0
"""A mirror or agent that failed or lied is left alone for so long."""

log = logging.getLogger("ringtest.agent")
Say = Callable[[str], None]
FindPeers = Callable[[], Awaitable[Sequence[str]]]
"""Addresses of agents that say that they give files, beside those that the lab has named."""


class ComponentStore:
    """The cache of a data folder. Two jobs that need the same file wait for one download.

    Without a server (`api` None) there are mirrors alone.
    """

    def __init__(
        self,
        folder: Path,
        api: LabApi | None,
        *,
        limit_bytes: int,
        keep_days: float = 0,
        peers: Sequence[str] = (),
        mirrors: Sequence[str] = (),
        find_peers: FindPeers | None = None,
        remake_packed: bool = True,
    ) -> None:
        self.shelf = Shelf(folder)
        self._api = api
        self._lists = Lists(api, self.shelf) if api else None
        self._rebuilder = Rebuilder(api, folder) if api else None
        self._remakes_packed = remake_packed
        self._limit, self._days = limit_bytes, keep_days
        self._peers, self._mirrors = peers, mirrors
        self._find_peers = find_peers
        self._shunned: dict[str, float] = {}
        self._http: httpx.AsyncClient | None = None
        self._locks: dict[str, asyncio.Lock] = {}

    async def provide(self, component: Component, target: Path, say: Say) -> list[Path]:
        """All files of a component below `target`, as links to verified files.

        Waits while the server is away; StageFailed when a file cannot be had or is not
        what the server says it is.
        """
        placed = []
        for file in component.files:
            cached = await self._fetch(component, file, say)
            path = target / safe_path(file.name)
            if path.exists():
                path = target / safe_name(file.id) / path.name
            await asyncio.to_thread(place, cached, path)
            placed.append(path)
        return placed

    async def keep(self, component: Component, say: Say) -> list[Path]:
        """All files of a component, as they are kept, some at a time. What `provide` raises."""
        room = asyncio.Semaphore(_AT_A_TIME)

        async def one(file: ComponentFile) -> Path:
            async with room:
                return await self._fetch(component, file, say)

        tasks = [asyncio.create_task(one(file)) for file in component.files]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def missing_bytes(self, files: Sequence[ComponentFile]) -> int:
        """Bytes of files that are not kept yet."""
        wanted = {key_of(file): file.size for file in files}
        return sum(size for key, size in wanted.items() if not self.shelf.path(key).exists())

    def prune(self) -> None:
        """Drop what was not used for longest until the cache is within its limits."""
        self.shelf.prune(limit=self._limit, days=self._days)

    async def close(self) -> None:
        """Drop connections to mirrors and other agents."""
        if self._http:
            await self._http.aclose()

    async def _fetch(self, component: Component, file: ComponentFile, say: Say) -> Path:
        key = key_of(file)
        async with self._locks.setdefault(key, asyncio.Lock()):
            there = await asyncio.to_thread(self.shelf.find, key, file.size, file.sha256)
            if there:
                if self.shelf.note(key) is None:  # kept by an agent that wrote none
                    self.shelf.remember(key, _note(key, component, file))
                self.shelf.used(key)
                return there
            try:
                return await self._get(key, component, file, say)
            except OSError as error:
                raise StageFailed(f"{file.name}: {error.strerror or error}") from error

    async def _get(self, key: str, component: Component, file: ComponentFile, say: Say) -> Path:
        say(f"downloading {file.name}, {human_size(file.size)}")
        part = Part(self.shelf.part(key))
        plan = whole(file)
        if self._lists:
            plan = await self._lists.plan(key, component.type, component.id, file)
        to_come = missing(plan.pieces)
        parts = plan
        if plan.recipe:
            plan = whole(file)
        elif to_come < file.size:
            say(f"{file.name}: {human_size(to_come)} differ from a version that is here")
        found = await self._find_peers() if self._find_peers else ()
        peers = list(dict.fromkeys([*self._peers, *found]))
        for source in self._sources(component.id, file, peers):
            if source.is_server and parts.recipe:
                if await self._made_of(part, parts, component, file, say):
                    return await self._kept(key, component, file, parts)
                parts = plan
            if source.is_server:
                await self._from_server(part, plan, source, file)
            elif not await self._from_lan(part, plan, source, file):
                continue
            if await self._is_right(part, file):
                if not source.is_server:
                    say(f"{file.name} came from {source.name}")
                return await self._kept(key, component, file, plan)
            part.remove()
            plan = whole(file)
            self._shun(source)
            say(f"{file.name} from {source.name} is not what the server announced, trying again")
        if not self._api:
            raise StageFailed(f"{file.name}: no mirror gave it whole: {', '.join(self._mirrors)}")
        raise StageFailed(f"{file.name}: size or SHA-256 differ from what the server announced")

    async def _kept(self, key: str, component: Component, file: ComponentFile, plan: Plan) -> Path:
        path = self.shelf.adopt(key, _note(key, component, file))
        if self._lists:
            await self._lists.keep(key, component.id, file, plan)
        return path

    async def _made_of(
        self, part: Part, parts: Plan, component: Component, file: ComponentFile, say: Say
    ) -> bool:
        """Is the file there, made of parts that other versions have and of the server's?"""
        there = part.path.stat().st_size if part.path.exists() else 0
        if self._rebuilder is None or not is_worth_it(parts, file, there):
            return False
        if parts.recipe and parts.recipe.level and not self._remakes_packed:
            return False
        to_come = human_size(missing(parts.pieces))
        say(f"{file.name}: {to_come} of what is in it differ from a version that is here")
        if not await self._rebuilder.fill(part, parts, component.id, file):
            return False
        if await self._is_right(part, file):
            return True
        part.remove()
        say(f"{file.name}: packed anew it is another file here, it is fetched whole")
        return False

    def _sources(
        self, component_id: str, file: ComponentFile, peers: Sequence[str]
    ) -> Iterator[Source]:
        """Other agents, then mirrors, then the server, which decides. Without a digest nobody
        but the server could be believed."""
        if not self._api:
            for _ in range(TRIES_AFTER_MISMATCH):
                for base in self._mirrors:
                    yield mirror_source(self._lan(), base, file.name)
        elif file.sha256 and file.size:
            for base in peers:
                if self._may_ask(base):
                    yield peer_source(self._lan(), base, self._api, component_id, file)
            for base in self._mirrors:
                if self._may_ask(base):
                    yield mirror_source(self._lan(), base, file.name)
        if self._api:
            for _ in range(TRIES_AFTER_MISMATCH):
                yield ServerSource(self._api, component_id, file)

    async def _from_lan(self, part: Part, plan: Plan, source: Source, file: ComponentFile) -> bool:
        """False when the source does not have the file, or not all of it."""
        try:
            await part.open(most=file.size)
            try:
                await fill(part, plan, source, size=file.size)
            finally:
                await part.close()
        except (Gone, Lies) as error:
            log.info("%s is not had from %s: %s", file.name, source.name, error)
            if isinstance(error, Lies):
                part.remove()
            if isinstance(error, Lies) or not error.only_this_file:
                self._shun(source)
            return False
        return True

    async def _from_server(
        self, part: Part, plan: Plan, source: Source, file: ComponentFile
    ) -> None:
        """Goes on where an earlier try broke off, for as long as it takes."""
        backoff = Backoff()
        while True:
            try:
                await part.open(most=file.size)
                try:
                    await fill(part, plan, source, size=file.size)
                finally:
                    await part.close()
                return
            except Unreachable as error:
                log.warning("download of %s waits: %s", file.name, error)
            except Lies as error:
                log.warning("download of %s: %s", file.name, error)
                return  # what is there is not the file: it is told by its digest
            except ApiError as error:
                if error.status == 416:
                    part.remove()
                elif not is_temporary(error):
                    raise StageFailed(f"{file.name}: {error}") from error
                log.warning("download of %s waits: %s", file.name, error)
            await asyncio.sleep(backoff.next())

    async def _is_right(self, part: Part, file: ComponentFile) -> bool:
        if part.size != file.size:
            return False
        return not file.sha256 or part.sha256() == file.sha256.lower()

    def _lan(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = lan_client()
        return self._http

    def _may_ask(self, base: str) -> bool:
        return time.monotonic() >= self._shunned.get(base.rstrip("/"), 0.0)

    def _shun(self, source: Source) -> None:
        if not source.is_server:
            base = source.name.rpartition(" ")[2].rstrip("/")
            self._shunned[base] = time.monotonic() + _SHUNNED_SECONDS


def key_of(file: ComponentFile) -> str:
    """Under which name a file is kept: its digest."""
    return safe_name(file.sha256.lower() if file.sha256 else f"id-{file.id}")


def _note(key: str, component: Component, file: ComponentFile) -> Note:
    return Note(key, file.size, component.type, file.name, component.id, file.id)
