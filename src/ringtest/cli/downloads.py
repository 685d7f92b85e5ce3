"""Where downloaded files go: below the folder that was asked for, whatever they are called."""

from pathlib import Path, PurePosixPath

from ringtest.cli.config import UsageError


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
