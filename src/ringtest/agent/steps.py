"""Runs the commands of a stage, one after the other, with their time limits."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from ringtest.agent.control import Control, Interrupted, StageFailed
from ringtest.agent.output import Output
from ringtest.agent.processes import GuardLost, JobProcesses, describe_exit
from ringtest.agent.protocol import Step

SHELL = ("/bin/sh", "-e", "-c")


class StepRunner:
    """Commands of one attempt: below its guard, into its output, under its stop switches."""

    def __init__(
        self, processes: JobProcesses, output: Output, control: Control, *, grace: float
    ) -> None:
        self._processes = processes
        self._output = output
        self._control = control
        self._grace = grace

    async def run_all(
        self, steps: Sequence[Step], *, work: Path, env: Mapping[str, str], collecting: bool
    ) -> None:
        """Each step in its turn. StageFailed at the first that fails, Interrupted on a stop."""
        for step in steps:
            self._output.say(f"[ringtest] $ {_title(step)}")
            code = await self.run(
                [*SHELL, step.run],
                work=work,
                env=env,
                limit=step.timeout_seconds,
                collecting=collecting,
            )
            if code:
                raise StageFailed(f"{_title(step)}: {describe_exit(code)}", _shell_code(code))

    async def run(
        self,
        argv: Sequence[str],
        *,
        work: Path,
        env: Mapping[str, str],
        limit: float | None = None,
        collecting: bool = False,
    ) -> int:
        """One command to its end, and all it printed. Too slow: killed, and StageFailed."""
        run = asyncio.ensure_future(self._processes.run(argv, cwd=work, env=env))
        stop = asyncio.ensure_future(self._control.stopped(collecting=collecting))
        try:
            await asyncio.wait({run, stop}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if run.done():
                return run.result()
            everything = stop.done()
            await self._processes.kill("all" if everything else "step", grace=self._grace)
            if everything:
                raise Interrupted
            raise StageFailed(f"{argv[-1][:80]}: not done after its {limit:g} s, killed")
        except GuardLost:
            raise StageFailed("the guard of the job's processes was killed") from None
        finally:
            self._output.drain()
            stop.cancel()
            run.cancel()
            await asyncio.gather(run, stop, return_exceptions=True)


def _title(step: Step) -> str:
    """A step's name, else the first line of its command."""
    return step.name or step.run.strip().partition("\n")[0][:120]


def _shell_code(code: int) -> int:
    """The exit code as shells give it: 128 and the signal's number for a killed command."""
    return code if code >= 0 else 128 - code
