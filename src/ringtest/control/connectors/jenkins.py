"""Builds of Jenkins: port `ci_backend`, over the client that the job builder uses as well.

The client is blocking: every call is a thread's. One client per site is kept, for its
connections and its session with a crumb.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ringtest.client.errors import ClientError, Unreachable
from ringtest.client.jenkins import Controller, Missing, Refused, Site, builds
from ringtest.client.jenkins.errors import Unsure
from ringtest.client.retry import RETRIED_STATUSES, Retries
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.ci_backend import (
    BuildCancelled,
    BuildGone,
    BuildRefused,
    CiSite,
    Piece,
    Ticket,
)

PORT = "ci_backend"

_RETRIES = Retries(attempts=3, first=0.1, most=1.0)
"""Short: who follows builds comes again anyway."""
_SITES = 100
_NONE: Mapping[str, str] = {}
_T = TypeVar("_T")


def create(settings: Settings) -> "Jenkins":
    """Jenkins needs no settings: sites come with each call."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line per look at a build
    return Jenkins()


class Jenkins:
    """See `ports.ci_backend`."""

    kind = "jenkins"

    def __init__(self, *, retries: Retries = _RETRIES, seconds: float = 30.0) -> None:
        self._retries = retries
        self._seconds = seconds
        self._controllers: dict[CiSite, Controller] = {}

    async def start(
        self,
        site: CiSite,
        job: str,
        parameters: Mapping[str, str],
        *,
        correlation: str,
        offered: Mapping[str, str] = _NONE,
    ) -> Ticket:
        def act(controller: Controller) -> Ticket:
            declared = builds.declared_parameters(controller, job)
            if builds.CORRELATION not in declared:
                raise BuildRefused(
                    f"{job} declares no parameter {builds.CORRELATION}: without it a build"
                    " cannot be found again"
                )
            given = {name: value for name, value in offered.items() if name in declared}
            values = {**given, **parameters}
            return _ticket(builds.start(controller, job, values, correlation=correlation))

        return await self._ask(site, act, gone=BuildRefused)

    async def find(self, site: CiSite, job: str, *, correlation: str) -> Ticket | None:
        def act(controller: Controller) -> Ticket | None:
            found = builds.find(controller, job, correlation)
            return _ticket(found) if found else None

        return await self._ask(site, act)

    async def number(self, site: CiSite, ticket: Ticket) -> int | None:
        started = builds.Started(ticket.job, ticket.queue_id, ticket.number)
        return await self._ask(site, lambda controller: builds.look(controller, started))

    async def result(self, site: CiSite, job: str, number: int) -> str | None:
        def act(controller: Controller) -> str | None:
            shown = builds.build(controller, job, number)
            return None if shown["building"] else str(shown["result"] or "NOT_BUILT")

        return await self._ask(site, act)

    async def log(self, site: CiSite, job: str, number: int, *, start: int) -> Piece:
        def act(controller: Controller) -> Piece:
            data, following, more = builds.log_piece(controller, job, number, start=start)
            return Piece(data, following, more)

        return await self._ask(site, act)

    async def report(self, site: CiSite, job: str, number: int) -> dict[str, Any] | None:
        return await self._ask(site, lambda controller: builds.report(controller, job, number))

    async def artifacts(self, site: CiSite, job: str, number: int) -> list[str]:
        found = await self._ask(site, lambda one: builds.artifacts(one, job, number))
        return list(dict.fromkeys(found))

    async def fetch(self, site: CiSite, job: str, number: int, artifact: str, to: Path) -> int:
        return await self._ask(site, lambda one: builds.download(one, job, number, artifact, to))

    async def stop(self, site: CiSite, ticket: Ticket) -> None:
        def act(controller: Controller) -> None:
            number = ticket.number
            if number is None:
                builds.cancel_queued(controller, ticket.queue_id)
                number = builds.look(controller, builds.Started(ticket.job, ticket.queue_id))
            if number is not None:
                builds.stop(controller, ticket.job, number)

        try:
            await self._ask(site, act)
        except (BuildGone, BuildCancelled):
            return

    async def close(self) -> None:
        controllers, self._controllers = self._controllers, {}
        for controller in controllers.values():
            controller.exchange.close()

    async def _ask(
        self,
        site: CiSite,
        act: Callable[[Controller], _T],
        *,
        gone: type[Exception] = BuildGone,
    ) -> _T:
        """Call in a thread, and say what went wrong in the words of the port."""
        try:
            return await asyncio.to_thread(lambda: act(self._controller(site)))
        except builds.Cancelled as error:
            raise BuildCancelled(str(error)) from None
        except (Missing, Unsure) as error:
            raise gone(str(error)) from None
        except Unreachable as error:
            raise Unavailable(str(error)) from None
        except Refused as error:
            if error.status in RETRIED_STATUSES or error.status in (401, 403, 500):
                raise Unavailable(str(error)) from None
            raise BuildRefused(str(error)) from None
        except ClientError as error:
            raise BuildRefused(str(error)) from None

    def _controller(self, site: CiSite) -> Controller:
        known = self._controllers.get(site)
        if known is None:
            if len(self._controllers) >= _SITES:  # identities change; old ones are not kept
                self._controllers.pop(next(iter(self._controllers)))
            known = Controller(
                Site(
                    site.url.rstrip("/") + "/",
                    site.user or None,
                    site.secret or None,
                    timeout=self._seconds,
                    ca=site.ca,
                ),
                retries=self._retries,
            )
            self._controllers[site] = known
        return known


def _ticket(started: builds.Started) -> Ticket:
    return Ticket(started.job, started.queue_id, started.number)
