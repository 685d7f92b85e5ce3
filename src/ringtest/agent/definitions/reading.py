"""From a YAML file to a definition, with every fault at its place."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from ringtest.agent.definitions.isolated import Hold, Isolation
from ringtest.agent.definitions.model import STAGES, Artifact, Definition, Stages, Step
from ringtest.agent.preparation.checking import faults as environment_faults
from ringtest.agent.preparation.registry import KEYS, unknown_keys
from ringtest.language.expressions import Expression, ExpressionError
from ringtest.language.labels import faults as label_faults
from ringtest.language.placed_yaml import Path, Placed, read_placed
from ringtest.language.places import Fault
from ringtest.language.secret_reference import Secret, fault
from ringtest.language.state_guard import StateGuard

T = TypeVar("T")

_WHERE = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+|\.\.\.)\]")


class Faulty(ValueError):
    """A definition that cannot be used: all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda one: one.place))
        super().__init__("\n".join(str(one) for one in self.faults))


Runners = Mapping[str, type[Any]]
"""The runners that a step may call, and the types of their options."""


def read_definition(text: str, file: str, *, runners: Runners | None = None) -> Definition:
    """A definition file; Faulty when something is wrong, with `runners` also in their options."""
    placed = read_placed(text, file)
    if placed.faults:
        raise Faulty(placed.faults)
    if not isinstance(placed.data, dict):
        placed.refuse((), "a definition is a mapping with the key stages")
        raise Faulty(placed.faults)
    _refuse_unknown(placed, placed.data, Definition, ())
    _check_environment(placed, placed.data.get("environment") or {})
    for key, kind in (("isolation", Isolation), ("hold", Hold), ("guard", StateGuard)):
        if isinstance(placed.data.get(key), dict):
            _refuse_unknown(placed, placed.data[key], kind, (key,))
    _check_secrets(placed, placed.data.get("secrets") or {})
    stages = _read_stages(placed, placed.data.get("stages"), runners or {})
    artifacts = _read_each(placed, placed.data.get("artifacts", []), Artifact, ("artifacts",))
    rest = {key: value for key, value in placed.data.items() if key not in ("stages", "artifacts")}
    known = {name: rest[name] for name in Definition.__struct_fields__ if name in rest}
    definition = _convert(placed, known, Definition, ())
    for problem in label_faults(definition.labels) if definition else ():
        placed.refuse(("labels",), f"labels: {problem}", key=True)
    if placed.faults or definition is None:
        raise Faulty(placed.faults)
    return msgspec.structs.replace(definition, stages=stages, artifacts=list(artifacts.values()))


def _check_environment(placed: Placed, wanted: Any) -> None:
    if not isinstance(wanted, dict):
        return
    for key in unknown_keys(wanted):
        placed.refuse(("environment", key), _no_such("key", key, list(KEYS)), key=True)
    for path, problem in environment_faults(wanted):
        placed.refuse(("environment", *path), problem)


def _check_secrets(placed: Placed, secrets: Any) -> None:
    for name, data in secrets.items() if isinstance(secrets, dict) else []:
        if not isinstance(data, dict):
            placed.refuse(("secrets", name), "a secret says where its value is: {env: NAME}")
            continue
        _refuse_unknown(placed, data, Secret, ("secrets", name))
        secret = _convert(placed, data, Secret, ("secrets", name))
        if secret and (problem := fault(str(name), secret)):
            placed.refuse(("secrets", name), problem, key=True)


def _read_stages(placed: Placed, data: Any, runners: Runners) -> Stages:
    if not isinstance(data, dict):
        placed.refuse(("stages",), f"stages is a mapping of {', '.join(STAGES)} to steps")
        return Stages()
    _refuse_unknown(placed, data, Stages, ("stages",))
    stages: dict[str, list[Step]] = {}
    for stage in STAGES:
        path = ("stages", stage)
        steps = _read_each(placed, data.get(stage) or [], Step, path)
        for number, step in steps.items():
            _check_step(placed, step, (*path, number), runners)
        stages[stage] = list(steps.values())
    if not any(stages.values()):
        placed.refuse(("stages",), "there is nothing to do: no stage has a step")
    return Stages(**stages)


def _read_each(placed: Placed, data: Any, kind: type[T], path: Path) -> dict[int, T]:
    """Each for itself, so that one that is wrong does not hide the others; by its number."""
    if not isinstance(data, list):
        placed.refuse(path, f"{path[-1]} is a list")
        return {}
    found = {}
    for number, one in enumerate(data):
        where = (*path, number)
        if isinstance(one, str):
            one = {"run" if kind is Step else "path": one}
        elif isinstance(one, dict):
            _refuse_unknown(placed, one, kind, where)
            one = {key: value for key, value in one.items() if key in _keys_of(kind)}
        made = _convert(placed, one, kind, where)
        if made is not None:
            found[number] = made
    return found


def _check_step(placed: Placed, step: Step, path: Path, runners: Runners) -> None:
    if bool(step.run.strip()) == bool(step.runner):
        placed.refuse(path, "a step has either run, a shell command, or runner")
    if step.runner and runners and step.runner not in runners:
        placed.refuse((*path, "runner"), _no_such("runner", step.runner, list(runners)))
    if step.options and not step.runner:
        placed.refuse((*path, "with"), "with belongs to a runner")
    if step.runner in runners:
        kind = runners[step.runner]
        _refuse_unknown(placed, step.options, kind, (*path, "with"))
        _convert(placed, step.options, kind, (*path, "with"))
    if step.when:
        try:
            Expression(step.when)
        except ExpressionError as error:
            placed.refuse((*path, "when"), f"when: {error}")


def _convert(placed: Placed, data: Any, kind: type[T], path: Path) -> T | None:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        inner: list[str | int] = []
        for key, number in _WHERE.findall(where):
            if number == "...":  # some value of a mapping: which is not said
                break
            inner.append(int(number) if number else key)
        name = ".".join(str(one) for one in inner)
        placed.refuse((*path, *inner), f"{name}: {what}" if name else what)
        return None


def _keys_of(kind: type) -> Sequence[str]:
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _refuse_unknown(placed: Placed, data: dict[str, Any], kind: type, path: Path) -> None:
    known = _keys_of(kind)
    for key in data:
        if key not in known:
            placed.refuse((*path, key), _no_such("key", key, known), key=True)


def _no_such(what: str, name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
    return f"there is no {what} {name}{meant}"
