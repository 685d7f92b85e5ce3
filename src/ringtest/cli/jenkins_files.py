"""Rendered jobs as files; those that hold the same already are left alone.

Which those are is kept beside what the engine keeps: for each file the digest of what was
written, and its inode, size and times. A file that somebody touched since differs in one of
them, and is written again.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ringtest.jjb.engine import Made
from ringtest.jjb.problems import Failure

_CLOCK_STEP = 50_000_000
"""Nanoseconds in which a file system's clock may stand still: what is as young is not trusted."""

Written = tuple[bytes, int, int, int, int]


def write(made: Iterable[Made], output: Path, config_xml: bool, cache: Path | None) -> int:
    """Writes each item below `output`; returns how many files were really written.

    Raises Failure for a name that leads out of the folder, OSError for what cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    base = str(output)
    ledger = _ledger(cache, output, config_xml) if cache is not None else None
    before = _load(ledger)
    after: dict[str, Written] = {}
    folders = {base}
    count = 0
    for item in made:
        target = _target(base, item, config_xml)
        known = before.get(target)
        if known is not None and known == (item.digest, *_stat(target)):
            after[target] = known
            continue
        folder = target.rpartition("/")[0]
        if folder not in folders:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            folders.add(folder)
        with open(target, "wb", buffering=0) as file:  # noqa: PTH123
            file.write(item.xml)
        count += 1
        if ledger is not None:
            after[target] = (item.digest, *_stat(target))
    if ledger is not None and count:
        _save(ledger, after)
    return count


def _target(base: str, item: Made, config_xml: bool) -> str:
    name = item.name
    if "/" in name or name in (".", "..", "") or "\0" in name:
        name = os.path.normpath(name)
        if name.startswith(("/", "..")) or name in (".", "") or "\0" in name:
            said = f"the name of {item.kind} {item.name!r} leads out of the folder for output"
            raise Failure("name-outside", said, item.place)
    return f"{base}/{name}/config.xml" if config_xml else f"{base}/{name}"


def _stat(path: str) -> tuple[int, int, int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return (0, 0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _ledger(cache: Path, output: Path, config_xml: bool) -> Path:
    name = hashlib.sha256(f"{output.resolve()}\0{config_xml}".encode()).hexdigest()[:32]
    return cache / f"{name}.written"


def _load(ledger: Path | None) -> dict[str, Written]:
    if ledger is None:
        return {}
    try:
        return msgspec.msgpack.decode(ledger.read_bytes(), type=dict[str, Written])
    except (OSError, msgspec.DecodeError):
        return {}


def _save(ledger: Path, written: dict[str, Written]) -> None:
    young = time.time_ns() - _CLOCK_STEP
    trusted = {path: told for path, told in written.items() if told[4] < young}
    with contextlib.suppress(OSError):
        ledger.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, name = tempfile.mkstemp(dir=ledger.parent, prefix=".part-")
        with open(number, "wb") as file:  # noqa: PTH123
            file.write(msgspec.msgpack.encode(trusted))
        Path(name).replace(ledger)
