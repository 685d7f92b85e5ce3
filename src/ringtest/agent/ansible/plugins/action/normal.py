"""What Ansible calls for modules without an action of their own: `ansible.builtin.git` goes on to
the action `git` beside this, which its full name would not find; all else is as it is.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import ansible.plugins.action as actions


def _usual() -> Any:
    """Ansible's own `normal`. It is found by its file: its name is that of this module here."""
    path = Path(actions.__file__).with_name("normal.py")
    spec = importlib.util.spec_from_file_location("ansible_usual_action", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ActionModule


Usual: Any = _usual()


class ActionModule(Usual):
    """The usual action, but for `git` by its full name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        if self._task.action == "ansible.builtin.git" and not self._task.async_val:
            ours = self._shared_loader_obj.action_loader.get(
                "ansible.legacy.git",
                task=self._task,
                connection=self._connection,
                play_context=self._play_context,
                loader=self._loader,
                templar=self._templar,
                shared_loader_obj=self._shared_loader_obj,
            )
            if ours is not None:
                done: dict[str, Any] = ours.run(task_vars=task_vars)
                return done
        usual: dict[str, Any] = super().run(tmp, task_vars)
        return usual
