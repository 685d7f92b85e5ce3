"""What the jobs of one run share, and what they come to."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import uuid4

from ringtest.agent.control import Control, Early
from ringtest.agent.lab_api import is_temporary
from ringtest.agent.pipelines.model import PipelineJob
from ringtest.client import ApiError, AsyncClient, Backoff, Unreachable

T = TypeVar("T")
Status = Literal["success", "failure", "error", "killed"]


@dataclass(frozen=True, slots=True)
class Options:
    """How pipelines are run here."""

    data: Path
    """Folder of the workspaces."""
    environment: Mapping[str, str]
    parallel: int = 1
    """Jobs of one stage that run at once."""
    patience: float = 600.0
    """Seconds that a server may be away before a job is begun, and after it is done."""
    verbosity: int = 2
    say: Callable[[str], None] = print
    show: Callable[[bytes], None] = lambda data: None
    """Gets what playbooks print."""


@dataclass(slots=True)
class Outcome:
    """What a job came to. `id` is empty when the server has none of it."""

    job: PipelineJob
    status: Status
    reason: str = ""
    id: str = ""
    topic_id: str = ""
    components: Sequence[Mapping[str, Any]] = ()
    outputs: Mapping[str, Path] = field(default_factory=dict)


class Stop:
    """A signal that ends every job of the run."""

    def __init__(self) -> None:
        self.signal = 0
        self._controls: set[Control] = set()
        self._stopped = asyncio.Event()

    def stop(self, number: int) -> None:
        """The first time jobs end and tell of it; they get their time for that."""
        self.signal = self.signal or number
        self._stopped.set()
        for control in self._controls:
            control.end_early(Early.CANCELLED)

    def add(self, control: Control) -> None:
        """A job begins."""
        self._controls.add(control)
        if self.signal:
            control.end_early(Early.CANCELLED)

    def remove(self, control: Control) -> None:
        """A job is over."""
        self._controls.discard(control)

    async def wait(self) -> None:
        """Return when a signal has come."""
        await self._stopped.wait()


@dataclass(slots=True)
class Run:
    """One run: its options, its pipelines on the server, how it is stopped."""

    options: Options
    stop: Stop
    name: str
    pipeline_id: str = ""
    _pipelines: dict[str, str] = field(default_factory=dict)
    _key: str = field(default_factory=lambda: uuid4().hex)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def pipeline_of(self, client: AsyncClient, team_id: str) -> str:
        """The pipeline's id; each team has one of its own, for none sees another's."""
        if self.pipeline_id:
            return self.pipeline_id
        async with self._lock:
            if team_id not in self._pipelines:
                body = {"name": self.name, "team_id": team_id}
                key = hashlib.sha256(f"{self._key}/{team_id}".encode()).hexdigest()[:32]
                made = await client.post("/pipelines", body, key=key)
                self._pipelines[team_id] = str(made["pipeline"]["id"])
            return self._pipelines[team_id]

    async def patiently(self, ask: Callable[[], Awaitable[T]], what: str) -> T:
        """The answer, asked for again while the server is away, up to the patience there is."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.options.patience
        backoff = Backoff(first=1.0, most=30.0)
        while True:
            try:
                return await ask()
            except (ApiError, Unreachable) as error:
                refused = isinstance(error, ApiError) and (
                    not is_temporary(error) or error.status in (400, 401, 403)
                )
                if refused or self.stop.signal or loop.time() >= until:
                    raise
                self.options.say(f"{what} waits: {error}")
            waiting = asyncio.ensure_future(self.stop.wait())
            await asyncio.wait({waiting}, timeout=backoff.next())
            waiting.cancel()
