"""Which files of a job are uploaded."""

import os
from collections.abc import Iterable
from pathlib import Path

from ringtest.agent.attempt import OutcomeFile
from ringtest.agent.definitions.model import Artifact
from ringtest.client.files import LocalFile

MOST_FILES = 10_000


def find_artifacts(work: Path, rules: Iterable[Artifact]) -> list[OutcomeFile]:
    """Regular files below `work` that a rule matches, each once, under its first rule.

    Patterns are relative, `**` crosses folders. A link counts if it leads to a file below
    `work`; one that leads out of it does not. Reads every file for its digest.
    """
    root = work.resolve()
    found: dict[str, OutcomeFile] = {}
    for rule in rules:
        for path in sorted(_matches(work, rule.path)):
            name = path.relative_to(work).as_posix()
            if name in found or len(found) >= MOST_FILES or not _is_inside(path, root):
                continue
            try:
                file = LocalFile.measure(path)
            except OSError:
                continue
            found[name] = OutcomeFile(name, rule.mime, file.size, file.sha256)
    return list(found.values())


def _matches(work: Path, pattern: str) -> list[Path]:
    if pattern.startswith("/") or ".." in pattern.split("/"):
        return []
    try:
        return list(work.glob(pattern))
    except (ValueError, OSError, NotImplementedError):
        return []


def _is_inside(path: Path, root: Path) -> bool:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return real.is_file() and os.access(real, os.R_OK) and real.is_relative_to(root)
