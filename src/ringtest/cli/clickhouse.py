"""ClickHouse over its HTTP interface: the tables that the archive is pushed into, and how.

A topic's month is a partition. Its files go into a table beside, which replaces the partition
in one step: who reads sees the month as it was or as it is, and pushing twice doubles nothing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from ringtest.cli.config import UsageError
from ringtest.client import Unreachable

_COLUMNS = {
    "job_id": "UUID",
    "file_id": "UUID",
    "position": "UInt32",
    "created_at": "DateTime64(6, 'UTC')",
    "topic_id": "UUID",
    "topic": "LowCardinality(String)",
    "team_id": "UUID",
    "team": "LowCardinality(String)",
    "remoteci_id": "UUID",
    "remoteci": "LowCardinality(String)",
    "set_key": "LowCardinality(String)",
    "job_name": "LowCardinality(Nullable(String))",
    "attempt": "UInt16",
    "file_name": "LowCardinality(String)",
    "suite": "LowCardinality(String)",
    "classname": "LowCardinality(String)",
    "name": "String",
    "test_id": "String",
    "outcome": "LowCardinality(String)",
    "state": "LowCardinality(String)",
    "seconds": "Float32",
    "retried": "Bool",
    "type": "LowCardinality(Nullable(String))",
    "message": "Nullable(String)",
}
RESULTS = f"""
CREATE TABLE IF NOT EXISTS results (
  {", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
ENGINE = MergeTree PARTITION BY (topic_id, toYYYYMM(created_at))
ORDER BY (test_id, created_at, file_id, position)
"""
"""A row for each test case, as the archive's files have it."""
PUSHED = """
CREATE TABLE IF NOT EXISTS pushed (
  digest String, topic_id UUID, month UInt32, team_id UUID, rows UInt64,
  pushed_at DateTime DEFAULT now())
ENGINE = MergeTree PARTITION BY (topic_id, month) ORDER BY digest
"""
"""Files whose rows are in `results`, by their digest."""
_NUMBERS = {
    "position": "UInt32", "created_at": "DateTime64(6)", "attempt": "UInt16",
    "seconds": "Float32", "retried": "Bool",
}  # fmt: skip
_AS_THEY_COME = ", ".join(f"{name} {_NUMBERS.get(name, 'Nullable(String)')}" for name in _COLUMNS)
_TIMEOUT = httpx.Timeout(10.0, read=600.0, write=600.0)


class Refused(Exception):
    """What ClickHouse says to a statement it does not take."""


@dataclass(frozen=True, slots=True)
class Place:
    """A database of a ClickHouse server, and who asks."""

    server: str
    database: str
    user: str


def read_place(url: str) -> Place:
    """The place that an address names; UsageError for one that names none, or a password.

    >>> read_place("http://jo@warehouse:8123/tests")
    Place(server='http://warehouse:8123', database='tests', user='jo')
    """
    parts = urlsplit(url)
    if parts.password is not None:
        raise UsageError(
            "a password does not belong on a command line, where everybody reads it: set"
            " RINGTEST_CLICKHOUSE_PASSWORD, or name a file with --password-file"
        )
    database = parts.path.strip("/")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("--to: expected http://user@host:8123/database")
    if not database.replace("_", "").isalnum():
        raise UsageError("--to: name a database of letters, digits and _, as in …:8123/results")
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return Place(server, database, unquote(parts.username or "default"))


@dataclass(frozen=True, slots=True)
class Month:
    """A topic's month: the files of all its teams, as GET /archive has them."""

    topic_id: str
    month: str
    files: Sequence[dict[str, Any]]

    @property
    def number(self) -> int:
        """202601 of 2026-01."""
        return int(self.month.replace("-", ""))

    @property
    def digests(self) -> frozenset[str]:
        """What names its content."""
        return frozenset(file["digest"] for file in self.files)

    @property
    def rows(self) -> int:
        """Cases."""
        return sum(file["rows"] for file in self.files)


def by_month(files: Iterable[dict[str, Any]]) -> list[Month]:
    """Files together with the other teams' of their topic and month, the oldest first."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for file in files:
        found.setdefault((file["month"], file["topic_id"]), []).append(file)
    return [Month(topic, month, found[month, topic]) for month, topic in sorted(found)]


class ClickHouse:
    """One database. Raises Refused and Unreachable; neither shows the password."""

    def __init__(
        self, place: Place, password: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._place = place
        headers = {"X-ClickHouse-User": place.user}
        if password:
            headers["X-ClickHouse-Key"] = password
        self._http = httpx.Client(
            base_url=place.server, headers=headers, timeout=_TIMEOUT, transport=transport
        )

    def __enter__(self) -> "ClickHouse":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def prepare(self) -> None:
        """The database and its tables are there."""
        self._run(f"CREATE DATABASE IF NOT EXISTS {self._place.database}", database="default")
        self._run(RESULTS)
        self._run(PUSHED)

    def pushed(self) -> dict[tuple[str, int], frozenset[str]]:
        """Digests of the files of each topic and month that are in `results`."""
        text = self._run(
            "SELECT toString(topic_id) AS topic_id, month, groupArray(digest) AS digests"
            " FROM pushed GROUP BY topic_id, month"
        )
        rows = [json.loads(line) for line in text.splitlines() if line]
        return {(row["topic_id"], int(row["month"])): frozenset(row["digests"]) for row in rows}

    def begin(self, month: Month) -> None:
        """An empty table for the month; what was pushed of it is no longer said to be whole."""
        self._run(f"ALTER TABLE pushed DROP PARTITION {_partition(month.topic_id, month.number)}")
        self._run(f"DROP TABLE IF EXISTS {_beside(month)}")
        self._run(f"CREATE TABLE {_beside(month)} AS results")

    def add(self, month: Month, content: Iterator[bytes]) -> None:
        """The rows of one Parquet file into the month's own table."""
        names = ", ".join(_COLUMNS)
        self._run(
            f"INSERT INTO {_beside(month)} ({names}) SELECT {names}"
            f" FROM input('{_AS_THEY_COME}') FORMAT Parquet",
            content,
        )

    def finish(self, month: Month) -> None:
        """The month's table takes the place of what was there, and its files are noted."""
        partition = _partition(month.topic_id, month.number)
        self._run(f"ALTER TABLE results REPLACE PARTITION {partition} FROM {_beside(month)}")
        rows = ", ".join(
            f"('{file['digest']}', '{month.topic_id}', {month.number}, '{file['team_id']}',"
            f" {file['rows']})"
            for file in month.files
        )
        self._run(f"INSERT INTO pushed (digest, topic_id, month, team_id, rows) VALUES {rows}")
        self._run(f"DROP TABLE IF EXISTS {_beside(month)}")

    def forget(self, topic_id: str, number: int) -> None:
        """A month that the archive has no files of."""
        for table in ("results", "pushed"):
            self._run(f"ALTER TABLE {table} DROP PARTITION {_partition(topic_id, number)}")

    def _run(
        self, sql: str, content: Iterator[bytes] | None = None, *, database: str | None = None
    ) -> str:
        params = {
            "database": database or self._place.database,
            "default_format": "JSONEachRow",
            "output_format_json_quote_64bit_integers": "0",
        }
        try:
            if content is None:
                answer = self._http.post("/", params=params, content=sql.encode())
            else:
                answer = self._http.post("/", params={**params, "query": sql}, content=content)
        except httpx.RequestError as error:
            raise Unreachable(f"{self._place.server}: {error}") from error
        if answer.status_code != 200:
            lines = answer.text.strip().splitlines() or [f"HTTP {answer.status_code}"]
            raise Refused(lines[0][:500])
        return answer.text


def _partition(topic_id: str, number: int) -> str:
    return f"tuple(toUUID('{topic_id}'), {number})"


def _beside(month: Month) -> str:
    return f"results_of_{month.topic_id.replace('-', '')}_{month.number}"
