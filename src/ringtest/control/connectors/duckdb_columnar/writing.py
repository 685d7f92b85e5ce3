"""A Parquet file while it is written: cases gather in a database of DuckDB's on the disk, as
numbers, and become rows with names when all are there."""

import fcntl
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO
from uuid import uuid4

import duckdb
import numpy as np

from ringtest.control.ports.columnar import COLUMNS, Run, Written

_LOCK = "lock"
_BATCH = 200_000
"""Cases that are handed over at a time: 30 bytes each."""
_GROUP = 122_880
"""Rows of a group in the file: what is read or left out at a time."""
_PER_RUN = [
    "job_id", "file_id", "created_at", "topic_id", "topic", "team_id", "team",
    "remoteci_id", "remoteci", "set_key", "job_name", "attempt", "file_name",
]  # fmt: skip
_TABLES = f"""
CREATE TABLE runs (run INTEGER, {", ".join(f"{name} {COLUMNS[name]}" for name in _PER_RUN)});
CREATE TABLE tests (id BIGINT, hex VARCHAR, suite VARCHAR, classname VARCHAR, name VARCHAR);
CREATE TABLE cases (run INTEGER, position INTEGER, test BIGINT, outcome UTINYINT, state UTINYINT,
  seconds FLOAT, retried BOOLEAN, type VARCHAR, message VARCHAR);
CREATE TABLE words (kind VARCHAR, byte UTINYINT, word VARCHAR);
"""
_ROWS = f"""
SELECT {
    ", ".join(
        f'{"c" if name == "position" else "r"}."{name}"'
        for name in ["job_id", "file_id", "position", *_PER_RUN[2:]]
    )
},
  coalesce(t.suite, '') AS suite, coalesce(t.classname, '') AS classname,
  coalesce(t.name, '') AS name, coalesce(t.hex, printf('%016x', c.test)) AS test_id,
  o.word AS outcome, s.word AS state, c.seconds, c.retried, c.type, c.message
FROM cases c JOIN runs r ON r.run = c.run LEFT JOIN tests t ON t.id = c.test
JOIN words o ON o.kind = 'outcome' AND o.byte = c.outcome
JOIN words s ON s.kind = 'state' AND s.byte = c.state
"""


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder below `folder` that goes at the end; what a killed process left there goes now."""
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    own = folder / uuid4().hex
    own.mkdir(mode=0o700)
    lock = _locked(own)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        if lock is not None:
            lock.close()


def _sweep(folder: Path) -> None:
    for other in folder.iterdir():
        with suppress(OSError):
            lock = _locked(other) if (other / _LOCK).exists() else None
            if lock is not None:
                shutil.rmtree(other, ignore_errors=True)
                lock.close()


def _locked(folder: Path) -> IO[bytes] | None:
    """The folder's lock, held as long as it is open; None: its process lives."""
    file = (folder / _LOCK).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


