"""Runs without a server whose remains are kept: how to get in, and how they are let go."""

import asyncio
import sys
from pathlib import Path

from ringtest.agent.alone.run import release_alone
from ringtest.agent.isolation.held import read_note
from ringtest.cli.definition_files import cache_folder, show
from ringtest.cli.exits import EXIT_OK, EXIT_USAGE

_LEFT = 1


def tell_held(folder: Path) -> None:
    """Say how to get in, if the run of this folder is held."""
    held = read_note(folder)
    if held:
        print(f"held; to get in:\n{held.shell}\nto let it go:\nringtest run --release {folder}")


def release_run(folder: Path) -> int:
    """Do the teardown of the run of this folder, and remove what it kept; the exit code."""
    try:
        wrong = asyncio.run(release_alone(folder.absolute(), cache=cache_folder(), show=show))
    except ValueError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    for one in wrong:
        print(f"left behind: {one}", file=sys.stderr)
    return _LEFT if wrong else EXIT_OK
