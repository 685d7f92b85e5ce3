"""What a job does: its stages, steps, limits and the files it leaves. Pure."""

from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.texts import Name
from ringtest.language.expressions import Expression, ExpressionError
from ringtest.language.secret_reference import Secret, fault

MAX_SECONDS = 7 * 24 * 3600
"""Longest time a job or a step may be given."""
MAX_ATTEMPTS = 20
MAX_STEPS = 200
MAX_COMMAND = 64 * 1024
"""Characters of a step's shell command."""

State = Literal["active", "inactive", "archived"]


class Step(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A shell command, run with `/bin/sh -e -c` in the job's work folder, or a runner of the
    agent and what it is to do."""

    run: str = ""
    name: str = ""
    runner: str = ""
    options: dict[str, Any] = msgspec.field(name="with", default_factory=dict)
    timeout_seconds: int | None = None
    retry: int = 0
    """How often it is tried again."""
    when: str = ""
    """An expression over the parameters: the step is left out where it is false."""
    always: bool = False
    """Done even after an earlier step of its stage failed."""


class Stages(Struct, forbid_unknown_fields=True):
    """The steps of each stage. `collect` and `teardown` run whatever came of the others."""

    provision: list[Step] = []
    prepare: list[Step] = []
    test: list[Step] = []
    collect: list[Step] = []
    teardown: list[Step] = []


class Artifact(Struct, forbid_unknown_fields=True):
    """Files to upload at the end: a glob relative to the work folder, and their type."""

    path: str
    mime: str = "text/plain"


class Spec(Struct, forbid_unknown_fields=True):
    """What a job of a topic does."""

    stages: Stages
    timeout_seconds: int = 21600
    max_attempts: int = 3
    isolation: Literal["venv", "none"] = "none"
    artifacts: list[Artifact] = []
    parameters: dict[str, Any] = {}
    secrets: dict[str, Secret] | UnsetType = UNSET
    """Where labs have their values, by the variables in which steps get them."""
    progress: Literal["pytest"] | None = None


class CreateDefinition(Struct):
    """Body of `POST /job_definitions`."""

    name: Name
    topic_id: UUID
    spec: dict[str, Any]
    state: State = "active"


class UpdateDefinition(Struct):
    """Body of `PUT /job_definitions/:id`."""

    name: Name | UnsetType = UNSET
    spec: dict[str, Any] | UnsetType = UNSET
    state: State | UnsetType = UNSET


def read_spec(data: dict[str, Any]) -> dict[str, Any]:
    """The definition with every default filled in; a 400 names each faulty field.

    >>> read_spec({"stages": {"test": [{"run": "make check"}]}})["max_attempts"]
    3
    >>> read_spec({"stages": {"test": [{"run": "x", "timeout_seconds": 0}]}})
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: spec.stages.test[0].timeout_seconds: must be \
from 1 to 604800 seconds
    """
    try:
        spec = msgspec.convert(data, Spec)
    except msgspec.ValidationError as error:
        raise _faulty([_located(str(error))]) from None
    errors = _faults(spec)
    if errors:
        raise _faulty(errors)
    plain: dict[str, Any] = msgspec.to_builtins(spec)
    return plain


def _located(message: str) -> str:
    """msgspec says "what - at `$.where`"; we say "spec.where: what".

    >>> _located("Expected `int`, got `str` - at `$.timeout_seconds`")
    'spec.timeout_seconds: Expected `int`, got `str`'
    """
    what, _, where = message.partition(" - at `$")
    return f"spec{where.rstrip('`')}: {what}"


def _faults(spec: Spec) -> list[str]:
    faults = []
    if not 1 <= spec.timeout_seconds <= MAX_SECONDS:
        faults.append(f"spec.timeout_seconds: must be from 1 to {MAX_SECONDS} seconds")
    if not 1 <= spec.max_attempts <= MAX_ATTEMPTS:
        faults.append(f"spec.max_attempts: must be from 1 to {MAX_ATTEMPTS}")
    stages: dict[str, list[Step]] = msgspec.structs.asdict(spec.stages)
    if not stages["test"]:
        faults.append("spec.stages.test: needs at least one step")
    for name, steps in stages.items():
        if len(steps) > MAX_STEPS:
            faults.append(f"spec.stages.{name}: at most {MAX_STEPS} steps")
        for number, step in enumerate(steps):
            faults.extend(_step_faults(f"spec.stages.{name}[{number}]", step))
    for name, secret in (spec.secrets or {}).items():
        if problem := fault(name, secret):
            faults.append(f"spec.secrets.{problem}")
    for number, artifact in enumerate(spec.artifacts):
        where = f"spec.artifacts[{number}]"
        parts = artifact.path.split("/")
        if not artifact.path or artifact.path.startswith("/") or ".." in parts:
            faults.append(f"{where}.path: must be a path inside the work folder")
        if "/" not in artifact.mime:
            faults.append(f"{where}.mime: must be type/subtype")
    return faults


def _step_faults(where: str, step: Step) -> list[str]:
    faults = []
    if bool(step.run.strip()) == bool(step.runner):
        faults.append(f"{where}.run: a step has either run, a shell command, or runner")
    if step.options and not step.runner:
        faults.append(f"{where}.with: belongs to a runner")
    if not 0 <= step.retry <= MAX_ATTEMPTS:
        faults.append(f"{where}.retry: must be from 0 to {MAX_ATTEMPTS}")
    faults.extend(_condition_faults(where, step.when))
    if len(step.run) > MAX_COMMAND:
        faults.append(f"{where}.run: at most {MAX_COMMAND} characters")
    if step.timeout_seconds is not None and not 1 <= step.timeout_seconds <= MAX_SECONDS:
        faults.append(f"{where}.timeout_seconds: must be from 1 to {MAX_SECONDS} seconds")
    return faults


def _condition_faults(where: str, when: str) -> list[str]:
    try:
        if when:
            Expression(when)
    except ExpressionError as error:
        return [f"{where}.when: {error}"]
    return []


def _faulty(errors: list[str]) -> BadRequest:
    return BadRequest(errors[0], errors=errors, error=errors[0])
