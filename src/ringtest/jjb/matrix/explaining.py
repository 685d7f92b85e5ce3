"""Why a job is as it is: every variable of a cell, and the rules that made it so."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from ringtest.jjb.matrix.rules import Decided, Included, Step


def find(decided: Sequence[Decided], name: str) -> list[Decided]:
    """Cells of a name, of a pattern, or those that a job's longer name begins with."""
    exact = [each for each in decided if each.cell.name == name]
    if exact:
        return exact
    if any(sign in name for sign in "*?["):
        return [each for each in decided if fnmatchcase(each.cell.name, name)]
    begins = [each for each in decided if name.startswith(f"{each.cell.name}-")]
    longest = max((len(each.cell.name) for each in begins), default=0)
    return [each for each in begins if len(each.cell.name) == longest]


def explain(decided: Decided) -> dict[str, Any]:
    """All of it as data: fields, variables with their origin, and what was overridden."""
    cell = decided.cell
    return {
        "name": cell.name,
        "from": str(cell.leaf.place),
        "excluded_by": _excluded(decided),
        "templates": decided.templates,
        "fields": {key: str(value) for key, value in cell.fields.items()},
        "variables": [
            {
                "name": name,
                "value": shown(decided.values.get(name)),
                "set_by": [_origin(step) for step in _counting(steps)],
                "overridden": [
                    {"value": shown(step.value), **_origin(step)} for step in _replaced(steps)
                ],
            }
            for name, steps in decided.steps.items()
        ],
        "rules": [
            {"rule": rule.number, "place": str(rule.place), "when": rule.when and rule.when.text}
            for rule in decided.matched
        ],
    }


def shown(value: Any) -> Any:
    """A value in words: what is included stays a tag."""
    return f"{value.tag} {value.text}" if isinstance(value, Included) else value


def _excluded(decided: Decided) -> str | None:
    excluded = decided.excluded
    return f"{excluded.place}: {excluded.text}" if excluded else None


def _counting(steps: Sequence[Step]) -> Sequence[Step]:
    """The step that set the value, and those that extended it since."""
    return steps[_last_set(steps) :]


def _replaced(steps: Sequence[Step]) -> Sequence[Step]:
    return steps[: _last_set(steps)]


def _last_set(steps: Sequence[Step]) -> int:
    return max((index for index, step in enumerate(steps) if not step.extends), default=0)


def _origin(step: Step) -> dict[str, Any]:
    if step.rule is None:
        return {"place": None, "rule": None, "when": "made of other variables"}
    when = step.rule.when.text if step.rule.when else "always"
    how = {"extends": True} if step.extends else {}
    return {"place": str(step.place), "rule": step.rule.number, "when": when, **how}
