"""What the runner keeps of a playbook's tasks among the results of an attempt: where, and how it
is to be told to a server. Pure, but for reading the commits."""

import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from ringtest.agent.ansible.told import CommitTold

TASKS = "ansible"
"""Folder of the results that has a file per task."""
COMMITS = "commits.jsonl"
"""File in it with a line for every commit that was checked out."""
MOST_COMMITS = 200
_LONGEST = 200
_SLASH = "\N{DIVISION SLASH}"
_PLACE = re.compile(rf"(?:.*/)?{TASKS}/\d+\.(\w+)/(.+)", re.S)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class KeptTask(NamedTuple):
    """A task's file as DCI has it: its stage, and its name with its prefix."""

    stage: str
    name: str


def place(number: int, stage: str, name: str) -> Path:
    """Where a task's file is kept, from the folder of tasks: the number keeps their order, and
    equal names apart.

    >>> place(1, "test", "failed/TASK [a/b : c]").as_posix()
    '00001.test/failed/TASK [a\N{DIVISION SLASH}b : c]'
    """
    prefix, sign, rest = name.partition("/TASK [")
    parts = [prefix, f"TASK [{rest}"] if sign else [name]
    path = Path(f"{number:05}.{stage}")
    for part in parts:
        path /= part.replace("/", _SLASH).replace("\0", "")[:_LONGEST]
    return path


def kept_task(name: str) -> KeptTask | None:
    """What a collected file is of, None when it is no task's.

    >>> kept_task("ringtest-results/ansible/00001.test/failed/TASK [a\N{DIVISION SLASH}b : c]")
    KeptTask(stage='test', name='failed/TASK [a/b : c]')
    >>> kept_task("ringtest-results/suite.xml")
    """
    found = _PLACE.fullmatch(name)
    return KeptTask(found[1], found[2].replace(_SLASH, "/")) if found else None


def read_commits(path: Path) -> list[CommitTold]:
    """Commits of a file, each once: a step may have written there what it liked."""
    found: dict[str, CommitTold] = {}
    with path.open("rb") as file:
        for line in file.read(MOST_COMMITS * 4096).splitlines():
            try:
                told = msgspec.json.decode(line, type=CommitTold)
            except msgspec.MsgspecError:
                continue
            if _COMMIT.fullmatch(told.commit) and told.repo and len(found) < MOST_COMMITS:
                found.setdefault(f"{told.repo} {told.commit}", told)
    return list(found.values())
