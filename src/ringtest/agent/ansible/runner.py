"""The runner `ansible`: a playbook, or a hook of DCI's agents, as a step of a definition."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from ringtest.agent.ansible.cases import PREFIX, task_cases
from ringtest.agent.ansible.files import task_file
from ringtest.agent.ansible.hooks import AGENTS, LAST, Hook, hook_playbook, hooks_of, last_hooks
from ringtest.agent.ansible.kept import COMMITS, TASKS, place
from ringtest.agent.ansible.playbook import Playbook
from ringtest.agent.ansible.running import run_playbook
from ringtest.agent.ansible.told import CommitTold, TaskTold, Told
from ringtest.agent.control import StageFailed
from ringtest.agent.inside import LeadsOut, append_inside, require_inside, write_inside
from ringtest.agent.runners.report import told_path
from ringtest.agent.runners.runner import Case, Task, TimedOut
from ringtest.agent.runners.selection import RunnerOptions


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step. Paths are meant from the work folder."""

    playbook: str = ""
    hook: str = ""
    """In place of a playbook: the name of a hook, such as `pre-run`; without a file of that name
    nothing is run."""
    hooks: list[str] = msgspec.field(default_factory=list)
    """Folders of hooks: the files of the first run first, those of `teardown` last."""
    hooks_of: str = "openshift"
    """The agent whose hooks they are: openshift, openshift-app, rhel, openstack."""
    inventory: str = ""
    extra_vars: dict[str, Any] = msgspec.field(default_factory=dict)
    extra_vars_files: list[str] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)
    skip_tags: list[str] = msgspec.field(default_factory=list)
    limit: str = ""
    ansible_cfg: str = ""
    vault_password_file: str = ""
    arguments: list[str] = msgspec.field(default_factory=list)
    """More of ansible-playbook's own, such as `--check`."""
    verbosity: int = 1
    prefix: str = PREFIX
    """Tasks whose names begin so are tests."""


class Ansible:
    """Playbooks: each is a test, and so is every task called `test_…`."""

    name: ClassVar[str] = "ansible"
    summary: ClassVar[str] = "playbooks and hooks of DCI; tasks called test_… are tests"
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options

    async def tests(self, task: Task) -> Sequence[str] | None:
        """None: Ansible cannot tell."""
        return None

    def identity(self, test: str) -> tuple[str, str]:
        """Class and name of a test."""
        classname, _, name = test.rpartition("::")
        return classname, name

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """All playbooks that the step means; StageFailed when one cannot be begun."""
        playbooks = self._playbooks(task)
        if not playbooks:
            name, why = self._options.hook, "there is no file of this hook"
            case = Case(f"playbook::{name}", "playbook", name, "skipped", message=why)
            tell(msgspec.structs.replace(case, attempt=attempt))
        for number, path in enumerate(playbooks, start=1):
            pages = _Pages(task, self._options.prefix, attempt, tell)
            told = told_path(task.scratch, attempt).with_suffix(f".{number}.ansible")
            limit = self._options.timeout_seconds
            try:
                code = await run_playbook(
                    self._playbook(path, task.work),
                    command=task.command,
                    variables=task.variables,
                    told=told,
                    take=pages.take,
                    seconds=limit,
                    folders=task.folders,
                )
            except TimedOut:
                raise StageFailed(f"{path.name}: not done after {limit:g} s, killed") from None
            tell(pages.whole(path, task.work, code))

    def _playbooks(self, task: Task) -> list[Path]:
        options = self._options
        if bool(options.playbook) == bool(options.hook):
            raise StageFailed("one of playbook and hook is needed")
        if options.playbook:
            path = task.work / options.playbook
            try:
                require_inside(path, (*task.folders, *task.readable))
            except LeadsOut as error:
                raise StageFailed(f"playbook: {error}") from None
            if not path.is_file():
                raise StageFailed(f"there is no playbook {options.playbook}")
            return [path]
        try:
            folders = (*task.folders, *task.readable)
            return [hook_playbook(hook, task.scratch, folders) for hook in self._hooks(task)]
        except ValueError as error:
            raise StageFailed(str(error)) from None

    def _hooks(self, task: Task) -> list[Hook]:
        options, folders = self._options, [task.work / one for one in self._options.hooks]
        if options.hooks_of not in AGENTS:
            raise StageFailed(f"hooks_of is one of {', '.join(AGENTS)}")
        if options.hook in LAST:
            return last_hooks(options.hook, folders)
        names = [name for name, _ in AGENTS[options.hooks_of]]
        if options.hook not in names:
            raise StageFailed(f"{options.hooks_of} has no hook {options.hook}; {', '.join(names)}")
        return [one for one in hooks_of(options.hooks_of, folders) if one.name == options.hook]

    def _playbook(self, path: Path, work: Path) -> Playbook:
        options = self._options
        extra = [f"@{work / file}" for file in options.extra_vars_files]
        if options.extra_vars:
            extra.append(msgspec.json.encode(options.extra_vars).decode())
        inventory: Path | str | None = options.inventory or None
        if inventory and "," not in options.inventory:
            inventory = work / options.inventory
        return Playbook(
            path,
            inventory=inventory,
            extra=extra,
            tags=options.tags,
            skip_tags=options.skip_tags,
            limit=options.limit,
            config=work / options.ansible_cfg if options.ansible_cfg else None,
            vault=work / options.vault_password_file if options.vault_password_file else None,
            arguments=options.arguments,
            start=work,
            verbosity=options.verbosity,
        )


class _Pages:
    """Writes a file per task, as the run goes on, and tells of tests."""

    def __init__(self, task: Task, prefix: str, attempt: int, tell: Callable[[Case], None]) -> None:
        self._folder = task.results / TASKS
        self._folders = task.folders
        self._stage = task.stage
        self._prefix = prefix
        self._attempt = attempt
        self._tell = tell
        self._failed: TaskTold | None = None
        self._count = sum(1 for _ in self._folder.glob("[0-9]*"))

    def take(self, told: Told) -> None:
        """A line of the callback."""
        if isinstance(told, CommitTold):
            path = require_inside(self._folder / COMMITS, self._folders)
            path.parent.mkdir(parents=True, exist_ok=True)
            with append_inside(path, self._folders) as file:
                file.write(msgspec.json.encode(told) + b"\n")
        if not isinstance(told, TaskTold):
            return
        name, text = task_file(told)
        self._write(name, text)
        if told.has("failed") or told.has("unreachable"):
            self._failed = told
        for case in task_cases(told, self._prefix):
            self._tell(msgspec.structs.replace(case, attempt=self._attempt))

    def _write(self, name: str, text: str) -> None:
        self._count += 1
        path = self._folder / place(self._count, self._stage, name)
        require_inside(path, self._folders).parent.mkdir(parents=True, exist_ok=True)
        write_inside(path, text, self._folders)

    def whole(self, path: Path, work: Path, code: int) -> Case:
        """The playbook itself as a test."""
        name = path.relative_to(work).as_posix() if path.is_relative_to(work) else path.name
        case = Case(f"playbook::{name}", "playbook", name, "passed", attempt=self._attempt)
        if code == 0:
            return case
        message, detail = f"ansible-playbook ended with {code}", ""
        if self._failed:
            message = f"{self._failed.title}: {self._failed.hosts[0].message}"
            detail = task_file(self._failed)[1]
        outcome = "failed" if self._failed else "errored"
        return msgspec.structs.replace(case, outcome=outcome, message=message, detail=detail)
