"""The API client of ringtest: signing, requests with retries, paging and event streams.

Used by the command line and by the agent; knows the HTTP API and nothing of the
server's code. `Client` blocks, `AsyncClient` does not; both take a `Connection`.
"""

from ringtest.client.aio import AsyncClient
from ringtest.client.connection import Connection
from ringtest.client.errors import ApiError, ClientError, Unreachable
from ringtest.client.retry import Backoff, Retries
from ringtest.client.sse import ServerEvent
from ringtest.client.sync import Client

__all__ = [
    "ApiError",
    "AsyncClient",
    "Backoff",
    "Client",
    "ClientError",
    "Connection",
    "Retries",
    "ServerEvent",
    "Unreachable",
]
