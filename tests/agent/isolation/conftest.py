"""Runs in a sandbox, in this process, and what they left."""

import os
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringtest.agent import proc
from ringtest.agent.alone.run import run_alone
from ringtest.agent.attempt import Outcome
from ringtest.agent.definitions.model import Definition
from ringtest.agent.isolation.box import CLEANUP
from ringtest.agent.isolation.cleanup import Cleanup
from tests.conftest import reachable_folder


def needed(program: str) -> str:
    """Where a program of `make setup` is."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert path, f"{program} is missing: run `make setup`"
    return path


def running(word: str) -> list[int]:
    """Pids of the processes that have this word on their command line."""
    return [one.pid for one in proc.table() if word.encode() in _words(one.pid)]


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


class Done:
    """A run that is over."""

    def __init__(self, outcome: Outcome, text: str, folder: Path, work: Path) -> None:
        self.outcome = outcome
        self.result = outcome.result
        self.text = text
        self.folder = folder
        self.work = work
        self.cleanup = msgspec.json.decode((folder / CLEANUP).read_bytes(), type=Cleanup)

    def printed(self) -> str:
        """Without the agent's own lines."""
        lines = self.text.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("[ringtest]"))


Isolated = Callable[..., Coroutine[Any, Any, Done]]


@pytest.fixture
def isolated(tmp_path: Path) -> Isolated:
    """`await isolated({"kind": …}, "command", …, artifacts=[…])`: one run of test commands.

    `watch` sees what is printed as it comes.
    """

    async def run(
        isolation: Any,
        *commands: str,
        out: str = "out",
        watch: Callable[[bytes], None] = lambda data: None,
        **more: Any,
    ) -> Done:
        work, folder = tmp_path / "work", tmp_path / out
        work.mkdir(exist_ok=True)
        stages = {"test": [{"run": one} for one in commands], **more.pop("stages", {})}
        definition = msgspec.convert({"isolation": isolation, "stages": stages, **more}, Definition)
        shown: list[bytes] = []

        def show(data: bytes) -> None:
            shown.append(data)
            watch(data)

        outcome = await run_alone(
            definition, work=work, folder=folder, cache=tmp_path / "cache", show=show
        )
        return Done(outcome, b"".join(shown).decode(errors="replace"), folder, work)

    return run


@pytest.fixture(scope="module")
def rootfs() -> Any:
    """A root filesystem with a shell and a few programs, as small as can be."""
    with reachable_folder() as folder:
        root = folder / "rootfs"
        for name in ("proc", "sys", "dev", "tmp", "etc", "usr", "bin"):
            (root / name).mkdir(parents=True)
        for program in ("sh", "cat", "ls", "sleep", "touch", "id", "setsid", "mkdir", "rm"):
            _copy(Path(needed(program)).resolve(), root / "bin" / program, root)
        yield root


def _copy(program: Path, to: Path, root: Path) -> None:
    shutil.copy(program, to)
    for word in os.popen(f"ldd {program}").read().split():
        if word.startswith("/"):
            target = root / word.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy(word, target)
