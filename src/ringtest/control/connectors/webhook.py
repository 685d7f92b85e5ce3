"""Notifier `webhook`: POSTs JSON, signed as Standard Webhooks describe. Needs httpx.

Headers: webhook-id (the same over retries), webhook-timestamp (Unix seconds) and, with a
secret, webhook-signature `v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`. A secret
`whsec_<base64>` is the key in base64; any other text is the key itself.

A message with `networks` goes to public addresses and those networks alone. The name is
looked up here, and the connection is made to the address that was checked: a name that
answers with another address a moment later leads nowhere else.
"""

import asyncio
import base64
import binascii
import hmac
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx
import msgspec

from ringtest import __version__
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.notifier import DeliveryFailed, Message

PORT = "notifier"
_TIMEOUT_SECONDS = 10.0
_ANSWER_CHARS = 200
_ANSWER_BYTES = 4096
_WORTH_ANOTHER_TRY = (408, 425, 429)
_encoder = msgspec.json.Encoder()


class Webhook:
    """One try per call. 2xx: delivered; 4xx: given up, but for 408, 425 and 429; else: again."""

    channel = "webhook"

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.time,
        resolve: "Resolve | None" = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._transport = transport
        self._now = now
        self._resolve = resolve or _resolve
        self._timeout = timeout

    async def send(self, message: Message) -> str:
        """POST the message; a receiver that drips its answer has `timeout` seconds in all."""
        body = _encoder.encode({"id": message.id, "subject": message.subject, **message.body})
        headers = {
            "content-type": "application/json",
            "user-agent": f"ringtest/{__version__}",
            **signed_headers(message.id, int(self._now()), body, message.secret),
        }
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(
                    transport=self._transport, follow_redirects=False, timeout=self._timeout
                ) as client,
            ):
                request = client.build_request(
                    "POST", message.address, content=body, headers=headers
                )
                if message.networks is not None:
                    await self._pin(request, message.networks)
                async with aclosing(await client.send(request, stream=True)) as response:
                    answer = f"{response.status_code} {await _beginning(response)}".strip()
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise DeliveryFailed(f"the address is not usable: {error}", again=False) from error
        except TimeoutError:
            raise DeliveryFailed(f"no answer within {self._timeout:g} s") from None
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}"[:_ANSWER_CHARS]) from error
        if response.is_success:
            return answer[:_ANSWER_CHARS]
        refused = response.is_client_error and response.status_code not in _WORTH_ANOTHER_TRY
        raise DeliveryFailed(answer[:_ANSWER_CHARS], again=not refused)

    async def _pin(self, request: httpx.Request, networks: Sequence[str]) -> None:
        """Let the request go to the address that its name has now, if that is allowed.

        Host header and certificate stay those of the name.
        """
        host = request.url.host
        try:
            found = await self._resolve(host)
        except (OSError, UnicodeError) as error:
            raise DeliveryFailed(f"{host[:80]}: the name has no address") from error
        allowed = [address for address in found if is_allowed(address, networks)]
        if not allowed or len(allowed) < len(found):
            # one inner address among public ones is a trap, or a mistake of the same effect
            raise DeliveryFailed(
                f"{host[:80]} is not a public address; an administrator may allow its network",
                again=False,
            )
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=allowed[0])


Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host name."""


async def _resolve(host: str) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def is_allowed(address: str, networks: Sequence[str]) -> bool:
    """Is it a public address, or in one of the networks?

    >>> is_allowed("192.0.78.9", ()), is_allowed("127.0.0.1", ()), is_allowed("::ffff:10.0.0.1", ())
    (True, False, False)
    >>> is_allowed("10.1.2.3", ("10.1.0.0/16",))
    True
    """
    ip = _innermost(ip_address(address))
    if any(ip in ip_network(network) for network in networks):
        return True
    return ip.is_global and not ip.is_multicast


_NAT64 = ip_network("64:ff9b::/96")


def _innermost(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(ip, IPv4Address):
        return ip
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    if inner is None and ip in _NAT64:
        inner = IPv4Address(int(ip) & 0xFFFFFFFF)
    return inner or ip


def signed_headers(message_id: str, timestamp: int, body: bytes, secret: str) -> dict[str, str]:
    """The three headers; without a secret the signature is left out.

    >>> signed_headers("m", 1, b"{}", "key")["webhook-signature"]
    'v1,PZ/NkMlNTAuwo7eUSzj+2MvSPuobXrtxD9Jq3rZS73c='
    """
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    if secret:
        digest = hmac.digest(_key(secret), f"{message_id}.{timestamp}.".encode() + body, "sha256")
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"))
        except binascii.Error:
            raise DeliveryFailed("the secret is not base64 after whsec_", again=False) from None
    return secret.encode()


async def _beginning(response: httpx.Response) -> str:
    """The first characters of the answer, however long it is."""
    received = b""
    async for chunk in response.aiter_bytes():
        received += chunk
        if len(received) >= _ANSWER_BYTES:
            break
    text = received[:_ANSWER_BYTES].decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def create(_: Settings) -> Webhook:
    """The connector as the registry makes it."""
    return Webhook()
