"""A lab server that follows the agent protocol to the letter and fails on demand.

It speaks HTTP on a real socket, so that connections can be cut in every place: before a
request has had its effect, and after, when only the reply is lost.
"""

import asyncio
import base64
import bz2
import hashlib
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import h11
import pytest

from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings
from ringtest.client import packed
from ringtest.control.cutting.model import Wanted, read_spans

headers_v2 = pytest.importorskip("dciauth.v2.headers")
signature_v2 = pytest.importorskip("dciauth.v2.signature")

LAB = "remoteci/11111111-2222-3333-4444-555555555555"
SECRET = "lab-secret"
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Part:
    """A body, and what its headers say."""

    body: Any
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class FakeJob:
    """A job as the server knows it; the evidence of what arrived."""

    spec: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid4()))
    components: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    timeout_seconds: float = 60
    heartbeat_seconds: float = 0.5
    phase: str = "queued"
    attempt: int = 0
    agent: str = ""
    cancel: bool = False
    fenced: bool = False
    tokens: dict[str, int] = field(default_factory=dict)
    records: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    heartbeats: int = 0

    def log(self, attempt: int = 1) -> bytes:
        """All log bytes of an attempt."""
        logs = (r["data"] for r in self.records.get(attempt, []) if r["kind"] == "log")
        return b"".join(base64.b64decode(data) for data in logs)

    def printed(self, attempt: int = 1) -> bytes:
        """What the job's commands printed: the log without the agent's own lines."""
        lines = self.log(attempt).splitlines(keepends=True)
        return b"".join(line for line in lines if not line.startswith(b"[ringtest] "))

    def collected(self) -> list[dict[str, Any]]:
        """The files that the job has asked for: without those that the agent adds."""
        own = "ringtest-results/"
        return [file for file in self.files.values() if not file["name"].startswith(own)]

    def kinds(self, kind: str, attempt: int = 1) -> list[dict[str, Any]]:
        """The records of one kind."""
        return [r for r in self.records.get(attempt, []) if r["kind"] == kind]

    def stages(self, attempt: int = 1) -> list[tuple[str, str]]:
        """Ends of stages, in order."""
        ends = self.kinds("stage", attempt)
        return [(r["stage"], r["status"]) for r in ends if r["status"] != "running"]

    def end(self, attempt: int = 1) -> dict[str, Any]:
        """The last record."""
        return self.records[attempt][-1]


