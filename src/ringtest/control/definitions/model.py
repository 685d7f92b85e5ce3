"""What a job does: its stages, steps, limits and the files it leaves. Pure."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.texts import Name
from ringtest.language.expressions import Expression, ExpressionError
from ringtest.language.labels import Wish
from ringtest.language.labels import faults as label_faults
from ringtest.language.secret_reference import Secret, fault
from ringtest.language.state_guard import StateGuard

MAX_SECONDS = 7 * 24 * 3600
"""Longest time a job or a step may be given."""
MAX_ATTEMPTS = 20
MAX_STEPS = 200
MAX_COMMAND = 64 * 1024
"""Characters of a step's shell command."""

_HOST = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")

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


Kind = Literal["none", "venv", "bubblewrap", "podman", "ssh"]
Size = (
    Annotated[int, Meta(ge=1, le=2**53)]
    | Annotated[str, Meta(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})? ?([KMGT]i?)?B?$")]
)
"""Bytes, or a number with a unit: 2GiB."""
_Text = Annotated[str, Meta(max_length=4096)]


class Isolation(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How commands are kept apart from the lab's machine, and what they may take of it. The same
    shape as `agent.definitions.isolated`, which says what each key means."""

    kind: Kind
    network: bool = False
    readable: list[Annotated[str, Meta(pattern="^/", max_length=4096)]] = []
    rootfs: _Text = ""
    writable: bool = False
    host: _Text = ""
    user: _Text = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 22
    identity: _Text = ""
    host_key: _Text = ""
    memory: Size | None = None
    cpus: Annotated[float, Meta(gt=0, le=4096)] | None = None
    processes: Annotated[int, Meta(ge=1, le=2**22)] | None = None
    open_files: Annotated[int, Meta(ge=8, le=2**30)] | None = None
    file_size: Size | None = None
    seconds: Annotated[float, Meta(gt=0, le=MAX_SECONDS)] | None = None


class Hold(Struct, forbid_unknown_fields=True):
    """When what a job leaves is kept in its lab, and how long at first."""

    after: Literal["failure", "always"] = "failure"
    hours: Annotated[float, Meta(gt=0, le=168)] = 4


class Spec(Struct, forbid_unknown_fields=True):
    """What a job of a topic does."""

    stages: Stages
    name: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    """What a definition file calls itself; the definition has its own name beside this."""
    timeout_seconds: int = 21600
    max_attempts: int = 3
    isolation: Kind | Isolation = "none"
    hold: Hold | None = None
    artifacts: list[Artifact] = []
    environment: dict[str, Any] | UnsetType = UNSET
    """What machines must have before `prepare`: brought about by agents where it changed."""
    guard: StateGuard | UnsetType = UNSET
    """What of a machine tests must leave as they found it."""
    labels: dict[str, Wish] | UnsetType = UNSET
    """What a lab's machine must have for the job: its labels, and what they must be."""
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
    >>> read_spec({"stages": {"test": ["make check"]}})["stages"]["test"]
    [{'run': 'make check'}]
    >>> read_spec({"stages": {"test": [{"run": "x", "timeout_seconds": 0}]}})
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: spec.stages.test[0].timeout_seconds: must be \
from 1 to 604800 seconds
    """
    try:
        spec = msgspec.convert(_spelled_out(data), Spec)
    except msgspec.ValidationError as error:
        raise _faulty([_located(str(error))]) from None
    errors = _faults(spec)
    if errors:
        raise _faulty(errors)
    plain: dict[str, Any] = msgspec.to_builtins(spec)
    return plain


def _spelled_out(data: dict[str, Any]) -> dict[str, Any]:
    """As files of runs without a server have it, a text is a step that runs it, or the path of an
    artifact."""
    stages, artifacts = data.get("stages"), data.get("artifacts")
    if isinstance(stages, dict):
        data = {**data, "stages": {name: _each(steps, "run") for name, steps in stages.items()}}
    return {**data, "artifacts": _each(artifacts, "path")} if artifacts else data


def _each(found: Any, key: str) -> Any:
    if not isinstance(found, list):
        return [] if found is None else found
    return [{key: one} if isinstance(one, str) else one for one in found]


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
    if isinstance(spec.isolation, Isolation):
        faults.extend(_isolation_faults(spec.isolation))
    stages: dict[str, list[Step]] = msgspec.structs.asdict(spec.stages)
    if not stages["test"]:
        faults.append("spec.stages.test: needs at least one step")
    for name, steps in stages.items():
        if len(steps) > MAX_STEPS:
            faults.append(f"spec.stages.{name}: at most {MAX_STEPS} steps")
        for number, step in enumerate(steps):
            faults.extend(_step_faults(f"spec.stages.{name}[{number}]", step))
    faults.extend(f"spec.labels.{fault}" for fault in label_faults(spec.labels or {}))
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


def _isolation_faults(isolation: Isolation) -> list[str]:
    faults = []
    if isolation.kind == "podman" and not isolation.rootfs.startswith("/"):
        faults.append("spec.isolation.rootfs: podman needs the folder of a root filesystem")
    if isolation.kind == "ssh" and not _HOST.fullmatch(isolation.host):
        faults.append("spec.isolation.host: ssh needs the machine under test")
    if isolation.user and not _USER.fullmatch(isolation.user):
        faults.append("spec.isolation.user: must be the name of an account")
    if "\n" in isolation.host_key:
        faults.append("spec.isolation.host_key: must be one line")
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
