"""Findings that are known, in a file: they are told no more, and when they are gone that is.

The file is JSON, sorted, one entry for each finding without its line, so that edits above it
change nothing: `{"rule": …, "file": …, "message": …, "count": 1}`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from ringtest.jjb.problems import Failure, Problem

_LINES = re.compile(r"(?<=:)\d+(:\d+)?")


class Known(NamedTuple):
    """What a finding is known by: no lines, no columns."""

    rule: str
    file: str
    message: str


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    rule: str
    file: str
    message: str
    count: int = 1


class _File(msgspec.Struct, forbid_unknown_fields=True):
    findings: list[_Entry]


def key_of(problem: Problem) -> Known:
    """What the finding is known by; the same on every machine."""
    file = problem.place.file if problem.place else ""
    message = problem.message.replace(str(Path.cwd()), ".")
    return Known(problem.rule, file, _LINES.sub("", message))


def write(path: Path, problems: Iterable[Problem]) -> None:
    """All of these are known from here on. OSError when the file cannot be written."""
    counted = Counter(key_of(problem) for problem in problems)
    entries = [_Entry(*known, count=count) for known, count in sorted(counted.items())]
    text = msgspec.json.format(msgspec.json.encode(_File(entries)), indent=2)
    path.write_bytes(text + b"\n")


def read(path: Path) -> Counter[Known]:
    """How often each finding is known. Raises Failure."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure("settings", f"the baseline {path}: {error}") from None
    counted: Counter[Known] = Counter()
    for entry in found.findings:
        counted[Known(entry.rule, entry.file, entry.message)] += entry.count
    return counted


def compare(
    problems: Iterable[Problem], known: Counter[Known]
) -> tuple[list[Problem], Counter[Known]]:
    """Findings that are not known, and known ones that are gone."""
    left = Counter(known)
    fresh = []
    for problem in problems:
        key = key_of(problem)
        if left[key] > 0:
            left[key] -= 1
        else:
            fresh.append(problem)
    return fresh, +left
