"""Tests that a branch does not have, and some of the others."""

import subprocess
from pathlib import Path

from tests.agent.runners.conftest import RunStep


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


async def test_what_a_branch_does_not_have_is_run_with_some_others(
    step: RunStep, tmp_path: Path
) -> None:
    names = [f"old{n}" for n in range(9)]
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "names").write_text("\n".join(names))
    git(tmp_path, "add", "names")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "names").write_text("\n".join(["new1", *names, "new2"]))
    given = {"listing": "cat names", "each": "true", "changed_since": "main", "others": 2}
    done = await step("command", given)
    ran = [case.test for case in done.cases]
    assert {"new1", "new2"} < set(ran) and len(ran) == 4, done.log
    assert [case.test for case in (await step("command", given)).cases] == ran
    assert not (tmp_path / "out" / "tree").exists()
    listed = subprocess.run(
        ["git", "worktree", "list"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1


async def test_a_commit_that_is_not_there_fails_the_step(step: RunStep, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    for commit in ("nothing", "--force"):
        given = {"listing": "echo a", "each": "true", "changed_since": commit}
        assert "changed_since: " in (await step("command", given)).failed
