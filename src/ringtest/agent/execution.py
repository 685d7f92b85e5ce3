"""One attempt from its first stage to its outcome."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from ringtest.agent import capsule
from ringtest.agent.ansible.files import MIME as TASK_MIME
from ringtest.agent.ansible.kept import TASKS
from ringtest.agent.artifacts import find_artifacts
from ringtest.agent.attempt import RESULTS, Attempt, Outcome, OutcomeFile, safe_name
from ringtest.agent.commands import CommandRunner, Outside
from ringtest.agent.components import human_size
from ringtest.agent.components.names import safe_path
from ringtest.agent.control import Abandoned, Control, Early, Interrupted, LabFailed, StageFailed
from ringtest.agent.definitions.model import Artifact, Definition, StageName
from ringtest.agent.environment import (
    Venvs,
    job_variables,
    place_progress_plugin,
    progress_variables,
)
from ringtest.agent.guarding.guard import RECORD, make_guard
from ringtest.agent.isolation.box import Box
from ringtest.agent.isolation.floor import under
from ringtest.agent.isolation.held import is_due
from ringtest.agent.journal import Journal
from ringtest.agent.output import Output
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.preparing import Memory, bring_about
from ringtest.agent.preparation.registry import make_handlers
from ringtest.agent.processes import JobProcesses
from ringtest.agent.progress import ProgressReader, watch_progress
from ringtest.agent.protocol import Component, Progress, Result
from ringtest.agent.secrets.leaving import Leaving
from ringtest.agent.secrets.resolving import SecretError
from ringtest.agent.settings import AgentSettings
from ringtest.agent.steps import Steps
from ringtest.agent.thinning import LogWriter

COLLECT_SECONDS = 300.0
"""Longest time of `collect`, and of `teardown`: they run when the job's own time is over."""
_OWN_ARTIFACTS = (
    Artifact(f"{RESULTS}/*.xml", "application/junit"),
    Artifact(f"{RESULTS}/{capsule.NAME}", capsule.MIME),
    Artifact(f"{RESULTS}/{RECORD}", "application/x-ndjson"),
    Artifact(f"{RESULTS}/{TASKS}/**/*", TASK_MIME),
)
_ABANDONED_GRACE = 2.0
PUT_OFF = "the run is held; done when that is over"

Provide = Callable[[Component, Path, Callable[[str], None]], Coroutine[Any, Any, list[Path]]]
"""Brings the files of a component into a folder; the last one tells of it."""

log = logging.getLogger("ringtest.agent")


