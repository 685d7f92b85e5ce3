"""The process that answers one question in SQL and ends: nobody's secrets are in it.

It reads a request from its standard input, locks itself up, and writes the answer to its
standard output: a line of JSON about it, and behind it the rows. It is started by its path,
without an environment, and imports nothing of Ringtest.
"""

import ctypes
import os
import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import duckdb
import msgspec

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree"})
"""What may stand behind FROM beside tables. Others read files, settings or raw memory."""
REFUSED = frozenset(
    {"current_setting", "getvariable", "write_log", "nextval", "currval", "setval", "sleep_ms"}
)
"""Functions of single values that tell of or change more than values."""
NAME = "results"
BYTES = 16 * 1024 * 1024
"""Of rows that are answered."""
_MIB = 1024 * 1024
_LIBRARIES = 1536 * _MIB
"""Addresses that the interpreter and the engine take before there is anything to answer."""
_PR_SET_PDEATHSIG = 1
_POSITION = re.compile(r"\[?(\d+)")


class Request(msgspec.Struct):
    """What is asked. Megabytes of memory, seconds of CPU."""

    sql: str
    files: list[str]
    columns: dict[str, str]
    rows: int
    memory: int
    threads: int
    seconds: int
    since: str | None = None
    until: str | None = None


class Refused(Exception):
    """A mistake of who asks: a message, and the character (from 0) that it is about."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Broken(Exception):
    """A file cannot be read: nothing that who asks could change."""


def main() -> None:
    """Answer the request."""
    _end_with_parent()
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    _limit(request)
    out = sys.stdout.buffer
    try:
        head, rows = answer(request)
    except Refused as error:
        place = _in_characters(request.sql, error.position)
        out.write(msgspec.json.encode({"error": error.message, "position": place}))
        return
    except Broken as error:
        out.write(msgspec.json.encode({"broken": str(error)}))
        return
    out.write(msgspec.json.encode(head) + b"\n" + rows)


def _in_characters(sql: str, position: int | None) -> int | None:
    """The engine counts bytes.

    >>> _in_characters("é, x", 4)
    3
    """
    if position is None:
        return None
    return len(sql.encode()[:position].decode(errors="ignore"))


def _end_with_parent() -> None:
    """Whoever asked is gone: nobody waits for the answer."""
    parent = os.getppid()
    with suppress(OSError, AttributeError):  # Linux alone knows it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _limit(request: Request) -> None:
    """No file can be written, and what the engine does not count of its memory has an end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    room = _LIBRARIES + 2 * request.memory * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    seconds = request.seconds * request.threads + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def open_box(request: Request) -> duckdb.DuckDBPyConnection:
    """A database in memory that holds the view and reaches its files alone."""
    box = duckdb.connect(
        config={
            "memory_limit": f"{request.memory}MiB",
            "threads": request.threads,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": "",
        }
    )
    box.execute("SET allowed_paths = $1", [request.files])
    box.execute("SET enable_external_access = false")
    if request.files:
        names = ", ".join(f'"{name}"' for name in request.columns)
        files = ", ".join(f"'{path.replace(chr(39), chr(39) * 2)}'" for path in request.files)
        source = f"read_parquet([{files}], union_by_name = true)"
        box.execute(f"CREATE VIEW {NAME} AS SELECT {names} FROM {source} WHERE {_days(request)}")
    else:
        empty = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in request.columns.items())
        box.execute(f"CREATE VIEW {NAME} AS SELECT {empty} WHERE false")
    return box


def _days(request: Request) -> str:
    """Which days, as a condition; both are of the server's making."""
    since = f"created_at >= '{request.since}'" if request.since else "true"
    until = f"created_at < '{request.until}'" if request.until else "true"
    return f"{since} AND {until}"


def answer(request: Request) -> tuple[dict[str, Any], bytes]:
    """What is told of the answer, and its rows as a JSON array."""
    try:
        box = open_box(request)
    except duckdb.Error as error:
        raise Broken(str(error)) from error
    try:
        _check(box, request.sql)
        box.execute("SET errors_as_json = true")
        box.execute("SET lock_configuration = true")
        found = box.execute(request.sql)
        names = _unlike([about[0] for about in found.description or ()])
        kinds = [str(about[1]) for about in found.description or ()]
        rows, count, stopped = _read(_rows(found), names, request.rows)
    except duckdb.Error as error:
        raise _understood(error, request.files) from error
    except MemoryError:
        raise Refused("the answer needs more memory than a question may take") from None
    columns = [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)]
    return {"columns": columns, "count": count, "stopped": stopped}, rows


