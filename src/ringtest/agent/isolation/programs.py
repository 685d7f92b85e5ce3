"""Short commands of the agent's own around a sandbox, outside of the job's log."""

import asyncio
from collections.abc import Mapping


async def printed(
    *argv: str, seconds: float = 10.0, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code and all that was printed; 124 when it was not done in time, 127 when there
    is no such program."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=env,
        )
    except OSError as error:
        return 127, f"{argv[0]}: {error}"
    try:
        async with asyncio.timeout(seconds):
            text, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 124, f"{argv[0]} did not answer in {seconds:g} s"
    return process.returncode or 0, text.decode(errors="replace")
