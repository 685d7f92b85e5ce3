"""The form of a bundle: gzip over two lines, a table of contents, and the contents in its order.

    RINGTEST-ATTEMPTS-1
    <HMAC-SHA256 of the manifest, under the lab's key> <bytes of the manifest>
    <manifest, JSON>
    <every distinct content once, in the order in which the manifest first names it>

Contents have no names of their own, so no name can lead anywhere; their sizes are known before
they are read, so none can grow.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

MAGIC = b"RINGTEST-ATTEMPTS-1\n"
MOST_MANIFEST_BYTES = 64 * 1024 * 1024
MOST_ATTEMPTS = 10_000
_JOB = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OWN = ("claim.json", "journal.jsonl", "outcome.json")


class BundleError(Exception):
    """A bundle cannot be made or taken; the message says what is wrong with which part."""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of an attempt: `claim.json`, `journal.jsonl`, `outcome.json` or `work/…`."""

    path: str
    size: int
    sha256: str


class Packed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attempt. `digest` is that of its last record."""

    job_id: str
    attempt: int
    records: int
    digest: str
    items: list[Item]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.job_id}.{self.attempt}"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle holds, when it was made (UTC), of which lab and for which server."""

    made_at: str
    lab: str
    server: str
    attempts: list[Packed]

    def contents(self) -> Iterator[Item]:
        """The first item of every distinct content, in the order of the bundle."""
        seen: set[str] = set()
        for packed in self.attempts:
            for item in packed.items:
                if item.sha256 not in seen:
                    seen.add(item.sha256)
                    yield item


def signature(secret: str, manifest: bytes) -> str:
    """What only a holder of the lab's key can write below a manifest."""
    key = hmac.digest(secret.encode(), b"ringtest bundle of attempts", hashlib.sha256)
    return hmac.new(key, manifest, hashlib.sha256).hexdigest()


def read_manifest(raw: bytes) -> Manifest:
    """A manifest whose every part is harmless. BundleError names the part that is not."""
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BundleError(f"its table of contents is none: {error}") from None
    if len(manifest.attempts) > MOST_ATTEMPTS:
        raise BundleError(f"it has more than {MOST_ATTEMPTS} attempts")
    names: set[str] = set()
    sizes: dict[str, int] = {}
    for packed in manifest.attempts:
        if not _JOB.fullmatch(packed.job_id) or not 1 <= packed.attempt < 2**31:
            raise BundleError(f"{packed.job_id!r}.{packed.attempt} is no attempt")
        if packed.name in names:
            raise BundleError(f"it has {packed.name} twice")
        names.add(packed.name)
        _check_items(packed, sizes)
    return manifest


def _check_items(packed: Packed, sizes: dict[str, int]) -> None:
    paths: set[str] = set()
    for item in packed.items:
        if not is_harmless(item.path) or item.path in paths:
            raise BundleError(f"{packed.name}: {item.path!r} is no path of an attempt's file")
        paths.add(item.path)
        if not _DIGEST.fullmatch(item.sha256) or item.size < 0:
            raise BundleError(f"{packed.name}: {item.path}: no digest, or no size")
        if sizes.setdefault(item.sha256, item.size) != item.size:
            raise BundleError(f"{packed.name}: {item.path}: one content of two sizes")
    for needed in _OWN[:2]:
        if needed not in paths:
            raise BundleError(f"{packed.name}: {needed} is missing")


def is_harmless(path: str) -> bool:
    """True for a file of the agent's own, and for one inside of the work folder.

    >>> is_harmless("claim.json"), is_harmless("work/logs/a b.txt")
    (True, True)
    >>> [is_harmless(each) for each in ("work/../claim.json", "/a", "work//a", "done", "work")]
    [False, False, False, False, False]
    """
    if path in _OWN:
        return True
    parts = path.split("/")
    whole = len(parts) > 1 and parts[0] == "work" and "\0" not in path and len(path) <= 4000
    return whole and not {"", ".", ".."} & set(parts) and str(PurePosixPath(path)) == path
