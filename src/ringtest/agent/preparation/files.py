"""`files`: configuration files, whole or edited; one that is wanted no more is as it was before."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.edits import Edits, edited
from ringtest.agent.preparation.machine import Machine

BACKUP = ".ringtest-before"
"""Ending of the copy of a file that was there before ours."""


class Placed(Struct, frozen=True, forbid_unknown_fields=True):
    """One file: either whole (`content`, `source`) or what is changed in the one that is there."""

    content: str | None = None
    source: str = ""
    """A local file whose content it gets."""
    mode: str = ""
    """Octal; otherwise that of the file before, else 644."""
    replace: dict[str, str] = {}
    set: dict[str, dict[str, str | int | float | bool]] = {}
    append: list[str] = []
    expand: bool = False
    """Whether `{{NAME}}` is a variable in it."""
    source_sha256: str = ""
    """Digest of `source`, so that a change of it is one."""

    @property
    def edits(self) -> Edits:
        """What is changed in the file that is there."""
        return Edits(self.replace, self.set, self.append)


async def place_files(machine: Machine, old: Any, new: Any) -> None:
    """`new` is `{path: content}` or `{path: Placed}`; StageFailed for anything else."""
    before = old if isinstance(old, Mapping) else {}
    wanted = read_files(new)
    for name, placed in wanted.items():
        path = machine.path(name)
        if before.get(name) != new[name] or not path.exists():
            _place(machine, path, name, placed, is_ours=name in before)
            machine.say(f"  {path} written")
    for name in before.keys() - wanted.keys():
        _take_away(machine.path(name))
        machine.say(f"  {machine.path(name)} as it was before")


def read_files(said: Any) -> dict[str, Placed]:
    """`{path: Placed}` or `{path: content}`; StageFailed for anything else."""
    if said is not None and not isinstance(said, Mapping):
        raise StageFailed("files: a mapping of paths to contents")
    return {name: _read(name, one) for name, one in (said or {}).items()}


def _read(name: str, said: Any) -> Placed:
    if isinstance(said, str):
        return Placed(said)
    try:
        placed = msgspec.convert(said, Placed)
        if placed.mode:
            int(placed.mode, 8)
    except msgspec.ValidationError as error:
        message = "needs a content, which is a text" if not isinstance(said, Mapping) else error
        raise StageFailed(f"files: {name} {message}") from None
    except ValueError:
        raise StageFailed(f"files: {name}: mode is octal, such as '600'") from None
    whole = (placed.content is not None) + bool(placed.source)
    if whole + (placed.edits != Edits()) != 1:
        raise StageFailed(
            f"files: {name} needs a content, a source or edits, and one of them alone"
        )
    return placed


def _place(machine: Machine, path: Path, name: str, placed: Placed, *, is_ours: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    backup = path.with_name(path.name + BACKUP)
    if path.exists() and not is_ours and not backup.exists():
        _copy(path, backup)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(_content(machine, backup, name, placed))
    like = backup if backup.exists() else path
    fresh.chmod(int(placed.mode or "0", 8) or (like.stat().st_mode & 0o7777 if like.exists()
                                               else 0o644))  # fmt: skip
    fresh.replace(path)


def _copy(path: Path, target: Path) -> None:
    """Whole or not at all, and the original stays where it is."""
    fresh = target.with_name(target.name + ".new")
    shutil.copy2(path, fresh)
    fresh.replace(target)


def _content(machine: Machine, backup: Path, name: str, placed: Placed) -> bytes:
    if placed.content is not None:
        return placed.content.encode()
    try:
        if placed.source:
            return machine.path(placed.source).read_bytes()
        before = backup.read_text(encoding="utf-8") if backup.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StageFailed(f"files: {name}: {error}") from None
    return edited(before, placed.edits, name).encode()


def _take_away(path: Path) -> None:
    backup = path.with_name(path.name + BACKUP)
    if backup.exists():
        backup.replace(path)
    else:
        path.unlink(missing_ok=True)
