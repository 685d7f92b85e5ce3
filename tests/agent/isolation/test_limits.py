"""Limits: by control groups where the machine has them, by rlimits else."""

import os
from pathlib import Path

import pytest

from ringtest.agent.definitions.isolated import Isolation
from ringtest.agent.isolation import limits
from ringtest.agent.isolation.cgroups import Group, make_group
from tests.agent.isolation.conftest import Isolated

EAT = "python3 -c 'x = bytearray(400_000_000)'"


@pytest.fixture
def no_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where the agent may not make control groups."""
    monkeypatch.setattr(limits, "make_group", lambda name, amounts: [])


@pytest.mark.usefixtures("no_groups")
@pytest.mark.parametrize(
    ("limit", "command", "word"),
    [
        ({"memory": "200MB"}, EAT, "MemoryError"),
        ({"file_size": "1MiB"}, "head -c 2M /dev/zero > big", "limits: file_size 1.0 MiB"),
        (
            {"open_files": 32},
            "python3 -c 'x = [open(\"/dev/null\") for _ in range(64)]'",
            "Too many",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["none", "bubblewrap"])
async def test_processes_are_bounded_without_control_groups(
    isolated: Isolated, kind: str, limit: dict[str, object], command: str, word: str
) -> None:
    done = await isolated({"kind": kind, **limit}, command)
    assert done.result == "failed" and word in done.text, done.text
    assert "rlimit, each process" in done.text


@pytest.mark.usefixtures("no_groups")
async def test_cpus_are_an_affinity_without_control_groups(isolated: Isolated) -> None:
    done = await isolated({"kind": "none", "cpus": 0.5}, "nproc")
    assert done.printed() == "1\n" and "cpus 1 (affinity)" in done.text


async def test_control_groups_bound_all_processes_together(isolated: Isolated) -> None:
    groups = make_group(f"ringtest-probe-{os.getpid()}", {"memory": 1 << 30, "processes": 20.0})
    kept = {key: one for one in groups for key in one.keeps}
    for one in groups:
        assert one.remove()
    if set(kept) != {"memory", "processes"}:
        pytest.skip("this account may not make control groups on this machine")
    bounds = {"kind": "bubblewrap", "memory": "150MB", "processes": 20}
    done = await isolated(bounds, EAT)
    assert done.result == "failed" and "MemoryError" not in done.text, done.text
    assert "SIGKILL" in done.text or "exit code 137" in done.text, done.text
    done = await isolated(bounds, "for i in $(seq 40); do sleep 30 & done", out="forks")
    assert done.result == "failed" and "fork" in done.printed()
    assert "all together" in done.text
    assert done.cleanup.left == [] and "control groups" in done.cleanup.looked
    assert not any(Path(one.folder).exists() for one in groups)


async def test_time_of_the_run_is_a_limit_too(isolated: Isolated) -> None:
    done = await isolated({"kind": "none", "seconds": 0.5}, "sleep 300")
    assert done.result == "errored" and done.outcome.reason == "timed out after 0.5 s"


def test_second_version_is_asked_for_what_it_has(tmp_path: Path) -> None:
    own, root = tmp_path / "own", tmp_path / "cgroup"
    own.write_text("0::/agent.service\n")
    parent = root / "agent.service"
    parent.mkdir(parents=True)
    (parent / "cgroup.subtree_control").write_text("")
    made = make_group("job", {"memory": 5.0, "cpus": 1.5, "processes": None}, root=root, own=own)
    assert (parent / "cgroup.subtree_control").read_text() == "+memory +cpu"
    assert made == []  # a folder is no control group: it has none of the files
    assert not (parent / "job").exists()


def test_each_controller_of_the_first_version_has_a_group(tmp_path: Path) -> None:
    own, root = tmp_path / "own", tmp_path / "cgroup"
    own.write_text("3:memory:/a\n2:cpu,cpuacct:/\n1:pids:/\n")
    for folder in ("memory/a", "cpu,cpuacct"):
        (root / folder).mkdir(parents=True)
    assert make_group("job", {"memory": 5.0, "cpus": 1.5}, root=root, own=own) == []
    assert list(root.glob("**/job")) == []


def test_group_that_is_gone_counts_as_removed(tmp_path: Path) -> None:
    assert Group(str(tmp_path / "gone"), 1, ("memory",)).remove()


def test_sizes_are_read_alike_everywhere() -> None:
    whole = limits.amounts(Isolation("none", memory="1.5KiB", file_size=7, cpus=2))
    assert whole == {
        "memory": 1536, "cpus": 2, "processes": None, "open_files": None, "file_size": 7,
    }  # fmt: skip
