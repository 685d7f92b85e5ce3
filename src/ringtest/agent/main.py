"""Runs an agent as a process: one-line logs on stderr, ends on SIGTERM and SIGINT.

`ringtest agent` reads its options and becomes this process (`exec`), which holds nothing of what
a command line needs: an agent waits for weeks. Options are given as `name=value`, after the
names of the settings, and `config=FILE`; the lab's key is never among them.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ringtest import __version__
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings, SettingsError, read_settings

_EXIT_USAGE = 2

log = logging.getLogger("ringtest.agent")


def main(words: Sequence[str]) -> int:
    """Serve until a signal comes; the exit code: 2 for settings that cannot be used."""
    given = dict(word.partition("=")[::2] for word in words)
    config = given.pop("config", None)
    try:
        run_agent(read_settings(given, os.environ, Path(config) if config else None))
    except SettingsError as error:
        print(f"ringtest agent: {error}", file=sys.stderr)
        return _EXIT_USAGE
    return 0


def run_agent(settings: AgentSettings, *, once: str = "") -> str:
    """Serve until a signal comes, or one job of the topic `once` is done: how that ended.
    SettingsError when the settings cannot be used, ClientError when there is no such job."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        return asyncio.run(_serve(settings, once))
    finally:
        log.removeHandler(handler)


async def _serve(settings: AgentSettings, once: str) -> str:
    agent = Agent(settings, once=once)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.stop)
    log.info(
        "ringtest %s as %s for %s, data in %s",
        *(__version__, settings.client_id, settings.server, settings.data),
    )
    await agent.run()
    log.info("stopped")
    return agent.result if once else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
