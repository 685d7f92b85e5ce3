"""`files`: configuration files with their content; one that is wanted no more goes away."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine

BACKUP = ".ringtest-before"
"""Ending of the copy of a file that was there before ours."""


async def place_files(machine: Machine, old: Any, new: Any) -> None:
    """`new` is `{path: content}` or `{path: {content, mode}}`; StageFailed for anything else."""
    before = old if isinstance(old, Mapping) else {}
    for name, said in (new or {}).items():
        content, mode = _read(name, said)
        path = machine.path(name)
        if before.get(name) != said or not path.exists():
            _place(path, content, mode, is_ours=name in before)
            machine.say(f"  {path} written")
    for name in before.keys() - (new or {}).keys():
        _take_away(machine.path(name))
        machine.say(f"  {machine.path(name)} as it was before")


def _read(name: str, said: Any) -> tuple[str, int]:
    if isinstance(said, str):
        return said, 0o644
    if isinstance(said, Mapping) and isinstance(said.get("content"), str):
        try:
            return said["content"], int(str(said.get("mode", "644")), 8)
        except ValueError:
            raise StageFailed(f"files: {name}: mode is octal, such as '600'") from None
    raise StageFailed(f"files: {name} needs a content, which is a text")


def _place(path: Path, content: str, mode: int, *, is_ours: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    backup = path.with_name(path.name + BACKUP)
    if path.exists() and not is_ours and not backup.exists():
        path.rename(backup)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(content, encoding="utf-8")
    fresh.chmod(mode)
    fresh.replace(path)


def _take_away(path: Path) -> None:
    backup = path.with_name(path.name + BACKUP)
    if backup.exists():
        backup.replace(path)
    else:
        path.unlink(missing_ok=True)
