"""The folder of one attempt at a job, and what is in it."""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringtest.agent.protocol import Claim, Result

RESULTS = "ringtest-results"
"""Folder of the work folder that has a JUnit file for every step with a runner."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._+=@-]+")


class OutcomeFile(msgspec.Struct, frozen=True):
    """A file to upload: path relative to the work folder, digest when it was collected."""

    name: str
    mime: str | None
    size: int
    sha256: str
    redacted: int = 0
    """Secrets that were replaced in it: it is then a copy, see `Attempt.source`."""
    unread: str = ""
    """What of it could not be looked into for secrets."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of an attempt: written before it is reported, so that a crash loses nothing."""

    result: Result
    reason: str | None = None
    files: list[OutcomeFile] = []
    at: str | None = None
    """When: the record of the end is the same, whoever brings it to the server."""


class Attempt:
    """Paths and small files of an attempt.

    `work`, `components` and `venv` are the job's; the rest is the agent's. Without the
    file `done` the attempt is still to be reported.
    """

    def __init__(self, folder: Path, claim: Claim) -> None:
        self.folder = folder
        self.claim = claim
        self.work = folder / "work"
        self.results = self.work / RESULTS
        self.components = folder / "components"
        self.venv = folder / "venv"
        self.plugins = folder / "plugins"
        self.steps = folder / "steps"
        self.prepared = folder / "prepared.json"
        self.progress = folder / "progress.jsonl"
        self.journal = folder / "journal.jsonl"
        self.position = folder / "position"
        self.reported = folder / "reported.position"
        self.processes = folder / "processes.json"
        self.cleaned = folder / "cleaned"
        self.left = folder / "left.jsonl"
        self._outcome = folder / "outcome.json"
        self._done = folder / "done"

    @classmethod
    def create(cls, jobs: Path, claim: Claim, raw: bytes) -> "Attempt":
        """Make the folder of a fresh claim; `raw` is the claim as the server sent it."""
        return cls.begin(jobs / f"{safe_name(claim.job_id)}.{claim.attempt}", claim, raw)

    @classmethod
    def begin(cls, folder: Path, claim: Claim, raw: bytes) -> "Attempt":
        """The same, in a folder that is named."""
        attempt = cls(folder, claim)
        for folder in (attempt.work, attempt.components, attempt.plugins):
            folder.mkdir(parents=True, exist_ok=True)
        write_durably(attempt.folder / "claim.json", raw)
        return attempt

    @classmethod
    def load(cls, folder: Path) -> "Attempt | None":
        """The attempt in a folder, None when its claim never reached the disk."""
        try:
            raw = (folder / "claim.json").read_bytes()
            return cls(folder, msgspec.json.decode(raw, type=Claim))
        except (OSError, msgspec.MsgspecError):
            return None

    def source(self, name: str) -> Path:
        """Where the bytes of an outcome's file are: without secrets where it had some."""
        copy = self.cleaned / name
        return copy if copy.is_file() else self.work / name

    @property
    def origin(self) -> str:
        """What its journal is of."""
        return f"{self.claim.job_id}.{self.claim.attempt}"

    @property
    def label(self) -> str:
        """Short name for the agent's own log."""
        return f"job {self.claim.job_id[:8]}.{self.claim.attempt}"

    @property
    def outcome(self) -> Outcome | None:
        """What came of it, None while that is open."""
        try:
            return msgspec.json.decode(self._outcome.read_bytes(), type=Outcome)
        except (OSError, msgspec.MsgspecError):
            return None

    @outcome.setter
    def outcome(self, outcome: Outcome) -> None:
        write_durably(self._outcome, msgspec.json.encode(outcome))

    @property
    def done(self) -> str | None:
        """How it ended for the agent: a result, `released`, `lost`; None while unreported."""
        try:
            return self._done.read_text(encoding="ascii")
        except OSError:
            return None

    @done.setter
    def done(self, how: str) -> None:
        write_durably(self._done, how.encode())


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file so that after a crash there is the old or the new, never half; mode 0600."""
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
    fresh.replace(path)


def safe_name(name: str) -> str:
    """A name that is harmless as one part of a path.

    >>> safe_name("../../etc/pass wd"), safe_name(".."), safe_name("")
    ('etc_pass_wd', '_', '_')
    """
    return _UNSAFE.sub("_", name).lstrip("._-")[:150] or "_"


def read_attempts(jobs: Path) -> Iterator[Attempt]:
    """Every attempt on disk, oldest first."""
    folders = [entry for entry in jobs.iterdir() if entry.is_dir()] if jobs.is_dir() else []
    for folder in sorted(folders, key=lambda each: each.stat().st_mtime):
        attempt = Attempt.load(folder)
        if attempt:
            yield attempt


def prune(jobs: Path, *, keep_jobs: int, keep_failed: int) -> list[str]:
    """Remove the oldest reported attempts beyond the limits; the names of those removed."""
    held = "held.json"  # what people look at stays
    known = [one for one in read_attempts(jobs) if not (one.folder / held).exists()]
    ended = [(attempt, attempt.done) for attempt in known]
    good = [attempt for attempt, how in ended if how == "passed"]
    bad = [attempt for attempt, how in ended if how not in ("passed", None)]
    extra = good[: max(0, len(good) - keep_jobs)] + bad[: max(0, len(bad) - keep_failed)]
    for attempt in extra:
        remove_tree(attempt.folder)
    return [attempt.folder.name for attempt in extra]


def remove_tree(folder: Path) -> None:
    """Remove a folder, also one whose owner wrote-protected parts of it."""
    for parent, names, _ in os.walk(folder):
        for path in (Path(parent), *(Path(parent, name) for name in names)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | stat.S_IRWXU)
    shutil.rmtree(folder)
