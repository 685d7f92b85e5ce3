"""What an agent has on its disk: reports that wait, journals that were changed."""

from collections.abc import Iterator

from ringtest.agent.attempt import read_attempts
from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn
from ringtest.agent.verifying import look_over

_LOOKED_AT = 50
"""The latest attempts: more would take too long."""


def reports(lab: Lab) -> Iterator[Found]:
    """Everything reached the server, and journals are as they were written."""
    if lab.settings is None:
        return
    attempts = list(read_attempts(lab.settings.data / "jobs"))
    waiting = [attempt for attempt in attempts if attempt.done is None]
    if waiting:
        names = ", ".join(attempt.origin for attempt in waiting[:3])
        message = f"{len(waiting)} of {len(attempts)} attempts are not reported: {names}"
        yield warn("reports", message, "start the agent, or carry them: ringtest agent export")
    else:
        yield ok("reports", f"none of {len(attempts)} attempts waits for the server")
    for attempt in attempts[-_LOOKED_AT:]:
        for problem in look_over(attempt).problems:
            advice = f"look at ringtest agent verify {attempt.folder}"
            yield bad("reports", f"{attempt.origin}: {problem}", advice)
