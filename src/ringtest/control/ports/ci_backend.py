"""Builds of another CI system: started once, followed, stopped, and what they leave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class CiSite:
    """A controller: its address, an identity, and certificates (PEM) to trust beside the usual
    ones. The secret does not show in the repr."""

    url: str
    user: str = ""
    secret: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A wish to build: its place in the controller's queue, and its number once it runs."""

    job: str
    queue_id: int
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a log as they were printed. `next` is what to ask from the next time, which need
    not be as many bytes further; `more` says whether the build may print more."""

    data: bytes
    next: int
    more: bool


class BuildGone(Exception):
    """The controller knows nothing of the wish or the build (any more)."""


class BuildCancelled(Exception):
    """Somebody took the wish out of the queue."""


class BuildRefused(Exception):
    """The controller answered and will not do it; asking again does not help. The message is
    for the person who wrote the job."""


class CiBackend(Protocol):
    """A kind of CI system. Every verb raises Unavailable when the controller does not answer
    or answers "later", and what it raises says nothing of the identity."""

    kind: str

    async def start(
        self,
        site: CiSite,
        job: str,
        parameters: Mapping[str, str],
        *,
        correlation: str,
        offered: Mapping[str, str] = _NONE,
    ) -> Ticket:
        """Build once, however often and by whomever this is asked with that correlation id.

        `offered` are parameters that go along if the job declares them. BuildRefused: there is
        no such job, it does not declare one of `parameters`, or a build of it could not be found
        again by its correlation id.
        """
        ...

    async def find(self, site: CiSite, job: str, *, correlation: str) -> Ticket | None:
        """The wish or build of a correlation id; None when there is none."""
        ...

    async def number(self, site: CiSite, ticket: Ticket) -> int | None:
        """The build's number; None while it waits. BuildCancelled, BuildGone."""
        ...

    async def result(self, site: CiSite, job: str, number: int) -> str | None:
        """SUCCESS, UNSTABLE, FAILURE, NOT_BUILT or ABORTED; None while it runs. BuildGone."""
        ...

    async def log(self, site: CiSite, job: str, number: int, *, start: int) -> Piece:
        """What was printed from `start` on. BuildGone."""
        ...

    async def report(self, site: CiSite, job: str, number: int) -> dict[str, Any] | None:
        """Its test report: `suites` with `name` and `cases` (className, name, status, duration
        in seconds, errorDetails, errorStackTrace, skippedMessage); None: it has none."""
        ...

    async def artifacts(self, site: CiSite, job: str, number: int) -> list[str]:
        """Relative paths of what it kept, without doubles, in the controller's order."""
        ...

    async def fetch(self, site: CiSite, job: str, number: int, artifact: str, to: Path) -> int:
        """Write an artifact to a file; its size in bytes. BuildGone."""
        ...

    async def stop(self, site: CiSite, ticket: Ticket) -> None:
        """Take the wish out of the queue, or end the build. What is over or gone is fine."""
        ...

    async def close(self) -> None:
        """Drop the connections."""
        ...
