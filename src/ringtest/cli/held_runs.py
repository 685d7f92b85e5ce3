"""Runs without a server whose remains are kept: how to get in, and how they are let go."""

import asyncio
import sys
from pathlib import Path

from ringtest.agent.attempt import Attempt
from ringtest.agent.isolation.held import let_go, read_note
from ringtest.cli.exits import EXIT_OK, EXIT_USAGE

_LEFT = 1


def tell_held(folder: Path) -> None:
    """Say how to get in, if the run of this folder is held."""
    held = read_note(folder)
    if held:
        print(f"held; to get in:\n{held.shell}\nto let it go:\nringtest run --release {folder}")


def release_run(folder: Path) -> int:
    """Remove what the run of this folder kept beside it; the exit code."""
    attempt, held = Attempt.load(folder.absolute()), read_note(folder)
    if attempt is None or held is None:
        print(f"{folder} is not the folder of a run that is held", file=sys.stderr)
        return EXIT_USAGE
    left = asyncio.run(let_go(attempt, held))
    for one in left:
        print(f"left behind: {one}", file=sys.stderr)
    return _LEFT if left else EXIT_OK
