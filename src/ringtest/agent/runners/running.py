"""A step with a runner: choose, run, try again what was bad, keep what came of it."""

from collections.abc import Callable, Collection, Sequence

import msgspec

from ringtest.agent.control import StageFailed
from ringtest.agent.inside import require_inside
from ringtest.agent.protocol import Progress
from ringtest.agent.runners.blacklist import Blacklist, read_blacklist
from ringtest.agent.runners.changed import tests_at
from ringtest.agent.runners.earlier import bad_before
from ringtest.agent.runners.report import Report, read_cases, summary, write_junit
from ringtest.agent.runners.runner import Case, Runner, Task
from ringtest.agent.runners.selection import RunnerOptions, choose, listed

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
    report = Report(task.scratch / "cases.jsonl", task.folders)
    try:
        await _run_tests(runner, options, task, report, tell)
    finally:
        report.close()
        cases = list(read_cases(report.path, task.folders))
        require_inside(junit, task.folders).parent.mkdir(parents=True, exist_ok=True)
        write_junit(cases, suite, junit, task.folders)
        task.say(summary(cases))
    if report.bad:
        raise StageFailed(f"{len(report.bad)} of {len(report.last)} tests are bad", 1)


async def _run_tests(
    runner: Runner,
    options: RunnerOptions,
    task: Task,
    report: Report,
    tell: Callable[[Progress], None],
) -> None:
    blacklist = _blacklist(options, task)
    names = await runner.tests(task)
    before = None
    if names is not None and options.changed_since:
        before = await tests_at(options.changed_since, runner, options, task)
    chosen = _choose(runner, names, options, task, before)
    add = _Adding(report, len(chosen), blacklist, tell)
    left = []
    for test in chosen:
        why = blacklist.skips(test)
        if why is None:
            left.append(test)
        else:
            add(Case(test, *runner.identity(test), "skipped", message=why))
    everything = names is None
    if not left and not everything:
        return
    for attempt in range(1, options.reruns + 2):
        add.wanted = set(report.bad) if everything and attempt > 1 else None
        await runner.run(task, [] if everything else left, attempt, add)
        if everything and not report.last:
            raise StageFailed("no test was told of")
        left = [test for test in (report.bad if everything else left) if test in set(report.bad)]
        if not left:
            break
        if attempt <= options.reruns:
            task.say(f"{len(left)} bad: attempt {attempt + 1}")


def _choose(
    runner: Runner,
    names: Sequence[str] | None,
    options: RunnerOptions,
    task: Task,
    before: Collection[str] | None,
) -> list[str]:
    if names is None:
        if not msgspec.structs.replace(options, rerun="").is_everything:
            raise StageFailed(f"{runner.name} cannot tell which tests there are: none is chosen")
        why = ", as it cannot tell which tests there are" if options.rerun else ""
        task.say(f"{runner.name}: all there is{why}")
        return []
    try:
        exactly = _lines(options.file, task) if options.file else []
        if options.file and not exactly:
            raise StageFailed(f"list: {options.file} names no test")
        bad = _bad_before(options.rerun, names, runner, task) if options.rerun else None
        seed = task.variables.get("RINGTEST_JOB_ID", "")
        chosen = choose(names, options, exactly=exactly, bad=bad, before=before, seed=seed)
    except ValueError as error:
        raise StageFailed(str(error)) from None
    task.say(f"{runner.name}: {len(chosen)} of {len(names)} tests")
    if not chosen:
        raise StageFailed("no test is left to run")
    return chosen


def _bad_before(place: str, names: Sequence[str], runner: Runner, task: Task) -> set[str]:
    return bad_before(task.work / place, names, runner, (*task.folders, *task.readable))


def _lines(file: str, task: Task) -> list[str]:
    try:
        return listed(task.read(task.work / file))
    except (OSError, UnicodeDecodeError) as error:
        raise StageFailed(f"list: {file} cannot be read: {error}") from None


def _blacklist(options: RunnerOptions, task: Task) -> Blacklist:
    if not options.blacklist:
        return Blacklist()
    try:
        text = task.read(task.work / options.blacklist)
        return read_blacklist(text, options.blacklist, task.parameters)
    except OSError as error:
        raise StageFailed(f"blacklist: {options.blacklist} cannot be read: {error}") from None
    except ValueError as error:
        raise StageFailed(f"blacklist: {error}") from None


class _Adding:
    """Cases on their way into the report, forgiven where they are known; counts of the latest."""

    def __init__(
        self, report: Report, total: int, blacklist: Blacklist, tell: Callable[[Progress], None]
    ) -> None:
        self._report = report
        self._total = total
        self._blacklist = blacklist
        self._tell = tell
        self._counts = dict.fromkeys(("passed", "failed", "errored", "skipped"), 0)
        self.wanted: set[str] | None = None
        """Only these, where a program can run everything only."""

    def __call__(self, case: Case) -> None:
        if self.wanted is not None and case.test not in self.wanted:
            return
        case = self._blacklist.forgiven(case)
        before = self._report.last.get(case.test)
        self._report.add(case)
        if before:
            self._counts[_COUNTED[before.outcome]] -= 1
        self._counts[_COUNTED[case.outcome]] += 1
        self._tell(Progress(max(self._total, len(self._report.last)), **self._counts))
