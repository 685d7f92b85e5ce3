"""A callback for Ansible: one JSON line per task, as soon as the next one begins.

It is loaded by the lab's own ansible-playbook, in whatever Python that has: it imports nothing
but Ansible and the standard library. Each line is one write to the file `RINGTEST_ANSIBLE_TOLD`;
who reads it, sends it and names it is not the run's business.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: ringtest_tasks
type: aggregate
short_description: tells Ringtest of every task
description: Writes a line of JSON per task to the file in RINGTEST_ANSIBLE_TOLD.
requirements:
  - the variable RINGTEST_ANSIBLE_TOLD
"""

_MOST = 512 * 1024
_GIT = ("git", "ansible.builtin.git", "ansible.legacy.git")
_DCI_JOB = ("dci_job", "dci.ansible.dci_job")


class CallbackModule(CallbackBase):
    """What ansible-playbook calls; with no file to write to it does nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "ringtest_tasks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        path = os.environ.get("RINGTEST_ANSIBLE_TOLD")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600) if path else None
        self._task: dict[str, Any] | None = None
        self._began = 0.0

    # plays and tasks begin --------------------------------------------------------

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._flush()
        variables = play.get_vars()
        words = {
            key: str(variables[f"dci_{key}"])
            for key in ("status", "comment")
            if variables.get(f"dci_{key}") and "{{" not in str(variables[f"dci_{key}"])
        }
        self._tell({"kind": "play", "name": play.get_name().strip(), **words})

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._begin(task, "TASK")

    def v2_playbook_on_cleanup_task_start(self, task: Any) -> None:
        self._begin(task, "CLEANUP TASK")

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._begin(task, "RUNNING HANDLER")

    def _begin(self, task: Any, word: str) -> None:
        self._flush()
        self._began = time.monotonic()
        role = getattr(task, "_role", None)
        self._task = {
            "kind": "task",
            "name": f"{word} [{task.get_name().strip()}]",
            "title": str(task.name or task.action),
            "role": role.get_name() if role else "",
            "path": task.get_path() or "",
            "action": str(task.action),
            "hosts": [],
        }
        if task.action in _DCI_JOB and "status" in task.args:
            self._tell({"kind": "explicit"})

    # results ----------------------------------------------------------------------

    def v2_runner_on_ok(self, result: Any) -> None:
        changed = result._result.get("changed", False)
        self._add(result, "changed" if changed else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._add(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._add(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._add(result, "unreachable")

    def _add(self, result: Any, status: str) -> None:
        if self._task is None:
            return
        data = result._result
        message = "" if "censored" in data else str(data.get("msg") or "")
        self._task["hosts"].append(
            {
                "host": result._host.get_name(),
                "status": status,
                "message": message[:_MOST],
                "text": self._dump_results(data)[-_MOST:],
                "warned": bool(data.get("warnings")),
            }
        )
        if self._task["action"] in _GIT and status in ("ok", "changed"):
            self._note_commit(data)

    def _note_commit(self, data: Any) -> None:
        """What a `git` task has checked out; a task with no_log shows none."""
        asked = (data.get("invocation") or {}).get("module_args") or {}
        found = data.get("ringtest_git") or {}
        repo, commit = asked.get("repo"), data.get("after")
        if repo and commit:
            tag = found.get("tag") or ""
            self._tell({"kind": "commit", "repo": str(repo), "commit": str(commit), "tag": tag})

    # the end ----------------------------------------------------------------------

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._flush()
        each = [stats.summarize(host) for host in stats.processed]
        counts = {
            key: sum(one[key] for one in each)
            for key in ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored")
        }
        self._tell({"kind": "end", **counts})

    def _flush(self) -> None:
        if self._task is not None:
            self._task["seconds"] = round(time.monotonic() - self._began, 6)
            task, self._task = self._task, None
            self._tell(task)

    def _tell(self, line: dict[str, Any]) -> None:
        if self._file is None:
            return
        text = json.dumps({**line, "at": time.time()}, default=str)
        data = text.encode("utf-8", "backslashreplace") + b"\n"
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:  # a full disk ends the telling, never the run
            self._display.warning(f"Ringtest is told nothing more: {error}")
            self._file = None
