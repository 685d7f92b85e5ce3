"""All checks at once, in bounded time."""

import threading
import time
from collections.abc import Sequence

from ringtest.agent.doctor import connection, credentials, disk, files, floor, programs, reports
from ringtest.agent.doctor.model import Check, Found, Lab, bad, warn

CHECKS: tuple[Check, ...] = (
    credentials.settings,
    credentials.mode,
    connection.server,
    disk.data_folder,
    disk.inodes,
    programs.interpreter,
    programs.programs,
    programs.user,
    floor.floor,
    files.named_files,
    reports.reports,
)
SECONDS = 20.0
"""Longest time of all together."""


class _Run:
    """One check in a thread of its own, which may outlive the examination."""

    def __init__(self, check: Check, lab: Lab) -> None:
        self.found: list[Found] = []
        self._name = check.__module__.rpartition(".")[2]
        self._check = check
        self._lab = lab
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def results(self, until: float, seconds: float) -> list[Found]:
        self._thread.join(max(0.0, until - time.monotonic()))
        found = list(self.found)
        if self._thread.is_alive():
            message = f"not done after {seconds:g} s"
            found.append(warn(self._name, message, "try again with --seconds 60"))
        return found

    def _work(self) -> None:
        try:
            for one in self._check(self._lab):
                self.found.append(one)
        except Exception as error:
            message = f"the check failed: {type(error).__name__}: {error}"
            self.found.append(bad(self._name, message, "tell the people of Ringtest"))


def examine(lab: Lab, *, seconds: float = SECONDS, checks: Sequence[Check] = CHECKS) -> list[Found]:
    """What all checks find, in their order."""
    until = time.monotonic() + seconds
    runs = [_Run(check, lab) for check in checks]
    return [found for run in runs for found in run.results(until, seconds)]
