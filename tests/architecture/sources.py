"""The files of this repository, as the architecture tests read them."""

import ast
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTROL = ROOT / "src" / "ringtest" / "control"


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is, or would be, under version control."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def python_files(*folders: str) -> list[Path]:
    """Python files below these folders, all of the repository's when none is named."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and (not folders or name_of(path).startswith(folders))
    ]


def name_of(path: Path) -> str:
    """How test reports call the file."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text(), str(path))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a module, inner ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            yield node


def expect_none(found: Iterable[str], advice: str = "") -> None:
    """Fail with the whole list: pytest would cut it short."""
    lines = sorted(found)
    assert not lines, "\n".join([advice, *lines]).strip()
