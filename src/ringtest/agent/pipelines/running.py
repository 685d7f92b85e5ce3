"""A pipeline from its first stage to its exit code."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ringtest.agent.pipelines.context import Options, Outcome, Run, Stop
from ringtest.agent.pipelines.credentials import CredentialsError
from ringtest.agent.pipelines.job import JobRun, clients, create_job, find_ground
from ringtest.agent.pipelines.model import PipelineJob, giver_of, previous_of, stages_of
from ringtest.agent.pipelines.reading import Pipeline
from ringtest.agent.pipelines.resolving import NothingFits, fallback_items
from ringtest.client import ApiError, AsyncClient, ClientError

Play = Callable[[dict[str, Any]], Awaitable[Outcome]]
"""Runs a job that the server has."""
EXIT_FAILURE, EXIT_ERROR, EXIT_SYNTAX, EXIT_NO_DATA = 1, 2, 3, 4


async def run_pipeline(pipeline: Pipeline, name: str, options: Options) -> int:
    """Run every stage, until one has a job that does not pass; the exit code of dci-pipeline: 0,
    1 after a failure, 2 after an error, 128 and its number after a signal."""
    try:
        options.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        options.say(f"{options.data}: {error.strerror}")
        return EXIT_NO_DATA
    if not os.access(options.data, os.W_OK):
        options.say(f"{options.data}: it cannot be written")
        return EXIT_NO_DATA
    stop = Stop()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.stop, number)
    given = pipeline.options
    run = Run(options, stop, str(given.get("name") or name), str(given.get("pipeline_id") or ""))
    stages = _Stages(run)
    placed = [replace(job, folder=job.folder.absolute()) for job in pipeline.jobs]
    try:
        for stage, jobs in stages_of(placed):
            options.say(f"stage {stage}: {', '.join(job.name for job in jobs)}")
            if not await stages.run(jobs):
                break
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
    return 128 + stop.signal if stop.signal else stages.exit_code


class _Stages:
    """Runs stages and keeps what their jobs came to, in the order of the file."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._done: list[Outcome] = []

    @property
    def exit_code(self) -> int:
        """A failure of the product counts before an error of the environment."""
        bad = {one.status for one in self._done} - {"success"}
        return EXIT_FAILURE if "failure" in bad else EXIT_ERROR if bad else 0

    async def run(self, jobs: Sequence[PipelineJob]) -> bool:
        """One stage: as many jobs at once as may be, each after those of the stage that it goes
        on from. Whether all passed; one that does not stops none of its siblings."""
        free = asyncio.Semaphore(self._run.options.parallel)
        tasks: dict[str, asyncio.Task[Outcome]] = {}
        before = list(self._done)

        async def one(job: PipelineJob) -> Outcome:
            named = [tasks[word] for word in job.previous if word in tasks]
            own = [await task for task in named]
            async with free:
                if self._run.stop.signal:
                    return Outcome(job, "killed", "stopped by a signal")
                return await run_job(job, self._run, [*before, *own])

        for job in jobs:
            tasks[job.name] = asyncio.create_task(one(job))
        outcomes = await asyncio.gather(*tasks.values())
        self._done = before + outcomes
        return all(one.status == "success" for one in outcomes)


async def run_job(job: PipelineJob, run: Run, done: Sequence[Outcome]) -> Outcome:
    """A job, once more after faults of the environment, once more with what last succeeded."""
    by_job = {id(one.job): one for one in done}
    before = previous_of(job, [one.job for one in done])
    previous = by_job[id(before)] if before else None
    try:
        given = _given(job, done)
        async with clients(job, run) as (credentials, lab, looking):
            tries = _Tries(job, run, lab, looking, previous)
            outcome = await tries.first(lambda made: JobRun(
                job, run, made, credentials=credentials, lab=lab
            ).run(given))  # fmt: skip
            if outcome.status == "success" and (tag := job.values.get("success_tag")):
                await _put_tag(str(tag), outcome.components, looking, run)
            return outcome
    except (CredentialsError, NothingFits, ClientError, ValueError, OSError) as error:
        run.options.say(f"{job.name}: {error}")
        return Outcome(job, "error", str(error))


class _Tries:
    """The jobs that one entry of a file becomes."""

    def __init__(
        self,
        job: PipelineJob,
        run: Run,
        lab: AsyncClient,
        looking: AsyncClient,
        previous: Outcome | None,
    ) -> None:
        self._job = job
        self._run = run
        self._lab = lab
        self._looking = looking
        self._previous = previous

    async def first(self, play: Play) -> Outcome:
        """The outcome that counts."""
        outcome = await self._one(play, self._job.components, self._previous, [])
        for number in range(1, int(self._job.values.get("retries") or 0) + 1):
            if outcome.status != "error" or self._run.stop.signal:
                break
            self._run.options.say(f"{self._job.name}: {outcome.reason}; tried again")
            tags = [f"retry:{number}"]
            outcome = await self._one(play, self._job.components, self._previous, tags)
        if outcome.status == "success" or self._run.stop.signal:
            return outcome
        return await self._fallen_back(play, outcome) or outcome

    async def _one(
        self, play: Play, items: Sequence[object], previous: Outcome | None, tags: Sequence[str]
    ) -> Outcome:
        ground = await find_ground(
            self._job, self._run, self._looking, items=items, previous=self._previous
        )
        ground.previous = previous
        made = await create_job(self._job, self._run, self._lab, ground, tags)
        return await play(made)

    async def _fallen_back(self, play: Play, failed: Outcome) -> Outcome | None:
        """Once more with what passed before; None when that is the same, or there is none."""
        value = self._job.values.get("fallback_last_success")
        if not value:
            return None
        tags = [value] if isinstance(value, str) else [str(one) for one in value]
        items = fallback_items(self._job.components, tags)
        if items is None:
            return None
        try:
            ground = await find_ground(
                self._job, self._run, self._looking, items=items, previous=self._previous
            )
        except NothingFits as error:
            self._run.options.say(f"{self._job.name}: no fallback: {error}")
            return None
        if set(ground.ids) == {str(one["id"]) for one in failed.components}:
            self._run.options.say(f"{self._job.name}: no fallback: the components are the same")
            return None
        ground.previous = failed
        made = await create_job(self._job, self._run, self._lab, ground, ["fallback"])
        return await play(made)


def _given(job: PipelineJob, done: Sequence[Outcome]) -> Mapping[str, Path]:
    """The files of a job's inputs; ValueError names the one that nobody has left."""
    given = {}
    for key in job.values.get("inputs") or {}:
        giver = giver_of(key, job, [one.job for one in done])
        outcome = next((one for one in done if one.job is giver), None)
        path = outcome.outputs.get(key) if outcome else None
        if path is None or not path.is_file():
            who = f"{giver.name} left no file" if giver else "no earlier job has it as an output"
            raise ValueError(f"input {key}: {who}")
        given[key] = path
    return given


async def _put_tag(
    tag: str, components: Sequence[Mapping[str, Any]], client: AsyncClient, run: Run
) -> None:
    """Tag all components of a job that passed; a component of everybody's is its owners' to tag."""
    for component in components:
        path = f"/components/{component['id']}"
        try:
            shown = (await client.get(path))["component"]
            tags = shown.get("tags") or []
            if tag not in tags:
                await client.put(path, {"tags": [*tags, tag]}, etag=shown["etag"])
        except (ApiError, ClientError) as error:
            run.options.say(f"{component['display_name']} is not tagged {tag}: {error}")
