"""A simulated lab: speaks the agent's protocol, keeps a journal, dies and comes back."""

import base64
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import httpx

from ringtest.client.signing import Signable, signature_headers
from ringtest.control.kernel.clock import Clock

JUNIT = "application/junit"

Script = Callable[["Lab", dict[str, Any]], tuple[list[dict[str, Any]], bytes | None]]
"""What a job does in a lab: the records of its journal in order, and its result file."""


class VirtualHmac(httpx.Auth):
    """Signs with the scenario's clock."""

    requires_request_body = True

    def __init__(self, identity: str, secret: str, clock: Clock) -> None:
        self._identity = identity
        self._secret = secret
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        signable = Signable(
            request.method,
            request.url.raw_path.partition(b"?")[0].decode(),
            tuple(parse_qsl(request.url.query.decode(), keep_blank_values=True)),
            request.headers["host"],
            sha256(request.content).hexdigest(),
        )
        request.headers.update(
            signature_headers(
                signable, identity=self._identity, secret=self._secret, now=self._clock.now()
            )
        )
        yield request


@dataclass(slots=True)
class Try:
    """What the lab's disk holds of one attempt at one job."""

    job_id: str
    attempt: int
    token: str
    todo: list[dict[str, Any]]
    records: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0
    log: bytes = b""
    file: bytes | None = None
    file_sent: bool = False
    done: bool = False


@dataclass(slots=True)
class Lab:
    """One remote CI with one agent that runs one job at a time."""

    name: str
    remoteci_id: str
    http: httpx.AsyncClient
    rng: random.Random
    clock: Clock
    script: Script
    instance: int = 0
    current: Try | None = None
    claiming: str | None = None  # a claim whose answer may have been lost
    offline_until: datetime | None = None
    history: list[Try] = field(default_factory=list)

    async def step(self) -> None:
        """One thing an agent does: look for work, run a bit, or tell the server."""
        if self.offline_until and self.clock.now() < self.offline_until:
            return
        try:
            if self.current is None:
                await self._claim()
            elif self.current.todo and self.rng.random() < 0.6:
                self._produce()
            else:
                await self._tell()
        except httpx.TransportError:
            pass  # tried again at a later step: the journal knows what was not confirmed

    def kill(self) -> None:
        """kill -9: processes are gone, the journal on disk stays; the agent starts again."""
        self.instance += 1
        self.claiming = None
        if self.current is not None and self.current.todo:
            self.current.todo = [{"kind": "release", "reason": "agent was killed"}]
            self.current.file = None

    async def _claim(self) -> None:
        self.claiming = self.claiming or await self._next_job()
        if self.claiming is None:
            return
        answer = await self.http.post(
            f"/jobs/{self.claiming}/claim", json={"agent": f"{self.name}-{self.instance}"}
        )
        job_id, self.claiming = self.claiming, None
        if answer.status_code == 200:
            claim = answer.json()["claim"]
            todo, file = self.script(self, claim)
            self.current = Try(job_id, claim["attempt"], claim["lease_token"], todo, file=file)
            self.history.append(self.current)
        else:
            assert answer.status_code in (404, 409), answer.text

    async def _next_job(self) -> str | None:
        where = f"remoteci_id:{self.remoteci_id},status:new"
        answer = await self.http.get("/jobs", params={"where": where, "limit": 1, "offset": 0})
        assert answer.status_code == 200, answer.text
        jobs = answer.json()["jobs"]
        return jobs[0]["id"] if jobs else None

    def _produce(self) -> None:
        """Append the next record to the journal, as a running job does."""
        assert self.current is not None
        record = self.current.todo.pop(0)
        record |= {"seq": len(self.current.records) + 1, "at": self.clock.now().isoformat()}
        if record["kind"] == "log":
            self.current.log += record["data"]
            record["data"] = base64.b64encode(record["data"]).decode()
        self.current.records.append(record)

    async def _tell(self) -> None:
        assert self.current is not None
        ours = self.current
        batch = ours.records[ours.sent : ours.sent + self.rng.randint(0, 4)]
        if any(r["kind"] == "finish" for r in batch) and ours.file and not ours.file_sent:
            await self._upload(ours)
            return
        answer = await self.http.post(
            f"/jobs/{ours.job_id}/records",
            json={"records": batch},
            headers={"X-Ringtest-Lease": ours.token},
        )
        if answer.status_code == 409:
            ours.sent = answer.json()["payload"]["applied_seq"]
            return
        assert answer.status_code == 200, answer.text
        said = answer.json()
        ours.sent = max(ours.sent, said["applied_seq"])
        if said["cancel"] and ours.todo and ours.todo[-1].get("result") != "cancelled":
            ours.todo = [{"kind": "finish", "result": "cancelled"}]
        if said["fenced"] or (not ours.todo and ours.sent == len(ours.records)):
            ours.done = not said["fenced"]
            self.current = None

    async def _upload(self, ours: Try) -> None:
        assert ours.file is not None
        answer = await self.http.post(
            "/files",
            content=ours.file,
            headers={
                "DCI-NAME": "junit.xml",
                "DCI-JOB-ID": ours.job_id,
                "DCI-MIME": JUNIT,
                "X-Ringtest-Attempt": str(ours.attempt),
                "Idempotency-Key": f"{ours.job_id}-{ours.attempt}-junit",
            },
        )
        assert answer.status_code == 201, answer.text
        ours.file_sent = True