class Execution:
    """Runs the stages and writes the journal; `run` gives the outcome, None if abandoned."""

    def __init__(
        self,
        attempt: Attempt,
        journal: Journal,
        control: Control,
        *,
        settings: AgentSettings,
        provide: Provide,
        venvs: Venvs,
        why_no_room: Callable[[int], str] = lambda size: "",
    ) -> None:
        self._attempt = attempt
        self._journal = journal
        self._lines = LogWriter(journal, why_no_room, as_text=attempt.claim.log_text)
        self._control = control
        self._settings = settings
        self._provide = provide
        self._venvs = venvs
        self._floored = under(settings.floor, attempt.claim.definition or Definition())
        self._definition = self._floored.definition
        asked = attempt.claim.definition
        self._has_venv = asked is not None and asked.isolated.kind == "venv"
        self._is_moved = self._has_venv and self._definition.isolated.kind != "venv"
        self.leaving = Leaving(attempt, {"api secret": settings.api_secret})
        self._variables = job_variables(attempt, os.environ, {})
        self._first: StageName = "provision" if self._definition.stages.provision else "prepare"
        self._stage: StageName = self._first
        self._files: list[OutcomeFile] = []
        limit = self._definition.isolated.seconds
        self._seconds = min(filter(None, (attempt.claim.timeout_seconds, limit)))
        self._left: str | None = None
        self._status = ""
        """Of the stage that was the last."""
        self.held = False
        """Whether what it leaves stays for people to look at."""

    async def run(self) -> Outcome | None:
        """All stages. What goes wrong becomes part of the outcome, never an exception."""
        async with self._opened() as exits:
            clock = asyncio.get_running_loop().call_later(
                self._seconds, self._control.end_early, Early.TIMED_OUT
            )
            exits.callback(clock.cancel)
            await asyncio.to_thread(capsule.keep_capsule, self._attempt, self._definition)
            result, reason = await self._run_stages()
            self.held = not self._control.abandoned and is_due(self._definition.hold, result)
        self._end_log()
        if self._control.abandoned:
            return None
        return Outcome(result, reason or self._left, self._files)

    async def tear_down(self) -> str | None:
        """The stage that a hold has put off; None when it passed, else why it did not."""
        async with self._opened():
            why = await self._run_stage("teardown", self._put_off_teardown, failure="errored")
        self._end_log()
        return why

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[AsyncExitStack]:
        """All that stages need, until the last process has ended."""
        async with AsyncExitStack() as exits:
            self._output = Output(self._log, on_error=self._disk_failed)
            exits.callback(self._output.close)
            self._processes = await JobProcesses.start(
                self._attempt.processes, self._output.write_end
            )
            self.box = Box(
                self._definition.isolated,
                self._attempt,
                cookie=self._processes.cookie,
                say=self._say,
                shown=self._venvs.shown if self._is_moved else [],
            )
            exits.push_async_callback(self._leave)
            exits.push_async_callback(self._end_processes)
            self._commands = CommandRunner(
                self._processes,
                self._output,
                self._control,
                self.box,
                grace=self._settings.kill_grace_seconds,
            )
            self._own_commands = CommandRunner(
                self._processes,
                self._output,
                self._control,
                Outside(),
                grace=self._settings.kill_grace_seconds,
            )
            self._steps = Steps(
                self._commands,
                self._output,
                work=self._attempt.work,
                scratch=self._attempt.steps,
                results=self._attempt.results,
                parameters=self._definition.parameters,
                readable=[Path(one) for one in self._settings.limits.readable],
                tell=self._tell_progress,
                guard=make_guard(self._definition.guard, self._attempt, self._say),
            )
            yield exits

    async def _leave(self) -> None:
        left = (await self.box.leave(keep=self.held)).left
        self._left = f"left behind: {'; '.join(left)}"[:1000] if left else None

    async def _run_stages(self) -> tuple[Result, str | None]:
        result: Result = "passed"
        reason = None
        if self._first == "provision":
            reason = await self._run_stage("provision", self._provision, failure="errored")
        if reason is None:
            reason = await self._run_stage("prepare", self._prepare, failure="errored")
        else:
            self._skip("prepare", "provision did not pass")
        if reason is not None:
            result = "errored"
            self._skip("test", "prepare did not pass")
        else:
            reason = await self._run_stage("test", self._test, failure="failed")
            if reason is not None:
                result = "failed" if self._status == "failed" else "errored"
        if not self._control.abandoned:
            await self._run_stage("collect", self._collect, failure="errored")
        if self._definition.stages.teardown and not self._control.abandoned:
            early = self._control.early is Early.CANCELLED
            if not early and is_due(self._definition.hold, result):
                self._skip("teardown", PUT_OFF)
                self._say(f"teardown: {PUT_OFF}")
            else:
                await self._run_stage("teardown", self._teardown, failure="errored")
        if self._control.early is Early.CANCELLED:
            result, reason = "cancelled", None  # the server knows who asked
        return result, reason

    async def _run_stage(
        self, stage: StageName, body: Callable[[], Awaitable[None]], *, failure: str
    ) -> str | None:
        """Run and record one stage; None when it passed, else why it did not."""
        self._stage = stage
        self.leaving.begin_stage()
        self._tell_stage(stage=stage, status="running")
        code, message = None, ""
        status = failure
        try:
            await body()
            status, code = "passed", 0
        except StageFailed as error:
            code, message = error.exit_code, error.message
            status = "errored" if isinstance(error, LabFailed) else failure
        except Interrupted:
            message = self._why_interrupted()
            timed_out = self._control.early is Early.TIMED_OUT and not self._control.abandoned
            status = "errored" if timed_out else "skipped"
        except Exception as error:
            status, message = "errored", f"the agent failed: {type(error).__name__}: {error}"
            log.exception("%s: %s", self._attempt.label, message)
        self._status = status
        self._output.drain()
        self._end_log()
        evidence = self.leaving.evidence() if status in ("failed", "errored") else None
        message = self.leaving.text(message)
        if message:
            self._say(f"{stage}: {message}")
        self.leaving.end_stage(stage)
        self._tell_stage(
            stage=stage, status=status, exit_code=code, message=message or None, evidence=evidence
        )
        return None if status == "passed" else message

    def _skip(self, stage: StageName, why: str) -> None:
        self._tell_stage(stage=stage, status="skipped", message=why)

    def _tell_stage(self, **fields: Any) -> None:
        try:
            self._journal.append("stage", **fields)
        except OSError as error:
            self._disk_failed(error)

    def _why_interrupted(self) -> str:
        if self._control.abandoned:
            return self._control.detail
        if self._control.early is Early.TIMED_OUT:
            return f"timed out after {self._seconds:g} s"
        return "cancelled"

    async def _begin(self) -> None:
        """What comes before the first command of a stage that may be the first."""
        if self._floored.refused:
            raise StageFailed(f"this lab does not run it: {self._floored.refused}")
        if self._stage == self._first:
            for line in (
                *self._floored.said,
                *map("parameter {}".format, self._attempt.claim.origins),
            ):
                self._say(line)
        try:
            await self.leaving.open(self._definition.secrets, self._settings)
        except SecretError as error:
            raise StageFailed(f"secret {error}") from None
        environment = self.leaving.environment(os.environ)
        self._variables = job_variables(self._attempt, environment, {})

    async def _provision(self) -> None:
        await self._begin()
        await self._run_steps("provision")

    async def _prepare(self) -> None:
        if self._attempt.claim.definition is None:
            raise StageFailed("the job has no definition: this agent does not know what to run")
        await self._begin()
        placed = {}
        for component in self._attempt.claim.components:
            target = self._attempt.components / safe_name(component.type)
            work = self._provide(component, target, self._say)
            placed[component.type] = await self._control.unless_stopped(work)
        environment = self.leaving.environment(os.environ)
        self._variables = job_variables(self._attempt, environment, placed)
        if self._has_venv:
            await self._venvs.create(self._attempt.venv, self._run_own)
        if self._definition.progress == "pytest":
            place_progress_plugin(self._attempt)
        if self._definition.environment:
            await self._bring_about(self._definition.environment)
        await self._run_steps("prepare")

    async def _bring_about(self, wanted: Mapping[str, Any]) -> None:
        """The machine as the definition wants it, by the steps that a change needs."""
        scratch = self._attempt.steps / "environment"
        scratch.mkdir(parents=True, exist_ok=True)
        work = self._attempt.work
        machine = Machine(
            work=work,
            scratch=scratch,
            variables=self._variables,
            command=lambda argv, env: self._commands.run(argv, work=work, env=env),
            copying=self._output.copying,
            say=self._say,
        )
        memory = Memory(self._attempt.prepared)
        await bring_about(make_handlers(), memory, wanted, machine)

    async def _test(self) -> None:
        if self._definition.progress != "pytest":
            await self._run_steps("test")
            return
        reader = ProgressReader(self._attempt.progress)
        watching = asyncio.create_task(watch_progress(reader, self._tell_progress))
        try:
            await self._run_steps("test")
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            last = reader.read()
            if last:
                self._tell_progress(last)

    async def _collect(self) -> None:
        failed: StageFailed | None = None
        try:
            await self._run_last("collect")
        except StageFailed as error:
            failed = error
        if not self._definition.stages.teardown:
            await self._end_processes()
        try:
            await self._control.unless_stopped(self.box.bring_back(), collecting=True)
        except StageFailed as error:
            failed = failed or error
        self._files = await asyncio.to_thread(
            find_artifacts, self._attempt.work, [*self._definition.artifacts, *_OWN_ARTIFACTS]
        )
        self._files, kept = await asyncio.to_thread(self.leaving.files, self._files)
        for file in self._files:
            self._say(f"artifact {file.name}, {human_size(file.size)}")
        for why in kept:
            self._say(why)
        if failed:
            raise failed

    async def _put_off_teardown(self) -> None:
        """With the variables that the last stages of the run had."""
        await self._begin()
        placed = {}
        for component in self._attempt.claim.components:
            folder = self._attempt.components / safe_name(component.type)
            files = [folder / safe_path(file.name) for file in component.files]
            placed[component.type] = [path for path in files if path.is_file()]
        environment = self.leaving.environment(os.environ)
        self._variables = job_variables(self._attempt, environment, placed)
        await self._teardown()

    async def _teardown(self) -> None:
        await self._run_last("teardown")

    async def _run_last(self, stage: StageName) -> None:
        """A stage that is run whatever came before, with a time of its own."""
        try:
            async with asyncio.timeout(COLLECT_SECONDS):
                await self._run_steps(stage)
        except TimeoutError:
            raise StageFailed(f"not done after {COLLECT_SECONDS:g} s") from None

    async def _run_steps(self, stage: StageName) -> None:
        variables = {**self._variables, **self._settings.stage_environment.get(stage, {})}
        if stage == "test" and self._definition.progress == "pytest":
            variables |= progress_variables(self._attempt, variables)
        await self._steps.run(
            stage,
            self._definition.stages.of(stage),
            variables,
            collecting=stage in ("collect", "teardown"),
        )

    async def _run_own(self, argv: list[str]) -> int:
        """A command of the agent's own, outside of the sandbox: neither what steps have left in
        the work folder nor variables may steer the interpreter."""
        names = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        env = {name: value for name, value in self._variables.items() if name not in names}
        return await self._own_commands.run(argv, work=self._attempt.folder, env=env)

    async def _end_processes(self) -> None:
        abandoned = self._control.abandoned is not None
        grace = _ABANDONED_GRACE if abandoned else self._settings.kill_grace_seconds
        await self._processes.close(grace=min(grace, self._settings.kill_grace_seconds))
        self._output.drain()

    def _log(self, data: bytes) -> None:
        self._append_log(self.leaving.log(data))

    def _end_log(self) -> None:
        """What was held back of the log: for secrets, or as there is no room."""
        try:
            self._append_log(self.leaving.rest_of_log())
            self._lines.end_gap()
        except OSError as error:
            self._disk_failed(error)

    def _append_log(self, data: bytes) -> None:
        self._lines.write(self._stage, data)

    def _say(self, text: str) -> None:
        self._output.say(f"[ringtest] {text}")

    def _tell_progress(self, counts: Progress) -> None:
        with suppress(OSError):  # counts are a courtesy: a full disk may swallow them
            self._journal.append("progress", **msgspec.structs.asdict(counts))

    def _disk_failed(self, error: OSError) -> None:
        self._control.abandon(Abandoned.BROKEN, f"the journal cannot be written: {error}")
