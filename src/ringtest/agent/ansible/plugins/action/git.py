"""`git` tasks as they are, and two things more: a commit that the job has pinned is checked out
in place of the wanted version, and the exact tag of what is there is noted.

`RINGTEST_GIT_PINS` is JSON: addresses of repositories and their commits. Like the callback beside
it this runs in the lab's own Ansible. It stands for `git:`; `normal` brings `ansible.builtin.git:`.
"""

from __future__ import annotations

import json
import os
import shlex
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The module `git`, with a pinned version."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        pinned = _pins().get(_plain(arguments.get("repo", arguments.get("name", ""))))
        if pinned:
            arguments["version"] = pinned
        done = self._execute_module(
            module_name="ansible.legacy.git", module_args=arguments, task_vars=task_vars, tmp=tmp
        )
        result.update(done)
        place = arguments.get("dest")
        if not result.get("failed") and place and arguments.get("clone", True) is not False:
            words = f"git -C {shlex.quote(str(place))} describe --tags --exact-match HEAD"
            told = self._low_level_execute_command(f"{words} 2>/dev/null || true")
            tag = str(told.get("stdout") or "").strip()
            result["ringtest_git"] = {"tag": tag, "pinned": bool(pinned)}
        return result


def _pins() -> dict[str, str]:
    try:
        pins = json.loads(os.environ.get("RINGTEST_GIT_PINS") or "{}")
    except ValueError:
        return {}
    return {_plain(repo): str(commit) for repo, commit in pins.items()}


def _plain(repo: Any) -> str:
    return str(repo).rstrip("/").removesuffix(".git")
