"""The blocking client."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
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


class Client:
    """Requests to one server as one identity. Raises ApiError and Unreachable, nothing else."""

    def __init__(
        self,
        connection: Connection,
        *,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.connection = connection
        self._retries = retries or Retries()
        self._http = httpx.Client(transport=transport, **connection.arguments())

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def call(self, call: Call) -> Any:
        """Send and return the JSON of the answer, None when it has no body."""
        return requests.decode(self.send(call))

    def send(self, call: Call) -> httpx.Response:
        """Send, again where that is safe, and return the last answer whatever its status."""
        backoff = self._retries.backoff()
        attempts = self._retries.attempts if may_retry(call.method, call.headers) else 1
        for left in range(attempts - 1, -1, -1):
            request = self._http.build_request(**call.arguments(self.connection))
            try:
                response = self._http.send(request)
            except httpx.RequestError as error:
                if not left:
                    raise unreachable_from(error, self.connection.server) from error
                time.sleep(backoff.next())
                continue
            if response.status_code not in RETRIED_STATUSES or not left:
                return response
            time.sleep(max(backoff.next(), wait_asked_for(response.headers)))
        raise AssertionError("attempts is at least 1")

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON at a path."""
        return self.call(requests.get(path, params))

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Create or do something; safe to be sent again (`requests.post`)."""
        return self.call(requests.post(path, body, key=key))

    def put(self, path: str, body: Any, *, etag: str) -> Any:
        """Change what still has this etag."""
        return self.call(requests.put(path, body, etag=etag))

    def delete(self, path: str, *, etag: str | None = None) -> None:
        """Remove something."""
        self.call(requests.delete(path, etag=etag))

    def pages(
        self,
        path: str,
        noun: str,
        params: Mapping[str, str] | None = None,
        *,
        size: int = PAGE_SIZE,
    ) -> Iterator[dict[str, Any]]:
        """Every item of a list, read page by page. `noun` is the key of the list."""
        offset = 0
        while True:
            page = self.get(path, requests.page_params(params or {}, offset=offset, limit=size))
            items: list[dict[str, Any]] = page[noun]
            yield from items
            offset += len(items)
            if not items or offset >= page.get("_meta", {}).get("count", offset):
                return

    def upload(self, path: str, file: LocalFile, headers: Mapping[str, str]) -> Any:
        """POST a file's bytes, once; the answer's JSON."""
        request = self._http.build_request(
            "POST",
            self.connection.url(path),
            content=file.chunks(),
            headers=upload_headers(headers, file),
            extensions={BODY_SHA256: file.sha256},
        )
        try:
            return requests.decode(self._http.send(request))
        except httpx.RequestError as error:
            raise unreachable_from(error, self.connection.server) from error

    def download(self, path: str, target: Path, params: Mapping[str, str] | None = None) -> int:
        """Write the bytes at a path to `target`; returns how many there were."""
        with target.open("wb") as file:
            for chunk in self.stream(path, params):
                file.write(chunk)
            return file.tell()

    def stream(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """The bytes at a path, as they come."""
        with self.opened(path, params) as response:
            yield from response.iter_bytes()

    @contextmanager
    def opened(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """An answer whose body is read as it comes."""
        url = self.connection.url(path)
        try:
            with self._http.stream(
                "GET", url, params=dict(params or {}), headers=dict(headers or {})
            ) as response:
                if response.status_code >= 300:
                    response.read()
                    raise error_from(response)
                yield response
        except httpx.RequestError as error:
            raise unreachable_from(error, self.connection.server) from error
