"""A machine whose commands really run, in a folder of the test's own, and a lab around it."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.preparing import Memory, all_back, bring_about
from ringtest.agent.preparation.registry import make_handlers


class Lab:
    """Prepares a folder; what was said and which commands ran."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.scratch = folder / "scratch"
        self.work.mkdir()
        self.scratch.mkdir()
        self.record = folder / "prepared.json"
        self.said: list[str] = []
        self.commands: list[str] = []
        self.variables = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "HOME": str(folder),
        }
        self._printed = b""

    async def prepare(self, **wanted: Any) -> str:
        """Bring an environment about; the last thing that was said. StageFailed as it comes."""
        await bring_about(make_handlers(), Memory(self.record), wanted, self.machine)
        return self.said[-1]

    async def failing(self, **wanted: Any) -> str:
        """Prepare what cannot be; why not."""
        try:
            await self.prepare(**wanted)
        except StageFailed as error:
            return error.message
        raise AssertionError("nothing failed")

    async def take_back(self, **more: Any) -> None:
        """Undo whatever is on record."""
        await self.prepare(**all_back(Memory(self.record)), **more)

    @property
    def machine(self) -> Machine:
        return Machine(
            work=self.work,
            scratch=self.scratch,
            variables=self.variables,
            command=self._run,
            copying=self._copying,
            say=self.said.append,
        )

    async def _run(self, argv: Sequence[str], env: Mapping[str, str]) -> int:
        self.commands.append(" ".join(argv))
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=self.work, env=dict(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._printed, _ = await process.communicate()
        self.said += [f"| {line}" for line in self._printed.decode(errors="replace").splitlines()]
        return process.returncode or 0

    @contextlib.contextmanager
    def _copying(self, path: Path) -> Iterator[None]:
        yield
        path.write_bytes(self._printed)


def call(*argv: str, cwd: Path) -> str:
    """A command of the test's own that must succeed; what it printed."""
    done = subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout
