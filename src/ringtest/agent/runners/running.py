"""A step with a runner: choose, run, try again what was bad, keep what came of it."""

from collections.abc import Callable
from pathlib import Path

from ringtest.agent.control import StageFailed
from ringtest.agent.protocol import Progress
from ringtest.agent.runners.report import Report, known_cases, read_cases, summary, write_junit
from ringtest.agent.runners.runner import BAD, Case, Runner, Task
from ringtest.agent.runners.selection import RunnerOptions, choose

_COUNTED = {"passed": "passed", "xfailed": "skipped", "xpassed": "passed", "failed": "failed",
            "errored": "errored", "skipped": "skipped"}  # fmt: skip


async def run_tests(
    runner: Runner,
    options: RunnerOptions,
    task: Task,
    *,
    suite: str,
    tell: Callable[[Progress], None],
) -> None:
    """Run a step's tests; StageFailed when one is bad in its last try, or none could run.

    What was over is in `cases.jsonl` of the step at any time, and in a JUnit file at the end,
    also when the step fails or is stopped.
    """
    junit = task.results / f"{suite}.xml"
    report = Report(task.scratch / "cases.jsonl")
    try:
        names = await runner.tests(task)
        try:
            chosen = choose(names, options, bad=_bad_before(options.rerun))
        except ValueError as error:
            raise StageFailed(str(error)) from None
        task.say(f"{runner.name}: {len(chosen)} of {len(names)} tests")
        if not chosen:
            raise StageFailed("no test is left to run")
        left = chosen
        for attempt in range(1, options.reruns + 2):
            await runner.run(task, left, attempt, _adding(report, len(chosen), tell))
            bad = set(report.bad)
            left = [test for test in left if test in bad]
            if not left:
                break
            if attempt <= options.reruns:
                task.say(f"{len(left)} bad: attempt {attempt + 1}")
    finally:
        report.close()
        cases = list(read_cases(report.path))
        junit.parent.mkdir(parents=True, exist_ok=True)
        write_junit(cases, suite, junit)
        task.say(summary(cases))
    if report.bad:
        raise StageFailed(f"{len(report.bad)} of {len(report.last)} tests are bad", 1)


def _adding(report: Report, total: int, tell: Callable[[Progress], None]) -> Callable[[Case], None]:
    counts = dict.fromkeys(("passed", "failed", "errored", "skipped"), 0)
    for last in report.last.values():
        counts[_COUNTED[last.outcome]] += 1

    def add(case: Case) -> None:
        before = report.last.get(case.test)
        report.add(case)
        if before:
            counts[_COUNTED[before.outcome]] -= 1
        counts[_COUNTED[case.outcome]] += 1
        tell(Progress(max(total, len(report.last)), **counts))

    return add


def _bad_before(folder: str) -> set[str] | None:
    """Tests that were bad at the end of an earlier run, from the folder it left."""
    if not folder:
        return None
    bad: dict[str, bool] = {}
    files = sorted(Path(folder).glob("**/cases.jsonl"))
    if not files:
        raise StageFailed(f"rerun: {folder} has no results of an earlier run")
    for file in files:
        for case in known_cases(file.parent):
            bad[case.test] = case.outcome in BAD
    return {test for test, is_bad in bad.items() if is_bad}