def _rows(found: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while some := found.fetchmany(256):
        yield from some


def _read(rows: Iterator[tuple[Any, ...]], names: list[str], most: int) -> tuple[bytes, int, str]:
    """The first rows as JSON, how many they are, and which limit cut them."""
    encoder = msgspec.json.Encoder(enc_hook=str)
    parts: list[bytes] = []
    size = 0
    for row in rows:
        if len(parts) == most:
            return _joined(parts), most, "rows"
        text = encoder.encode(dict(zip(names, map(_plain, row), strict=True)))
        size += len(text)
        if size > BYTES:
            return _joined(parts), len(parts), "bytes"
        parts.append(text)
    return _joined(parts), len(parts), ""


def _joined(parts: list[bytes]) -> bytes:
    return b"[" + b",".join(parts) + b"]"


def _plain(value: Any) -> Any:
    """Keys of JSON objects are texts, and bytes are shown in hex."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


def _unlike(names: list[str]) -> list[str]:
    """The same names, a number behind those that were there before.

    >>> _unlike(["a", "b", "a", "a"])
    ['a', 'b', 'a_1', 'a_2']
    """
    kept: list[str] = []
    for name in names:
        new, turn = name, 0
        while new in kept:
            turn += 1
            new = f"{name}_{turn}"
        kept.append(new)
    return kept


def _understood(error: duckdb.Error, files: list[str]) -> Refused:
    """What the engine says, with its place in the SQL and without the places of files."""
    if any(path in str(error) for path in files):
        raise Broken(str(error)) from error
    if isinstance(error, duckdb.OutOfMemoryException):
        return Refused("the question needs more memory than it may take: narrow it down")
    kind, _, text = str(error).partition(": ")
    try:
        told = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return Refused(str(error).partition("\n\nLINE ")[0][:2000], _caret(str(error)))
    found = _POSITION.match(str(told.get("position", "")))
    return Refused(f"{kind}: {told['exception_message']}"[:2000], int(found[1]) if found else None)


def _caret(text: str) -> int | None:
    """Where the caret of a message stands, if the SQL is one line."""
    lines = text.split("\n")
    if len(lines) < 2 or not lines[-2].startswith("LINE 1: ") or "^" not in lines[-1]:
        return None
    return lines[-1].index("^") - len("LINE 1: ")


# what may be asked ------------------------------------------------------------------


def _check(box: duckdb.DuckDBPyConnection, sql: str) -> None:
    """One SELECT, over `results` and what it names itself; Refused."""
    statements = box.extract_statements(sql)
    if len(statements) != 1:
        raise Refused(f"ask one question at a time: these are {len(statements)} statements")
    row = box.execute("SELECT json_serialize_sql($1)", [sql]).fetchone()
    tree = msgspec.json.decode(row[0] if row else b"{}")
    if tree.get("error"):
        if "SELECT" in str(tree.get("error_message")):
            raise Refused("only SELECT is answered: WITH, FROM, VALUES and DESCRIBE are too", 0)
        place = str(tree.get("position", ""))
        raise Refused(str(tree.get("error_message")), int(place) if place.isdigit() else None)
    names = {NAME} | {
        str(one["key"]).lower() for node in _nodes(tree) for one in _entries(node.get("cte_map"))
    }
    for node in _nodes(tree):
        _check_node(node, names)


def _check_node(node: dict[str, Any], names: set[str]) -> None:
    place = _place(node)
    if node.get("type") == "BASE_TABLE":
        path = [str(part) for part in (node.get("qualified_name") or {}).get("path", ())]
        if len(path) != 1 or path[0].lower() not in names:
            raise Refused(f"there is no table {'.'.join(path)!r:.80}: ask {NAME}", place)
    elif node.get("type") == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise Refused(f"{name}() is not available here: ask {NAME}", place)
    elif node.get("type") == "SHOW_REF" and not node.get("query"):
        raise Refused(f"there is one table: DESCRIBE {NAME}", 0)
    elif node.get("class") == "FUNCTION" and str(node.get("function_name")).lower() in REFUSED:
        raise Refused(f"{node['function_name']}() is not available here", place)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in the tree; its depth is the engine's to limit, not the stack's."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _entries(found: Any) -> list[dict[str, Any]]:
    entries = found.get("map") if isinstance(found, dict) else None
    return [one for one in entries or () if isinstance(one, dict) and "key" in one]


def _place(node: dict[str, Any]) -> int | None:
    place = node.get("query_location")
    return place if isinstance(place, int) and place < 1 << 32 else None


if __name__ == "__main__":
    main()
