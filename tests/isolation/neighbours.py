"""What a test of two teams works with."""

from dataclasses import dataclass

import asyncpg
import httpx

from ringtest.control.app import Parts
from ringtest.control.feed.service import Hub
from tests.isolation.two_teams import Estate
from tests.parts import ADMIN, connect


@dataclass(slots=True)
class Neighbours:
    """The first team's estate, the second team's, clients of the second, and the server."""

    first: Estate
    second: Estate
    clients: dict[str, httpx.AsyncClient]
    hub: Hub
    owner: asyncpg.Connection
    parts: Parts
    app: httpx.ASGITransport

    def client(self, auth: httpx.Auth | None) -> httpx.AsyncClient:
        """A client of somebody else."""
        return connect(self.parts, auth, self.app)

    @property
    def admin(self) -> httpx.AsyncClient:
        """The super admin."""
        return self.client(ADMIN)
