"""TAP and the kernel's KTAP, read whole: points, nested ones under the names of what holds them."""

import re
from collections.abc import Iterator

from ringtest.agent.runners.runner import Case, Outcome

_POINT = re.compile(
    r"(?P<not>not )?ok\b(?:\s+(?P<number>\d+))?(?:\s+-)?\s*(?P<name>.*?)"
    r"(?:\s+#\s*(?P<word>skip|todo|xfail|timeout|error)\w*:?\s*(?P<why>.*))?$",
    re.IGNORECASE,
)
_PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*(?P<why>skip.*))?$", re.IGNORECASE)
_SUBTEST = re.compile(r"#\s*Subtest:?\s*(.*)")
_MOST_LINES = 2000


class _Level:
    """A plan and its points, at one depth."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.planned: int | None = None
        self.points = 0
        self.lines: list[str] = []
        self.cases: list[Case] = []


def read_tap(text: str) -> Iterator[Case]:
    """The points of a text, with whatever else it holds; those that a plan promised and that
    never came are errored, and so is what bailed out.

    >>> [(c.test, c.outcome) for c in read_tap("1..3\\nok 1 - a\\nnot ok 2 b # TODO later\\n")]
    [('a', 'passed'), ('b', 'xfailed'), ('point 3', 'errored')]
    """
    levels: dict[int, _Level] = {0: _Level()}
    for line in text.splitlines():
        stripped = line.strip()
        depth = len(line) - len(line.lstrip(" "))
        if stripped.lower().startswith("bail out!"):
            yield Case("bail out", "", "bail out", "errored", message=stripped)
        elif subtest := _SUBTEST.fullmatch(stripped):
            levels.setdefault(depth, _Level()).name = subtest[1]
        elif plan := _PLAN.fullmatch(stripped):
            levels.setdefault(depth, _Level()).planned = int(plan[1])
        elif (point := _POINT.fullmatch(stripped)) and _is_point(depth, levels, point):
            yield from _end(levels, depth, point)
        else:
            lines = levels[max(at for at in levels if at <= max(depth, 0))].lines
            lines.append(stripped.removeprefix("#").strip())
            del lines[:-_MOST_LINES]
    yield from _missing(levels[0])


def _is_point(depth: int, levels: dict[int, _Level], point: "re.Match[str]") -> bool:
    return depth in levels or point["number"] is not None


def _end(levels: dict[int, _Level], depth: int, point: "re.Match[str]") -> Iterator[Case]:
    level = levels.setdefault(depth, _Level())
    level.points += 1
    name = point["name"].replace("\\#", "#").strip() or f"point {point['number'] or level.points}"
    inner = [at for at in levels if at > depth]
    held: list[Case] = []
    for at in sorted(inner):
        child = levels.pop(at)
        held += [*child.cases, *_missing(child)]
    outcome, message = _outcome(point)
    told = [_inside(name, case) for case in held]
    # what holds others is told itself when they do not tell why it went wrong
    if not held or (outcome in ("failed", "errored") and not _any_bad(held)):
        detail = "\n".join(level.lines)
        told.append(Case(name, "", name, outcome, 0.0, message, detail))
    level.lines = []
    if depth:
        level.cases += told
    else:
        yield from told


def _outcome(point: "re.Match[str]") -> tuple[Outcome, str]:
    word, why = (point["word"] or "").lower(), point["why"] or ""
    if word == "skip":
        return "skipped", why
    if word in ("todo", "xfail"):
        return ("xfailed" if point["not"] else "xpassed"), why
    if point["not"]:
        return ("errored" if word in ("timeout", "error") else "failed"), f"{word} {why}".strip()
    return "passed", ""


def _missing(level: _Level) -> Iterator[Case]:
    for number in range(level.points + 1, min((level.planned or 0), level.points + 1000) + 1):
        name = f"point {number}"
        yield Case(name, "", name, "errored", message="the plan has it, and it never came")


def _any_bad(cases: list[Case]) -> bool:
    return any(case.outcome in ("failed", "errored") for case in cases)


def _inside(name: str, case: Case) -> Case:
    classname = f"{name}.{case.classname}" if case.classname else name
    return Case(
        f"{name}.{case.test}", classname, case.name, case.outcome, 0.0, case.message, case.detail
    )
