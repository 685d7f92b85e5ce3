"""Writes the unreported attempts of a data folder into a bundle."""

import fcntl
import gzip
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from ringtest.agent.attempt import Attempt, read_attempts
from ringtest.agent.bundles.manifest import (
    MAGIC,
    BundleError,
    Item,
    Manifest,
    Packed,
    signature,
)
from ringtest.agent.chain import Walk
from ringtest.agent.journal import moment
from ringtest.agent.settings import AgentSettings
from ringtest.client.files import CHUNK, LocalFile


class Export(msgspec.Struct, frozen=True):
    """What went into a bundle, what is still running and so did not, files that are gone."""

    packed: list[Packed]
    running: list[str]
    left_out: list[str]
    size: int


def export(settings: AgentSettings, target: Path) -> Export:
    """Write the bundle. What is unreported stays where it is, and is still reported by the agent
    when it can. BundleError when there is nothing to carry, OSError when it cannot be written."""
    with _resting(settings.data) as resting:
        packed: list[Packed] = []
        sources: dict[str, Path] = {}
        running: list[str] = []
        left_out: list[str] = []
        for attempt in read_attempts(settings.data / "jobs"):
            if attempt.done is not None:
                continue
            if attempt.outcome is None and not resting:
                running.append(attempt.origin)
                continue
            packed.append(_pack(attempt, sources, left_out))
        if not packed:
            raise BundleError(f"nothing in {settings.data} is unreported and over")
        manifest = Manifest(moment(), settings.client_id, settings.server, packed)
        _write(target, settings.api_secret, manifest, sources)
    return Export(packed, running, left_out, target.stat().st_size)


@contextmanager
def _resting(data: Path) -> Iterator[bool]:
    """True while no agent works in the folder, and none can begin to."""
    try:
        lock = os.open(data / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield True  # no agent has ever been here
        return
    try:
        resting = False
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            resting = True
        yield resting
    finally:
        os.close(lock)


def _pack(attempt: Attempt, sources: dict[str, Path], left_out: list[str]) -> Packed:
    """The files of an attempt, measured; of the journal what is whole."""
    walk, end, digest = Walk(attempt.origin), 0, hashlib.sha256()
    with attempt.journal.open("rb") as file:
        for line in file:
            if walk.fits(line) is None:
                break
            end += len(line)
            digest.update(line)
    items = [_item("journal.jsonl", LocalFile(attempt.journal, end, digest.hexdigest()), sources)]
    for name in ("claim.json", "outcome.json"):
        if (attempt.folder / name).exists():
            items.append(_item(name, LocalFile.measure(attempt.folder / name), sources))
    outcome = attempt.outcome
    for told in outcome.files if outcome else ():
        try:
            found = LocalFile.measure(attempt.source(told.name))
        except OSError:
            found = None
        if found is None or found.sha256 != told.sha256:
            left_out.append(f"{attempt.origin}: {told.name}")
        else:
            items.append(_item(f"work/{told.name}", found, sources))
    claim = attempt.claim
    return Packed(claim.job_id, claim.attempt, walk.last_seq, walk.digest, items)


def _item(path: str, file: LocalFile, sources: dict[str, Path]) -> Item:
    sources[file.sha256] = file.path
    return Item(path, file.size, file.sha256)


def _write(target: Path, secret: str, manifest: Manifest, sources: dict[str, Path]) -> None:
    """The bundle, whole or not at all; only its owner may read it: it holds leases and logs."""
    raw = msgspec.json.encode(manifest)
    fresh = target.with_name(target.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, filename="") as bundle:
                bundle.write(MAGIC)
                bundle.write(f"{signature(secret, raw)} {len(raw)}\n".encode())
                bundle.write(raw)
                for item in manifest.contents():
                    _copy(sources[item.sha256], item, bundle)
            file.flush()
            os.fsync(fd)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _copy(source: Path, item: Item, bundle: gzip.GzipFile) -> None:
    digest, left = hashlib.sha256(), item.size
    with source.open("rb") as file:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            bundle.write(chunk)
            digest.update(chunk)
            left -= len(chunk)
    if digest.hexdigest() != item.sha256:
        raise OSError(f"{source} changed while it was read")
