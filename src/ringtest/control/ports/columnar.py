"""Files of columns: written from packed results, and asked in SQL, with nothing else in reach."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

COLUMNS: Mapping[str, str] = {
    "job_id": "VARCHAR",
    "file_id": "VARCHAR",
    "position": "INTEGER",
    "created_at": "TIMESTAMP",
    "topic_id": "VARCHAR",
    "topic": "VARCHAR",
    "team_id": "VARCHAR",
    "team": "VARCHAR",
    "remoteci_id": "VARCHAR",
    "remoteci": "VARCHAR",
    "set_key": "VARCHAR",
    "job_name": "VARCHAR",
    "attempt": "INTEGER",
    "file_name": "VARCHAR",
    "suite": "VARCHAR",
    "classname": "VARCHAR",
    "name": "VARCHAR",
    "test_id": "VARCHAR",
    "outcome": "VARCHAR",
    "state": "VARCHAR",
    "seconds": "FLOAT",
    "retried": "BOOLEAN",
    "type": "VARCHAR",
    "message": "VARCHAR",
}
"""Names and SQL types of what is known of a case, in the order of the files. `file_id` and
`position` name it; `created_at` is when its file came (UTC); `type` and `message` are of cases that
failed or broke."""

NAME = "results"
"""What the cases are called in SQL."""


@dataclass(frozen=True, slots=True)
class Run:
    """A result file: what its cases have in common, and a byte, a number or a float32
    (little-endian) for each of them, in order. `said`: type and message by position."""

    job_id: str
    file_id: str
    created_at: datetime
    topic_id: str
    topic: str
    team_id: str
    team: str
    remoteci_id: str
    remoteci: str
    set_key: str
    job_name: str | None
    attempt: int
    file_name: str
    test_ids: Sequence[int]
    outcomes: bytes
    states: bytes
    durations: bytes
    retried: Sequence[int] = ()
    said: Mapping[int, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: where it lies until its sheet is left, its cases and its bytes."""

    path: Path
    rows: int
    size: int


@runtime_checkable
class Sheet(Protocol):
    """One file while it is written. Its methods take time and belong in a thread, one at a
    time; memory does not grow with what is added."""

    def add_tests(self, names: Mapping[int, tuple[str, str, str]]) -> None:
        """Suite, class name and name of tests by id, at some time before `finish`; twice is
        fine."""
        ...

    def add_run(self, run: Run) -> None:
        """The cases of a run, behind those that are there."""
        ...

    def finish(self, *, before: Path | None = None, without: Collection[str] = ()) -> Written:
        """Write the file, once: first what the file `before` holds, without the cases of these
        file ids, then what was added."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: SQL over `files` (all of this port's making) as the table `results`, of
    which it sees cases that came from `since` on and before `until`. At most `rows` are
    answered."""

    sql: str
    files: Sequence[Path]
    rows: int
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An answer. `columns` are names (no two alike) and SQL types; `stopped` says which limit
    cut the rows: rows, bytes; empty: none did. `rows` is a JSON array of objects."""

    columns: Sequence[Mapping[str, str]]
    rows: bytes
    count: int
    stopped: str = ""


class FileGone(Exception):
    """A file of a question is not there any more: another one has replaced it."""


@runtime_checkable
class Columnar(Protocol):
    """Writes and asks files of columns."""

    suffix: str
    """Of the files' names, with its dot."""

    def sheet(
        self, outcomes: Mapping[int, str], states: Mapping[int, str]
    ) -> AbstractContextManager[Sheet]:
        """A new file; the mappings are the words of packed bytes. Entering and leaving take
        time too. What it needs meanwhile lies in a folder that does not outlive the process
        for long."""
        ...

    def file_ids(self, path: Path) -> Iterator[str]:
        """The file ids that a file holds cases of. Takes time."""
        ...

    async def ask(self, question: Ask) -> Table:
        """Answer in a process of its own, which reaches nothing but the files.

        BadRequest with the `position` (characters from 0) of what is wrong with the SQL, of
        what takes too long or needs too much memory; FileGone.
        """
        ...
