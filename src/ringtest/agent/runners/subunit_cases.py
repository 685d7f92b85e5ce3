"""Reads a subunit stream from standard input and tells of each test in a file, line by line.

Started where jobs run, by a Python that has `subunit`, as stestr's does. The one argument is the
file: a JSON line when a test begins and one when it is over. What is no subunit is printed.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from subunit import ByteStreamToStreamResult

_OUTCOMES = {
    "success": "passed",
    "uxsuccess": "xpassed",
    "skip": "skipped",
    "xfail": "xfailed",
    "fail": "failed",
}
_MOST = 64 * 1024


class _Test:
    def __init__(self) -> None:
        self.began: datetime | None = None
        self.texts: dict[str, bytearray] = {}


class Teller:
    """A receiver of subunit's events."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._tests: dict[str, _Test] = {}

    def startTestRun(self) -> None:
        """Nothing to tell."""

    def stopTestRun(self) -> None:
        """Nothing to tell."""

    def status(
        self,
        test_id: str | None = None,
        test_status: str | None = None,
        file_name: str | None = None,
        file_bytes: bytes | None = None,
        mime_type: str | None = None,
        timestamp: datetime | None = None,
        **_: Any,
    ) -> None:
        """One event: of a test, a part of a file of it, or something else that was printed."""
        if test_id is None:
            sys.stdout.buffer.write(bytes(file_bytes or b""))
            sys.stdout.buffer.flush()
            return
        if test_status == "inprogress":
            self._tests.setdefault(test_id, _Test()).began = timestamp
            self._add({"begins": test_id})
        test = self._tests.setdefault(test_id, _Test())
        if file_name and file_bytes and (mime_type or "text/").startswith("text/"):
            text = test.texts.setdefault(file_name, bytearray())
            text += bytes(file_bytes)
            del text[:-_MOST]
        if test_status in _OUTCOMES:
            del self._tests[test_id]
            self._add({"case": _case(test_id, test_status, test, timestamp)})

    def _add(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")


def _case(test_id: str, status: str, test: _Test, ended: datetime | None) -> dict[str, Any]:
    texts = {name: bytes(text).decode("utf-8", "replace") for name, text in test.texts.items()}
    detail = texts.pop("traceback", "")
    message = texts.pop("reason", "") or detail.strip().rpartition("\n")[2]
    seconds = (ended - test.began).total_seconds() if ended and test.began else 0.0
    return {
        "test": test_id,
        **dict(zip(("classname", "name"), identity(test_id), strict=True)),
        "outcome": _OUTCOMES[status],
        "seconds": max(0.0, seconds),
        "message": message,
        "detail": detail,
        "stdout": "\n".join(texts.values()),
    }


def identity(test_id: str) -> tuple[str, str]:
    """Class and name; parameters behind a bracket belong to the name."""
    start = min((at for at in (test_id.find("["), test_id.find("(")) if at >= 0), default=None)
    classname, _, name = test_id[:start].rpartition(".")
    return classname, name + (test_id[start:] if start is not None else "")


if __name__ == "__main__":
    ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name="stdout").run(Teller(sys.argv[1]))
