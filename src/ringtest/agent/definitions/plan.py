"""What a run would do, without doing it. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ringtest.agent.definitions.model import STAGES, Definition, Step
from ringtest.language.expressions import Expression, ExpressionError


class PlannedStep(Struct, frozen=True, omit_defaults=True):
    """A step, and whether it would be done."""

    stage: str
    number: int
    title: str
    does: str
    runs: bool
    why: str = ""
    timeout_seconds: float | None = None
    tries: int = 1
    always: bool = False


def plan(definition: Definition, parameters: Mapping[str, Any]) -> list[PlannedStep]:
    """Every step in its order.

    >>> from ringtest.agent.definitions.model import Stages
    >>> steps = [Step(run="make"), Step(run="./arm", when="arch == 'arm'")]
    >>> [(one.title, one.runs) for one in plan(Definition(Stages(test=steps)), {"arch": "x86"})]
    [('make', True), ('./arm', False)]
    """
    planned = []
    for stage in STAGES:
        for number, step in enumerate(definition.stages.of(stage)):
            runs, why = _decide(step, parameters)
            does = f"{step.runner} {step.options}" if step.runner else step.run
            planned.append(
                PlannedStep(
                    stage, number + 1, step.title, does, runs, why,
                    step.timeout_seconds, step.retry + 1, step.always,
                )
            )  # fmt: skip
    return planned


def _decide(step: Step, parameters: Mapping[str, Any]) -> tuple[bool, str]:
    if not step.when:
        return True, ""
    try:
        runs = bool(Expression(step.when)(parameters))
    except ExpressionError as error:
        return False, f"would fail: {error}"
    return runs, f"{step.when} is {'true' if runs else 'false'}"
