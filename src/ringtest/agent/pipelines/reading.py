"""From pipeline files to jobs, with every fault and every likely slip at its place."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringtest.agent.ansible.hooks import AGENTS
from ringtest.agent.pipelines.model import KEYS, PipelineJob
from ringtest.agent.pipelines.overrides import PIPELINE, Override, apply_override
from ringtest.agent.pipelines.queries import read_query
from ringtest.language.placed_yaml import Placed, Tagged, read_placed
from ringtest.language.places import Fault

VAULT = "!vault"
_REQUIRED = (
    ("name", ("name",)),
    ("ansible_playbook", ("ansible_playbook", "hooks")),
    ("stage", ("stage", "type")),
)


@dataclass(slots=True)
class Pipeline:
    """The jobs of one run. `faults` keep it from running, `warnings` do not."""

    jobs: list[PipelineJob] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    """Words for the pipeline itself: `name`, `pipeline_id`."""
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def read_pipeline(files: Sequence[tuple[Path, str]], overrides: Sequence[Override]) -> Pipeline:
    """The jobs of these files, one after the other; entries of one name that follow each other
    are one job: lists grow, mappings are updated, the rest is replaced."""
    pipeline = Pipeline()
    for path, text in files:
        placed = read_placed(text, str(path), tags=(VAULT,))
        pipeline.faults += placed.faults
        if placed.data is not None and not placed.faults:
            _add_jobs(pipeline, placed, path.parent)
    if not pipeline.jobs and not pipeline.faults:
        raise ValueError("these files have no job")
    _apply(pipeline, overrides)
    _check_links(pipeline)
    return pipeline


def _add_jobs(pipeline: Pipeline, placed: Placed, folder: Path) -> None:
    if not isinstance(placed.data, list):
        pipeline.faults.append(Fault(placed.at(()), "a pipeline file is a list of jobs"))
        return
    for number, values in enumerate(placed.data):
        if not isinstance(values, dict):
            pipeline.faults.append(Fault(placed.at((number,)), "a job is a mapping"))
            continue
        _check_values(pipeline, placed, number, values)
        before = pipeline.jobs[-1] if pipeline.jobs else None
        if before and before.values.get("name") == values.get("name"):
            pipeline.jobs[-1] = PipelineJob(
                _joined(dict(before.values), values), before.folder, before.place
            )
        elif "name" in values:
            pipeline.jobs.append(PipelineJob(values, folder, placed.at((number,))))
        if not before or before.values.get("name") != values.get("name"):
            for what, keys in _REQUIRED:
                if not any(values.get(key) for key in keys):
                    fault = Fault(placed.at((number,)), f"this job has no {what}")
                    pipeline.faults.append(fault)


def _joined(before: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    for key, value in more.items():
        if isinstance(value, list) and isinstance(before.get(key), list):
            before[key] = [*before[key], *value]
        elif isinstance(value, dict) and isinstance(before.get(key), dict):
            before[key] = {**before[key], **value}
        else:
            before[key] = value
    return before


def _check_values(pipeline: Pipeline, placed: Placed, number: int, values: dict[str, Any]) -> None:
    for key, value in values.items():
        place = placed.keys[number, key]
        if key not in KEYS:
            close = difflib.get_close_matches(key, KEYS, n=1)
            if close:
                pipeline.warnings.append(Fault(place, f"{key} is kept; did you mean {close[0]}?"))
        elif value is not None and not isinstance(value, (*KEYS[key], Tagged)):
            words = " or ".join(kind.__name__ for kind in KEYS[key])
            fault = Fault(placed.at((number, key)), f"{key} must be {words}")
            pipeline.faults.append(fault)
    if values.get("hooks_of") not in (None, *AGENTS):
        words = f"hooks_of is one of {', '.join(AGENTS)}"
        pipeline.faults.append(Fault(placed.at((number, "hooks_of")), words))
    components = values.get("components")
    for at, item in enumerate(components if isinstance(components, list) else []):
        try:
            read_query(item)
        except ValueError as error:
            fault = Fault(placed.at((number, "components", at)), str(error))
            pipeline.faults.append(fault)


def _apply(pipeline: Pipeline, overrides: Sequence[Override]) -> None:
    names = [str(job.values.get("name")) for job in pipeline.jobs]
    for override in overrides:
        if override.job == PIPELINE:
            pipeline.options[override.key] = override.value
            continue
        if override.job not in names:
            close = difflib.get_close_matches(override.job, names, n=1)
            meant = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names)}"
            raise ValueError(f"there is no job {override.job}{meant}")
        for at, job in enumerate(pipeline.jobs):
            if job.values.get("name") == override.job:
                values = apply_override(job.values, override)
                pipeline.jobs[at] = PipelineJob(values, job.folder, job.place)


def _check_links(pipeline: Pipeline) -> None:
    """What a job goes on from must come before it; two jobs of one name are one too many."""
    seen: set[str] = set()
    names: set[str] = set()
    for job in pipeline.jobs:
        for word in job.previous:
            if word not in seen:
                fault = Fault(job.place, f"{job.name}: no job or stage {word} comes before it")
                pipeline.faults.append(fault)
        if job.name in names:
            message = f"a job {job.name} is there already, and not just before"
            pipeline.faults.append(Fault(job.place, message))
        names.add(job.name)
        seen |= {job.name, job.stage}
