"""Where the vendor's certification tool takes the logs of certified systems."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TestLog:
    """A file for a certification, and the person in whose name it is handed in."""

    __test__ = False  # no test, whatever its name says

    username: str
    password: str = field(repr=False)
    certification_id: str
    filename: str
    content: bytes = field(repr=False)
    description: str


class CertificationDesk(Protocol):
    """The certification tool, seen from a server that hands in logs. Keeps no password."""

    async def hand_in(self, log: TestLog) -> None:
        """Upload the log. BadRequest with the tool's words when it refuses, Unavailable when
        it does not answer within a minute or not in its protocol."""
        ...
