"""The agent itself: listens, keeps its job slots busy, and ends cleanly."""

import asyncio
import fcntl
import logging
import os
from collections.abc import Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from ringtest.agent.asking import Asking, ask_for_job
from ringtest.agent.attempt import Attempt, prune, read_attempts
from ringtest.agent.budget import Budget
from ringtest.agent.components import ComponentStore
from ringtest.agent.components.neighbours import Neighbours, own_address
from ringtest.agent.components.serving import CacheServer
from ringtest.agent.components.shelf import Note
from ringtest.agent.control import Abandoned, Control
from ringtest.agent.environment import Venvs
from ringtest.agent.inventory.telling import Telling
from ringtest.agent.isolation.box import GROUPS
from ringtest.agent.isolation.cleanup import remove_groups
from ringtest.agent.isolation.held import read_note
from ringtest.agent.isolation.holding import keep
from ringtest.agent.lab_api import LabApi
from ringtest.agent.processes import kill_leftovers
from ringtest.agent.protocol import Permit
from ringtest.agent.settings import AgentSettings, SettingsError
from ringtest.agent.stream import Stream
from ringtest.agent.worker import GOODBYE_SECONDS, Worker, abandoned_intents, recover
from ringtest.client import AsyncClient, Retries

_LAST_SECONDS = 2.0
_PERMIT_SECONDS = 20.0

log = logging.getLogger("ringtest.agent")


