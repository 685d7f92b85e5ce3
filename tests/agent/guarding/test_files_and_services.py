"""Files and services around a piece of work."""

from collections.abc import Callable
from pathlib import Path

from ringtest.agent.guarding.files import MOST_KEPT
from ringtest.agent.guarding.guard import Guard
from tests.agent.guarding.conftest import World

MakeGuard = Callable[..., Guard]


async def test_files_are_as_they_were_and_no_others_are_there(
    make_guard: MakeGuard, tmp_path: Path
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    for name in ("changed", "lost", "opened", "same"):
        (folder / name).write_text(f"{name}\n")
        (folder / name).chmod(0o640)
    (folder / "link").symlink_to("same")
    guard = make_guard(files=["etc/*"])
    await guard.begin()
    (folder / "changed").write_text("evil\n")
    (folder / "lost").unlink()
    (folder / "opened").chmod(0o666)
    (folder / "link").unlink()
    (folder / "link").symlink_to("changed")
    (folder / "new").write_text("left\n")
    left = await guard.end("test")
    told = {Path(change.name).name: change.how for change in left.changes}
    assert told == {"changed": "changed", "lost": "vanished", "opened": "changed",
                    "link": "changed", "new": "appeared"}  # fmt: skip
    assert all(change.restored for change in left.changes), left.text
    assert (folder / "changed").read_text() == "changed\n"
    assert (folder / "lost").stat().st_mode & 0o777 == 0o640
    assert (folder / "opened").stat().st_mode & 0o777 == 0o640
    assert (folder / "link").readlink() == Path("same")
    assert not (folder / "new").exists()


async def test_a_file_that_is_too_large_to_keep_is_told_as_lost(
    make_guard: MakeGuard, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(MOST_KEPT + 1))
    guard = make_guard(files=[str(tmp_path / "large")])
    await guard.begin()
    (tmp_path / "large").write_bytes(b"")
    left = await guard.end("test")
    assert [change.restored for change in left.changes] == [False]
    assert f"cannot be put back: it has more than {MOST_KEPT} bytes" in left.text
    await guard.begin()
    assert (await guard.end("next")).changes == [], "what cannot be put back is told once"


async def test_a_service_runs_again_or_is_stopped_again(
    make_guard: MakeGuard, tmp_path: Path
) -> None:
    services = {
        name: {
            "start": f"touch {tmp_path}/{name}",
            "stop": f"rm {tmp_path}/{name}",
            "status": f"test -e {tmp_path}/{name}",
        }
        for name in ("one", "two")
    }
    (tmp_path / "one").touch()
    guard = make_guard(services=services)
    await guard.begin()
    (tmp_path / "one").unlink()
    (tmp_path / "two").touch()
    left = await guard.end("test")
    assert left.text.splitlines() == [
        "state: service one changed (state: running → stopped): put back",
        "state: service two changed (state: stopped → running): put back",
    ]
    assert (tmp_path / "one").exists() and not (tmp_path / "two").exists()


async def test_a_service_that_libvirt_needs_is_put_back_before_libvirt_is_asked(
    world: World, make_guard: MakeGuard, tmp_path: Path
) -> None:
    socket = Path(world.address.partition("socket=")[2])
    away = socket.with_name("away")
    services = {
        "libvirtd": {"start": f"mv {away} {socket}", "stop": f"mv {socket} {away}",
                     "status": f"test -e {socket}"}
    }  # fmt: skip
    guard = make_guard(libvirt=world.address, services=services)
    await guard.begin()
    world.virsh("destroy", "test")
    socket.rename(away)
    left = await guard.end("test")
    assert [(one.kind, one.restored) for one in left.changes] == [
        ("service", True), ("domain", True),
    ]  # fmt: skip
    assert "running" in world.virsh("list")
