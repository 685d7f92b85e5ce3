"""Where downloaded files go: below the folder that was asked for, whatever they are called."""

import sys
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from ringtest.cli.config import UsageError
from ringtest.client import Client
from ringtest.client.downloads import download_resumable


def place_below(folder: Path, name: str) -> Path:
    """The path of a file with a name from the server; makes its folders.

    UsageError for a name that would lead out of the folder.
    """
    parts = PurePosixPath(name).parts
    if not parts or any(part in ("/", "..") or "\0" in part for part in parts):
        raise UsageError(f"the name {name!r} leads out of {folder}")
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def fetch(client: Client, path: str, about: dict[str, Any], to: Path) -> Path:
    """A file of a list at a path of the API, into a folder: what was cut goes on, and the file is
    there only when it is whole."""
    target = place_below(to, about["name"])
    with progress_bar() as shown:
        task = shown.add_task(target.name, total=about["size"])
        download_resumable(
            client,
            f"{path}/{about['id']}/content",
            target,
            size=about["size"],
            sha256=about["sha256"],
            progress=lambda done, _: shown.update(task, completed=done),
        )
    return target


def progress_bar() -> Progress:
    """Shown to people alone: what is piped stays clean."""
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
