"""`ringtest job watch`: one job on the screen while it runs, fed by event streams.

On a terminal a picture that is drawn anew; elsewhere a line for each thing that happens.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ringtest.cli.job_log import follow_log
from ringtest.cli.output import console
from ringtest.cli.terminal import harmless, plain
from ringtest.client import AsyncClient
from ringtest.client.sse import read_events

_STAGES = {"provision": False, "prepare": True, "test": True, "collect": True, "teardown": False}
"""Stages in their order; True for those that every job has."""
_STYLES = {"passed": "green", "failed": "red", "errored": "magenta", "running": "cyan"}
_MOST_EVENTS_PER_SECOND = 4.0
_LOOK_ANYWAY_SECONDS = 5.0


class JobView:
    """What is known of the job, and how it looks."""

    def __init__(self, lines: int) -> None:
        self.job: dict[str, Any] = {}
        self.stages: list[dict[str, Any]] = []
        self.tail: deque[str] = deque(maxlen=lines)

    @property
    def finished(self) -> bool:
        return self.job.get("phase") == "finished"

    def current_stages(self) -> dict[str, dict[str, Any]]:
        """Stages of the newest attempt, by name."""
        newest = self.job.get("attempt")
        return {each["name"]: each for each in self.stages if each["attempt"] == newest}

    def __rich__(self) -> Group:
        """The picture."""
        job = self.job
        topic = (job.get("topic") or {}).get("name", "")
        lab = (job.get("remoteci") or {}).get("name", "")
        head = Text.assemble(
            (plain(job.get("name") or "job"), "bold"),
            plain(f"  {topic}  {lab}  attempt {job.get('attempt')}  "),
        )
        word = job.get("result") or job.get("phase") or ""
        head.append(word, _STYLES.get(word, ""))
        log = Text("\n").join(Text.from_ansi(harmless(_last_rewrite(line))) for line in self.tail)
        return Group(head, self._stage_table(), *self._progress(), log)

    def _stage_table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        known = self.current_stages()
        for name, always in _STAGES.items():
            if not always and name not in known:
                continue
            stage = known.get(name, {})
            status = stage.get("status", "")
            text = Text(status, _STYLES.get(status, "dim"))
            table.add_row(Text(name, "bold"), text, stage.get("message") or "")
        return table

    def _progress(self) -> list[Any]:
        counts = self.job.get("progress")
        if not counts:
            return []
        return [
            Text(progress_words(counts)),
            ProgressBar(total=counts["total"] or 1, completed=done_of(counts), width=60),
        ]


def done_of(counts: dict[str, int]) -> int:
    """How many tests are over."""
    return sum(counts.get(name, 0) for name in ("passed", "failed", "errored", "skipped"))


def progress_words(counts: dict[str, int]) -> str:
    """Counts in words.

    >>> progress_words({"total": 9, "passed": 3, "failed": 1, "errored": 0, "skipped": 0})
    '4 of 9 tests: 3 passed, 1 failed'
    """
    names = ("passed", "failed", "errored", "skipped")
    parts = [f"{counts[name]} {name}" for name in names if counts.get(name)]
    return f"{done_of(counts)} of {counts['total']} tests: {', '.join(parts) or 'none yet'}"


class Watcher:
    """Keeps a view up to date until the job is finished."""

    def __init__(self, client: AsyncClient, job_id: str, view: JobView) -> None:
        self._client = client
        self._job_id = job_id
        self._view = view
        self._stale = asyncio.Event()
        self._fresh = asyncio.Event()

    async def run(self) -> None:
        """Return when the job is finished and its log is read."""
        await self._read()
        try:
            async with asyncio.TaskGroup() as group:
                background = [group.create_task(self._refresh()), group.create_task(self._listen())]
                await self._log()
                for task in background:
                    task.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        await self._read()

    async def _read(self) -> None:
        job = (await self._client.get(f"/jobs/{self._job_id}"))["job"]
        stages = (await self._client.get(f"/jobs/{self._job_id}/stages"))["stages"]
        self._view.job, self._view.stages = job, stages
        self.changed()
        self._fresh.set()

    async def _refresh(self) -> None:
        """Read the job again when something has happened to it, a few times a second at most.

        And now and then without reason: what happened before the stream began is not told.
        """
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stale.wait(), _LOOK_ANYWAY_SECONDS)
            self._stale.clear()
            await self._read()
            await asyncio.sleep(1 / _MOST_EVENTS_PER_SECOND)

    async def _listen(self) -> None:
        async for event in read_events(self._client, "/events/stream"):
            if self._job_id in event.data:
                self._stale.set()

    async def _log(self) -> None:
        """The log of every attempt in its turn, until the job is finished."""
        attempt = 0
        while True:
            job = self._view.job
            if job["attempt"] > attempt:
                attempt = job["attempt"]
                wanted = {"attempt": str(attempt)}
                async for lines in follow_log(self._client, self._job_id, wanted):
                    self.printed(lines)
                await self._read()
            elif self._view.finished:
                return
            else:
                self._fresh.clear()
                await self._fresh.wait()

    def printed(self, lines: list[str]) -> None:
        """The job has printed lines."""
        self._view.tail.extend(lines)

    def changed(self) -> None:
        """The job has been read again."""


class PlainWatcher(Watcher):
    """Tells what happens line by line."""

    def __init__(self, client: AsyncClient, job_id: str, view: JobView) -> None:
        super().__init__(client, job_id, view)
        self._told: set[str] = set()

    def printed(self, lines: list[str]) -> None:
        print("\n".join(lines), flush=True)

    def changed(self) -> None:
        for name, stage in self._view.current_stages().items():
            self._tell(f"-- {name}: {stage['status']} {stage.get('message') or ''}".rstrip())

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            print(line, flush=True)


async def watch_job(client: AsyncClient, job_id: str, lines: int) -> str:
    """Show a job until it is finished; its result."""
    view = JobView(lines)
    if console().is_terminal:
        with Live(view, console=console(), refresh_per_second=_MOST_EVENTS_PER_SECOND):
            await Watcher(client, job_id, view).run()
    else:
        await PlainWatcher(client, job_id, view).run()
        print(f"-- {view.job['result']}", flush=True)
    return str(view.job["result"])


def _last_rewrite(line: str) -> str:
    """What a terminal would still show of a line after carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]
