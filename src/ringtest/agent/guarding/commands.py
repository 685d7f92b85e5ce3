"""Commands of the guard's own: short ones, beside those of the job and not in its log."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence

from ringtest.agent.control import StageFailed

LONGEST_SECONDS = 120.0
"""A libvirt that hangs must not hang the run."""


async def output_of(argv: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, output and errors of a command in the C locale. StageFailed when it is not
    there, or not done in its time; then it is killed."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise StageFailed(f"guard: {argv[0]}: {error.strerror}") from None
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            out, errors = await process.communicate()
    except TimeoutError:
        raise StageFailed(f"guard: {' '.join(argv)[:200]} hangs") from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, out.decode(errors="replace"), errors.decode(errors="replace")
