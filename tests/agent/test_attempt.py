"""Folders of attempts: what is kept, what is removed, what a crash leaves."""

import os
from pathlib import Path

from ringtest.agent.attempt import Attempt, Outcome, prune, read_attempts, remove_tree
from ringtest.agent.protocol import Claim

RAW = b'{"job":{"id":"%s"},"attempt":1,"lease_token":"t"}'


def make(jobs: Path, name: str, *, done: str | None = None, age: int = 0) -> Attempt:
    claim = Claim(job={"id": name}, attempt=1, lease_token="t")
    attempt = Attempt.create(jobs, claim, RAW % name.encode())
    if done:
        attempt.done = done
    os.utime(attempt.folder, (1e9 - age, 1e9 - age))
    return attempt


def names(jobs: Path) -> list[str]:
    return sorted(path.name for path in jobs.iterdir())


def test_the_newest_are_kept_and_failures_longer_than_passes(tmp_path: Path) -> None:
    for age in range(4):
        make(tmp_path, f"good{age}", done="passed", age=age)
        make(tmp_path, f"bad{age}", done="failed", age=age)
        make(tmp_path, f"open{age}", age=age + 100)
    prune(tmp_path, keep_jobs=1, keep_failed=3)
    kept = ["bad0.1", "bad1.1", "bad2.1", "good0.1", "open0.1", "open1.1", "open2.1", "open3.1"]
    assert names(tmp_path) == kept


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    attempt = make(tmp_path, "job")
    assert (attempt.outcome, attempt.done) == (None, None)
    attempt.outcome = Outcome("failed", "why")
    [again] = read_attempts(tmp_path)
    assert again.outcome == Outcome("failed", "why")
    assert again.claim.job_id == "job"


def test_a_folder_without_claim_is_no_attempt(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "claim.json").write_text('{"job":')
    assert list(read_attempts(tmp_path)) == []


def test_the_lease_is_its_owners_alone(tmp_path: Path) -> None:
    claim = make(tmp_path, "job").folder / "claim.json"
    assert claim.stat().st_mode & 0o077 == 0


def test_a_write_protected_tree_is_removed_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "job" / "work"
    folder.mkdir(parents=True)
    (folder / "file").touch()
    folder.chmod(0o500)
    remove_tree(tmp_path / "job")
    assert not (tmp_path / "job").exists()
