"""Telling people and programs outside: webhooks, mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One report. `id` stays the same over retries: receivers drop the second copy by it.

    `networks`: whoever chose the address may reach public addresses and these networks
    alone; None: an administrator chose it, any.
    """

    id: str
    address: str
    subject: str
    text: str
    body: Mapping[str, Any]
    secret: str = ""
    networks: tuple[str, ...] | None = None


class DeliveryFailed(Exception):
    """Not delivered. `again` says whether trying later can help."""

    def __init__(self, answer: str, *, again: bool = True) -> None:
        super().__init__(answer)
        self.answer = answer
        self.again = again


class Notifier(Protocol):
    """A channel, named by `channel` in report_targets."""

    channel: str

    async def send(self, message: Message) -> str:
        """Deliver and return the receiver's answer (≤ 200 characters), or DeliveryFailed."""
        ...
