"""What the original never told: rules without effect, twice the same, cells without jobs."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ringtest.jjb.matrix.reading import Matrix
from ringtest.jjb.matrix.rules import Decided
from ringtest.jjb.problems import Problem, Severity


def check(matrix: Matrix, decided: Sequence[Decided]) -> list[Problem]:
    """All findings, in the order of the file."""
    return [
        *_clashes(decided),
        *_unmatched(matrix, decided),
        *_twice(matrix),
        *_overridden(decided),
        *_without_jobs(decided),
    ]


def _clashes(decided: Sequence[Decided]) -> Iterator[Problem]:
    seen: dict[str, Decided] = {}
    for each in decided:
        name = each.cell.name
        first = seen.setdefault(name, each)
        if first is not each and each.excluded is None:
            message = f"{name} is made twice, also by {first.cell.leaf.place}"
            yield Problem(Severity.ERROR, "matrix-name-clash", message, each.cell.leaf.place, name)


def _unmatched(matrix: Matrix, decided: Sequence[Decided]) -> Iterator[Problem]:
    if not decided:
        return
    matched = {rule.number for each in decided for rule in each.matched}
    for rule in matrix.rules:
        if rule.number not in matched and rule.when is not None:
            message = f"no cell fits: {rule.when.text}"
            yield Problem(Severity.WARNING, "matrix-unmatched-rule", message, rule.place)


def _twice(matrix: Matrix) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for rule in matrix.rules:
        text = " ".join(rule.when.text.split()) if rule.when else ""
        if text and first.setdefault(text, rule.place.line) != rule.place.line:
            message = f"the same condition as in line {first[text]}"
            yield Problem(Severity.WARNING, "matrix-duplicate-when", message, rule.place)


def _overridden(decided: Sequence[Decided]) -> Iterator[Problem]:
    """Settings that a later rule replaces in every cell that they are for."""
    used: Counter[tuple[str, object]] = Counter()
    lost: Counter[tuple[str, object]] = Counter()
    for each in decided:
        for name, steps in each.steps.items():
            last = max((i for i, step in enumerate(steps) if not step.extends), default=0)
            for index, step in enumerate(steps):
                if step.rule is not None and (index < last or each.excluded):
                    lost[name, step.place] += 1
                elif step.rule is not None or name == "watchers":
                    used[name, step.place] += 1
    derived = {"watchers"}  # rewritten from itself
    for (name, place), _ in sorted(lost.items(), key=lambda item: str(item[0][1])):
        if not used[name, place] and name not in derived:
            message = f"{name} is replaced by a later rule in every job that this is for"
            yield Problem(Severity.WARNING, "matrix-overridden", message, place)  # type: ignore[arg-type]


def _without_jobs(decided: Sequence[Decided]) -> Iterator[Problem]:
    empty = [each for each in decided if each.excluded is None and not each.templates]
    if empty:
        names = ", ".join(each.cell.name for each in empty[:3])
        more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
        message = f"no rule gives a job-template to {names}{more}"
        place = empty[0].cell.leaf.place
        yield Problem(Severity.WARNING, "matrix-no-template", message, place, empty[0].cell.name)
