"""Runs of definitions in a folder of the test's own, as `ringtest run` does them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.alone.report import Run, describe
from ringtest.agent.runners.report import read_cases
from ringtest.agent.runners.runner import Case


class Done:
    """A run that is over, and what it left."""

    def __init__(self, process: "subprocess.CompletedProcess[str]", folder: Path) -> None:
        self.code = process.returncode
        self.text = process.stdout + process.stderr
        self.folder = folder

    @property
    def report(self) -> Run:
        return describe(self.folder)

    @property
    def cases(self) -> list[Case]:
        """Every try, in order."""
        files = sorted(self.folder.glob("steps/*/cases.jsonl"))
        return [case for path in files for case in read_cases(path)]

    def outcomes(self) -> dict[str, str]:
        """The last outcome of each test, by its short name."""
        return {case.name: case.outcome for case in self.cases}


Ringtest = Callable[..., Done]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """Variables of a shell in which ringtest is installed, and a cache of the test's own."""
    bin_folder = Path(sys.executable).parent
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    quick = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return {**os.environ, "PATH": path, **quick, **more}


@pytest.fixture
def ringtest(tmp_path: Path) -> Ringtest:
    """Writes `ringtest.yaml` and runs it."""

    def run(definition: str = "", *arguments: str, **more: Any) -> Done:
        if definition:
            (tmp_path / "ringtest.yaml").write_text(definition, encoding="utf-8")
        out = tmp_path / more.pop("out", "out")
        process = subprocess.run(
            [sys.executable, "-m", "ringtest.cli.main", "run", "--out", str(out), *arguments],
            cwd=tmp_path,
            env=environment(tmp_path, **more),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Done(process, out)

    return run
