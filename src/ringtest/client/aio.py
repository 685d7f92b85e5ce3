"""The asynchronous client: the same calls as `sync.Client`, and event streams."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import httpx

from ringtest.client import requests
from ringtest.client.auth import BODY_SHA256
from ringtest.client.connection import Connection
from ringtest.client.errors import error_from, unreachable_from
from ringtest.client.files import LocalFile, upload_headers
from ringtest.client.requests import PAGE_SIZE, Call
from ringtest.client.retry import RETRIED_STATUSES, Retries, may_retry, wait_asked_for


class AsyncClient:
    """Requests to one server as one identity. Raises ApiError and Unreachable, nothing else."""

    def __init__(
        self,
        connection: Connection,
        *,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.connection = connection
        self._retries = retries or Retries()
        self._http = httpx.AsyncClient(transport=transport, **connection.arguments())

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Drop the connections."""
        await self._http.aclose()

    async def call(self, call: Call, *, retries: Retries | None = None) -> Any:
        """Send and return the JSON of the answer, None when it has no body."""
        return requests.decode(await self.send(call, retries=retries))

    async def send(self, call: Call, *, retries: Retries | None = None) -> httpx.Response:
        """Send, again where that is safe, and return the last answer whatever its status."""
        policy = retries or self._retries
        backoff = policy.backoff()
        attempts = policy.attempts if may_retry(call.method, call.headers) else 1
        for left in range(attempts - 1, -1, -1):
            request = self._http.build_request(**call.arguments(self.connection))
            try:
                response = await self._http.send(request)
            except httpx.RequestError as error:
                if not left:
                    raise unreachable_from(error, self.connection.server) from error
                await asyncio.sleep(backoff.next())
                continue
            if response.status_code not in RETRIED_STATUSES or not left:
                return response
            await asyncio.sleep(max(backoff.next(), wait_asked_for(response.headers)))
        raise AssertionError("attempts is at least 1")

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON at a path."""
        return await self.call(requests.get(path, params))

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Create or do something; safe to be sent again (`requests.post`)."""
        return await self.call(requests.post(path, body, key=key))

    async def put(self, path: str, body: Any, *, etag: str) -> Any:
        """Change what still has this etag."""
        return await self.call(requests.put(path, body, etag=etag))

    async def delete(self, path: str, *, etag: str | None = None) -> None:
        """Remove something."""
        await self.call(requests.delete(path, etag=etag))

    async def pages(
        self,
        path: str,
        noun: str,
        params: Mapping[str, str] | None = None,
        *,
        size: int = PAGE_SIZE,
    ) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, read page by page. `noun` is the key of the list."""
        offset = 0
        while True:
            page = await self.get(
                path, requests.page_params(params or {}, offset=offset, limit=size)
            )
            items: list[dict[str, Any]] = page[noun]
            for item in items:
                yield item
            offset += len(items)
            if not items or offset >= page.get("_meta", {}).get("count", offset):
                return

    async def upload(self, path: str, file: LocalFile, headers: Mapping[str, str]) -> Any:
        """POST a file's bytes, once; the answer's JSON."""
        request = self._http.build_request(
            "POST",
            self.connection.url(path),
            content=file.chunks_async(),
            headers=upload_headers(headers, file),
            extensions={BODY_SHA256: file.sha256},
        )
        try:
            return requests.decode(await self._http.send(request))
        except httpx.RequestError as error:
            raise unreachable_from(error, self.connection.server) from error

    @asynccontextmanager
    async def open(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        read_timeout: float = 60.0,
    ) -> AsyncIterator[httpx.Response]:
        """An answer whose body is read as it comes; refusals are raised before the body."""
        request = self._http.build_request(
            "GET",
            self.connection.url(path),
            params=dict(params or {}) or None,
            headers=dict(headers or {}),
            timeout=httpx.Timeout(read_timeout, connect=10.0),
        )
        try:
            response = await self._http.send(request, stream=True)
            try:
                if response.status_code >= 300:
                    await response.aread()
                    raise error_from(response)
                yield response
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            raise unreachable_from(error, self.connection.server) from error
