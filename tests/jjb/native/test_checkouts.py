"""Checkouts from real repositories of Git."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.jjb.native.conftest import Runs

_WHO = {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.example",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.example",
}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    """What Git answers."""
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder, env=os.environ | _WHO, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


class Repository:
    """A bare repository, and a clone to commit from."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.bare = folder / "ring.git"
        self.clone.mkdir(parents=True)
        git(self.clone, "init", "-q", "-b", "main")
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        git(self.clone, "remote", "add", "origin", str(self.bare))

    def commit(self, branch: str = "main", **files: str) -> str:
        """A commit on a branch, pushed; its digest."""
        known = git(self.clone, "branch", "--list", branch)
        if known or not git(self.clone, "branch"):
            git(self.clone, "checkout", "-q", *([branch] if known else ["-B", branch]))
        else:
            git(self.clone, "checkout", "-q", "-b", branch)
        for name, text in files.items():
            (self.clone / name).write_text(text)
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-q", "-m", f"{sorted(files)}")
        git(self.clone, "push", "-q", "origin", branch)
        return git(self.clone, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "sources")
    made.commit(ring="one")
    return made


def scm(repository: Repository, **options: Any) -> list[dict[str, Any]]:
    """A job's `scm`."""
    return [{"git": {"url": str(repository.bare), "branches": ["main"], **options}}]


def test_the_branch_is_checked_out_and_told_of(runs: Runs, repository: Repository) -> None:
    head = repository.commit(ring="two")
    done = runs(
        scm=scm(repository),
        builders=[{"shell": 'echo "$(cat ring) $GIT_COMMIT $GIT_BRANCH $GIT_URL"'}],
    )
    assert f"two {head} origin/main {repository.bare}" in done.lines


@pytest.mark.parametrize(
    "branch", ["other", "*/other", "origin/other", "refs/heads/other", "$WHICH", "o*er"]
)
def test_branches_are_found_by_every_spelling(
    runs: Runs, repository: Repository, branch: str
) -> None:
    head = repository.commit("other", ring="other")
    done = runs(
        {"WHICH": "other"},
        parameters=[{"string": {"name": "WHICH"}}],
        scm=scm(repository, branches=[branch]),
        builders=[{"shell": 'echo "$GIT_COMMIT $GIT_BRANCH"'}],
    )
    assert f"{head} origin/other" in done.lines


def test_tags_digests_and_fetched_references_are_found(runs: Runs, repository: Repository) -> None:
    first = git(repository.clone, "rev-parse", "HEAD")
    git(repository.clone, "push", "-q", "origin", "HEAD:refs/tags/v1", "HEAD:refs/changes/1")
    repository.commit(ring="later")
    echo = [{"shell": "echo $GIT_COMMIT"}]
    change = {"refspec": "refs/changes/1", "branches": ["FETCH_HEAD"]}
    gerrit = {"refspec": "refs/changes/1", "choosing-strategy": "gerrit"}
    for options in ({"branches": ["refs/tags/v1"]}, {"branches": [first]}, change, gerrit):
        assert first in runs(scm=scm(repository, **options), builders=echo).lines


def test_without_a_change_the_branch_is_built(runs: Runs, repository: Repository) -> None:
    repository.commit("a-branch-before-main", ring="other")
    gerrit = scm(repository, **{"choosing-strategy": "gerrit"})
    assert "origin/main" in runs(scm=gerrit, builders=[{"shell": "echo $GIT_BRANCH"}]).lines


def test_a_branch_that_is_not_there_cannot_be_prepared(runs: Runs, repository: Repository) -> None:
    done = runs(scm=scm(repository, branches=["none"]), builders=[{"shell": "echo never"}])
    assert done.state.result == "FAILURE"
    assert done.stages == {"prepare": False, "collect": True}
    assert "never" not in done.lines


def test_a_checkout_is_tried_again_as_often_as_the_job_says(
    runs: Runs, repository: Repository
) -> None:
    missing = scm(repository, branches=["none"])
    done = runs(**{"retry-count": 2}, scm=missing)
    assert done.log.count("tried again") == 2


def test_the_workspace_is_wiped_cleaned_or_kept(runs: Runs, repository: Repository) -> None:
    leave = [{"shell": "ls; touch left"}]
    keep = scm(repository, **{"wipe-workspace": False})
    runs(scm=keep, builders=leave)
    assert "left" in runs(scm=keep, builders=leave).lines
    cleaned = scm(repository, **{"wipe-workspace": False}, clean={"before": True})
    assert "left" not in runs(scm=cleaned, builders=leave).lines
    assert "left" not in runs(scm=scm(repository), builders=leave).lines


def test_folder_local_branch_depth_and_merge(runs: Runs, repository: Repository) -> None:
    repository.commit("feature", feature="yes")
    repository.commit("main", ring="two")
    url = f"file://{repository.bare}"
    shallow = {"url": url, "basedir": "sub", "shallow-clone": True, "local-branch": "work"}
    look = [{"shell": "git -C sub rev-list --count HEAD; git -C sub branch --show-current"}]
    assert runs(scm=scm(repository, **shallow), builders=look).lines[1:3] == ["1", "work"]
    merged = scm(
        repository,
        branches=["feature"],
        merge={"remote": "origin", "branch": "main", "fast-forward-mode": "NO_FF"},
        **{"git-config-name": "a", "git-config-email": "a@b.example"},
    )
    done = runs(scm=merged, builders=[{"shell": "echo $(cat ring feature)"}])
    assert "twoyes" in done.lines


def test_submodules_and_sparse_checkouts(
    runs: Runs, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("COUNT", "1"), ("KEY_0", "protocol.file.allow"), ("VALUE_0", "always")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    inner = Repository(tmp_path / "inner")
    inner.commit(deep="inside")
    git(repository.clone, "submodule", "add", "-q", str(inner.bare), "part")
    repository.commit(extra="x")
    look = [{"shell": "find . -path ./.git -prune -o -type f -print | sort"}]
    whole = runs(scm=scm(repository, submodule={"recursive": True}), builders=look)
    assert {"./part/deep", "./extra", "./ring"} <= set(whole.lines)
    sparse = scm(repository, **{"sparse-checkout": {"paths": ["/ring"]}})
    assert "./extra" not in runs(scm=sparse, builders=look).lines


def test_git_is_given_the_credential_that_the_job_names(
    runs: Runs, repository: Repository, tmp_path: Path
) -> None:
    helper = tmp_path / "git-remote-asked"
    helper.write_text(
        '#!/bin/sh\necho "$($GIT_ASKPASS Username) $($GIT_ASKPASS Password)" >&2\nexit 1\n'
    )
    helper.chmod(0o755)
    path = tmp_path / "credentials.yaml"
    path.write_text("login: {username: ci, password: hunter-two}\n")
    sources = scm(repository, **{"credentials-id": "login", "url": "asked::somewhere"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        done = runs(credentials=path, scm=sources)
    assert "ci ****" in done.lines
    files = [one for one in done.out.rglob("*") if one.is_file()]
    assert not [one for one in files if b"hunter-two" in one.read_bytes()]
