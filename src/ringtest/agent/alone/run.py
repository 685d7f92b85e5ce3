"""`ringtest run`: one definition from its first stage to its report."""

import asyncio
import shutil
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from ringtest.agent.alone.pages import write_pages
from ringtest.agent.alone.report import describe
from ringtest.agent.attempt import Attempt, Outcome
from ringtest.agent.control import Abandoned, Control, Early, StageFailed
from ringtest.agent.definitions.model import Definition
from ringtest.agent.environment import Venvs
from ringtest.agent.execution import Execution, Provide
from ringtest.agent.isolation.floor import Limits
from ringtest.agent.isolation.held import keep_note, let_go, read_note
from ringtest.agent.journal import Journal
from ringtest.agent.preparation.preparing import memory_path
from ringtest.agent.processes import kill_leftovers
from ringtest.agent.protocol import Claim, Component
from ringtest.agent.put_off import tear_down
from ringtest.agent.settings import AgentSettings
from ringtest.agent.thinning import printed

_READ_BYTES = 256 * 1024


async def run_alone(
    definition: Definition,
    *,
    work: Path,
    folder: Path,
    cache: Path,
    show: Callable[[bytes], None],
    components: Sequence[Component] = (),
    provide: Provide | None = None,
) -> Outcome:
    """Run a definition in `work` and write `folder`; what commands print is shown as it comes.
    `components` are brought by `provide`.

    The first interrupt from the keyboard ends the tests and still collects and tears down, a
    second one stops everything.
    """
    claim = Claim(
        job={"id": str(uuid4()), "name": definition.name},
        attempt=1,
        lease_token="",
        timeout_seconds=definition.timeout_seconds,
        definition=definition,
        components=list(components),
    )
    attempt = Attempt.begin(folder, claim, msgspec.json.encode(claim))
    attempt.work.rmdir()
    attempt.work, attempt.results = work, folder / "junit"
    attempt.prepared = memory_path(cache, work)  # the next run in `work` goes on from it
    journal, control = Journal(attempt.journal), Control()
    settings = _settings(cache)
    execution = Execution(
        attempt,
        journal,
        control,
        settings=settings,
        provide=provide or _no_components,
        venvs=Venvs(cache / "python", settings.python),
    )
    _stop_on_signals(control)
    showing = asyncio.create_task(_show(journal, show))
    outcome = Outcome("errored", "the run was broken off")
    try:
        outcome = await execution.run() or Outcome("cancelled", control.detail)
    finally:
        await asyncio.to_thread(kill_leftovers, attempt.processes)
        journal.append("finish", result=outcome.result, reason=outcome.reason)
        await showing
        journal.close()
    attempt.outcome = outcome
    if execution.held:
        keep_note(attempt, execution.box, socket.gethostname())
    _keep_artifacts(attempt, outcome)
    execution.leaving.clean_folder("junit", "steps")
    write_pages(folder, describe(folder))
    execution.leaving.clean_folder("report.json", "report.html")
    return outcome


async def release_alone(folder: Path, *, cache: Path, show: Callable[[bytes], None]) -> list[str]:
    """Tear down what a run in `folder` was held for, and remove what it kept beside the folder;
    what went wrong. ValueError when it is not held."""
    attempt, held = Attempt.load(folder), read_note(folder)
    if attempt is None or held is None:
        raise ValueError(f"{folder} is not the folder of a run that is held")
    if held.work:
        attempt.work, attempt.results = Path(held.work), folder / "junit"
    why = await tear_down(attempt, _settings(cache), venvs=cache / "python", show=show)
    return [*([f"teardown: {why}"] if why else []), *await let_go(attempt, held)]


def _settings(cache: Path) -> AgentSettings:
    """What is run here is the lab's own: it may have every secret, and read what it names."""
    return AgentSettings(
        server="", client_id="", api_secret="", data=cache, job_secrets=("*",),
        limits=Limits(readable=["/"]),
    )  # fmt: skip


async def _no_components(component: Component, target: Path, say: Any) -> list[Path]:
    raise StageFailed(f"{component.type} is a component of a server, and this run has none")


def _stop_on_signals(control: Control) -> None:
    def stop() -> None:
        if control.early is None:
            control.end_early(Early.CANCELLED)
        else:
            control.abandon(Abandoned.SHUTDOWN, "stopped from the keyboard")

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def _show(journal: Journal, show: Callable[[bytes], None]) -> None:
    """Pass on what is printed until the journal says that it is over."""
    seq = 0
    while True:
        await journal.wait_for_more(seq, 3600)
        for line in journal.read(seq + 1, most=_READ_BYTES):
            record = msgspec.json.decode(line)
            seq = record["seq"]
            if record["kind"] == "log":
                show(printed(record))
            elif record["kind"] == "finish":
                return


def _keep_artifacts(attempt: Attempt, outcome: Outcome) -> None:
    for file in outcome.files:
        target = attempt.folder / "artifacts" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(attempt.source(file.name), target)
