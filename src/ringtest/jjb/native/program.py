"""What a job does, as data: actions in the order of Jenkins, parameters, axes, findings."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from ringtest.jjb.chain import Step
from ringtest.language.places import Place

RESULTS = ("SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED")
"""Jenkins' results, each worse than the one before."""


class Action(Struct, frozen=True, omit_defaults=True):
    """One thing to do.

    kind: a name that `doing` knows. given: what it needs, JSON alone. actions: those inside.
    """

    kind: str
    title: str = ""
    given: dict[str, Any] = {}
    actions: list["Action"] = []


class Parameter(Struct, frozen=True, omit_defaults=True):
    """A parameter of a job, and which values it takes.

    default: None when a value must be given. choices: those allowed, none for any.
    several: what separates several of the choices, empty for one.
    """

    name: str
    kind: str
    default: str | None = ""
    choices: list[str] = []
    several: str = ""
    pattern: str = ""
    secret: bool = False


class Timeout(Struct, frozen=True, omit_defaults=True):
    """When builders are ended. kind: "absolute", "activity" or "deadline".

    seconds: a number, or text with variables. clock: of a deadline, as HH:MM[:SS].
    """

    kind: str
    seconds: str = ""
    clock: str = ""
    result: str = "ABORTED"
    description: str = ""


class Axis(Struct, frozen=True):
    """An axis of a matrix."""

    name: str
    values: list[str]


class Coverage(StrEnum):
    """What a native run makes of a component."""

    COVERED = "covered"
    HARMLESS = "harmless"
    UNCOVERED = "uncovered"


class Finding(Struct, frozen=True):
    """One component of a job, or one option of it.

    section: such as "builders". why: empty for what is simply done.
    """

    coverage: Coverage
    section: str
    component: str
    why: str = ""
    place: Place | None = None
    chain: tuple[Step, ...] = ()

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        why = f": {self.why}" if self.why else ""
        return f"{where}{self.section} {self.component}{why}"


class Program(Struct):
    """A whole job. `before` is done ahead of the checkout, `wrappers` after it."""

    name: str
    place: Place | None = None
    parameters: list[Parameter] = []
    before: list[Action] = []
    checkout: list[Action] = []
    wrappers: list[Action] = []
    builders: list[Action] = []
    publishers: list[Action] = []
    timeouts: list[Timeout] = []
    axes: list[Axis] = []
    combinations: str = ""
    """An expression over the axes, empty for all."""
    touchstone: str = ""
    touchstone_result: str = "SUCCESS"
    workspace: str = ""
    """A folder of the job's own choice, variables unexpanded."""
    is_matrix: bool = False
    findings: list[Finding] = []

    def uncovered(self) -> list[Finding]:
        """What nothing here can do."""
        return [one for one in self.findings if one.coverage is Coverage.UNCOVERED]
