"""A libvirt whose state lasts, and a guard of it."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ringtest.agent.guarding.guard import Guard
from ringtest.language.state_guard import StateGuard
from tests.agent.alone.conftest import ringtest as ringtest
from tests.agent.guarding.daemon import libvirt_daemon


class World:
    """A libvirt, by its address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def virsh(self, *words: str) -> str:
        """A command that must succeed; what it printed."""
        done = subprocess.run(
            ["virsh", "-c", self.address, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def define(self, verb: str, kind: str, name: str, inner: str) -> None:
        """Make a thing from its description."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / "thing.xml"
            of = ' type="test"' if kind == "domain" else ' type="dir"' if kind == "pool" else ""
            file.write_text(f"<{kind}{of}><name>{name}</name>{inner}</{kind}>")
            self.virsh(verb, str(file))


@pytest.fixture
def world() -> Iterator[World]:
    with TemporaryDirectory(prefix="rt-lv-") as folder, libvirt_daemon(Path(folder)) as address:
        yield World(address)


@pytest.fixture
def make_guard(tmp_path: Path) -> Callable[..., Guard]:
    """A guard with these options; its record is in `results`."""

    def make(**options: Any) -> Guard:
        return Guard(
            StateGuard(**options), work=tmp_path, results=tmp_path / "results", say=lambda _: None
        )

    return make
