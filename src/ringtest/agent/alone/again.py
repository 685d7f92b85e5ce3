"""What of a recorded run is done again when only what was bad counts."""

from pathlib import Path
from xml.etree import ElementTree

import msgspec
from msgspec import Struct

from ringtest.agent.attempt import safe_name
from ringtest.agent.definitions.model import Definition, Step
from ringtest.agent.runners.junit import read_junit
from ringtest.agent.runners.runner import BAD

_BESIDE = ("slice", "changed_since", "others")
"""Options that would leave out some of what was bad, as they count what is left."""


class Again(Struct, frozen=True):
    """A definition whose runners take only what was bad."""

    definition: Definition
    bad: int
    """Test cases that were bad in the recorded run."""
    left_out: list[str]
    """A line for each step that is not done again, and why."""

    @property
    def is_nothing(self) -> bool:
        """Whether no step with a runner is left."""
        return not any(step.runner for step in self.definition.stages.test)


def only_bad(definition: Definition, recorded: Path) -> Again:
    """Narrow the steps of `test` that have a runner, by the JUnit files in `recorded`.

    A step whose cases were all good, and one that was not reached, is left out. One that failed
    before it told of a case is done as a whole, and so is every other command: what they prepare
    may be needed. ValueError names a file that cannot be read.
    """
    steps, left_out, number = [], [], 0
    for step in definition.stages.test:
        junit = recorded / f"{safe_name(step.title)}.xml"
        if not step.runner:
            steps.append(step)
        elif not junit.is_file():
            left_out.append(f"{step.title}: it did not run")
        else:
            bad, is_empty = _bad(junit)
            number += bad
            if bad or is_empty:
                steps.append(step if is_empty else _narrowed(step, junit))
            else:
                left_out.append(f"{step.title}: nothing was bad")
    stages = msgspec.structs.replace(definition.stages, test=steps)
    return Again(msgspec.structs.replace(definition, stages=stages), number, left_out)


def _bad(junit: Path) -> tuple[int, bool]:
    """How many cases were bad at last, and whether there is none at all."""
    try:
        last = {(case.classname, case.name): case.outcome for case in read_junit(junit)}
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(f"{junit.name} cannot be read: {error}") from None
    return sum(outcome in BAD for outcome in last.values()), not last


def _narrowed(step: Step, junit: Path) -> Step:
    options = {key: value for key, value in step.options.items() if key not in _BESIDE}
    return msgspec.structs.replace(step, options={**options, "rerun": str(junit)})
