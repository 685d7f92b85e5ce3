"""Logs whose steps are tests, as libvirt-test-API writes them: read while they grow.

Two patterns say how a step begins (a group `name`) and how it ends (a group `result`, and `name`
where steps run beside one another). How long a step took is known as well as the log is read
while it grows: to a part of a second.
"""

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ringtest.agent.inside import open_inside
from ringtest.agent.runners.report import MOST_TEXT, Told
from ringtest.agent.runners.runner import Case, Outcome

_OUTCOMES: Mapping[str, Outcome] = {
    **dict.fromkeys(("ok", "pass", "passed", "success", "0"), "passed"),
    **dict.fromkeys(("fail", "failed", "failure", "1"), "failed"),
    **dict.fromkeys(("skip", "skipped", "cancel", "n/a"), "skipped"),
}


class StepLog:
    """The steps of a growing file."""

    def __init__(self, path: Path, begins: str, ends: str) -> None:
        """ValueError when a pattern is none, or lacks its group."""
        self._path = path
        self._begins, self._ends = _pattern(begins, "name"), _pattern(ends, "result")
        self._offset = 0
        self._open: dict[str, list[str]] = {}
        self._began: dict[str, float] = {}
        self._seen: dict[str, int] = {}

    def __call__(self) -> Sequence[Told]:
        """Steps that began or ended since the last time."""
        try:
            with open_inside(self._path, [self._path.parent]) as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        found: list[Told] = []
        for line in whole.decode("utf-8", "replace").splitlines():
            found += self._line(line)
        return found

    def _line(self, line: str) -> list[Told]:
        begun = self._begins.search(line)
        if begun:
            name = begun["name"].strip()
            self._seen[name] = self._seen.get(name, 0) + 1
            test = f"{name}#{self._seen[name]}" if self._seen[name] > 1 else name
            self._open[test] = []
            self._began[test] = time.monotonic()
            return [Told(begins=test)]
        ended = self._ends.search(line)
        test = self._ending(ended) if ended else None
        if ended and test is not None:
            text = "\n".join(self._open.pop(test))[-MOST_TEXT:]
            result = ended["result"].strip()
            outcome = _OUTCOMES.get(result.lower(), "errored")
            message = "" if outcome == "passed" else result
            seconds = time.monotonic() - self._began.pop(test)
            return [Told(case=Case(test, *_identity(test), outcome, seconds, message, "", text))]
        for lines in self._open.values():
            lines.append(line)
        return []

    def _ending(self, ended: "re.Match[str]") -> str | None:
        """Which step ends: the one that is named, else the one that began last."""
        name = (ended.groupdict().get("name") or "").strip()
        for test in reversed(self._open):
            if not name or test.partition("#")[0] == name:
                return test
        return None


def _pattern(text: str, group: str) -> "re.Pattern[str]":
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    if not text or group not in pattern.groupindex:
        raise ValueError(f"a group {group} is missing: (?P<{group}>…)")
    return pattern


def _identity(test: str) -> tuple[str, str]:
    """
    >>> _identity("domain:define"), _identity("reboot")
    (('domain', 'define'), ('', 'reboot'))
    """
    module, _, name = test.rpartition(":")
    return module, name
