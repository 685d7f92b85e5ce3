"""Columnar files by DuckDB: port `columnar`.

Files are Parquet with zstd. They are written in threads of this process; a question, which is
somebody's SQL, is answered in a process of its own that holds no secret, writes no file,
reaches nothing but the files of its question, and ends after one answer or with its parent.
"""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import msgspec

from ringtest.control.connectors.duckdb_columnar.writing import DuckSheet, scratch
from ringtest.control.kernel.errors import BadRequest, Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.columnar import COLUMNS, Ask, FileGone, Table

log = logging.getLogger(__name__)

PORT = "columnar"

SECONDS = 20
"""A question that takes longer is ended."""
_PROGRAM = Path(__file__).with_name("question.py")
_WRITER_MEMORY = 256
"""MiB of an unfinished file that are not on the disk."""


def create(settings: Settings) -> "DuckColumnar":
    """In the data folder, with the memory that RINGTEST_ARCHIVE_MEMORY gives questions."""
    return DuckColumnar(settings.data / "scratch", memory=settings.archive_memory)


class DuckColumnar:
    """See `ports.columnar`. `memory`: MiB of a question; `seconds`: of its work."""

    suffix = ".parquet"

    def __init__(self, folder: Path, *, memory: int = 512, seconds: int = SECONDS) -> None:
        self._folder = folder
        self._memory = memory
        self._seconds = seconds

    @contextlib.contextmanager
    def sheet(self, outcomes: Mapping[int, str], states: Mapping[int, str]) -> Iterator[DuckSheet]:
        """See `ports.columnar.Columnar`."""
        with (
            scratch(self._folder) as folder,
            DuckSheet(folder, outcomes, states, _WRITER_MEMORY) as sheet,
        ):
            yield sheet

    def file_ids(self, path: Path) -> Iterator[str]:
        """See `ports.columnar.Columnar`."""
        with duckdb.connect(config={"memory_limit": "128MiB", "threads": 1}) as box:
            found = box.execute("SELECT DISTINCT file_id FROM read_parquet($1)", [str(path)])
            while some := found.fetchmany(1000):
                for (one,) in some:
                    yield one

    async def ask(self, question: Ask) -> Table:
        """See `ports.columnar.Columnar`."""
        request = {
            "sql": question.sql,
            "files": [str(path.resolve()) for path in question.files],
            "columns": COLUMNS,
            "rows": question.rows,
            "since": question.since,
            "until": question.until,
            "memory": self._memory,
            "threads": 2,
            "seconds": self._seconds,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(_PROGRAM), env={"TZ": "UTC"}, cwd="/",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._seconds):
                told, _ = await process.communicate(msgspec.json.encode(request))
        except TimeoutError:
            raise _too_long(self._seconds) from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return self._read(told, process.returncode or 0, question)

    def _read(self, told: bytes, code: int, question: Ask) -> Table:
        head, _, rows = told.partition(b"\n")
        if not head:
            raise _ended(code, self._memory, self._seconds)
        about = msgspec.json.decode(head)
        if "columns" in about:
            return Table(about["columns"], rows, about["count"], about["stopped"])
        if not all(path.exists() for path in question.files):
            raise FileGone
        if "broken" in about:
            log.error("columnar.broken %s", about["broken"])
            raise Unavailable("a file of the archive cannot be read: the server's log says which")
        position = about["position"]
        more = {} if position is None else {"position": position}
        raise BadRequest(about["error"], **more)


def _too_long(seconds: int) -> BadRequest:
    return BadRequest(
        f"the question takes longer than {seconds} s: narrow it down, by topic, from and to",
        limit_seconds=seconds,
    )


def _ended(code: int, memory: int, seconds: int) -> BadRequest | Unavailable:
    """Why there is no answer: the system ended the process at a limit."""
    if code < 0:
        return BadRequest(
            f"the question was ended: it may take {memory} MiB and {seconds} s",
            limit_memory_mib=memory,
            limit_seconds=seconds,
        )
    return Unavailable("the question could not be asked; try again")
