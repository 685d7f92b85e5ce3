"""Rules applied to cells: later ones win, and who set what is remembered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringtest.jjb.matrix.cells import Cell
from ringtest.jjb.matrix.nodes import Given
from ringtest.jjb.matrix.reading import Condition, Rule, Setting, within
from ringtest.jjb.problems import Failure
from ringtest.language.expressions import ExpressionError
from ringtest.language.places import Place

_FIELD = re.compile(r"\{\{|\}\}|\{([A-Za-z_][\w-]*)\}|[{}]")
TEMPLATES = "job-template"


@dataclass(frozen=True, slots=True)
class Included:
    """A value that jenkins-job-builder's own tag stands for: passed on as it is."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """What a rule did to a variable: its value afterwards, or what it added."""

    value: Any
    extends: bool
    rule: Rule | None
    place: Place


@dataclass(slots=True)
class Decided:
    """A cell with its variables. `steps` are all that touched one; the last set it.

    excluded: the condition that dropped the cell.
    """

    cell: Cell
    values: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, list[Step]] = field(default_factory=dict)
    matched: list[Rule] = field(default_factory=list)
    excluded: Condition | None = None

    @property
    def templates(self) -> list[str]:
        """Names of the job templates of this cell."""
        given = self.values.get(TEMPLATES) or ""
        return [name for name in re.split(r"[,\s]+", str(given)) if name]


def decide(cell: Cell, rules: Sequence[Rule]) -> Decided:
    """The variables of a cell. Failure with the place of what cannot be decided."""
    decided = Decided(cell)
    for rule in rules:
        if rule.when is not None and not holds(rule.when, cell.fields):
            continue
        decided.matched.append(rule)
        for condition in rule.excludes:
            if holds(condition, cell.fields):
                decided.excluded = condition
                return decided
        for setting in rule.settings:
            _set(decided, rule, setting)
    _derive(decided)
    return decided


def holds(condition: Condition, fields: Mapping[str, Any]) -> bool:
    """The answer of a condition for a cell."""
    if isinstance(condition.expression, bool):
        return condition.expression
    try:
        return bool(condition.expression(fields))
    except ExpressionError as error:
        place = within(condition.place, error.column)
        raise Failure("matrix-condition", str(error), place) from None


def _set(decided: Decided, rule: Rule, setting: Setting) -> None:
    if setting.name == TEMPLATES:  # braces in names of templates are jenkins-job-builder's
        value: Any = ", ".join(each.text for each in setting.given.items)
    else:
        value = _value(setting.given, {**decided.values, **decided.cell.fields})
    steps = decided.steps.setdefault(setting.name, [])
    if setting.extends:
        before = decided.values.get(setting.name)
        if isinstance(before, Included) or isinstance(value, Included):
            raise Failure("matrix-extend", "an included text cannot be extended", setting.place)
        steps.append(Step(value, True, rule, setting.place))
        value = value if before in (None, "") else f"{before}\n{value}"
    else:
        steps.append(Step(value, False, rule, setting.place))
    decided.values[setting.name] = value


def _value(given: Given, names: Mapping[str, Any]) -> Any:
    """Lists become lines, texts are filled in; what jenkins-job-builder reads is left to it."""
    if given.tag and given.tag != "!extend":
        return Included(given.tag, _filled(given, names))
    if given.kind == "list":
        lines = [_value(each, names) for each in given.items]
        return "\n".join("" if line is None else str(line) for line in lines)
    if given.kind == "mapping":
        return {key.text: _value(each, names) for key, each in given.pairs}
    if isinstance(given.value, str):
        return _filled(given, names)
    return given.value


def _filled(given: Given, names: Mapping[str, Any]) -> str:
    def fill(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        name = found[1]
        if name is None:
            reason = "a brace that stands for itself is written twice"
        elif name in names and not isinstance(names[name], Included):
            value = names[name]
            return "" if value is None else str(value)
        else:
            reason = f"nothing is called {name} here; braces that stay are written twice"
        raise Failure("matrix-undefined-name", reason, given.place)

    return _FIELD.sub(fill, given.text)


def _derive(decided: Decided) -> None:
    """Variables that follow from others: recipients of mail, tags of the dashboard."""
    values = decided.values
    assignee, watchers = _names(values.get("assignee")), _names(values.get("watchers"))
    if assignee or watchers:
        _follow(decided, "recipients", ", ".join(dict.fromkeys([*assignee, *watchers])))
        people = [name for name in watchers if not name.endswith("-list")]
        _follow(decided, "watchers", ", ".join(people))
    feature, tags = values.get("feature"), _names(values.get("tags"))
    if feature or tags:
        named = [f"polarion: {feature}"] if feature else []
        _follow(decided, "dashboard-tags", ", ".join([*named, *tags]))


def _follow(decided: Decided, name: str, value: str) -> None:
    if decided.values.get(name) == value:
        return
    decided.values[name] = value
    place = decided.cell.leaf.place
    decided.steps.setdefault(name, []).append(Step(value, False, None, place))


def _names(value: Any) -> list[str]:
    return [name for name in re.split(r"[,\s]+", str(value)) if name] if value else []
