"""Ant's patterns of files below a folder."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

_ALWAYS_LEFT_OUT = (
    "**/*~", "**/#*#", "**/.#*", "**/%*%", "**/._*", "**/CVS/**", "**/.cvsignore", "**/SCCS/**",
    "**/vssver.scc", "**/.svn/**", "**/.DS_Store", "**/.git/**", "**/.gitattributes",
    "**/.gitignore", "**/.gitmodules", "**/.hg/**", "**/.hgignore", "**/.bzr/**",
)  # fmt: skip


def matching(folder: Path, include: str, exclude: str = "", *, defaults: bool = True) -> list[Path]:
    """Regular files below a folder that a pattern fits, sorted; links out of it do not count.

    include, exclude: patterns separated by commas. defaults: leave out what Ant leaves out.
    """
    wanted = [_regex(one) for one in _split(include)]
    unwanted = [_regex(one) for one in _split(exclude)]
    unwanted += [_regex(one) for one in _ALWAYS_LEFT_OUT] if defaults else []
    return [
        folder / name
        for name in sorted(_below(folder))
        if fits(name, wanted) and not fits(name, unwanted)
    ]


def empty(folder: Path) -> None:
    """Deletes all that is in a folder, and leaves the folder: somebody may stand in it."""
    for path in folder.iterdir() if folder.is_dir() else ():
        delete(path)


def delete(path: Path) -> None:
    """Deletes a file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def fits(name: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    """Whether one of the patterns fits."""
    return any(pattern.fullmatch(name) for pattern in patterns)


def compiled(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    """Patterns to ask with `fits`."""
    return [_regex(one) for one in patterns]


def _below(folder: Path) -> Iterator[str]:
    root = folder.resolve()
    for base, _, files in os.walk(folder):
        for name in files:
            path = Path(base, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                continue
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _split(text: str) -> list[str]:
    return [one for one in re.split(r"[,\n]\s*|\s+", text.strip()) if one]


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern of Ant.

    >>> [bool(_regex("a/**/*.xml").fullmatch(one)) for one in ("a/b.xml", "a/b/c.xml", "b.xml")]
    [True, True, False]
    >>> bool(_regex("out/").fullmatch("out/a/b"))
    True
    """
    pattern = pattern.replace("\\", "/").removeprefix("./")
    if pattern.endswith("/"):
        pattern += "**"
    made = ""
    parts = pattern.split("/")
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            made += ".*" if last else "(?:[^/]+/)*"
            continue
        made += re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        if not last and parts[number + 1 :] == ["**"]:
            made += "(?:/.*)?"  # the folder's own name fits as well
            break
        made += "" if last else "/"
    return re.compile(made, re.DOTALL)
