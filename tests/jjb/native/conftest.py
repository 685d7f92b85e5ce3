"""Builds of jobs, action by action in this very process; the agent is in `test_command`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringtest.jjb.native import plan as plans
from ringtest.jjb.native.axes import cells
from ringtest.jjb.native.builds import Site, begin, needs, number
from ringtest.jjb.native.definition import definition_of
from ringtest.jjb.native.doing.__main__ import main
from ringtest.jjb.native.jobs import program_of
from ringtest.jjb.native.parameters import values
from ringtest.jjb.native.plan import State
from ringtest.jjb.native.program import Program
from ringtest.jjb.native.tracing import trace


def program(text: str, folder: Path) -> Program:
    """The program of the one job `j` in a text; its errors fail the test."""
    path = folder / "jobs.yaml"
    path.write_text(text)
    found: list[Program] = []
    assert [str(one) for one in trace([path], lambda tree: found.append(program_of(tree)))] == []
    return next(one for one in found if one.name == "j")


@dataclass(frozen=True)
class Done:
    """A build that is over."""

    out: Path
    workspace: Path
    state: State
    stages: dict[str, bool]
    """Which stages did what they should."""

    @property
    def log(self) -> str:
        """What it printed."""
        return (self.out / "jenkins/console.txt").read_text()

    @property
    def lines(self) -> list[str]:
        """The log without what `sh -x` shows."""
        return [line for line in self.log.splitlines() if not line.startswith("+")]


Runs = Callable[..., Done]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Runs job `j`: its sections as a mapping; `p` are parameters."""

    def run(
        p: dict[str, str] | None = None,
        *,
        credentials: Path | None = None,
        managed: Path | None = None,
        **sections: Any,
    ) -> Done:
        found = program(yaml.safe_dump([{"job": {"name": "j", **_literal(sections)}}]), tmp_path)
        assert [str(one) for one in found.uncovered()] == []
        chosen, faults = values(found.parameters, p or {})
        assert faults == []
        site = Site(tmp_path / "runs", credentials, managed, "lab-7")
        assert needs(found, site, chosen) == []
        build, out = number(site, "j")
        cell = cells(found)[0] if found.is_matrix else {}
        plan = begin(found, site, chosen, number=build, out=out, cell=cell, notes=())
        stages = _stages(definition_of(plan)["stages"])
        state = plans.read(out / "jenkins/state.json", State)
        return Done(out, Path(plan.workspace), state, stages)

    return run


def _literal(data: Any) -> Any:
    """Braces in texts of job files stand for parameters unless they are doubled."""
    if isinstance(data, dict):
        return {key: _literal(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_literal(one) for one in data]
    return data.replace("{", "{{").replace("}", "}}") if isinstance(data, str) else data


def _stages(stages: dict[str, list[dict[str, Any]]]) -> dict[str, bool]:
    """As an agent does it: the tests are left out when nothing could be prepared."""
    good = {"prepare": _steps(stages["prepare"])}
    if good["prepare"]:
        good["test"] = _steps(stages["test"])
    return {**good, "collect": _steps(stages["collect"])}


def _steps(steps: Sequence[dict[str, Any]]) -> bool:
    good = True
    for step in steps:
        if good or step.get("always"):
            good = main(*step["run"].split()[-3:]) == 0 and good
    return good
