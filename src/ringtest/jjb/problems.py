"""What is wrong with job files: collected, so that one run tells of many problems."""

from dataclasses import dataclass
from enum import StrEnum

from ringtest.jjb.chain import Step
from ringtest.language.places import Place


class Severity(StrEnum):
    """An error keeps a job from being rendered; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    rule: a stable short id in kebab case, such as "missing-parameter".
    job: name of the job or view, or None when it concerns none or all of them.
    chain: outermost first: project, group, template, macro.
    """

    severity: Severity
    rule: str
    message: str
    place: Place | None = None
    job: str | None = None
    chain: tuple[Step, ...] = ()

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        job = f" [job {self.job}]" if self.job else ""
        lines = [f"{where}{self.severity}: {self.message} ({self.rule}){job}"]
        steps = dict.fromkeys(self.chain)
        lines += [f"    in {step}" for step in steps]
        if len(self.chain) > len(steps):
            lines.append(f"    and {len(self.chain) - len(steps)} times more through these")
        return "\n".join(lines)


class Failure(Exception):
    """An error on its way up: what is being made cannot be made.

    Whoever knows a step of the chain adds it with `within`; the engine turns it to a problem.
    """

    def __init__(self, rule: str, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.place = place
        self.job: str | None = None
        self.chain: list[Step] = []

    def within(self, what: str, place: Place | None) -> "Failure":
        """The same failure, one step further out."""
        self.chain.insert(0, Step(what, place))
        return self

    def at(self, place: Place | None) -> "Failure":
        """The same failure, with a place if it had none."""
        self.place = self.place or place
        return self

    def problem(self, job: str | None = None) -> Problem:
        """What is told of it."""
        return Problem(
            Severity.ERROR, self.rule, self.message, self.place, job or self.job, tuple(self.chain)
        )
