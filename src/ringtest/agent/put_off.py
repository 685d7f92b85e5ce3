"""The teardown of a run that was held: done when the hold is over, and told of in its folder."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from ringtest.agent.attempt import Attempt
from ringtest.agent.control import Control, StageFailed
from ringtest.agent.environment import Venvs
from ringtest.agent.execution import Execution
from ringtest.agent.journal import Journal
from ringtest.agent.processes import kill_leftovers
from ringtest.agent.protocol import Component
from ringtest.agent.settings import AgentSettings
from ringtest.agent.thinning import printed

JOURNAL = "teardown.jsonl"
"""Its log, in the run's folder: what a server hears of the run has ended before."""
_MOST_BYTES = 64 * 1024 * 1024


async def tear_down(
    attempt: Attempt,
    settings: AgentSettings,
    *,
    venvs: Path,
    show: Callable[[bytes], None] = lambda data: None,
) -> str | None:
    """Run the teardown of a held attempt, if it has one; why it did not pass, None when it did.
    Whoever cancels this may begin it again. What it printed is shown at its end."""
    definition = attempt.claim.definition
    if definition is None or not definition.stages.teardown:
        return None
    (attempt.folder / JOURNAL).unlink(missing_ok=True)
    journal = Journal(attempt.folder / JOURNAL)
    execution = Execution(
        attempt,
        journal,
        Control(),
        settings=settings,
        provide=_nothing_more,
        venvs=Venvs(venvs, settings.python),
    )
    try:
        return await execution.tear_down()
    finally:
        await asyncio.to_thread(kill_leftovers, attempt.processes)
        for record in map(msgspec.json.decode, journal.read(1, most=_MOST_BYTES)):
            if record["kind"] == "log":
                show(printed(record))
        journal.close()


async def _nothing_more(component: Component, target: Path, say: object) -> list[Path]:
    raise StageFailed(f"{component.type} is not fetched again")
