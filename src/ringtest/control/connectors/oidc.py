"""Identity provider `oidc`: OpenID Connect Discovery, then the key set. Needs httpx.

The document lies at `<issuer>/.well-known/openid-configuration`; the issuer of a Keycloak is
`<sso_url>/auth/realms/<sso_realm>`. Redirects are not followed, answers are cut at 1 MiB.
"""

import asyncio
from typing import Any

import httpx
import msgspec

from ringtest import __version__
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.identity_provider import ProviderUnreachable, Published

PORT = "identity_provider"
_TIMEOUT_SECONDS = 10.0
_LARGEST = 1 << 20


class _Document(msgspec.Struct):
    issuer: str
    jwks_uri: str


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class Oidc:
    """Two GETs per fetch. `issuer` empty: there is no provider."""

    def __init__(
        self,
        issuer: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._transport = transport
        self._timeout = timeout
        self.configured = bool(issuer)

    async def fetch(self) -> Published:
        """The provider's name and keys; ProviderUnreachable says which step failed."""
        address = f"{self._issuer}/.well-known/openid-configuration"
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(
                    transport=self._transport,
                    follow_redirects=False,
                    timeout=self._timeout,
                    headers={"user-agent": f"ringtest/{__version__}"},
                ) as client,
            ):
                document = msgspec.json.decode(await _get(client, address), type=_Document)
                address = document.jwks_uri
                keys = msgspec.json.decode(await _get(client, address), type=_KeySet).keys
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            raise ProviderUnreachable(f"{address}: {type(error).__name__} {error}") from error
        except RecursionError as error:
            raise ProviderUnreachable(f"{address}: nested too deep") from error
        return Published(document.issuer, keys)


async def _get(client: httpx.AsyncClient, address: str) -> bytes:
    async with client.stream("GET", address) as response:
        if response.status_code != 200:
            raise ValueError(f"answered {response.status_code}")
        content = b""
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > _LARGEST:
                raise ValueError(f"the answer is larger than {_LARGEST} bytes")
        return content


def create(settings: Settings) -> Oidc:
    """The provider that the settings name, or one that is not there."""
    issuer = settings.sso_issuer
    if not issuer and settings.sso_url and settings.sso_realm:
        issuer = f"{settings.sso_url.rstrip('/')}/auth/realms/{settings.sso_realm}"
    return Oidc(issuer)
