"""A pytest plugin that lists tests and tells of each one in files, line by line.

Copied to where jobs run, under whatever Python they use: it needs pytest and nothing else.
RINGTEST_CASES: a JSON line when a test begins and one when it is over; with
RINGTEST_CHOSEN: only these node ids run, one per line; with RINGTEST_LISTED: all node ids are
written there.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest


def _append(path: str, value: dict[str, Any]) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, json.dumps(value).encode() + b"\n")
    finally:
        os.close(file)


class _Teller:
    """Phases of a test become one outcome, the worst of them."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._phases: dict[str, list[pytest.TestReport]] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _append(self._path, {"begins": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        phases = self._phases.setdefault(report.nodeid, [])
        phases.append(report)
        if report.when == "teardown":
            del self._phases[report.nodeid]
            _append(self._path, {"case": _case(report.nodeid, phases)})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            node = {"test": report.nodeid, "classname": "", "name": report.nodeid}
            texts = {"message": "collection failed", "detail": str(report.longrepr)}
            _append(self._path, {"case": {**node, "outcome": "errored", **texts}})


def _case(nodeid: str, phases: list[pytest.TestReport]) -> dict[str, Any]:
    outcome, worst = "passed", phases[0]
    for report in phases:
        word = _word(report)
        if word == "errored" or (word != "passed" and outcome == "passed"):
            outcome, worst = word, report
    path, _, inside = nodeid.partition("::")
    *classes, name = inside.split("::")
    module = path.removesuffix(".py").replace("/", ".")
    message, detail = _texts(worst) if outcome != "passed" else ("", "")
    return {
        "test": nodeid,
        "classname": ".".join([module, *classes]),
        "name": name,
        "outcome": outcome,
        "seconds": sum(report.duration for report in phases),
        "message": message,
        "detail": detail,
        "stdout": "".join(text for _, text in phases[-1].sections),
    }


def _word(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed:
        return "failed" if report.when == "call" else "errored"
    return report.outcome


def _texts(report: pytest.TestReport) -> tuple[str, str]:
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail), ""
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]), ""
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else report.longreprtext[:300]), report.longreprtext


class _Chooser:
    def __init__(self, path: str) -> None:
        self._wanted = set(Path(path).read_text(encoding="utf-8").splitlines())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        out = [item for item in items if item.nodeid not in self._wanted]
        if out:
            config.hook.pytest_deselected(items=out)
            items[:] = [item for item in items if item.nodeid in self._wanted]


class _Lister:
    def __init__(self, path: str) -> None:
        self._path = path

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        text = "".join(f"{item.nodeid}\n" for item in session.items)
        Path(self._path).write_text(text, encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Tell from the process that sees all reports, choose in every one."""
    parts = {"CHOSEN": _Chooser, "LISTED": _Lister, "CASES": _Teller}
    for name, kind in parts.items():
        path = os.environ.get(f"RINGTEST_{name}")
        if path and (name == "CHOSEN" or not hasattr(config, "workerinput")):
            config.pluginmanager.register(kind(path), f"ringtest-{name.lower()}")
