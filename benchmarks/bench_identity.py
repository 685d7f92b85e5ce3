"""What knowing the caller costs: GET /identity in every way that a caller can show who it is.

CPU of server and PostgreSQL per request, against the same server's cheapest answer (no
caller, no SQL) in the same run. The first request of each pays for hash, key or row; the
rest are warm, which is what is measured.
"""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.harness import ADMIN_PASSWORD, Server, row, running_server
from ringtest.client.auth import HmacAuth, SessionAuth, TokenAuth

REQUESTS = 400
BARS_MS = {"password": 3.0, "signature": 1.5, "AWS signature": 1.5, "bearer": 1.5,
           "token": 1.5, "session": 1.5}  # fmt: skip
_KEY = rsa.generate_private_key(65537, 2048)


class AwsAuth(httpx.Auth):
    """Signs as Amazon's own library does."""

    def __init__(self, identity: str, secret: str) -> None:
        self._signer = SigV4Auth(Credentials(identity, secret), "api", "BHS3")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        signed = AWSRequest(request.method, str(request.url))
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request


async def _cpu_ms(server: Server, http: httpx.AsyncClient, path: str) -> tuple[float, str]:
    """CPU milliseconds per request, and its SQL statements."""
    for _ in range(5):
        answer = await http.get(path)
        assert answer.status_code == 200, answer.text
    before = server.cpu_seconds()
    for _ in range(REQUESTS):
        answer = await http.get(path)
    cpu = (server.cpu_seconds() - before) / REQUESTS * 1000
    return cpu, answer.headers["server-timing"].partition("desc=")[2]


async def _callers(http: httpx.AsyncClient) -> dict[str, httpx.Auth]:
    """Somebody of every kind, made by the administrator that `http` speaks for."""
    team = (await http.post("/teams", json={"name": "lab team"})).json()["team"]
    made = await http.post("/remotecis", json={"name": "lab", "team_id": team["id"]})
    lab = made.json()["remoteci"]
    key = (f"remoteci/{lab['id']}", lab["api_secret"])
    end = datetime.now(UTC) + timedelta(hours=1)
    body = {"name": "bench", "scopes": ["read"], "expires_at": end.isoformat()}
    token = (await http.post("/tokens", json=body)).json()["token"]["token"]
    log_in = {"name": "admin", "password": ADMIN_PASSWORD}
    session = (await http.post("/session", json=log_in)).cookies["ringtest_session"]
    claims = {"aud": "dci", "exp": end, "preferred_username": "jo", "email": "jo@sso.example"}
    return {
        "password": httpx.BasicAuth("admin", ADMIN_PASSWORD),
        "signature": HmacAuth(*key),
        "AWS signature": AwsAuth(*key),
        "bearer": TokenAuth(jwt.encode(claims, _KEY, algorithm="RS256")),
        "token": TokenAuth(token),
        "session": SessionAuth(session),
    }


@asynccontextmanager
async def _server() -> AsyncIterator[Server]:
    pem = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    async with running_server(environment={"RINGTEST_SSO_PUBLIC_KEY": pem.decode()}) as server:
        yield server


async def main() -> None:
    async with _server() as server:
        base = f"{server.url}/api/v1"
        password = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(base_url=base, auth=password, timeout=30) as http:
            bare, _ = await _cpu_ms(server, http, "/")
            row("answer without a caller: CPU", f"{bare:.2f} ms", "the limit")
            for name, auth in (await _callers(http)).items():
                http.auth = auth
                http.cookies.clear()
                cpu, statements = await _cpu_ms(server, http, "/identity")
                bar = BARS_MS[name]
                row(f"identity by {name}: CPU", f"{cpu:.2f} ms", f"<= {bar} ms", cpu <= bar)
                row(
                    "  against the limit / SQL statements", f"{cpu / bare:.1f} x / {statements}", ""
                )


if __name__ == "__main__":
    asyncio.run(main())
