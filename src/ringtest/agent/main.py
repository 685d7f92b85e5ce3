"""Runs an agent as a process: one-line logs on stderr, ends on SIGTERM and SIGINT."""

import asyncio
import logging
import signal
import sys

from ringtest import __version__
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings

log = logging.getLogger("ringtest.agent")


def run_agent(settings: AgentSettings) -> None:
    """Serve until a signal comes. SettingsError when the settings cannot be used."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        asyncio.run(_serve(settings))
    finally:
        log.removeHandler(handler)


async def _serve(settings: AgentSettings) -> None:
    agent = Agent(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.stop)
    log.info(
        "ringtest %s as %s for %s, data in %s",
        *(__version__, settings.client_id, settings.server, settings.data),
    )
    await agent.run()
    log.info("stopped")
