"""Brings the attempts of a bundle to the server, as the agent that ran them would have done."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ringtest.agent.attempt import Attempt
from ringtest.agent.bundles.manifest import BundleError
from ringtest.agent.control import Control
from ringtest.agent.lab_api import LabApi
from ringtest.agent.settings import AgentSettings
from ringtest.agent.worker import recover
from ringtest.client import AsyncClient, Retries


async def carry(
    attempts: list[Attempt],
    settings: AgentSettings,
    *,
    tell: Callable[[Attempt, str], None],
    client: AsyncClient | None = None,
) -> None:
    """Deliver one after the other, however long the server needs; `tell` hears how each ended.

    What is broken off goes on with the next call: records have numbers, files have keys.
    """
    client = client or AsyncClient(settings.connection, retries=Retries(attempts=1))
    try:
        api = LabApi(client)
        for attempt in attempts:
            if attempt.done is not None:
                tell(attempt, f"{attempt.done} (was delivered before)")
                continue
            await recover(attempt, api, Control())
            tell(attempt, attempt.done or "unreported")
    finally:
        await client.close()


@contextmanager
def alone_with(data: Path) -> Iterator[None]:
    """Nobody else delivers from this folder meanwhile. BundleError when somebody does."""
    data.mkdir(parents=True, exist_ok=True)
    lock = os.open(data / "imported.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BundleError(f"another import works in {data}") from None
        yield
    finally:
        os.close(lock)
