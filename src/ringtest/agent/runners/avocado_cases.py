"""An avocado plug-in that tells of each test in a file, line by line.

Copied to where jobs run and found by its entry point, under whatever Python avocado uses.
RINGTEST_CASES: the file; a JSON line when a test begins and one when it is over.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

_OUTCOMES = {"PASS": "passed", "WARN": "passed", "SKIP": "skipped", "CANCEL": "skipped",
             "FAIL": "failed"}  # fmt: skip
_NUMBER = re.compile(r"^\d+-")
_MOST = 64 * 1024


class Teller:
    """Tells while the job runs: what avocado calls a plug-in of result events."""

    name = "ringtest"
    description = "Tells Ringtest of each test"

    def __init__(self, config: Any = None) -> None:
        self._path = os.environ.get("RINGTEST_CASES", os.devnull)

    def start_test(self, result: Any, state: dict[str, Any]) -> None:
        """A test begins."""
        self._add({"begins": _test(state)})

    def end_test(self, result: Any, state: dict[str, Any]) -> None:
        """A test is over."""
        test = _test(state)
        status = str(state.get("status", "ERROR"))
        reason = str(state.get("fail_reason") or "")
        path, _, name = test.partition(":")
        case = {
            "test": test,
            "classname": path if name else "",
            "name": name or test,
            "outcome": _OUTCOMES.get(status, "errored"),
            "seconds": max(0.0, float(state.get("time_elapsed") or 0)),
            "message": reason or ("" if status == "PASS" else status),
            "detail": str(state.get("traceback") or ""),
            "stdout": _end_of(state.get("logfile")),
        }
        self._add({"case": case})

    def test_progress(self, progress: bool = False) -> None:
        """Nothing to tell."""

    def pre_tests(self, job: Any) -> None:
        """Nothing to tell."""

    def post_tests(self, job: Any) -> None:
        """Nothing to tell."""

    def _add(self, line: dict[str, Any]) -> None:
        with Path(self._path).open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")


def _test(state: dict[str, Any]) -> str:
    return _NUMBER.sub("", str(state.get("name", "")))


def _end_of(path: Any) -> str:
    """The last part of a test's log."""
    try:
        with Path(str(path)).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
