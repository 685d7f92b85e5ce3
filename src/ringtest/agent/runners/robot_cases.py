"""Robot Framework: a listener that tells of each test in a file, and two modifiers that list and
choose tests by their long names.

Copied to where jobs run. RINGTEST_CASES: a JSON line when a test begins and one when it is over;
RINGTEST_CHOSEN: only these run, one per line; RINGTEST_LISTED: all long names are written there.
"""

import json
import os
from pathlib import Path
from typing import Any

_OUTCOMES = {"PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}
_MOST = 64 * 1024


class Teller:
    """Tells while tests run."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0

    def start_test(self, data: Any, result: Any) -> None:
        """A test begins."""
        self._lines, self._size = [], 0
        self._add({"begins": _line(data)})

    def log_message(self, message: Any) -> None:
        """Something was logged: the beginning is kept."""
        text = f"{message.level} {message.message}"[:_MOST]
        if self._size < _MOST:
            self._lines.append(text)
            self._size += len(text)

    def end_test(self, data: Any, result: Any) -> None:
        """A test is over."""
        case = {
            "test": _line(data),
            "classname": data.parent.longname,
            "name": data.name,
            "outcome": _OUTCOMES.get(result.status, "errored"),
            "seconds": max(0, result.elapsedtime) / 1000,
            "message": "" if result.passed else result.message,
            "detail": "" if result.passed else result.message,
            "stdout": "\n".join(self._lines),
        }
        self._add({"case": case})

    def _add(self, line: dict[str, Any]) -> None:
        with Path(os.environ["RINGTEST_CASES"]).open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")


class Chooser:
    """Leaves the chosen tests, and no suite in which there is none."""

    def __init__(self) -> None:
        text = Path(os.environ["RINGTEST_CHOSEN"]).read_text(encoding="utf-8")
        self._wanted = set(text.splitlines())

    def visit_suite(self, suite: Any) -> None:
        """Called with the outermost suite."""
        suite.tests = [one for one in suite.tests if _line(one) in self._wanted]
        for inner in suite.suites:
            self.visit_suite(inner)
        suite.suites = [one for one in suite.suites if one.test_count]


class Lister:
    """Writes all names."""

    def visit_suite(self, suite: Any) -> None:
        """Called with the outermost suite."""
        text = "".join(f"{_line(one)}\n" for one in suite.all_tests)
        Path(os.environ["RINGTEST_LISTED"]).write_text(text, encoding="utf-8")


def _line(test: Any) -> str:
    return " ".join(test.longname.splitlines())
