"""What is made on its own: each job, view and project, and what came of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ringtest.jjb.expansion.definitions import Kind
from ringtest.jjb.expansion.expanding import Expanded
from ringtest.jjb.expansion.tables import Use
from ringtest.jjb.problems import Problem, Severity
from ringtest.language.places import Place


@dataclass(eq=False, slots=True)
class Candidate:
    """One job or view of a unit: from data to render, or as an earlier run rendered it.

    place: of the job or template. origin: where it was asked for.
    kept: gives what an earlier run made of it; digest: of these bytes.
    """

    unit: "Unit"
    name: str
    place: Place | None
    origin: Place | None
    item: Expanded | None = None
    kind: Kind = "job"
    xml: bytes | None = None
    kept: Callable[[], bytes] | None = None
    digest: bytes | None = None


@dataclass(eq=False, slots=True)
class Unit:
    """A job, view or project that a file defines.

    table: "job", "view" or "project"; file: that defines it.
    uses: definitions that it asked for.
    kept: what an earlier run made of it, when nothing has changed since.
    lasting: whether what is made of it may serve a later run.
    """

    table: str
    name: Any
    file: str | None
    uses: set[Use] = field(default_factory=set)
    made: dict[Kind, list[Candidate]] = field(default_factory=dict)
    kept: dict[Kind, list[Candidate]] | None = None
    warnings: list[Problem] = field(default_factory=list)
    borrowed: Counter[tuple[str, str]] = field(default_factory=Counter)
    lasting: bool = True

    def note(self, problems: Iterable[Problem]) -> None:
        """What was told while it was made: errors end what may be kept of it."""
        for problem in problems:
            if problem.severity is Severity.ERROR:
                self.lasting = False
            elif problem.job is not None:
                self.warnings.append(problem)