class FakeServer:
    """The protocol's other side. `fault(method, path)` may say: refuse, drop, late, or a status.

    `late`: the connection is cut, and what came on it is looked at by `take_late` only, as when a
    proxy still had it.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, FakeJob] = {}
        self.content: dict[str, bytes] = {}
        self.lists: dict[str, bytes] = {}
        self.spans: list[str] = []
        self.window = "2026-03-01T10:00:00"
        self.fault: Callable[[str, str], str | int | None] = lambda method, path: None
        self.violations: list[str] = []
        self.requests: list[str] = []
        self.tried: list[str] = []
        self.ranges: list[str] = []
        self.inventories: list[dict[str, Any]] = []
        self.caches: dict[str, str] = {}
        self.offered: dict[str, Any] = {}
        self.wished: dict[str, FakeJob] = {}
        self.late: list[tuple[str, str, dict[str, str], bytes]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.Queue[bytes | None]] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()
        for stream in self._streams:
            stream.put_nowait(None)

    async def until(self, condition: Callable[[], bool], *, seconds: float = 30) -> None:
        """Wait for a condition that only a request can make true."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    def take_late(self) -> list[int]:
        """What was on its way comes after all: how it was answered, which nobody hears."""
        late, self.late = self.late, []
        return [self._handle(*request)[0] for request in late]

    def add_job(self, spec: dict[str, Any], **more: Any) -> FakeJob:
        job = FakeJob(spec, **more)
        self.jobs[job.id] = job
        self._tell("assignment", job.id)
        return job

    def cancel_by_event(self, job: FakeJob) -> None:
        self._tell("cancel", job.id)

    def add_file(self, name: str, content: bytes, **more: Any) -> dict[str, Any]:
        file_id = str(uuid4())
        self.content[file_id] = content
        digest = hashlib.sha256(content).hexdigest()
        return {"id": file_id, "name": name, "size": len(content), "sha256": digest, **more}

    def give_back(self, job: FakeJob) -> None:
        """The lease of the running attempt is lost and the job is queued again."""
        job.phase = "queued"
        self._tell("assignment", job.id)

    def pass_on(self, job: FakeJob) -> None:
        """Another agent has had the job as attempt 2 and gave it back."""
        job.attempt, job.records[2], job.tokens["other"] = 2, [], 2
        self.give_back(job)

    def _tell(self, kind: str, job_id: str) -> None:
        for stream in self._streams:
            stream.put_nowait(_event(kind, {"job_id": job_id}))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        connection = h11.Connection(h11.SERVER)
        with suppress(OSError, h11.ProtocolError):
            while await self._serve_one(connection, reader, writer):
                connection.start_next_cycle()
        self._open.discard(writer)
        writer.close()

    async def _serve_one(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        request, body = None, b""
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                return False
        assert request
        method, path = request.method.decode(), request.target.decode()
        headers = {name.decode(): value.decode() for name, value in request.headers}
        fault = self.fault(method, path)
        self.tried.append(f"{method} {path}")
        if fault in ("refuse", "late"):
            if fault == "late":
                self.late.append((method, path.removeprefix("/api/v1"), headers, body))
            async with self._changed:
                self._changed.notify_all()
            writer.transport.abort()
            return False
        if isinstance(fault, int):
            status, answer = fault, {"message": "fault", "payload": {}}
        elif path == "/api/v1/agent/stream":
            await self._stream(connection, writer)
            return False
        else:
            status, answer = self._handle(method, path.removeprefix("/api/v1"), headers, body)
        async with self._changed:
            self._changed.notify_all()
        if fault == "drop":
            writer.transport.abort()
            return False
        told = answer if isinstance(answer, Part) else Part(answer)
        data = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
        about = [("Content-Length", str(len(data))), *told.headers]
        reply = h11.Response(status_code=status, headers=about)
        if fault == "cut":
            writer.write((connection.send(reply) or b"") + data[: len(data) // 2])
            await writer.drain()
            writer.close()
            return False
        for part in (reply, h11.Data(data=data), h11.EndOfMessage()):
            writer.write(connection.send(part) or b"")
        await writer.drain()
        return True

    async def _stream(self, connection: h11.Connection, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        head = h11.Response(status_code=200, headers=[("Content-Type", "text/event-stream")])
        writer.write(connection.send(head) or b"")
        queue.put_nowait(_event("hello", {"heartbeat_seconds": 15, "lease_seconds": 60}))
        for job in self.jobs.values():
            if job.phase == "queued":
                queue.put_nowait(_event("assignment", {"job_id": job.id}))
        self._streams.add(queue)
        try:
            while (data := await queue.get()) is not None:
                writer.write(connection.send(h11.Data(data=data)) or b"")
                await writer.drain()
        finally:
            self._streams.discard(queue)

    def _handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.requests.append(f"{method} {path}")
        if not _is_signed(method, "/api/v1" + path, headers, body):
            self.violations.append(f"{method} {path}: bad signature")
            return 400, {"message": "HmacMechanism failed: signature is invalid"}
        parts = path.strip("/").split("/")
        if parts[0] == "files":
            return self._take_file(headers, body)
        if path == "/lab_runs":
            key = headers["idempotency-key"]
            made = self.wished.get(key) or self.add_job(self.offered)
            self.wished[key] = made
            return 201, {"lab_run": {"job_id": made.id}}
        if path.startswith("/topics?"):
            return 200, {"topics": [{"id": str(uuid4())}] if "rhel-9" in path else []}
        if path == "/agent/inventory":
            self.inventories.append(json.loads(body))
            return 200, {"inventory": {}}
        if path == "/agent/caches":
            return 200, {"caches": self._meet(json.loads(body))}
        if parts[0] == "components":
            return self._give_content(path, headers)
        job = self.jobs.get(parts[1])
        if job is None:
            return 404, {"message": "job not found"}
        if parts[2] == "claim":
            return self._claim(job, json.loads(body)["agent"])
        return self._take_records(job, headers["x-ringtest-lease"], json.loads(body)["records"])

    def _meet(self, told: dict[str, Any]) -> list[dict[str, str]]:
        self.caches.pop(told["agent"], None)
        others = [{"agent": name, "address": place} for name, place in self.caches.items()]
        if told.get("address"):
            self.caches[told["agent"]] = told["address"]
        return others

    def _claim(self, job: FakeJob, agent: str) -> Answer:
        if job.phase == "queued":
            job.phase, job.agent, job.attempt = "running", agent, job.attempt + 1
            job.tokens[uuid4().hex] = job.attempt
            job.records[job.attempt] = []
        elif job.phase != "running" or job.agent != agent or job.records[job.attempt]:
            return 409, {"message": "job is not queued", "payload": {}}
        token = next(t for t, attempt in job.tokens.items() if attempt == job.attempt)
        claim = {
            "job": {"id": job.id, "name": "a job"},
            "attempt": job.attempt,
            "lease_token": token,
            "lease_seconds": 60,
            "heartbeat_seconds": job.heartbeat_seconds,
            "timeout_seconds": job.timeout_seconds,
            "definition": job.spec,
            "components": job.components,
            "parameters": job.parameters,
        }
        return 200, {"claim": claim}

    def _take_records(self, job: FakeJob, token: str, records: list[dict[str, Any]]) -> Answer:
        attempt = job.tokens[token]
        have = job.records[attempt]
        if not records:
            job.heartbeats += 1
        for record in records:
            if record["seq"] <= len(have):
                if have[record["seq"] - 1] != record:
                    self.violations.append(f"record {record['seq']} came with another content")
                continue
            if record["seq"] != len(have) + 1:
                return 409, {"message": "gap", "payload": {"applied_seq": len(have)}}
            if have and have[-1]["kind"] in ("finish", "release") and not _same(have[-1], record):
                self.violations.append(f"{record['kind']} came after {have[-1]['kind']}")
            have.append(record)
            if record["kind"] == "finish":
                job.phase = "finished"
            if record["kind"] == "release" and attempt == job.attempt:
                self.give_back(job)
        fenced = job.fenced or attempt != job.attempt
        return 200, {"applied_seq": len(have), "cancel": job.cancel, "fenced": fenced}

    def _take_file(self, headers: dict[str, str], body: bytes) -> Answer:
        job = self.jobs[headers["dci-job-id"]]
        if hashlib.sha256(body).hexdigest() != headers["dci-sha256"]:
            return 400, {"message": "DCI-SHA256 does not match"}
        key = headers["idempotency-key"]
        if job.phase == "finished" and key not in job.files:  # a known one is no news: it may
            # have been on its way, or another machine that has the attempt brings it as well
            self.violations.append("a file came after the finish")
        stored = {
            "name": headers["dci-name"],
            "mime": headers["dci-mime"],
            "attempt": headers["x-ringtest-attempt"],
            "content": body,
        }
        if job.files.setdefault(key, stored) != stored:
            self.violations.append("two files with one key")
        return 201, {"file": {"id": str(uuid4())}}

    def _give_content(self, path: str, headers: dict[str, str]) -> Answer:
        file_id, what = path.strip("/").split("/")[-2:]
        if what == "permit":
            key = hashlib.sha256(f"{self.window} {self.content[file_id]!r}".encode()).hexdigest()
            return 200, {"permit": {"window": self.window, "key": key}}
        if what == "parts":
            return self._give_parts(file_id, headers["ringtest-spans"])
        if what == "chunks":
            if file_id not in self.lists:
                return 404, {"message": "the file has no list of chunks"}
            content = self.lists[file_id]
        else:
            content = self.content[file_id]
            self.ranges.append(headers.get("range", ""))
        wanted = headers.get("range", "")
        if not wanted:
            return 200, content
        first, last = wanted.removeprefix("bytes=").split("-")
        part = content[int(first) : int(last) + 1 if last else None]
        end = int(first) + len(part) - 1
        return 206, Part(part, [("Content-Range", f"bytes {first}-{end}/{len(content)}")])

    def _give_parts(self, file_id: str, spans: str) -> Answer:
        recipe, _ = packed.read(self.lists.get(file_id, b""))
        if recipe is None:
            return 404, {"message": "the file is not taken apart"}
        self.spans.append(spans)
        wanted = Wanted(recipe, read_spans(spans, recipe.size))
        now, later = zip(wanted.feed(self.content[file_id]), wanted.rest(), strict=True)
        return 200, b"".join([bz2.compress(b""), *now, *later])  # the first: a sign of life


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Two records of one end, told by whoever has the attempt."""
    own = ("seq", "chain")
    return all(one[key] == other.get(key) for key in one if key not in own)


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def _is_signed(method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
    endpoint, _, query = path.partition("?")
    params = dict(parse_qsl(query))
    request = {"method": method, "endpoint": endpoint, "params": params, "data": body}
    verdict, _ = signature_v2.is_valid(
        request, {"secret_key": SECRET}, headers_v2.parse_headers(headers)
    )
    return bool(verdict)


def some_of(share: float, *, seed: int) -> Callable[[str, str], str | int | None]:
    """A fault for a share of the requests: refused, reply dropped, or answered 503."""
    dice = random.Random(seed)
    kinds: list[str | int] = ["refuse", "drop", 503]

    def fault(method: str, path: str) -> str | int | None:
        return dice.choice(kinds) if dice.random() < share else None

    return fault


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    """A started server; at the end nothing may have broken the protocol."""
    fake = FakeServer()
    await fake.start()
    yield fake
    await fake.stop()
    assert fake.violations == []


@pytest.fixture
def faults() -> Callable[..., Callable[[str, str], str | int | None]]:
    """`faults(share, seed=n)`: a fault function for `server.fault`."""
    return some_of


@pytest.fixture
def settings(server: FakeServer, tmp_path: Path) -> AgentSettings:
    """Settings of an agent for the server, with short waits."""
    return AgentSettings(
        server=server.url,
        client_id=LAB,
        api_secret=SECRET,
        data=tmp_path / "agent",
        label="lab",
        kill_grace_seconds=1.0,
    )


@pytest.fixture
async def agent(settings: AgentSettings) -> AsyncIterator[Agent]:
    """A running agent; stopped at the end."""
    running = Agent(settings)
    task = asyncio.create_task(running.run())
    yield running
    running.stop()
    await asyncio.wait_for(task, 20)


@pytest.fixture
def spec() -> Callable[..., dict[str, Any]]:
    """`spec("command", ...)`: a definition whose test stage runs the commands, without venv."""

    def make(*commands: str, **more: Any) -> dict[str, Any]:
        stages = {"prepare": [], "test": [{"run": command} for command in commands], "collect": []}
        stages.update(more.pop("stages", {}))
        return {"isolation": "none", "stages": stages, "artifacts": [], "progress": None, **more}

    return make
