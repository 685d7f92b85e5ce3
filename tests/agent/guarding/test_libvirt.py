"""Domains, networks and pools: what a test leaves is told, and put back as it was."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ringtest.agent.control import StageFailed
from ringtest.agent.guarding.guard import Guard, read_left
from tests.agent.guarding.conftest import World

GUEST = '<memory unit="KiB">1024</memory><os><type>hvm</type></os>'
DISK = '<disk type="file"><source file="/x"/><target dev="vdb" bus="virtio"/></disk>'
MakeGuard = Callable[..., Guard]


def as_is(world: World) -> str:
    """Everything there is, in words."""
    return world.virsh("list --all; net-list --all; pool-list --all; dumpxml test; vol-list "
                       "default-pool; net-dumpxml default")  # fmt: skip


def harm_domain(world: World) -> None:
    world.virsh("destroy", "test")


def harm_definition(world: World) -> None:
    world.virsh("setmaxmem", "test", "9000000", "--config")


def harm_device(world: World) -> None:
    world.virsh("setvcpus", "test", "1", "--live")


def pause(world: World) -> None:
    world.virsh("suspend", "test")


def make_transient(world: World) -> None:
    world.define("create", "domain", "left-over", GUEST)


def make_persistent(world: World) -> None:
    world.define("define", "domain", "left-over", GUEST)
    world.virsh("start", "left-over")


def lose_domain(world: World) -> None:
    world.virsh("destroy", "test")
    world.virsh("undefine", "test")


def stop_network(world: World) -> None:
    world.virsh("net-destroy", "default")


def lose_network(world: World) -> None:
    stop_network(world)
    world.virsh("net-undefine", "default")


def make_network(world: World) -> None:
    world.define("net-create", "network", "left-over", '<bridge name="lo9"/>')


def stop_pool(world: World) -> None:
    world.virsh("pool-destroy", "default-pool")


def make_pool(world: World) -> None:
    world.virsh("pool-define-as", "left-over", "dir", "--target", "/left")


def make_volume(world: World) -> None:
    world.virsh("vol-create-as", "default-pool", "left-over", "1M")


def start_with_host(world: World) -> None:
    world.virsh("autostart", "test")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (harm_domain, "domain test changed (state: running → shut off; running: "),
        (harm_definition, "domain test changed (definition: "),
        (harm_device, "domain test changed ("),
        (pause, "domain test changed (state: running → paused)"),
        (make_transient, "domain left-over appeared"),
        (make_persistent, "domain left-over appeared"),
        (lose_domain, "domain test vanished"),
        (stop_network, "network default changed (state: running → inactive; running: "),
        (lose_network, "network default vanished"),
        (make_network, "network left-over appeared"),
        (stop_pool, "pool default-pool changed (state: running → inactive; running: "),
        (make_pool, "pool left-over appeared"),
        (make_volume, "pool default-pool changed (volumes: none → left-over)"),
        (start_with_host, "domain test changed (autostart: no → yes)"),
    ],
)
async def test_what_a_test_left_is_told_and_put_back(
    world: World, make_guard: MakeGuard, harm: Callable[[World], None], told: str
) -> None:
    before = as_is(world)
    guard = make_guard(libvirt=world.address)
    await guard.begin()
    harm(world)
    left = await guard.end("test")
    assert [line.startswith(f"state: {told}") for line in left.text.splitlines()] == [True]
    assert [change.restored for change in left.changes] == [True], left.text
    assert _lasting(as_is(world)) == _lasting(before)
    await guard.begin()
    assert (await guard.end("again")).changes == []


def _lasting(text: str) -> list[str]:
    """Without the numbers that running things get anew."""
    return [re.sub(r"^ [0-9]+| id='[0-9]+'", "", line).lstrip() for line in text.splitlines()]


async def test_many_things_are_put_back_in_the_order_in_which_they_need_each_other(
    world: World, make_guard: MakeGuard, tmp_path: Path
) -> None:
    before = as_is(world)
    guard = make_guard(libvirt=world.address)
    await guard.begin()
    for harm in (lose_domain, lose_network, make_pool, make_persistent, make_network, stop_pool):
        harm(world)
    left = await guard.end("everything")
    assert len(left.changes) == 6
    assert all(change.restored for change in left.changes), left.text
    assert _lasting(as_is(world)) == _lasting(before)
    assert read_left(tmp_path / "results") == [left]


async def test_without_restore_it_is_told_once_and_left(
    world: World, make_guard: MakeGuard
) -> None:
    guard = make_guard(libvirt=[world.address], restore=False)
    await guard.begin()
    harm_domain(world)
    assert [change.restored for change in (await guard.end("one")).changes] == [None]
    await guard.begin()
    assert (await guard.end("two")).changes == []
    assert "shut off" in world.virsh("list", "--all")


async def test_what_is_permitted_is_neither_told_nor_put_back(
    world: World, make_guard: MakeGuard
) -> None:
    guard = make_guard(libvirt=world.address, permit=["domain left-.*"])
    await guard.begin()
    make_transient(world)
    assert (await guard.end("one")).changes == []
    assert "left-over" in world.virsh("list")


async def test_a_libvirt_that_does_not_answer_is_an_error_with_its_words(
    make_guard: MakeGuard, tmp_path: Path
) -> None:
    guard = make_guard(libvirt=f"test+unix:///default?socket={tmp_path}/none")
    with pytest.raises(StageFailed, match="Failed to connect socket"):
        await guard.begin()
