"""Whether the condition of a conditional step holds. Raises Unclear when nobody can say."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

from ringtest.jjb.native.doing.build import Build
from ringtest.jjb.native.doing.globs import matching
from ringtest.jjb.native.doing.variables import UnknownVariable
from ringtest.jjb.native.program import RESULTS

_TRUE = frozenset({"1", "y", "yes", "t", "true", "on", "run"})
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
}


class Unclear(ValueError):
    """The condition cannot be evaluated."""


def holds(condition: dict[str, Any], build: Build) -> bool:
    """Whether a condition holds at this point of the build."""
    try:
        return _holds(condition, build)
    except (UnknownVariable, re.error, ValueError) as error:
        raise Unclear(str(error)) from None


def _holds(given: dict[str, Any], build: Build) -> bool:
    match given["is"]:
        case "always" | "never":
            return bool(given["is"] == "always")
        case "not":
            return not _holds(given["of"][0], build)
        case "and":
            return all(_holds(one, build) for one in given["of"])
        case "or":
            return any(_holds(one, build) for one in given["of"])
        case "shell":
            return build.script(given["command"]) == 0
        case "status":
            worst, best, has = (
                RESULTS.index(one) for one in (given["worst"], given["best"], build.state.result)
            )
            return best <= has <= worst
        case "node":
            return build.plan.variables.get("NODE_NAME") in given["nodes"]
        case "cause":
            return bool(given["cause"] in ("ANY_CAUSE", "USER_CAUSE"))
        case "day" | "time":
            return _now_fits(given, datetime.now())
        case "file" | "files":
            return _files(given, build)
        case _:
            return _of_texts(given, build)


def _of_texts(given: dict[str, Any], build: Build) -> bool:
    one, two = (
        build.expand(given.get(key) or given.get(other) or "", strict=True)
        for key, other in (("one", "text"), ("two", "pattern"))
    )
    match given["is"]:
        case "boolean":
            return one.strip().lower() in _TRUE
        case "strings":
            return one.lower() == two.lower() if given["any_case"] else one == two
        case "regexp":
            return re.fullmatch(two, one, re.DOTALL) is not None
        case "numbers":
            return _COMPARE[given["by"]](float(one), float(two))
        case other:
            raise Unclear(f"nobody knows the condition {other}")


def _now_fits(given: dict[str, Any], now: datetime) -> bool:
    if given["is"] == "day":
        return now.isoweekday() % 7 + 1 in given["days"]
    first, last = (time(int(hour), int(minute)) for hour, minute in (given["from"], given["to"]))
    return first <= now.time() <= last


def _files(given: dict[str, Any], build: Build) -> bool:
    bases = {
        "workspace": build.workspace,
        "artifacts": build.out / "artifacts",
        "home": Path(build.plan.home),
    }
    base = bases[given["base"]]
    if given["is"] == "file":
        return (base / build.expand(given["path"], strict=True)).exists()
    patterns = (build.expand(given[key], strict=True) for key in ("includes", "excludes"))
    return base.is_dir() and bool(matching(base, *patterns))
