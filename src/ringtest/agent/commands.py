"""Runs the commands of a job, one after the other, with their time limits."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ringtest.agent.control import Control, Interrupted, LabFailed, StageFailed
from ringtest.agent.isolation.sandbox import Wrapped
from ringtest.agent.output import Output
from ringtest.agent.processes import GuardLost, JobProcesses, describe_exit
from ringtest.agent.runners.runner import TimedOut

SHELL = ("/bin/sh", "-e", "-c")
_LOOK_SECONDS = 0.2
"""How often a limit that may move is asked for."""


class Boxed(Protocol):
    """Where commands run."""

    async def enter(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Wrapped:
        """A command as it is to be started."""
        ...

    async def after(self) -> None:
        """A command is over."""
        ...

    async def kill(self) -> None:
        """A command was killed."""
        ...


class Outside:
    """No box: commands of the lab's own, without limits."""

    async def enter(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Wrapped:
        return Wrapped(argv, cwd, env)

    async def after(self) -> None:
        """Nothing is to be done."""

    async def kill(self) -> None:
        """The guard has done it."""


class CommandRunner:
    """Commands of one attempt: below its guard, in its box, into its output, under its stop
    switches."""

    def __init__(
        self,
        processes: JobProcesses,
        output: Output,
        control: Control,
        box: Boxed,
        *,
        grace: float,
    ) -> None:
        self._processes = processes
        self._output = output
        self._control = control
        self._box = box
        self._grace = grace

    async def shell(
        self,
        script: str,
        *,
        work: Path,
        env: Mapping[str, str],
        seconds: float | None,
        collecting: bool,
    ) -> None:
        """A shell command; StageFailed unless it exits with 0 in time, Interrupted on a stop."""
        try:
            code = await self.run(
                [*SHELL, script], work=work, env=env, seconds=seconds, collecting=collecting
            )
        except TimedOut:
            raise StageFailed(f"not done after its {seconds:g} s, killed") from None
        if code:
            raise StageFailed(describe_exit(code), _shell_code(code))

    async def run(
        self,
        argv: Sequence[str],
        *,
        work: Path,
        env: Mapping[str, str],
        seconds: float | None = None,
        until: Callable[[], float | None] | None = None,
        collecting: bool = False,
    ) -> int:
        """One command to its end, and all it printed; the exit code, negative for a signal.

        TimedOut after `seconds`, or when the moment that `until` gives has passed. Whoever is
        cancelled meanwhile goes on once nothing of the command is left.
        """
        wrapped = await self._control.unless_stopped(
            self._box.enter(argv, work, env), collecting=collecting
        )
        run = asyncio.ensure_future(
            self._processes.run(
                wrapped.argv,
                cwd=wrapped.cwd,
                env=wrapped.env,
                bounds=msgspec.to_builtins(wrapped.bounds),
            )
        )
        stop = asyncio.ensure_future(self._control.stopped(collecting=collecting))
        try:
            await _first(run, stop, seconds, until)
            if run.done():
                await self._box.after()
                return run.result()
            if not stop.done():
                await self._end_step()
                raise TimedOut
            await self._processes.kill("all", grace=self._grace)
            await self._box.kill()
            raise Interrupted
        except asyncio.CancelledError:
            await self._end_step()
            raise
        except GuardLost:
            raise LabFailed("the guard of the job's processes was killed") from None
        finally:
            self._output.drain()
            stop.cancel()
            run.cancel()
            await asyncio.gather(run, stop, return_exceptions=True)

    async def _end_step(self) -> None:
        """Nothing of the command that runs is left."""
        with suppress(GuardLost):
            await self._processes.kill("step", grace=self._grace)
        await self._box.kill()


async def _first(
    run: "asyncio.Future[int]",
    stop: "asyncio.Future[None]",
    seconds: float | None,
    until: Callable[[], float | None] | None,
) -> None:
    """Return when one of the two is done, or the time is over."""
    now = asyncio.get_running_loop().time
    fixed = None if seconds is None else now() + seconds
    either: set[asyncio.Future[Any]] = {run, stop}
    while not (run.done() or stop.done()):
        ends = [one for one in (fixed, until() if until else None) if one is not None]
        if ends and now() >= min(ends):
            return
        waits = [one - now() for one in ends] + ([_LOOK_SECONDS] if until else [])
        await asyncio.wait(
            either, timeout=min(waits, default=None), return_when=asyncio.FIRST_COMPLETED
        )


def _shell_code(code: int) -> int:
    """The exit code as shells give it: 128 and the signal's number for a killed command."""
    return code if code >= 0 else 128 - code
