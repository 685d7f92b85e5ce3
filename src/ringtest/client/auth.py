"""Ways to say who is asking, as httpx authentication."""

from collections.abc import Generator
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl

import httpx

from ringtest.client.signing import EMPTY_SHA256, Signable, signature_headers

BODY_SHA256 = "ringtest_body_sha256"
"""Request extension that carries the digest of a streamed body."""

SESSION_COOKIE = "ringtest_session"


class HmacAuth(httpx.Auth):
    """Signs as a remote CI or a feeder.

    A streamed body is not read here: its digest must come in the request
    extension `BODY_SHA256`.
    """

    def __init__(self, identity: str, secret: str) -> None:
        self.identity = identity
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        digest = request.extensions.get(BODY_SHA256)
        if digest is None:
            body = request.content
            digest = sha256(body).hexdigest() if body else EMPTY_SHA256
        query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        signable = Signable(
            method=request.method,
            path=request.url.raw_path.partition(b"?")[0].decode(),
            query=tuple(query),
            host=request.headers["host"],
            body_sha256=digest,
        )
        request.headers.update(
            signature_headers(
                signable, identity=self.identity, secret=self._secret, now=datetime.now(UTC)
            )
        )
        yield request


class TokenAuth(httpx.Auth):
    """Sends an API token (`rt_…`), or a bearer token of the single sign-on."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


class SessionAuth(httpx.Auth):
    """Sends the cookie that `ringtest login` got, and the header that guards it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Cookie"] = f"{SESSION_COOKIE}={self._token}"
        request.headers["X-Requested-With"] = "ringtest"
        yield request
