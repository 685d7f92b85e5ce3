"""A build as a definition file has it: a step for each action. Plain data, for whoever runs it."""

import shlex
import sys
from collections.abc import Sequence
from typing import Any

from ringtest.jjb.native.plan import Plan
from ringtest.jjb.native.program import Action

_LONGEST_SECONDS = 7 * 24 * 3600
"""Jobs of Jenkins have no limit but their own."""
_COMMAND = (sys.executable, "-P", "-m", "ringtest.jjb.native.doing")


def definition_of(plan: Plan) -> dict[str, Any]:
    """Stages: what comes before builders is `prepare`; builders, publishers and the result are
    `test`; what a build that was broken off left is `collect`."""
    program = plan.program
    parts = ("before", "checkout", "wrappers")
    test = _steps(plan, "builders", program.builders)
    test += _steps(plan, "publishers", program.publishers, always=True)
    test.append({"name": "result", "run": _command(plan, "result"), "always": True})
    return {
        "name": plan.job,
        "isolation": "none",
        "timeout_seconds": _LONGEST_SECONDS,
        "parameters": {
            one.name: plan.variables[one.name]
            for one in program.parameters
            if one.name in plan.variables
        },
        "stages": {
            "prepare": [
                step for part in parts for step in _steps(plan, part, getattr(program, part))
            ],
            "test": test,
            "collect": [{"name": "end of the build", "run": _command(plan, "end")}],
        },
    }


def _steps(
    plan: Plan, part: str, actions: Sequence[Action], *, always: bool = False
) -> list[dict[str, Any]]:
    return [
        {
            "name": action.title or action.kind,
            "run": _command(plan, part, number),
            **({"always": True} if always else {}),
        }
        for number, action in enumerate(actions)
    ]


def _command(plan: Plan, part: str, number: int = 0) -> str:
    return "exec " + shlex.join([*_COMMAND, plan.out, part, str(number)])
