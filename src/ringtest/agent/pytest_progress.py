"""A pytest plugin that counts outcomes and writes the counts to the file RINGTEST_PROGRESS.

One JSON line after every test; the last line of a session holds its counts. The file is
copied to where jobs run, under whatever Python they use: it needs pytest and nothing else.
"""

import json
import os
import uuid

import pytest

_WORST = ("errored", "failed", "passed", "skipped")


class _Progress:
    def __init__(self, path: str) -> None:
        self._path = path
        self._session = uuid.uuid4().hex
        self._counts = dict.fromkeys(("total", "passed", "failed", "errored", "skipped"), 0)
        self._outcomes: dict[str, set[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.items:  # empty in the controller of a distributed run
            self._begin(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        self._begin(len(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcomes = self._outcomes.setdefault(report.nodeid, set())
        if report.outcome == "failed":
            outcomes.add("failed" if report.when == "call" else "errored")
        elif report.skipped or report.when == "call":
            outcomes.add(report.outcome)
        if report.when == "teardown":
            del self._outcomes[report.nodeid]
            worst = next((name for name in _WORST if name in outcomes), "passed")
            self._counts[worst] += 1
            self._write()

    def _begin(self, total: int) -> None:
        self._counts["total"] = total
        self._write()

    def _write(self) -> None:
        line = json.dumps({"session": self._session, **self._counts}) + "\n"
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)
        except OSError:
            pass  # progress is a courtesy: never a reason to disturb a test


def pytest_configure(config: pytest.Config) -> None:
    """Count in the process that sees all reports, not in its workers."""
    path = os.environ.get("RINGTEST_PROGRESS")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Progress(path), "ringtest-progress-counter")
