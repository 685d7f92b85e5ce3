"""Conditions of conditional steps, as data that `doing` evaluates."""

from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.native.fields import Fields, kind_of

_PACKAGE = "org.jenkins_ci.plugins.run_condition."
_BASES = {"Workspace": "workspace", "ArtifactsDir": "artifacts", "JenkinsHome": "home"}
_COMPARATORS = {
    "LessThan": "<",
    "GreaterThan": ">",
    "EqualTo": "==",
    "NotEqualTo": "!=",
    "LessThanOrEqualTo": "<=",
    "GreaterThanOrEqualTo": ">=",
}
_TEXTS = {
    "core.BooleanCondition": ("boolean", {"token": "text"}),
    "core.ExpressionCondition": ("regexp", {"expression": "pattern", "label": "text"}),
    "core.StringsMatchCondition": ("strings", {"arg1": "one", "arg2": "two"}),
    "contributed.ShellCondition": ("shell", {"command": "command"}),
    "core.FileExistsCondition": ("file", {"file": "path"}),
    "core.FilesMatchCondition": ("files", {"includes": "includes", "excludes": "excludes"}),
    "core.NumericalComparisonCondition": ("numbers", {"lhs": "one", "rhs": "two"}),
}
_TIMES = ("earliestHours", "earliestMinutes", "latestHours", "latestMinutes")


def condition_of(element: Element | None, holder: Fields) -> dict[str, Any]:
    """A condition as data; what cannot be evaluated is refused by `holder`."""
    if element is None:
        return {"is": "always"}
    kind = kind_of(element).removeprefix(_PACKAGE)
    fields = Fields(element)
    made = _of_kind(kind, fields)
    if made is None:
        holder.refuse(f"condition {kind.rpartition('.')[2]}")
        return {"is": "never"}
    holder.absorb(fields)
    return made


def _of_kind(kind: str, fields: Fields) -> dict[str, Any] | None:
    match kind:
        case "core.AlwaysRun" | "core.NeverRun":
            return {"is": "always" if kind == "core.AlwaysRun" else "never"}
        case "logic.Not":
            return {"is": "not", "of": [condition_of(fields.child("condition"), fields)]}
        case "logic.And" | "logic.Or":
            inside = [one.find("condition") for one in fields.children("conditions")]
            joined = [condition_of(one, fields) for one in inside]
            return {"is": "and" if kind == "logic.And" else "or", "of": joined}
        case "core.StatusCondition":
            worst, best = (fields.inner(tag).text("name") for tag in ("worstResult", "bestResult"))
            return {"is": "status", "worst": worst, "best": best}
        case "core.DayCondition":
            return _days(fields)
        case "core.TimeCondition":
            fields.ignore("useBuildTime")
            times = [fields.text(tag) for tag in _TIMES]
            return {"is": "time", "from": times[:2], "to": times[2:]}
        case "core.NodeCondition":
            return {"is": "node", "nodes": fields.strings("allowedNodes")}
        case "core.CauseCondition":
            fields.ignore("exclusiveCause")
            return {"is": "cause", "cause": fields.text("buildCause")}
        case _:
            return _of_texts(kind, fields)


def _of_texts(kind: str, fields: Fields) -> dict[str, Any] | None:
    if kind not in _TEXTS:
        return None
    name, texts = _TEXTS[kind]
    made: dict[str, Any] = {"is": name, **{to: fields.text(tag) for tag, to in texts.items()}}
    if name == "strings":
        made["any_case"] = fields.flag("ignoreCase")
    if name in ("file", "files"):
        made["base"] = _BASES[_last(fields.child("baseDir"), "Workspace")]
    if name == "numbers":
        made["by"] = _COMPARATORS[_last(fields.child("comparator"), "LessThan")]
    return made


def _days(fields: Fields) -> dict[str, Any]:
    """Days are numbers from 1, Sunday, to 7."""
    fields.ignore("useBuildTime")
    selector = fields.child("daySelector")
    chosen = _last(selector, "Weekend")
    if chosen != "SelectDays" or selector is None:
        return {"is": "day", "days": [1, 7] if chosen == "Weekend" else [2, 3, 4, 5, 6]}
    days = [Fields(one) for one in selector.iterfind("days/*")]
    return {"is": "day", "days": [int(one.text("day")) for one in days if one.flag("selected")]}


def _last(element: Element | None, default: str) -> str:
    return default if element is None else kind_of(element).rpartition("$")[2]