class Agent:
    """One agent process on one data folder."""

    def __init__(
        self, settings: AgentSettings, client: AsyncClient | None = None, *, once: str = ""
    ) -> None:
        """`once`: ask for one job of this topic, do that one alone, and end."""
        self._once = once
        self._only = ""  # the job that was asked for with `once`
        self._settings = settings
        self._client = client or AsyncClient(settings.connection, retries=Retries(attempts=1))
        self._api = LabApi(self._client)
        self._store = ComponentStore(
            settings.data / "cache" / "files",
            self._api,
            limit_bytes=int(settings.cache_gib * 2**30),
            keep_days=settings.cache_days,
            remake_packed=settings.remake_packed,
            peers=settings.cache_peers,
            mirrors=settings.mirrors,
            find_peers=self._find_peers if settings.cache_find else None,
        )
        self._neighbours: Neighbours | None = None
        self._venvs = Venvs(settings.data / "cache" / "python", settings.python)
        self._budget = Budget(settings.data / "jobs", settings.disk_gib)
        self._has_room = True
        self._wanted: dict[str, None] = {}  # assigned and not started, in order
        self._workers: dict[str, Worker] = {}
        self._slots: set[str] = set()  # jobs that are being executed
        self._controls: list[Control] = []
        self._holding: list[Control] = []  # of jobs held since before this start
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._tidying = asyncio.Lock()
        self._cache: CacheServer | None = None
        self._name = ""
        self._telling: Telling | None = None

    def stop(self) -> None:
        """End: jobs are given back within seconds. May be called from a signal handler."""
        self._stop.set()

    async def run(self) -> None:
        """Work until `stop` is called. SettingsError when the data folder is taken."""
        lock = _lock_folder(self._settings.data)
        try:
            self._name = f"{self._settings.label}/{_instance(self._settings.data)}"
            self._telling = Telling(
                self._api.tell_inventory,
                agent=self._name,
                labels=self._settings.labels,
                data=self._settings.data,
            )
            self._serve_cache()
            announcing = asyncio.create_task(self._meet_neighbours().keep_telling())
            telling = asyncio.create_task(self._telling.keep_telling())
            await self._recover()
            if self._once:
                self._only = await self._ask(self._once, uuid4().hex)
            asking = asyncio.create_task(self._keep_asking())
            stream = Stream(self._api, on_assignment=self._assign, on_cancel=self._cancel)
            listening = asyncio.create_task(stream.listen())
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({listening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            self._stop.set()
            await self._end()
            if listening.done():
                listening.result()  # it never ends but by a fault of ours: fail loudly
            background = (listening, stopping, telling, asking, announcing)
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
        finally:
            if self._cache:
                await asyncio.to_thread(self._cache.stop)
            await self._store.close()
            await self._client.close()
            os.close(lock)

    @property
    def result(self) -> str:
        """How the job ended that was asked for with `once`; empty when it did not."""
        attempts = read_attempts(self._settings.data / "jobs")
        ends = [each.outcome for each in attempts if each.claim.job_id == self._only]
        return next((end.result for end in reversed(ends) if end), "")

    async def _ask(self, topic: str, key: str) -> str:
        return await ask_for_job(self._api, self._settings.lab_id, topic, key)

    async def _keep_asking(self) -> None:
        settings = self._settings
        if self._once or not settings.topics:
            return
        every, data = settings.topics_every_hours, settings.data
        await Asking(self._ask, settings.topics, every_hours=every, data=data).keep_asking()

    def _serve_cache(self) -> None:
        """Give kept files to other agents of the lab, if that is wanted. SettingsError."""
        listen = self._settings.cache_listen
        if not listen:
            return
        loop = asyncio.get_running_loop()

        def ask(note: Note) -> Permit:
            asked = self._api.permit(note.component_id, note.file_id)
            return asyncio.run_coroutine_threadsafe(asked, loop).result(_PERMIT_SECONDS)

        try:
            self._cache = CacheServer(self._store.shelf, ask, listen)
        except (OSError, OverflowError, ValueError) as error:
            raise SettingsError(f"cache_listen: {listen} cannot be used: {error}") from error
        self._cache.start()

    def _meet_neighbours(self) -> Neighbours:
        """Other agents of the lab that say where they give files. SettingsError."""
        settings = self._settings
        port = self._cache.port if self._cache else 0
        try:
            announce, listen = settings.cache_announce, settings.cache_listen
            address = own_address(announce, listen, port, settings.server)
        except ValueError as error:
            raise SettingsError(f"cache_announce: give an address: {error}") from error
        self._neighbours = Neighbours(
            partial(self._api.tell_cache, self._name), address=address, finds=settings.cache_find
        )
        return self._neighbours

    async def _find_peers(self) -> Sequence[str]:
        return await self._neighbours.addresses() if self._neighbours else ()

    async def _recover(self) -> None:
        """Finish what an earlier process left: reports in the background, claims anew.

        Nothing new starts before the leftovers are dead: they may hold what a job needs.
        """
        for attempt in list(read_attempts(self._settings.data / "jobs")):
            if attempt.done is None:
                killed = await asyncio.to_thread(kill_leftovers, attempt.processes)
                log.info("%s: left by an earlier agent, %d processes killed", attempt.label, killed)
                await asyncio.to_thread(remove_groups, attempt.folder / GROUPS)
            if attempt.done is None or read_note(attempt.folder):
                self._spawn(self._resume(attempt))
        for job_id in abandoned_intents(self._settings.data):
            self._wanted[job_id] = None
        await self._clean_up()

    async def _resume(self, attempt: Attempt) -> None:
        """Report what is unreported; a held job has its slot as it had before."""
        control = Control()
        self._controls.append(control)
        if read_note(attempt.folder):
            self._slots.add(attempt.claim.job_id)
        try:
            if attempt.done is None:
                await recover(attempt, self._api, control)
            self._holding.append(control)
            await keep(attempt, self._api, control, self._settings)
        finally:
            self._controls.remove(control)
            self._free(attempt.claim.job_id)
            await self._clean_up()

    def _assign(self, job_id: str) -> None:
        if self._once and job_id != self._only:
            return
        self._wanted[job_id] = None
        self._fill_slots()

    def _cancel(self, job_id: str) -> None:
        self._wanted.pop(job_id, None)
        worker = self._workers.get(job_id)
        if worker:
            log.info("job %s: cancelled", job_id[:8])
            worker.cancel()

    def _fill_slots(self) -> None:
        for job_id in list(self._wanted):
            full = len(self._slots) >= self._settings.max_jobs or not self._has_room
            if self._stop.is_set() or full:
                return
            if job_id in self._workers:
                continue  # an earlier attempt is still being reported: then it is its turn
            del self._wanted[job_id]
            worker = Worker(
                job_id,
                agent=self._name,
                api=self._api,
                settings=self._settings,
                store=self._store,
                venvs=self._venvs,
                budget=self._budget,
            )
            self._workers[job_id] = worker
            self._controls.append(worker.control)
            self._slots.add(job_id)
            self._spawn(self._work(worker))

    async def _work(self, worker: Worker) -> None:
        try:
            if self._telling:
                await self._telling.tell()  # first: it is what the job is known to have run on
            await worker.run(executed=lambda: self._free(worker.job_id))
        finally:
            self._controls.remove(worker.control)
            del self._workers[worker.job_id]
            self._free(worker.job_id)
            await self._clean_up()
            if worker.job_id == self._only:
                self.stop()

    def _free(self, job_id: str) -> None:
        self._slots.discard(job_id)
        self._fill_slots()

    async def _clean_up(self) -> None:
        """Remove what may go; if there is room again, what has waited for it begins."""
        async with self._tidying:
            await asyncio.to_thread(self._tidy)
        if not self._has_room:
            log.warning("the disk budget is used up by unreported jobs: no other is taken")
        self._fill_slots()

    def _tidy(self) -> None:
        settings = self._settings
        try:
            prune(
                settings.data / "jobs",
                keep_jobs=settings.keep_jobs,
                keep_failed=settings.keep_failed,
            )
            self._store.prune()
            self._has_room = self._budget.make_room()
        except OSError as error:
            log.warning("old job folders stay: %s", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("the agent failed at a job", exc_info=task.exception())

    async def _end(self) -> None:
        """Give running jobs back; what is being reported gets a moment to arrive."""
        for control in self._holding:
            control.abandon(Abandoned.SHUTDOWN, "the agent was stopped: held until its next start")
        log.info("stopping, %d jobs to give back", len(self._slots))
        for job_id in self._slots & self._workers.keys():
            self._workers[job_id].stop()
        await self._wait_for_tasks(GOODBYE_SECONDS + _LAST_SECONDS)
        for control in self._controls:
            control.abandon(Abandoned.SHUTDOWN, "the agent was stopped")
        await self._wait_for_tasks(_LAST_SECONDS)
        for task in self._tasks:
            task.cancel()
        await self._wait_for_tasks(None)

    async def _wait_for_tasks(self, seconds: float | None) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)


def _lock_folder(data: Path) -> int:
    """Make the data folder and take it; another agent on it would mix up the journals."""
    try:
        _make_folders(data)
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(f"{data} cannot hold the agent's data: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise SettingsError(f"another agent works in {data}: give each its own --data") from None
    return lock


def _make_folders(data: Path) -> None:
    """A job's other accounts may reach its files, and list nothing. A folder that holds something
    already, such as `/tmp`, keeps the mode it has."""
    data.mkdir(parents=True, exist_ok=True)
    if not any(data.iterdir()):
        data.chmod(0o711)
    for folder in (data / "jobs", data / "claiming", data / "cache"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)


def _instance(data: Path) -> str:
    """The id of this data folder's agent: the same after a restart, so that claims repeat."""
    path = data / "instance"
    if not path.exists():
        path.write_text(uuid4().hex[:12], encoding="ascii")
    return path.read_text(encoding="ascii").strip()
