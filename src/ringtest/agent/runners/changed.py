"""Which tests there were at an earlier commit of the work folder's repository."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ringtest.agent.control import StageFailed
from ringtest.agent.runners.runner import Runner, Task
from ringtest.agent.runners.selection import RunnerOptions

_TREE = """set -e
git worktree add --quiet --detach --force "$1" "$2"
git rev-parse --show-prefix > "$1.prefix"
"""


async def tests_at(commit: str, runner: Runner, options: RunnerOptions, task: Task) -> set[str]:
    """The names that the same runner lists there; StageFailed when it cannot."""
    if commit.startswith("-"):
        raise StageFailed(f"changed_since: {commit} is no commit")
    tree, scratch = task.scratch / "tree", task.scratch / "before"
    scratch.mkdir(exist_ok=True)
    argv = ["/bin/sh", "-c", _TREE, "sh", str(tree), commit]
    if await task.command(argv, env=task.variables):
        raise StageFailed(f"changed_since: there is no {commit} in a repository of the work folder")
    try:
        prefix = task.read(task.scratch / "tree.prefix").strip()
        there = _Inside(task, tree / prefix)
        same: Callable[[RunnerOptions], Runner] = type(runner)
        moved = dataclasses.replace(task, work=there.folder, scratch=scratch, command=there)
        return set(await same(options).tests(moved) or ())
    finally:
        remove = ["git", "worktree", "remove", "--force", str(tree)]
        await task.command(remove, env=task.variables)


class _Inside:
    """Commands that start in another folder."""

    def __init__(self, task: Task, folder: Path) -> None:
        self._task = task
        self.folder = folder

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        seconds: float | None = None,
        until: Callable[[], float | None] | None = None,
    ) -> int:
        """See `Commands`."""
        inside = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self.folder), *argv]
        return await self._task.command(inside, env=env, seconds=seconds, until=until)
