"""A real OpenID Connect provider in a process of its own, and tokens from it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

PEOPLE: list[dict[str, Any]] = [
    {
        "sub": "7f0c",
        "preferred_username": "jo",
        "name": "Jo of the provider",
        "email": "jo@provider.example",
        "realm_access": {"roles": ["offline_access", "redhat:employees"]},
    },
    {"sub": "81aa", "preferred_username": "sam", "email": "sam@provider.example"},
    {"sub": "nobody", "email": "nobody@provider.example"},
]


@asynccontextmanager
async def running_provider(port: int) -> AsyncIterator[str]:
    """oidc-provider-mock on that port, with keys of its own; gives its issuer."""
    people = [word for one in PEOPLE for word in ("--user-claims", json.dumps(one))]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)),
        *people,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        await _answers(f"{issuer}/.well-known/openid-configuration", process)
        yield issuer
    finally:
        process.terminate()
        await process.wait()


async def _answers(url: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient() as http:
        while True:
            assert process.returncode is None, "the provider ended"
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)  # until the port is open; nothing else tells


async def token_of(issuer: str, sub: str, *, audience: str = "dci") -> str:
    """What a browser and a client named `audience` get together: the ID token of a person."""
    back = "http://127.0.0.1/back"
    query = {
        "client_id": audience,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "openid profile email",
    }
    async with httpx.AsyncClient(base_url=issuer) as http:
        sent = await http.post("/oauth2/authorize", params=query, data={"sub": sub})
        code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
        form: Mapping[str, str] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
        }
        answer = await http.post("/oauth2/token", data=form, auth=(audience, "secret"))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["id_token"]
        return token
