"""bubblewrap: what a hostile job cannot do, what an honest one can, and what is left."""

import os
import socket
from pathlib import Path

import pytest

from tests.agent.isolation.conftest import Isolated, needed, running

BOX = {"kind": "bubblewrap"}


@pytest.fixture(autouse=True)
def _installed() -> None:
    needed("bwrap")


async def test_honest_job_works_in_its_folder_and_leaves_its_artifacts(isolated: Isolated) -> None:
    done = await isolated(
        BOX,
        "echo one > out.txt; echo temporary > /tmp/kept; echo home > ~/kept",
        "cat /tmp/kept ~/kept out.txt; id -u; python3 -c 'import ssl, socket'",
        artifacts=[{"path": "out.txt"}],
    )
    assert done.result == "passed", done.text
    assert done.printed().splitlines()[:3] == ["temporary", "home", "one"]
    assert (done.folder / "artifacts/out.txt").read_text() == "one\n"
    assert done.cleanup.left == [] and not (done.folder / "tmp").exists()
    assert "cleanup: looked at processes, mounts" in done.text


@pytest.mark.parametrize(
    "hostile",
    [
        "echo x > /etc/broken",
        "echo x > /usr/broken",
        "ln -s /etc link && echo x > link/broken",
        "cat /etc/shadow",
        "ls {folder}/claim.json",
        "cat {secret}",
        "ln -s {secret} out.txt && cat out.txt",
        "cat /proc/1/root{secret}",
        "cat /proc/sys/vm/swappiness > number; cat number > /proc/sys/vm/swappiness",
        "echo h > /proc/sysrq-trigger",
        "mount -t tmpfs none /mnt",
        "mount -o remount,rw /usr",
        "unshare --user --map-root-user true",
        "mknod disk b 8 0",
        "chroot /proc/1/root ls {secret}",
        "kill -0 {pid}",
        "nsenter -t {pid} -m true",
        "test -e /dev/mem -o -e /dev/sda -o -e /dev/vda",
        "hostname elsewhere",
        "cat /run/docker.sock /run/systemd/private",
    ],
)
async def test_ways_out_are_closed(isolated: Isolated, tmp_path: Path, hostile: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key of the lab\n")
    command = hostile.format(secret=secret, folder=tmp_path / "out", pid=os.getpid())
    done = await isolated(BOX, command, artifacts=[{"path": "*.txt"}])
    assert done.result == "failed", done.text
    assert "key of the lab" not in done.text
    assert not (done.folder / "artifacts").exists()
    assert not Path("/etc/broken").exists() and not Path("/usr/broken").exists()


async def test_there_is_no_network_unless_it_is_asked_for(isolated: Isolated) -> None:
    names = "cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '"
    without = await isolated(BOX, names)
    assert without.printed().split() == ["lo"]
    own = {name for _, name in socket.if_nameindex()}
    shared = await isolated({**BOX, "network": True}, names, out="shared")
    assert own <= set(shared.printed().split())


async def test_only_what_is_named_may_be_read_beside_the_system(
    isolated: Isolated, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "one").write_text("given\n")
    named = {**BOX, "readable": [str(data)]}
    done = await isolated(named, f"cat {data}/one", f"echo x > {data}/two")
    assert "given" in done.printed() and done.result == "failed"
    assert [one.name for one in data.iterdir()] == ["one"]


async def test_processes_that_leave_their_session_end_with_their_step(isolated: Isolated) -> None:
    stray = "setsid bash -c 'exec -a ringtest-stray sleep 300' >/dev/null 2>&1 &"
    done = await isolated(
        BOX, stages={"test": [{"run": f"{stray} sleep 300", "timeout_seconds": 0.5}]}
    )
    assert done.result == "failed" and "not done after" in done.text
    assert done.cleanup.left == []
    assert not running("ringtest-stray")


async def test_runners_and_their_time_limits_work_inside(isolated: Isolated) -> None:
    test = "def test_bad():\\n    import time; time.sleep(300)\\n"
    step = {"runner": "pytest", "with": {"paths": ["test_a.py"], "timeout_seconds": 1.0}}
    done = await isolated(
        BOX,
        stages={"prepare": [{"run": f"printf '{test}' > test_a.py"}], "test": [step]},
    )
    assert "1 errored" in done.text and done.cleanup.left == [], done.text


async def test_without_the_program_the_job_errs_and_says_what_is_missing(
    isolated: Isolated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = await isolated(BOX, "true", stages={"prepare": [{"run": "true"}]})
    assert done.result == "errored" and "bubblewrap is not installed" in (done.outcome.reason or "")
