"""A held job of a server: its lab waits until people or time let it go."""

import asyncio
import importlib
import logging
import socket
from typing import Any

from ringtest.agent.attempt import Attempt
from ringtest.agent.control import Control, Interrupted
from ringtest.agent.isolation.box import Box
from ringtest.agent.isolation.held import Held, keep_note, let_go, read_note
from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.agent.settings import AgentSettings
from ringtest.client import ApiError, Unreachable

LOOK_SECONDS = 15.0
"""How often the server is asked whether a hold lasts."""

log = logging.getLogger("ringtest.agent")


def begin(attempt: Attempt, box: Box) -> Held:
    """The job is over and is held: from here on it survives the agent."""
    return keep_note(attempt, box, socket.gethostname())


async def keep(attempt: Attempt, api: LabApi, control: Control, settings: AgentSettings) -> None:
    """Keep a held attempt until its hold is over, then tear down and remove what was kept.

    Returns at once when there is none, and when the agent stops: its next start goes on. A server
    that cannot be reached is asked again; a server that knows no holds leaves it to the hours; one
    that knew it and no longer has the job lets it go.
    """
    held = read_note(attempt.folder)
    if held is None:
        return
    try:
        await control.unless_stopped(_wait(attempt, held, api), collecting=True)
        tear_down = importlib.import_module("ringtest.agent.put_off").tear_down
        why = await control.unless_stopped(
            tear_down(attempt, settings, venvs=settings.data / "cache" / "python"), collecting=True
        )
    except Interrupted:
        return
    if why:
        log.warning("%s: teardown: %s", attempt.label, why)
    left = await let_go(attempt, held)
    log.info("%s: the hold is over, %s", attempt.label, "; ".join(left) or "nothing is left")


async def _wait(attempt: Attempt, held: Held, api: LabApi) -> None:
    definition = attempt.claim.definition
    hours = definition.hold.hours if definition and definition.hold else 1.0
    log.info("%s: held for %g hours; to get in: %s", attempt.label, hours, held.shell)
    now = asyncio.get_running_loop().time
    until = now() + hours * 3600
    told = False
    while True:
        try:
            answer = await _ask(attempt, held, hours, api, told=told)
            if not answer["is_held"]:
                return
            told = True
        except Unreachable as error:
            log.warning("%s: held, and the server cannot be asked: %s", attempt.label, error)
        except ApiError as error:
            if (told and error.status == 404) or (not is_temporary(error) and now() >= until):
                return
        await asyncio.sleep(LOOK_SECONDS)


async def _ask(
    attempt: Attempt, held: Held, hours: float, api: LabApi, *, told: bool
) -> dict[str, Any]:
    job_id = attempt.claim.job_id
    if told:
        return await api.held(job_id)
    body = {
        "attempt": attempt.claim.attempt,
        "hours": hours,
        "host": held.host[:255],
        "shell": held.shell[: 16 * 1024],
    }
    return await api.hold(job_id, body)
