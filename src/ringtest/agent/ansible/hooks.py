"""Files that partners have around a run, under the names that DCI's agents call them by.

A hook is `<folder>/hooks/<name>.yml`, or `<folder>/<name>.yml` where there is no folder `hooks`:
a list of tasks, or a playbook.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from ringtest.agent.inside import ANYWHERE, read_inside, write_inside

AGENTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "openshift": (
        ("pre-run", "pre-run"),
        ("configure", "pre-run"),
        ("custom-install", "running"),
        ("install", "running"),
        ("upgrade", "running"),
        ("tests", "running"),
        ("post-run", "post-run"),
    ),
    "openshift-app": (
        ("pre-run", "pre-run"),
        ("install", "running"),
        ("tests", "running"),
        ("post-run", "post-run"),
    ),
    "rhel": (("pre-run", "pre-run"), ("tests", "running"), ("user-tests", "running")),
    "openstack": (("pre-run", "pre-run"), ("running", "running"), ("local_tests", "running")),
}
"""Hooks of each agent in their order, each with the state that the job is in meanwhile. After
them come `success` or `failure`, then `teardown`."""
LAST = ("success", "failure", "teardown")
ON_MACHINES = frozenset({"user-tests"})
"""Hooks that run on every machine of the inventory in place of the jumphost."""


class Hook(NamedTuple):
    """A file to run, and the state of the job while it does; empty: the state it has."""

    name: str
    status: str
    file: Path


def hooks_of(agent: str, folders: Sequence[Path]) -> list[Hook]:
    """The hooks there are, in the order of the run; of several folders the first comes first."""
    return [
        Hook(name, status, file) for name, status in AGENTS[agent] for file in _files(name, folders)
    ]


def last_hooks(name: str, folders: Sequence[Path]) -> list[Hook]:
    """Those of `success`, `failure` or `teardown`; folders are torn down in reverse."""
    order = list(reversed(folders)) if name == "teardown" else folders
    status = name if name != "teardown" else ""
    return [Hook(name, status, file) for file in _files(name, order)]


def _files(name: str, folders: Sequence[Path]) -> list[Path]:
    found = []
    for folder in folders:
        place = folder / "hooks" if (folder / "hooks").is_dir() else folder
        files = [place / f"{name}{end}" for end in (".yml", ".yaml")]
        found += [file for file in files if file.is_file()][:1]
    return found


def hook_playbook(hook: Hook, scratch: Path, folders: Sequence[Path] = ANYWHERE) -> Path:
    """The hook as a playbook: itself, or one below `scratch` that includes its tasks.

    ValueError when it is no YAML, or in none of `folders`.
    """
    try:
        content = yaml.load(read_inside(hook.file, folders), Loader=_Any)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{hook.file}: {error}") from None
    is_play = [isinstance(one, dict) and bool(_PLAYS & one.keys()) for one in content or []]
    if is_play and all(is_play):
        return hook.file
    on_machines = hook.name in ON_MACHINES
    tasks = [{"name": f"{hook.name} hook", "include_tasks": str(hook.file)}] if content else []
    play = {
        "name": hook.name,
        "hosts": "all:!localhost" if on_machines else "localhost",
        "gather_facts": on_machines,
        "tasks": tasks,
    }
    path = scratch / f"{hook.name}-{hashlib.sha256(str(hook.file).encode()).hexdigest()[:8]}.yml"
    write_inside(path, yaml.safe_dump([play], sort_keys=False), (scratch,))
    return path


_PLAYS = {"hosts", "import_playbook", "ansible.builtin.import_playbook"}


class _Any(yaml.SafeLoader):
    """Takes tags such as `!vault` and `!unsafe` for what stands below them."""


_Any.add_multi_constructor("!", lambda loader, suffix, node: None)
