"""Tasks called `test_…` are tests. Pure."""

import re
from collections.abc import Iterator

from ringtest.agent.ansible.told import HostResult, Status, TaskTold
from ringtest.agent.runners.runner import Case, Outcome

PREFIX = "test_"
_OUTCOMES: dict[Status, Outcome] = {
    "ok": "passed",
    "changed": "passed",
    "ignored": "failed",
    "failed": "failed",
    "skipped": "skipped",
    "unreachable": "errored",
}


def task_cases(task: TaskTold, prefix: str = PREFIX) -> Iterator[Case]:
    """A case for every host of a task whose title begins so; the class is its role, else the
    file it stands in."""
    if not prefix or not task.title.startswith(prefix):
        return
    classname = task.role or re.sub(r"\.ya?ml(:\d+)?$", "", task.path).rsplit("/", 1)[-1]
    for one in task.hosts:
        name = task.title if len(task.hosts) == 1 else f"[{one.host}] {task.title}"
        yield _case(task, one, name, classname)


def _case(task: TaskTold, one: HostResult, name: str, classname: str) -> Case:
    outcome = _OUTCOMES[one.status]
    bad = outcome in ("failed", "errored")
    return Case(
        f"{classname}::{name}",
        classname,
        name,
        outcome,
        seconds=task.seconds,
        message=one.message if bad or outcome == "skipped" else "",
        detail=one.text if bad else "",
    )
