"""The way to the server: names, proxy, certificates, clock, key, event stream, version."""

import json
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ringtest import __version__
from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn
from ringtest.agent.settings import AgentSettings
from ringtest.client import ApiError, Client, ClientError, Retries
from ringtest.client.errors import error_from
from ringtest.client.requests import get

MOST_SKEW = 15 * 60
"""Seconds by which clocks may differ: then signatures have expired."""
_SKEW = 60


def server(lab: Lab) -> Iterator[Found]:
    """One request with the lab's key, as far as it comes; then the stream of assignments."""
    if lab.settings is None:
        return
    proxy = _proxy(lab.settings)
    yield from _names(proxy or lab.settings.connection.server, proxy)
    try:
        with Client(lab.settings.connection, retries=Retries(attempts=1)) as client:
            answer = client.send(get("/identity"))
            yield ok("server", f"{client.connection.server} answers")
            yield _clock(answer)
            yield _key(client, answer)
            if answer.status_code < 300:
                yield from _stream(client)
    except ClientError as error:
        yield bad("server", str(error), _advice(str(error), proxy))


def _proxy(settings: AgentSettings) -> str:
    """The proxy that is used for the server, empty for none."""
    address = urlsplit(settings.connection.server)
    if settings.proxy:
        return settings.proxy
    if proxy_bypass(address.hostname or ""):
        return ""
    known = getproxies()
    return known.get(address.scheme) or known.get("all") or ""


def _names(address: str, proxy: str) -> Iterator[Found]:
    host = urlsplit(address).hostname or ""
    if proxy:
        yield ok("proxy", f"requests go through {host}")
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        advice = "correct the address, or name a proxy: proxy in the settings, or HTTPS_PROXY"
        yield bad("dns", f"{host or address} is not known: {why}", advice)
        return
    yield ok("dns", f"{host} is {found[0][4][0]}")


def _advice(message: str, proxy: str) -> str:
    if "certificate verify failed" in message:
        return "name the file of your authority's certificate: ca_file, or RINGTEST_CA_FILE"
    if "WRONG_VERSION_NUMBER" in message:
        return "what answers there speaks no TLS: begin the address with http://"
    if "certificates" in message:
        return "correct ca_file, or the variable that names the file"
    if proxy:
        return f"let the proxy reach the server, or except it in NO_PROXY ({proxy} is used)"
    return "open the way out to it, or name a proxy: proxy in the settings, or HTTPS_PROXY"


def _clock(answer: httpx.Response) -> Found:
    try:
        there = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return warn("clock", "the server does not tell its time", "look at this machine's clock")
    seconds = round((datetime.now(UTC) - there).total_seconds())
    if abs(seconds) < _SKEW:
        return ok("clock", f"differs from the server's by {abs(seconds)} s")
    message = (
        f"this clock is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the server's"
    )
    advice = f"let the machine keep its time (chrony); from {MOST_SKEW} s on all is refused"
    return (bad if abs(seconds) >= MOST_SKEW - _SKEW else warn)("clock", message, advice)


def _key(client: Client, answer: httpx.Response) -> Found:
    if answer.status_code >= 300:
        error = error_from(answer)
        advice = "get a new key: ringtest lab settings LAB, or the lab's page"
        return bad("key", f"the server refuses it: {error}", advice)
    try:
        identity = answer.json()["identity"]
        return ok("key", f"the server knows this lab as {_name_of(client, identity)}")
    except (ValueError, KeyError, TypeError):
        return bad("key", "what answers is no Ringtest server", "correct the address")


def _name_of(client: Client, identity: Mapping[str, Any]) -> str:
    """The name of a lab, which its own identity does not have."""
    if identity["name"]:
        return str(identity["name"])
    answer = client.send(get(f"/remotecis/{identity['id']}"))
    known = answer.json().get("remoteci", {}) if answer.status_code < 300 else {}
    return str(known.get("name") or identity["id"])


def _stream(client: Client) -> Iterator[Found]:
    """The first event comes at once, unless something on the way keeps it."""
    try:
        with client.opened("/agent/stream", headers={"X-Ringtest-Agent": __version__}) as answer:
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield ok("stream", "the server's assignments come through")
                    yield _version(line.removeprefix("data:"))
                    return
    except ApiError as error:
        yield bad("stream", f"refused: {error}", "is this the key of a lab?")
        return
    yield bad("stream", "it ends before it begins", "let the proxy pass on text/event-stream")


def _version(hello: str) -> Found:
    there = json.loads(hello).get("version", "")
    if there.split(".")[:1] == __version__.split(".")[:1]:
        return ok("version", f"agent {__version__}, server {there}")
    message = f"agent {__version__}, server {there or 'does not tell'}"
    return warn("version", message, "update the older one")
