"""From pipeline files to jobs, with every fault and every likely slip at its place."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringtest.agent.ansible.hooks import AGENTS
from ringtest.agent.pipelines.model import KEYS, PipelineJob, giver_of
from ringtest.agent.pipelines.overrides import PIPELINE, Override, apply_override
from ringtest.agent.pipelines.queries import read_query
from ringtest.language.placed_yaml import Placed, Tagged, read_placed
from ringtest.language.places import Fault

VAULT = "!vault"
_KINDS = {
    str: "a text",
    list: "a list",
    dict: "a mapping",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
_REQUIRED = (
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
        else:
            pipeline.faults.append(Fault(placed.at((number,)), "this job has no name"))


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
        elif problem := _wrong_with(key, value):
            pipeline.faults.append(Fault(placed.at((number, key)), problem))
    components = values.get("components")
    for at, item in enumerate(components if isinstance(components, list) else []):
        try:
            read_query(item)
        except ValueError as error:
            fault = Fault(placed.at((number, "components", at)), str(error))
            pipeline.faults.append(fault)


def _wrong_with(key: str, value: Any) -> str | None:
    """Why a key cannot have this value; None when it can, and for keys that are only kept."""
    kinds = KEYS.get(key)
    if value is None or kinds is None or isinstance(value, Tagged):
        return None
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if not isinstance(value, kinds) or (bool not in kinds and isinstance(value, bool)):
        hint = ": put it in quotes" if str in kinds and number is not None else ""
        words = [_KINDS[kind] for kind in kinds if kind is not int or float not in kinds]
        return f"{key} must be {' or '.join(words)}{hint}"
    if number is not None and not 0 <= number < float("inf"):
        return f"{key} must be 0 or more"
    if key == "hooks_of" and value not in AGENTS:
        return f"hooks_of is one of {', '.join(AGENTS)}"
    return None


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
                if problem := _wrong_with(override.key, values[override.key]):
                    raise ValueError(f"{override.job}:{override.key}: {problem}")
                pipeline.jobs[at] = PipelineJob(values, job.folder, job.place)


def _check_links(pipeline: Pipeline) -> None:
    """A job has what it needs: what it goes on from comes before it, and has its inputs. Two jobs
    of one name are one too many."""
    seen: set[str] = set()
    names: set[str] = set()
    for at, job in enumerate(pipeline.jobs):
        for why in _lacking(job, pipeline.jobs[:at]):
            pipeline.faults.append(Fault(job.place, why))
        for word in job.previous:
            if word not in seen:
                fault = Fault(job.place, f"{job.name}: no job or stage {word} comes before it")
                pipeline.faults.append(fault)
        if job.name in names:
            message = f"a job {job.name} is there already, and not just before"
            pipeline.faults.append(Fault(job.place, message))
        names.add(job.name)
        seen |= {job.name, job.stage}


def _lacking(job: PipelineJob, earlier: Sequence[PipelineJob]) -> Iterator[str]:
    for what, keys in _REQUIRED:
        if not any(job.values.get(key) for key in keys):
            yield f"this job has no {what}"
    if not job.values.get("topic") and not job.previous:
        yield "this job has no topic, and none of an earlier job in prev_stages"
    inputs = job.values.get("inputs")
    for key in inputs if isinstance(inputs, dict) else ():
        if giver_of(str(key), job, earlier) is None:
            yield f"{job.name}: input {key}: no job of its prev_stages has it as an output"