class DuckSheet:
    """See `ports.columnar.Sheet`. `folder` is its own."""

    def __init__(
        self, folder: Path, outcomes: Mapping[int, str], states: Mapping[int, str], memory: int
    ) -> None:
        self._box = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{memory}MiB",
                "threads": 1,
                "temp_directory": str(folder / "spilled"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        self._target = folder / "cases.parquet"
        self._turn = threading.Lock()
        self._runs = 0
        self._box.execute(_TABLES)
        words = [("outcome", *one) for one in outcomes.items()]
        words += [("state", *one) for one in states.items()]
        self._box.executemany("INSERT INTO words VALUES ($1, $2, $3)", words)

    def __enter__(self) -> "DuckSheet":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._turn:  # a thread that is still at it ends first
            self._box.close()

    def add_tests(self, names: Mapping[int, tuple[str, str, str]]) -> None:
        """See `ports.columnar.Sheet`."""
        if not names:
            return
        columns = {
            "id": np.fromiter(names, np.int64, len(names)),
            **{
                part: np.array([name[at] for name in names.values()], dtype=object)
                for at, part in enumerate(("suite", "classname", "name"))
            },
        }
        with self._turn:
            self._box.register("more", columns)
            self._box.execute(
                "INSERT INTO tests SELECT m.id, printf('%016x', m.id), m.suite, m.classname,"
                " m.name FROM more m"
                " WHERE NOT EXISTS (FROM tests t WHERE t.id = m.id)"
            )
            self._box.unregister("more")

    def add_run(self, run: Run) -> None:
        """See `ports.columnar.Sheet`."""
        with self._turn:
            self._runs += 1
            values = [getattr(run, name) for name in _PER_RUN]
            places = ", ".join(f"${number}" for number in range(1, len(values) + 2))
            self._box.execute(f"INSERT INTO runs VALUES ({places})", [self._runs, *values])
            for start in range(0, len(run.outcomes), _BATCH):
                self._add_cases(run, start, min(start + _BATCH, len(run.outcomes)))

    def _add_cases(self, run: Run, start: int, stop: int) -> None:
        retried = np.zeros(stop - start, dtype=bool)
        retried[[at - start for at in run.retried if start <= at < stop]] = True
        said = [(at, *run.said[at]) for at in sorted(run.said) if start <= at < stop]
        self._box.register(
            "batch",
            {
                "position": np.arange(start, stop, dtype=np.int32),
                "test": np.asarray(run.test_ids[start:stop], dtype=np.int64),
                "outcome": np.frombuffer(run.outcomes, np.uint8)[start:stop],
                "state": np.frombuffer(run.states, np.uint8)[start:stop],
                "seconds": _seconds(run.durations, start, stop),
                "retried": retried,
            },
        )
        if said:
            self._box.register(
                "said",
                {
                    "position": np.array([one[0] for one in said], dtype=np.int32),
                    "type": np.array([one[1] for one in said], dtype=object),
                    "message": np.array([one[2] for one in said], dtype=object),
                },
            )
        self._box.execute(
            f"INSERT INTO cases SELECT {self._runs}, b.position, b.test, b.outcome, b.state,"
            + (
                " b.seconds, b.retried, s.type, s.message FROM batch b"
                " LEFT JOIN said s ON s.position = b.position"
                if said
                else " b.seconds, b.retried, NULL, NULL FROM batch b"
            )
        )
        self._box.unregister("batch")
        if said:
            self._box.unregister("said")

    def finish(self, *, before: Path | None = None, without: Collection[str] = ()) -> Written:
        """See `ports.columnar.Sheet`."""
        with self._turn:
            rows = _ROWS if before is None else f"{self._kept(before, without)} UNION ALL {_ROWS}"
            found = self._box.execute(
                f"COPY ({rows}) TO {_quoted(self._target)} (FORMAT parquet, COMPRESSION zstd,"
                f" ROW_GROUP_SIZE {_GROUP})"
            ).fetchone()
            self._box.close()
        return Written(self._target, found[0] if found else 0, self._target.stat().st_size)

    def _kept(self, before: Path, without: Collection[str]) -> str:
        """Rows of an earlier file that stay."""
        self._box.execute("CREATE OR REPLACE TABLE gone (file_id VARCHAR)")
        if without:
            self._box.register("more", {"file_id": np.array(list(without), dtype=object)})
            self._box.execute("INSERT INTO gone SELECT file_id FROM more")
            self._box.unregister("more")
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        return (
            f"SELECT {names} FROM read_parquet({_quoted(before)}) b"
            " WHERE NOT EXISTS (FROM gone g WHERE g.file_id = b.file_id)"
        )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _seconds(
    durations: bytes, start: int, stop: int
) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Those that are there: what was imported has none."""
    found = np.frombuffer(durations, "<f4")[start:stop].astype(np.float32)
    if len(found) == stop - start:
        return found
    return np.concatenate([found, np.zeros(stop - start - len(found), np.float32)])
