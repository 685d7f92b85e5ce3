"""Where the server is and as whom to speak to it."""

from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from ringtest import __version__
from ringtest.client.auth import HmacAuth, SessionAuth, TokenAuth
from ringtest.client.tls import trusted

API = "/api/v1"
USER_AGENT = f"ringtest/{__version__}"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)

# Large files come with half the processor time of the default, 64 KiB: asyncio reads 256 KiB at a
# time, of which each smaller read copies what is left.
for _kind in (httpcore.AsyncHTTP11Connection, httpcore.HTTP11Connection):
    _kind.READ_NUM_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Connection:
    """A server's address (no path needed) and an identity; secrets never show in its repr."""

    server: str
    auth: httpx.Auth | None = field(default=None, repr=False)
    ca_file: str = ""
    """Certificates that are trusted beside the usual ones: a file in PEM form."""
    proxy: str = field(default="", repr=False)
    """Address of an HTTP proxy. Else HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide."""

    @classmethod
    def anonymous(cls, server: str) -> "Connection":
        """Without identity: good for health checks and for logging in."""
        return cls(base_url(server))

    @classmethod
    def for_user(cls, server: str, name: str, password: str) -> "Connection":
        """As a person, with HTTP Basic."""
        return cls(base_url(server), httpx.BasicAuth(name.encode(), password.encode()))

    @classmethod
    def for_session(cls, server: str, token: str) -> "Connection":
        """As a person who has logged in."""
        return cls(base_url(server), SessionAuth(token))

    @classmethod
    def for_key(cls, server: str, identity: str, secret: str) -> "Connection":
        """As a remote CI or feeder; `identity` is `remoteci/<uuid>` or `feeder/<uuid>`."""
        return cls(base_url(server), HmacAuth(identity, secret))

    @classmethod
    def for_token(cls, server: str, token: str) -> "Connection":
        """With an API token, or a bearer token of the single sign-on."""
        return cls(base_url(server), TokenAuth(token))

    def arguments(self) -> dict[str, Any]:
        """What a client of httpx is made with. TrustError for certificates that are none."""
        return {
            "auth": self.auth,
            "headers": {"User-Agent": USER_AGENT, "Accept": "application/json"},
            "timeout": TIMEOUT,
            "verify": trusted(self.ca_file),
            "proxy": self.proxy or None,
        }

    def url(self, path: str) -> str:
        """The full address of an API path such as `/jobs`."""
        return f"{self.server}{API}{path}"


def base_url(server: str) -> str:
    """The address without API prefix and trailing slash.

    >>> base_url("ci.example.com/api/v1/")
    'https://ci.example.com'
    >>> base_url("http://127.0.0.1:8080")
    'http://127.0.0.1:8080'
    """
    text = server.strip().rstrip("/")
    for prefix in ("/api/v1", "/api/v2"):
        text = text.removesuffix(prefix)
    return text if "://" in text else f"https://{text}"
