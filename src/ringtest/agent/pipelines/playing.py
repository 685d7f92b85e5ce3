"""The playbooks of one job, one after the other, and what they tell of it."""

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ringtest.agent.ansible.cases import task_cases
from ringtest.agent.ansible.files import MIME, commit_component, plain_address, task_file
from ringtest.agent.ansible.hooks import hook_playbook, hooks_of, last_hooks
from ringtest.agent.ansible.playbook import Playbook
from ringtest.agent.ansible.running import run_playbook
from ringtest.agent.ansible.told import (
    CommitTold,
    EndTold,
    ExplicitTold,
    PlayTold,
    TaskTold,
    Told,
)
from ringtest.agent.pipelines.context import Status
from ringtest.agent.pipelines.model import PipelineJob
from ringtest.agent.pipelines.outbox import Entry
from ringtest.agent.pipelines.workspace import Workspace
from ringtest.agent.runners.runner import Case, Commands

LIBRARIES = "/usr/share/dci"
"""Where packages of dci-ansible have their modules and plugins."""
_PREPARING = ("new", "pre-run")


class Account:
    """Makes entries of what playbooks tell, and keeps what the outcome depends on."""

    def __init__(self, put: Callable[[Entry], None], known: frozenset[str]) -> None:
        self._put = put
        self._known = known
        """Commits that the job has already."""
        self.state = ""
        self.said_state = False
        self.ran = 0
        self.failed = ""
        """The last task that failed."""
        self.explicit = False
        self.cases: list[Case] = []

    def enter(self, state: str, comment: str = "") -> None:
        """The job is in another state."""
        if state and state != self.state:
            self.state = state
            self._put(Entry("state", name=state, text=comment))

    def take(self, told: Told) -> None:
        """A line of the callback."""
        if isinstance(told, PlayTold) and told.status:
            self.said_state = True
            self.enter(told.status, told.comment)
        elif isinstance(told, TaskTold):
            name, text = task_file(told)
            self._put(Entry("text", name=name, text=text, mime=MIME))
            self.cases += task_cases(told)
            if told.has("failed") or told.has("unreachable"):
                self.failed = told.title
        elif isinstance(told, CommitTold) and told.commit not in self._known:
            commit = commit_component(told)
            self._put(
                Entry("commit", name=commit.type, commit=commit, pinned=plain_address(told.repo))
            )
        elif isinstance(told, ExplicitTold):
            self.explicit = True
        elif isinstance(told, EndTold):
            self.ran += told.ok + told.changed

    def status(self, code: int) -> tuple[Status, str]:
        """How the job came out, and why. Before the product runs it is the environment's fault."""
        if code == 0 and self.ran:
            return "success", ""
        why = f"task {self.failed}" if self.failed else f"ansible-playbook ended with {code}"
        if code == 0:
            why = "no task was run"
        preparing = self.state in _PREPARING and (self.said_state or self.explicit)
        if self.failed and code and not preparing:
            return "failure", why
        return "failure" if self.state == "running" else "error", why


class Phase(NamedTuple):
    """A playbook and the state that the job is in while it runs; empty: as it is."""

    status: str
    playbook: Path


def phases_of(job: PipelineJob, scratch: Path) -> list[Phase]:
    """The playbook between the hooks before it and those after it."""
    main = job.path("ansible_playbook")
    own = [Phase("running" if job.hook_folders else "", main)] if main else []
    if not job.hook_folders:
        return own
    agent = str(job.values.get("hooks_of") or "openshift")
    hooks = hooks_of(agent, job.hook_folders)
    made = [Phase(hook.status, hook_playbook(hook, scratch)) for hook in hooks]
    before = [phase for phase in made if phase.status == "pre-run"]
    return [*before, *own, *made[len(before) :]]


def last_phases(job: PipelineJob, status: Status, scratch: Path) -> list[Phase]:
    """Hooks once it is known how the job came out. Torn down is what has passed, unless
    `dci_teardown_on_success` or `dci_teardown_on_failure` say something else."""
    if not job.hook_folders or status == "killed":
        return []
    passed = status == "success"
    word = "success" if passed else "failure"
    given: Mapping[str, Any] = job.values.get("ansible_extravars") or {}
    hooks = last_hooks(word, job.hook_folders)
    if given.get(f"dci_teardown_on_{word}", passed):
        hooks += last_hooks("teardown", job.hook_folders)
    return [Phase("", hook_playbook(hook, scratch)) for hook in hooks]


class Player:
    """Runs playbooks of a job, each with the same words and variables."""

    def __init__(
        self,
        job: PipelineJob,
        workspace: Workspace,
        command: Commands,
        account: Account,
        *,
        variables: Mapping[str, str],
        extra: Sequence[str],
        vault: Path | None,
        verbosity: int,
    ) -> None:
        self._job = job
        self._workspace = workspace
        self._command = command
        self._account = account
        self._variables = variables
        self._extra = extra
        self._vault = vault
        self._verbosity = verbosity
        self._count = 0

    async def play(
        self, phases: Sequence[Phase], inventory: str | None, seconds: float | None
    ) -> int:
        """All of them up to the first that fails; its exit code. TimedOut when they together are
        not done after `seconds`."""
        now = asyncio.get_running_loop().time
        until = now() + seconds if seconds else None
        for phase in phases:
            self._account.enter(phase.status)
            code = await self.one(phase.playbook, inventory, until and max(0.0, until - now()))
            if code:
                return code
        return 0

    async def one(self, path: Path, inventory: str | None, seconds: float | None = None) -> int:
        """One playbook; TimedOut when it takes longer."""
        self._count += 1
        libraries = self._job.path("dci_ansible_dir") or Path(
            self._variables.get("DCI_ANSIBLE_DIR") or LIBRARIES
        )
        playbook = Playbook(
            path,
            inventory=inventory,
            extra=self._extra,
            tags=_words(self._job.values.get("ansible_tags")),
            skip_tags=_words(self._job.values.get("ansible_skip_tags")),
            config=self._job.path("ansible_cfg"),
            vault=self._vault,
            libraries=[libraries] if libraries.is_dir() else [],
            start=self._folder(),
            verbosity=self._verbosity,
        )
        return await run_playbook(
            playbook,
            command=self._command,
            variables={**self._variables, "DCI_PLAYBOOK_ARGS": shlex.join(playbook.argv()[1:-1])},
            told=self._workspace.own / f"told-{self._count:03}.jsonl",
            take=self._account.take,
            seconds=seconds,
        )

    def _folder(self) -> Path:
        main = self._job.path("ansible_playbook")
        return main.parent if main else self._job.folder


def _words(value: Any) -> list[str]:
    if not value:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in value]
