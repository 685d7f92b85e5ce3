"""A guest that really runs, under QEMU without an accelerator: what its driver fills in of a
description is no change, and what a test did to the guest is put back."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ringtest.agent.guarding.guard import Guard
from tests.agent.guarding.conftest import World
from tests.agent.guarding.daemon import qemu_daemon

GUEST = """<domain type="qemu"><name>{name}</name><memory unit="MiB">64</memory>
<os><type arch="x86_64" machine="pc">hvm</type></os>
<devices><serial type="pty"/><memballoon model="virtio"/></devices></domain>"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a libvirt of the system is root's")


@pytest.fixture(scope="module")
def qemu() -> Iterator[World]:
    """A libvirt with one running guest."""
    with TemporaryDirectory(prefix="rt-lv-") as folder, qemu_daemon(Path(folder)) as address:
        world = World(address)
        _take(world, "define", "guest")
        world.virsh("start", "guest")
        yield world


def _take(world: World, verb: str, name: str) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "guest.xml"
        file.write_text(GUEST.format(name=name))
        world.virsh(verb, str(file))


def _stop(world: World) -> None:
    world.virsh("destroy", "guest")


def _restart(world: World) -> None:
    _stop(world)
    world.virsh("start", "guest")


def _pause(world: World) -> None:
    world.virsh("suspend", "guest")


def _more_memory(world: World) -> None:
    world.virsh("setmaxmem", "guest", "128M", "--config")


def _lose(world: World) -> None:
    _stop(world)
    world.virsh("undefine", "guest")


def _leave_another(world: World) -> None:
    _take(world, "create", "left-over")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_stop, ["domain guest changed (state: running → shut off; running: "]),
        (_restart, []),
        (_pause, ["domain guest changed (state: running → paused"]),
        (_more_memory, ["domain guest changed (definition: "]),
        (_lose, ["domain guest vanished"]),
        (_leave_another, ["domain left-over appeared"]),
    ],
)
async def test_a_real_guest_is_as_it_was(
    qemu: World,
    make_guard: Callable[..., Guard],
    harm: Callable[[World], None],
    told: list[str],
) -> None:
    guard = make_guard(libvirt=qemu.address)
    await guard.begin()
    harm(qemu)
    left = await guard.end("test")
    lines = left.text.splitlines()
    assert len(lines) == len(told), left.text
    assert all(line.startswith(f"state: {one}") for line, one in zip(lines, told, strict=True)), (
        left.text
    )
    assert [change.restored for change in left.changes] == [True] * len(told), left.text
    assert qemu.virsh("list", "--name").split() == ["guest"]
    assert qemu.virsh("domstate", "guest").split() == ["running"]
    await guard.begin()
    assert (await guard.end("again")).changes == []
