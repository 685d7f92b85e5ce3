"""What is left after a run: nothing, whenever it was stopped; and if something is, it is named."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from ringtest.agent.definitions.isolated import Isolation
from ringtest.agent.isolation import bubblewrap
from ringtest.agent.isolation.bubblewrap import Bubblewrap
from ringtest.agent.isolation.cgroups import make_group
from ringtest.agent.isolation.cleanup import remember_groups, remove_groups
from ringtest.agent.isolation.limits import Bounds
from ringtest.agent.isolation.programs import printed
from ringtest.agent.isolation.sandbox import Surroundings
from tests.agent.isolation.conftest import Isolated, needed, running
from tests.conftest import reachable_folder

STAGES = ("provision", "prepare", "test", "collect", "teardown")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", ["none", "bubblewrap"])
async def test_stop_at_every_stage_leaves_nothing(
    isolated: Isolated, tmp_path: Path, kind: str, stage: str
) -> None:
    tag = f"{tmp_path.name}-{kind}-{stage}"
    forks = f"setsid bash -c 'exec -a {tag} sleep 300' & (bash -c 'exec -a {tag} sleep 300' &)"
    last = stage in ("collect", "teardown")
    script = f"{forks}; echo here; echo again; sleep 300"
    stages = {one: [{"run": "true"}] for one in STAGES} | {stage: [{"run": script}]}
    seen: list[bytes] = []

    def watch(data: bytes) -> None:
        for word in (b"here", b"again") if last else (b"here",):
            if word in data.splitlines() and word not in seen:
                seen.append(word)
                signal.raise_signal(signal.SIGINT)

    done = await isolated({"kind": kind}, stages=stages, watch=watch)
    assert done.result == "cancelled", done.text
    assert done.cleanup.left == [] and not running(tag)
    assert not (done.folder / "tmp").exists() and not (done.folder / "home").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
async def test_mount_that_is_left_is_named_in_log_file_and_reason(isolated: Isolated) -> None:
    done = await isolated("none", "mkdir inside && mount -t tmpfs none inside")
    place = done.work / "inside"
    subprocess.run(["umount", place], check=True)
    assert done.result == "passed" and done.cleanup.left == [f"mount {place}"]
    assert done.outcome.reason == f"left behind: mount {place}"
    assert f"left behind: mount {place}" in done.text


async def test_what_appeared_in_shared_folders_is_told_apart(isolated: Isolated) -> None:
    # first by its name: others make files there too, and only so many are named
    done = await isolated("none", 'f=$(mktemp /tmp/0-appeared-XXXXXX); echo "$f"')
    made = Path(done.printed().strip())
    made.unlink()
    assert f"file {made}" in done.cleanup.appeared and done.cleanup.left == []


def test_groups_of_an_agent_that_died_are_removed(tmp_path: Path) -> None:
    made = make_group(f"ringtest-test-{os.getpid()}", {"memory": 1 << 30, "processes": 10.0})
    file = tmp_path / "groups.json"
    remember_groups(file, made)
    remove_groups(file)
    assert not any(Path(one.folder).exists() for one in made)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another account")
async def test_sandbox_works_for_an_ordinary_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The very options of a job, for an account that has no rights."""
    setpriv = needed("setpriv")
    needed("bwrap")
    monkeypatch.setattr(bubblewrap, "_interpreter", list)  # it may be where only root reads
    with reachable_folder() as folder:
        places = [folder / name for name in ("work", "tmp", "home")]
        for place in places:
            place.mkdir()
            place.chmod(0o777)
        around = Surroundings(folder, folder / "work", (), (), "0" * 32, print)
        box = Bubblewrap(Isolation("bubblewrap"), around, Bounds())
        await box.open()
        shutil.rmtree(folder / "tmp")  # what root tried in there is root's
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o777)
        script = "echo x > file; touch /usr/x || id -u"
        inside = box.wrap(["/bin/sh", "-c", script], folder / "work", dict(os.environ))
        account = [setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        code, text = await printed(*account, *inside.argv)
    assert code == 0 and text.splitlines()[-1] == "65534", text
