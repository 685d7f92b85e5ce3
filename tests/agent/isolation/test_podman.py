"""podman on a root filesystem of the lab."""

from pathlib import Path

import pytest

from ringtest.agent.attempt import Attempt
from ringtest.agent.isolation.held import let_go, read_note
from ringtest.agent.isolation.programs import printed
from tests.agent.isolation.conftest import Isolated, needed, running


@pytest.fixture
def podman(rootfs: Path) -> dict[str, object]:
    """The isolation of a job that has this root filesystem."""
    needed("podman")
    needed("runc")
    return {"kind": "podman", "rootfs": str(rootfs)}


async def test_job_sees_its_root_filesystem_and_its_folder_alone(
    isolated: Isolated, podman: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("key of the lab\n")
    done = await isolated(
        podman,
        "echo one > out.txt; echo temporary > /tmp/kept; ls /; echo $RINGTEST_ATTEMPT",
        "cat /tmp/kept out.txt",
        f"cat {tmp_path}/secret || true; cat /etc/shadow || true; echo $PATH",
        "ls /sys/class/net",
        "echo x > /broken",
        artifacts=[{"path": "out.txt"}],
    )
    text = done.printed()
    assert done.result == "failed" and "Read-only" in text, done.text
    assert "temporary\none\n" in text and "key of the lab" not in text and "root:" not in text
    assert "\nlo\n" in text and "eth0" not in text
    assert (done.folder / "artifacts/out.txt").read_text() == "one\n"
    assert done.cleanup.left == []
    assert not (done.folder / "podman").exists() and not (done.folder / "tmp").exists()


async def test_containers_end_with_their_step_whatever_they_started(
    isolated: Isolated, podman: dict[str, object]
) -> None:
    stray = "setsid sleep 31415 & sleep 31415"
    steps = [{"run": stray, "timeout_seconds": 1}, {"run": "echo still works", "always": True}]
    done = await isolated(podman, stages={"test": steps})
    assert "not done after its 1 s" in done.text and "still works" in done.printed()
    assert done.cleanup.left == [] and not running("31415")


async def test_writable_root_filesystem_keeps_what_prepare_did(
    isolated: Isolated, podman: dict[str, object], rootfs: Path
) -> None:
    done = await isolated(
        {**podman, "writable": True},
        "cat /etc/made",
        stages={"prepare": [{"run": "echo made > /etc/made"}]},
    )
    assert done.result == "passed", done.text
    assert (rootfs / "etc/made").read_text() == "made\n"


async def test_lab_without_the_folder_says_so(isolated: Isolated) -> None:
    needed("podman")
    missing = {"kind": "podman", "rootfs": "/nowhere/at/all"}
    done = await isolated(missing, stages={"prepare": [{"run": "true"}], "test": []})
    assert done.result == "errored" and "no folder /nowhere/at/all" in (done.outcome.reason or "")


async def test_held_run_is_entered_by_a_container_on_the_same_folders(
    isolated: Isolated, podman: dict[str, object]
) -> None:
    done = await isolated(podman, "echo kept > /tmp/file; false", hold={"after": "failure"})
    held, attempt = read_note(done.folder), Attempt.load(done.folder)
    assert held and attempt
    script = done.folder / "enter"
    script.write_text(script.read_text().replace("--interactive --tty", "--interactive"))
    code, text = await printed("sh", "-c", f"echo 'cat /tmp/file' | {held.shell}", seconds=60)
    assert (code, text) == (0, "kept\n")
    assert await let_go(attempt, held) == []
    assert not (done.folder / "podman").exists() and not (done.folder / "tmp").exists()
