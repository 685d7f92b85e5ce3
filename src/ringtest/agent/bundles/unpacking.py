"""Checks a bundle and lays its attempts out below a data folder: all of them, or none."""

import gzip
import hashlib
import hmac
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from ringtest.agent.attempt import Attempt
from ringtest.agent.bundles.manifest import (
    MAGIC,
    MOST_MANIFEST_BYTES,
    BundleError,
    Item,
    Manifest,
    Packed,
    read_manifest,
    signature,
)
from ringtest.agent.verifying import IMPORTED, read_journal
from ringtest.client.files import CHUNK

_SPARE_BYTES = 64 * 1024 * 1024
"""Disk that a bundle must leave free."""


def unpack(
    bundle: Path, data: Path, *, secret: str, other_key: bool = False
) -> tuple[Manifest, list[Attempt]]:
    """The attempts of a bundle, in `data`/imported. One that is there and delivered stays as it
    is. With `other_key` the signature is not asked for: the lab's key was changed since.

    BundleError, which names what is wrong, when any part is; then nothing was laid out.
    """
    home = data / IMPORTED
    home.mkdir(parents=True, exist_ok=True, mode=0o711)
    scratch = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=home))
    try:
        manifest = check(bundle, scratch, secret=secret, other_key=other_key)
        return manifest, [_place(scratch, home, packed) for packed in manifest.attempts]
    finally:
        shutil.rmtree(scratch)


def check(bundle: Path, scratch: Path, *, secret: str, other_key: bool = False) -> Manifest:
    """Unpack into a folder and check every part. BundleError names the one that is wrong."""
    try:
        with gzip.open(bundle, "rb") as opened:
            file = cast(BinaryIO, opened)
            manifest = _read_head(file, secret, other_key=other_key)
            _have_room(manifest, scratch)
            _write(file, manifest, scratch)
            if file.read(1):
                raise BundleError("more follows its last part")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BundleError(f"it is torn or not one at all: {error}") from None
    for packed in manifest.attempts:
        _check_attempt(packed, scratch / packed.name)
    return manifest


def _read_head(file: BinaryIO, secret: str, *, other_key: bool) -> Manifest:
    if file.read(len(MAGIC)) != MAGIC:
        raise BundleError("it is no bundle of attempts, or one of a later version")
    signed, _, size = file.readline(100).strip().decode("ascii", "replace").partition(" ")
    if not size.isdecimal() or int(size) > MOST_MANIFEST_BYTES:
        raise BundleError("its table of contents has no size, or is too large")
    raw = file.read(int(size))
    if len(raw) < int(size):
        raise BundleError("it ends within its table of contents")
    if not other_key and not hmac.compare_digest(signature(secret, raw), signed):
        raise BundleError(
            "its table of contents was changed, or was signed with another key of the lab"
            " (if the key was changed since: --other-key)"
        )
    return read_manifest(raw)


def _have_room(manifest: Manifest, scratch: Path) -> None:
    """All paths share contents by name only: each gets its own bytes."""
    needed = sum(item.size for packed in manifest.attempts for item in packed.items)
    free = shutil.disk_usage(scratch).free
    if needed + _SPARE_BYTES > free:
        raise BundleError(f"it says that it holds {needed} bytes; {free} are free in {scratch}")


def _write(file: BinaryIO, manifest: Manifest, scratch: Path) -> None:
    places: dict[str, list[Path]] = {}
    for packed in manifest.attempts:
        for item in packed.items:
            places.setdefault(item.sha256, []).append(scratch / packed.name / item.path)
    for item in manifest.contents():
        first, *others = places[item.sha256]
        try:
            with _create(first) as out:
                _copy(file, item, out)
            for other in others:
                with first.open("rb") as source, _create(other) as out:
                    shutil.copyfileobj(source, out)
        except gzip.BadGzipFile:
            raise
        except OSError as error:
            raise BundleError(f"{item.path!r} cannot be laid out: {error.strerror}") from None


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(fd, "wb")


def _copy(file: BinaryIO, item: Item, out: BinaryIO) -> None:
    digest, left = hashlib.sha256(), item.size
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        out.write(chunk)
        digest.update(chunk)
        left -= len(chunk)
    if left:
        raise BundleError(f"it ends within {item.path}")
    if digest.hexdigest() != item.sha256:
        raise BundleError(f"{item.path} was changed: its digest is another")


def _check_attempt(packed: Packed, folder: Path) -> None:
    """Claim and journal must be of the attempt that they are said to be of."""
    attempt = Attempt.load(folder)
    if attempt is None or attempt.origin != packed.name:
        raise BundleError(f"{packed.name}: claim.json is not that of this attempt")
    walk, problem = read_journal(attempt)
    if problem:
        raise BundleError(f"{packed.name}: {problem}")
    if (walk.last_seq, walk.digest) != (packed.records, packed.digest):
        raise BundleError(f"{packed.name}: the journal ends at record {walk.last_seq}, not as told")
    outcome = attempt.outcome
    if outcome is None and any(item.path == "outcome.json" for item in packed.items):
        raise BundleError(f"{packed.name}: outcome.json is none")
    told = {f"work/{file.name}" for file in outcome.files} if outcome else set()
    extra = _paths(packed.items) - told
    if extra:
        raise BundleError(f"{packed.name}: {min(extra)!r} is no file that was collected")


def _paths(items: Iterable[Item]) -> set[str]:
    return {item.path for item in items if item.path.startswith("work/")}


def _place(scratch: Path, home: Path, packed: Packed) -> Attempt:
    target = home / packed.name
    known = Attempt.load(target)
    if known is None or known.done is None:
        if target.exists():
            shutil.rmtree(target)
        (scratch / packed.name).rename(target)
        known = Attempt.load(target)
    assert known is not None, "it was loaded when it was checked"
    return known
