"""A simulated agent of a lab: speaks the protocol, dies and comes back. Its journals are the
agent's own, on a disk that fails at times."""

import random
from base64 import b64decode
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

from ringtest.agent.chain import replay
from ringtest.agent.journal import Journal
from ringtest.agent.thinning import LogWriter
from ringtest.client.signing import Signable, signature_headers
from ringtest.control.kernel.clock import Clock
from tests.scenario.disks import Disk
from tests.scenario.stories import HANGS, cancelled

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
    """What the lab's disk holds of one attempt at one job. `printed` is what the job said, of
    which a full disk may have kept less: then the log says how much."""

    job_id: str
    attempt: int
    token: str
    todo: list[dict[str, Any]]
    path: Path
    journal: Journal
    lines: LogWriter
    sent: int = 0
    printed: bytes = b""
    stage: str = "prepare"
    file: bytes | None = None
    file_sent: bool = False
    done: bool = False

    @property
    def origin(self) -> str:
        return f"{self.job_id}.{self.attempt}"

    def records(self) -> list[dict[str, Any]]:
        """All records on the disk, whose chain must be whole."""
        raw = self.path.read_bytes().splitlines(keepends=True)
        walk, fitting = replay(self.origin, raw)
        assert (fitting, walk.problem) == (len(raw), ""), f"{self.path}: {walk.problem}"
        return [msgspec.json.decode(line) for line in raw]

    def log(self) -> bytes:
        """The log on the disk."""
        return b"".join(b64decode(one["data"]) for one in self.records() if one["kind"] == "log")


@dataclass(slots=True)
class Lab:
    """One agent of a remote CI, which may have others; it runs one job at a time."""

    name: str
    identity: str
    """Name of the remote CI."""
    remoteci_id: str
    http: httpx.AsyncClient
    rng: random.Random
    clock: Clock
    script: Script
    disk: Disk
    instance: int = 0
    current: Try | None = None
    claiming: str | None = None  # a claim that is to be made, or whose answer may have been lost
    refused: int = 0
    """Claims of jobs that another agent had taken, or that were gone."""
    offline_until: datetime | None = None
    history: list[Try] = field(default_factory=list)

    async def step(self) -> None:
        """One thing an agent does: look for work, run a bit, or tell the server."""
        if self.offline_until and self.clock.now() < self.offline_until:
            if self.current is not None and self.current.todo:
                self._produce()  # work goes on
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
        """kill -9: processes are gone, the journal on disk stays; the agent starts again. What
        was being written is torn; how far the server is may be forgotten."""
        self.instance += 1
        self.claiming = None
        if self.current is None:
            return
        ours = self.current
        ours.journal.close()
        with ours.path.open("ab") as file:
            file.write(
                b'{"seq":9,"at":"2026-01-01T00:00:00","kind":"fini'[: self.rng.randint(0, 60)]
            )
        self._open(ours)
        assert ours.journal.damage == ""
        ours.sent = self.rng.randint(0, ours.sent)
        if ours.todo:
            self._give_back("agent was killed")

    def _give_back(self, why: str) -> None:
        assert self.current is not None
        self.current.todo = [{"kind": "release", "reason": why}]
        self.current.file = None

    def _open(self, ours: Try) -> None:
        ours.journal = Journal(ours.path, origin=ours.origin, reserve=True)
        ours.lines = LogWriter(ours.journal)

    async def _claim(self) -> None:
        if self.claiming is None:  # claimed in another step: meanwhile another agent may
            self.claiming = await self._next_job()
            return
        answer = await self.http.post(
            f"/jobs/{self.claiming}/claim", json={"agent": f"{self.name}-{self.instance}"}
        )
        job_id, self.claiming = self.claiming, None
        if answer.status_code == 200:
            claim = answer.json()["claim"]
            todo, file = self.script(self, claim)
            self.current = self._begin(job_id, claim, todo, file)
            self.history.append(self.current)
        else:
            self.refused += 1
            assert answer.status_code in (404, 409), answer.text

    def _begin(
        self, job_id: str, claim: dict[str, Any], todo: list[dict[str, Any]], file: bytes | None
    ) -> Try:
        folder = self.disk.folder / f"{self.name}-{job_id}.{claim['attempt']}"
        folder.mkdir()
        path = folder / "journal.jsonl"
        journal = Journal(path, origin=f"{job_id}.{claim['attempt']}", reserve=True)
        token = claim["lease_token"]
        lines = LogWriter(journal)
        return Try(job_id, claim["attempt"], token, todo, path, journal, lines, file=file)

    async def _next_job(self) -> str | None:
        where = f"remoteci_id:{self.remoteci_id},status:new"
        answer = await self.http.get("/jobs", params={"where": where, "limit": 1, "offset": 0})
        assert answer.status_code == 200, answer.text
        jobs = answer.json()["jobs"]
        return jobs[0]["id"] if jobs else None

    def _produce(self) -> None:
        """Append the next record to the journal, as a running job does. What a disk has no room
        for ends the try; how it ended is written as soon as that can be."""
        assert self.current is not None
        ours = self.current
        record = ours.todo[0]
        kind = record["kind"]
        if kind == HANGS:
            return
        try:
            if kind == "log":
                ours.printed += record["data"]
                ours.lines.write(record["stage"], record["data"])
            else:
                ours.lines.end_gap()
                fields = {name: value for name, value in record.items() if name != "kind"}
                ours.journal.append(kind, at=self.clock.now().isoformat(), **fields)
                ours.stage = record.get("stage", ours.stage)
        except OSError:
            if kind == "progress":
                ours.todo.pop(0)
            elif kind not in ("finish", "release"):
                self._give_back("the journal cannot be written")
            return
        ours.todo.pop(0)

    async def _tell(self) -> None:
        assert self.current is not None
        ours = self.current
        batch = self._batch(ours)
        ends = (
            ours.journal.last_kind == "finish" and ours.sent + len(batch) >= ours.journal.last_seq
        )
        if ends and ours.file and not ours.file_sent:
            await self._upload(ours)
            return
        answer = await self.http.post(
            f"/jobs/{ours.job_id}/records",
            content=b'{"records":[' + b",".join(batch) + b"]}",
            headers={"X-Ringtest-Lease": ours.token, "Content-Type": "application/json"},
        )
        if answer.status_code == 409:
            ours.sent = answer.json()["payload"]["applied_seq"]
            return
        assert answer.status_code == 200, answer.text
        said = answer.json()
        ours.sent = max(ours.sent, said["applied_seq"])
        last = ours.todo[-1] if ours.todo else {"kind": "release"}
        if said["cancel"] and last["kind"] != "release" and last.get("result") != "cancelled":
            ours.todo, ours.file = cancelled(ours.stage), None
        if said["fenced"] or (not ours.todo and ours.sent == ours.journal.last_seq):
            ours.done = not said["fenced"]
            ours.journal.close()
            self.current = None

    def _batch(self, ours: Try) -> list[bytes]:
        if self.rng.random() < 0.2:
            return []
        lines = ours.journal.read(ours.sent + 1, most=10**6)
        return lines[: self.rng.randint(1, 4)]

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
