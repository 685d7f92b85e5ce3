"""The way out when no index can be read: let pip itself find the source archive.

pip also knows folders (`find-links`), keyrings and client certificates that a reader of
index pages does not. It tells no date of release then: the newest file inside the archive
stands in for it, which is when the archive was put together, at most minutes before.
"""

import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from examples.jinja2.package_index import Archive, sha256_of


class PipFailed(Exception):
    """pip could not find the archive either; the message is its last line."""


def download_with_pip(
    project: str, version: str, folder: Path, *, python: str = sys.executable
) -> tuple[Archive, Path]:
    """The source archive of a version, by `pip download`."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [python, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--quiet"]
    target = f"{project}=={version}"
    done = subprocess.run(
        [*command, "--dest", str(folder), target], capture_output=True, text=True, check=False
    )
    found = [
        path
        for path in folder.glob("*.tar.gz")
        if path.name.lower() == f"{project}-{version}.tar.gz".lower()
    ]
    if done.returncode or not found:
        raise PipFailed((done.stderr.strip().splitlines() or ["no archive"])[-1])
    return describe(project, version, found[0]), found[0]


def describe(project: str, version: str, path: Path) -> Archive:
    """What a local archive says about itself."""
    with tarfile.open(path) as archive:
        newest = max((member.mtime for member in archive.getmembers()), default=0.0)
    return Archive(
        project=project,
        version=version,
        filename=path.name,
        url="",
        sha256=sha256_of(path),
        size=path.stat().st_size,
        released_at=datetime.fromtimestamp(newest, UTC).replace(tzinfo=None),
    )
