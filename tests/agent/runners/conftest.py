"""Runners below a real guard, without the rest of an agent."""

import os
import shutil
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ringtest.agent.commands import CommandRunner, Outside
from ringtest.agent.control import Control, StageFailed
from ringtest.agent.output import Output
from ringtest.agent.processes import JobProcesses
from ringtest.agent.protocol import Progress
from ringtest.agent.runners.registry import make_runner
from ringtest.agent.runners.report import known_cases
from ringtest.agent.runners.runner import Case, Task
from ringtest.agent.runners.running import run_tests


class Done:
    """A step that is over, and what it left."""

    def __init__(self, folder: Path, failed: str, log: str, progress: list[Progress]) -> None:
        self.folder = folder
        self.failed = failed
        """Why, empty when it passed."""
        self.log = log
        self.progress = progress
        ran = (folder / "cases.jsonl").exists()
        self.cases: list[Case] = known_cases(folder) if ran else []

    def outcomes(self) -> dict[str, str]:
        """The last outcome of each test."""
        return {case.test: case.outcome for case in self.cases}

    def bad(self) -> list[str]:
        """Tests that are bad in the end."""
        return [test for test, word in self.outcomes().items() if word in ("failed", "errored")]

    @property
    def junit(self) -> ElementTree.Element:
        return ElementTree.parse(self.folder / "junit" / "suite.xml").getroot()[0]


RunStep = Callable[..., Coroutine[Any, Any, Done]]


def variables(home: Path) -> dict[str, str]:
    """A shell in which the programs of this environment are found."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    quiet = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **quiet, "PATH": path, "HOME": str(home), "TERM": "dumb"}


async def run_step(work: Path, folder: Path, name: str, given: dict[str, Any], **more: Any) -> Done:
    """One step with a runner in `work`; what it leaves is in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    printed: list[bytes] = []
    progress: list[Progress] = []
    output = Output(printed.append, on_error=lambda error: None)
    processes = await JobProcesses.start(folder / "processes.json", output.write_end)
    commands = CommandRunner(
        processes, output, more.pop("control", Control()), Outside(), grace=1.0
    )
    failed = ""
    try:
        runner, options = make_runner(name, given)
        task = Task(
            work=work,
            scratch=folder,
            results=folder / "junit",
            variables=variables(folder),
            command=partial(commands.run, work=work),
            say=output.say,
            copying=output.copying,
            parameters=more.pop("parameters", {}),
        )
        await run_tests(runner, options, task, suite="suite", tell=progress.append)
    except StageFailed as error:
        failed = error.message
    finally:
        await processes.close(grace=1.0)
        output.drain()
        output.close()
    return Done(folder, failed, b"".join(printed).decode(errors="replace"), progress)


@pytest.fixture
def step(tmp_path: Path) -> RunStep:
    """Runs a step in the test's own folder."""

    async def run(name: str, given: dict[str, Any], *, out: str = "out", **more: Any) -> Done:
        return await run_step(tmp_path, tmp_path / out, name, given, **more)

    return run
