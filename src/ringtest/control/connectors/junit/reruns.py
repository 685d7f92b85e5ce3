"""Tries that pytest-rerunfailures leaves in a file: cases of one name, one behind the other.

All but the last look as if they had passed, because pytest writes nothing into the case of a
report that says "rerun": counted as they stand, a test that failed three times would have
passed twice. They become tries of the case behind them.
"""

from operator import eq

from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import MAX_ATTEMPTS, Attempt, Cases, Evidence

PYTEST = {"pytest", "pytest tests"}
"""Names that pytest gives its suite and what is around it."""
_PASSED = ord(TestOutcome.PASSED)
_NOTHING = Evidence()


class RerunFolder:
    """Folds the cases of one file, whose batches may end between two tries."""

    def __init__(self) -> None:
        self._held = Cases()
        """The last case so far: the next may be another try of it."""

    def fold(self, batch: Cases, *, final: bool) -> Cases:
        """The cases whose tries are all known; `final`: no case is to come."""
        cases, self._held = self._held, Cases()
        cases.extend(batch)
        names = cases.names
        if any(map(eq, names, names[1:])):
            tries = _tries_in(cases)
            for at in tries:
                _pass_on(cases, at)
            cases = _without(cases, tries)
        if not final and len(cases):
            self._held = _pop(cases)
        return cases


def _tries_in(cases: Cases) -> list[int]:
    """Positions of cases that look passed and are followed by one of the same name."""
    names, classnames, suites = cases.names, cases.classnames, cases.suites
    return [
        at
        for at in range(len(names) - 1)
        if names[at] == names[at + 1]
        and classnames[at] == classnames[at + 1]
        and suites[at] == suites[at + 1]
        and cases.outcomes[at] == _PASSED
        and not cases.evidence.get(at, _NOTHING).raw_outcome
    ]


def _pass_on(cases: Cases, at: int) -> None:
    """A case becomes the last of the other tries of the case behind it."""
    own = cases.evidence.get(at, _NOTHING)
    last = Attempt(
        TestOutcome.FAILED, "rerun", cases.times[at], stdout=own.stdout, stderr=own.stderr
    )
    behind = cases.evidence.setdefault(at + 1, Evidence())
    tries = [*own.attempts, last]
    behind.attempts = [*tries[:MAX_ATTEMPTS], *behind.attempts]
    if (len(tries) > MAX_ATTEMPTS or "attempts" in own.cut) and "attempts" not in behind.cut:
        behind.cut = (*behind.cut, "attempts")


def _without(cases: Cases, places: list[int]) -> Cases:
    """The cases but for those at these places."""
    gone = set(places)
    kept = [at for at in range(len(cases)) if at not in gone]
    moved = {old: new for new, old in enumerate(kept)}
    return Cases(
        [cases.suites[at] for at in kept],
        [cases.classnames[at] for at in kept],
        [cases.names[at] for at in kept],
        [cases.times[at] for at in kept],
        bytearray(cases.outcomes[at] for at in kept),
        {moved[at]: one for at, one in cases.evidence.items() if at in moved},
        cases.declared,
    )


def _pop(cases: Cases) -> Cases:
    """Take the last case out."""
    last = Cases(
        [cases.suites.pop()],
        [cases.classnames.pop()],
        [cases.names.pop()],
        [cases.times.pop()],
        bytearray([cases.outcomes.pop()]),
    )
    evidence = cases.evidence.pop(len(cases), None)
    if evidence is not None:
        last.evidence[0] = evidence
    return last
