"""What knowing the caller costs: GET /identity with a password and with a signature.

CPU of server and PostgreSQL per request, against the same server's cheapest answer (no
caller, no SQL) in the same run. The first request of a password pays for its hash; the
rest are warm, which is what is measured.
"""

import asyncio

import httpx

from benchmarks.harness import ADMIN_PASSWORD, Server, row, running_server
from ringtest.client.auth import HmacAuth

REQUESTS = 400
BARS_MS = {"password, warm": 3.0, "signature": 1.5}


async def _cpu_ms(server: Server, http: httpx.AsyncClient, path: str) -> tuple[float, str]:
    """CPU milliseconds per request, and its SQL statements."""
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    before = server.cpu_seconds()
    for _ in range(REQUESTS):
        answer = await http.get(path)
    cpu = (server.cpu_seconds() - before) / REQUESTS * 1000
    return cpu, answer.headers["server-timing"].partition("desc=")[2]


async def _signed(http: httpx.AsyncClient) -> HmacAuth:
    team = (await http.post("/teams", json={"name": "lab team"})).json()["team"]
    made = await http.post("/remotecis", json={"name": "lab", "team_id": team["id"]})
    lab = made.json()["remoteci"]
    return HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])


async def main() -> None:
    async with running_server() as server:
        base = f"{server.url}/api/v1"
        password = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(base_url=base, auth=password, timeout=30) as http:
            bare, _ = await _cpu_ms(server, http, "/")
            row("answer without a caller: CPU", f"{bare:.2f} ms", "the limit")
            callers: dict[str, httpx.Auth] = {
                "password, warm": password,
                "signature": await _signed(http),
            }
            for name, auth in callers.items():
                http.auth = auth
                cpu, statements = await _cpu_ms(server, http, "/identity")
                bar = BARS_MS[name]
                row(f"identity by {name}: CPU", f"{cpu:.2f} ms", f"<= {bar} ms", cpu <= bar)
                row(
                    "  against the limit / SQL statements", f"{cpu / bare:.1f} x / {statements}", ""
                )


if __name__ == "__main__":
    asyncio.run(main())
