"""One job from its assignment to the server's last receipt."""

import asyncio
import importlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ringtest.agent.attempt import Attempt, Outcome
from ringtest.agent.budget import Budget
from ringtest.agent.channel import Channel
from ringtest.agent.components import ComponentStore
from ringtest.agent.control import Abandoned, Control, Early, Interrupted
from ringtest.agent.delivery import deliver, end_abandoned, note, release, when_it_fits
from ringtest.agent.environment import Venvs
from ringtest.agent.isolation.held import read_note
from ringtest.agent.isolation.holding import begin, keep
from ringtest.agent.journal import moment
from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.agent.protocol import Claim
from ringtest.agent.settings import AgentSettings
from ringtest.client import ApiError, Backoff, Unreachable

if TYPE_CHECKING:
    from ringtest.agent.execution import Execution

GOODBYE_SECONDS = 5.0
"""How long a stopping agent tries to give its jobs back."""

log = logging.getLogger("ringtest.agent")


class Worker:
    """A job in this lab. `stop` and `cancel` may be called at any time."""

    def __init__(
        self,
        job_id: str,
        *,
        agent: str,
        api: LabApi,
        settings: AgentSettings,
        store: ComponentStore,
        venvs: Venvs,
        budget: Budget,
    ) -> None:
        self.job_id = job_id
        self._budget = budget
        self.control = Control()
        self._agent = agent
        self._api = api
        self._settings = settings
        self._store = store
        self._venvs = venvs

    def cancel(self) -> None:
        """People want the job stopped: collect what there is, then finish."""
        self.control.end_early(Early.CANCELLED)

    def stop(self) -> None:
        """The agent ends: give the job back."""
        self.control.abandon(Abandoned.SHUTDOWN, "the agent was stopped")

    async def run(self, executed: Callable[[], None]) -> None:
        """Everything. `executed` is called when only reporting is left."""
        _execution()  # a broken installation claims nothing
        intent = self._settings.data / "claiming" / self.job_id
        intent.touch()
        try:
            claimed = await self.control.unless_stopped(self._claim(), collecting=True)
        except Interrupted:
            return
        if claimed is None:
            intent.unlink()
            return
        attempt = Attempt.create(self._settings.data / "jobs", *claimed)
        intent.unlink()
        log.info("%s: claimed, %s", attempt.label, attempt.claim.job.get("name") or "no name")
        async with Channel(attempt, self._api, self.control) as channel:
            outcome = await self._execute(attempt, channel)
            if read_note(attempt.folder) is None:  # a held job keeps its slot
                executed()
            ended = await self._report(attempt, outcome, channel)
        if ended:
            attempt.done = ended
        await keep(attempt, self._api, self.control, self._settings)

    async def _claim(self) -> tuple[Claim, bytes] | None:
        """The claim, None when the job is not to be had. Asking again is safe."""
        backoff = Backoff(first=0.25, most=10.0)
        while True:
            try:
                return await self._api.claim(self.job_id, self._agent)
            except Unreachable as error:
                log.warning("job %s: claim waits: %s", self.job_id[:8], error)
            except ApiError as error:
                if not is_temporary(error):
                    log.info("job %s: not ours: %s", self.job_id[:8], error)
                    return None
                log.warning("job %s: claim waits: %s", self.job_id[:8], error)
            await asyncio.sleep(backoff.next())

    async def _execute(self, attempt: Attempt, channel: Channel) -> Outcome | None:
        execution = _execution()(
            attempt,
            channel.journal,
            self.control,
            settings=self._settings,
            provide=self._store.provide,
            venvs=self._venvs,
            why_no_room=self._budget.why_no_room,
        )
        try:
            outcome = await execution.run()
        except Exception as error:
            log.exception("%s: the agent failed", attempt.label)
            outcome = Outcome("errored", f"the agent failed: {type(error).__name__}: {error}")
        if outcome is None:
            return None
        if execution.held:
            begin(attempt, execution.box)
        outcome = msgspec.structs.replace(outcome, at=moment())
        try:
            attempt.outcome = outcome
        except OSError:  # the disk is full, of which some was laid by
            channel.journal.use_reserve()
            await when_it_fits(partial(setattr, attempt, "outcome", outcome))
        return outcome

    async def _report(
        self, attempt: Attempt, outcome: Outcome | None, channel: Channel
    ) -> str | None:
        if outcome is None:
            return await end_abandoned(attempt, channel, self.control, seconds=GOODBYE_SECONDS)
        return await report(attempt, outcome, channel, self._api, self.control)


def _execution() -> "type[Execution]":
    """What runs jobs, loaded with the first of them: an agent that waits does without 6 MiB."""
    loaded: type[Execution] = importlib.import_module("ringtest.agent.execution").Execution
    return loaded


async def report(
    attempt: Attempt, outcome: Outcome, channel: Channel, api: LabApi, control: Control
) -> str | None:
    """Deliver an outcome; when the agent stops meanwhile the rest waits for its next start."""
    try:
        return await deliver(attempt, outcome, channel, api, control)
    except Interrupted:
        if control.abandoned is Abandoned.LOST:
            return await end_abandoned(attempt, channel, control, seconds=GOODBYE_SECONDS)
        return None


async def recover(attempt: Attempt, api: LabApi, control: Control) -> None:
    """Bring an attempt of an earlier agent process to its end: deliver it or give it back."""
    async with Channel(attempt, api, control, resumed=True) as channel:
        ended = await _resume(attempt, channel, api, control)
    if ended:
        attempt.done = ended


async def _resume(attempt: Attempt, channel: Channel, api: LabApi, control: Control) -> str | None:
    try:
        await control.unless_stopped(channel.greeted(), collecting=True)
    except Interrupted:
        if control.abandoned is Abandoned.LOST:
            return await end_abandoned(attempt, channel, control, seconds=GOODBYE_SECONDS)
        return None
    if channel.journal.damage:
        log.error("%s: %s", attempt.label, channel.journal.damage)
        damage = f"the journal was damaged: {channel.journal.damage}"
        await when_it_fits(partial(note, channel, damage))
    outcome = attempt.outcome
    if outcome:
        return await report(attempt, outcome, channel, api, control)
    return await _give_back(attempt, channel, control)


async def _give_back(attempt: Attempt, channel: Channel, control: Control) -> str | None:
    why = "the agent died and was started again"
    try:
        return await control.unless_stopped(release(attempt, channel, why), collecting=True)
    except Interrupted:
        if control.abandoned is Abandoned.LOST:
            return await end_abandoned(attempt, channel, control, seconds=GOODBYE_SECONDS)
        return None


def abandoned_intents(data: Path) -> list[str]:
    """Jobs that an earlier process was about to claim: the server may think we have them."""
    return [entry.name for entry in (data / "claiming").iterdir()]
