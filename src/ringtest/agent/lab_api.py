"""The requests an agent makes."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from ringtest import __version__
from ringtest.agent.ansible.commits import attach
from ringtest.agent.ansible.files import commit_component, plain_address
from ringtest.agent.ansible.told import CommitTold
from ringtest.agent.protocol import Applied, Claim, Permit
from ringtest.client import ApiError, AsyncClient, ServerEvent, packed
from ringtest.client.errors import error_from
from ringtest.client.files import LocalFile
from ringtest.client.requests import Call, post
from ringtest.client.retry import ONCE, Retries
from ringtest.client.sse import read_events
from ringtest.client.uploads import upload_resumable_async

RESUMABLE_FROM = 4 * 1024 * 1024
"""Bytes from which on a file is sent in pieces of so many: what is cut goes on."""
RETRIES = Retries()
"""Of a piece; after these whoever uploads waits, and goes on."""
HEADER_SAFE = " !#$&'()*+,-./:;<=>?@[]^_`{|}~"
"""Signs that a name in a header may hold as they are; the others are percent-encoded."""


class LabApi:
    """The server, as the lab sees it. Retry loops are with the callers, who know better."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    def server(self) -> str:
        """The server's address."""
        return self._client.connection.server

    def events(
        self, on_break: Callable[[Exception | None, float], None]
    ) -> AsyncIterator[ServerEvent]:
        """Assignments and cancellations, for ever; ApiError when the server refuses the lab."""
        headers = {"X-Ringtest-Agent": __version__}
        return read_events(self._client, "/agent/stream", headers=headers, on_break=on_break)

    async def claim(self, job_id: str, agent: str) -> tuple[Claim, bytes]:
        """Take a job; the same agent may ask again. Also the answer as it came."""
        response = await self._client.send(post(f"/jobs/{job_id}/claim", {"agent": agent}, key=""))
        if response.status_code >= 300:
            raise error_from(response)
        body = msgspec.json.decode(response.content, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(body["claim"], type=Claim), bytes(body["claim"])

    async def find_topic(self, name: str) -> str:
        """The id of a topic by its name; ApiError (404) when the lab sees none."""
        where = f'name:"{name}"' if "," in name else f"name:{name}"
        params = {"where": where, "limit": "1", "offset": "0"}
        found = (await self._ask(Call("GET", "/topics", params=params)))["topics"]
        if not found:
            raise ApiError(404, f"there is no topic {name!r} for this lab", {}, "GET /topics")
        return str(found[0]["id"])

    async def ask_for_job(self, lab: str, topic_id: str, key: str) -> str:
        """A job of a topic in the lab's own queue: its id. The same key gives the same job."""
        body = {"remoteci_id": lab, "topic_id": topic_id, "comment": "the lab's own schedule"}
        return str((await self._ask(post("/lab_runs", body, key=key)))["lab_run"]["job_id"])

    async def tell_inventory(self, body: dict[str, Any]) -> None:
        """What this machine is made of; the same again changes nothing."""
        await self._ask(post("/agent/inventory", body, key=""))

    async def tell_cache(self, agent: str, address: str | None) -> list[str]:
        """Where this agent gives files (None: nowhere); where the lab's other agents do."""
        body = {"agent": agent, **({"address": address} if address else {})}
        answer = await self._ask(post("/agent/caches", body, key=""))
        return [str(one["address"]) for one in answer["caches"]]

    async def hold(self, job_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Tell that a job is held here; telling it again changes nothing."""
        answer: dict[str, Any] = (await self._ask(post(f"/jobs/{job_id}/hold", body, key="")))[
            "hold"
        ]
        return answer

    async def held(self, job_id: str) -> dict[str, Any]:
        """The hold of a job, with `is_held`."""
        [found] = (await self._ask(Call("GET", f"/jobs/{job_id}/holds")))["holds"] or [{}]
        return {"is_held": False, **found}

    async def _ask(self, call: Call) -> dict[str, Any]:
        response = await self._client.send(call)
        if response.status_code >= 300:
            raise error_from(response)
        answer: dict[str, Any] = msgspec.json.decode(response.content)
        return answer

    async def send_records(self, job_id: str, token: str, lines: list[bytes]) -> Applied:
        """Send journal lines as they are; none of them is a sign of life."""
        call = Call(
            "POST",
            f"/jobs/{job_id}/records",
            headers={"X-Ringtest-Lease": token, "Content-Type": "application/json"},
            content=b'{"records":[' + b",".join(lines) + b"]}",
        )
        response = await self._client.send(call, retries=ONCE)
        if response.status_code >= 300:
            raise error_from(response)
        return msgspec.json.decode(response.content, type=Applied)

    async def upload(
        self,
        *,
        job_id: str,
        attempt: int,
        name: str,
        mime: str | None,
        key: str,
        file: LocalFile,
        jobstate_id: str = "",
    ) -> Any:
        """Store a file of the job, or of one of its states. The same key stores it once, however
        often it is sent; a large one goes on where an earlier try was cut, also one of another
        process."""
        if file.size > RESUMABLE_FROM:
            return await self._upload_large(job_id, attempt, name, mime, key, file)
        headers = {
            "DCI-NAME": quote(name, safe=HEADER_SAFE),
            "DCI-JOB-ID": job_id,
            "DCI-MIME": mime or "application/octet-stream",
            "DCI-SHA256": file.sha256,
            "X-Ringtest-Attempt": str(attempt),
            "Idempotency-Key": key,
        }
        if jobstate_id:
            headers["DCI-JOBSTATE-ID"] = jobstate_id
        return await self._client.upload("/files", file, headers)

    async def states(self, job_id: str) -> dict[str, str]:
        """Id of the latest state of each word that a job has been in."""
        answer = await self._client.get(f"/jobs/{job_id}")
        return {one["status"]: str(one["id"]) for one in answer["job"]["jobstates"]}

    async def attach_commit(self, job: Mapping[str, Any], told: CommitTold, key: str) -> None:
        """A commit that was checked out becomes a component of the job, once."""
        repo = plain_address(told.repo)
        await attach(self._client, job, commit_component(told), pinned=repo, key=key)

    async def _upload_large(
        self, job_id: str, attempt: int, name: str, mime: str | None, key: str, file: LocalFile
    ) -> str:
        about = {
            "filename": name,
            "filetype": mime or "application/octet-stream",
            "job_id": job_id,
            "attempt": str(attempt),
            "idempotency_key": key,
        }
        return await upload_resumable_async(
            self._client, file, about, piece=RESUMABLE_FROM, retries=RETRIES
        )

    def component_file(
        self,
        component_id: str,
        file_id: str,
        *,
        span: tuple[int, int | None] = (0, None),
        what: str = "content",
    ) -> AbstractAsyncContextManager[httpx.Response]:
        """The bytes of a component's file from one place to before another (None: to the end),
        if the server can do that; of `chunks` those of the list of its chunks."""
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", **range_header(span)}
        path = f"/components/{component_id}/files/{file_id}/{what}"
        return self._client.open(path, headers=headers)

    def component_parts(
        self, component_id: str, file_id: str, spans: list[tuple[int, int]]
    ) -> AbstractAsyncContextManager[httpx.Response]:
        """Spans of what is in a packed file of a component, packed by bzip2."""
        headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            packed.SPANS: packed.write_spans(spans),
        }
        path = f"/components/{component_id}/files/{file_id}/parts"
        return self._client.open(path, headers=headers)

    async def permit(self, component_id: str, file_id: str) -> Permit:
        """What shows to other agents of the lab that it may read a file."""
        answer = await self._client.get(f"/components/{component_id}/files/{file_id}/permit")
        return msgspec.convert(answer["permit"], type=Permit)


def range_header(span: tuple[int, int | None]) -> dict[str, str]:
    """Asks for bytes from one place to before another.

    >>> range_header((0, None)), range_header((5, None)), range_header((5, 7))
    ({}, {'Range': 'bytes=5-'}, {'Range': 'bytes=5-6'})
    """
    start, end = span
    if not start and end is None:
        return {}
    return {"Range": f"bytes={start}-{'' if end is None else end - 1}"}


def is_temporary(error: ApiError) -> bool:
    """True when the same request may work later: the server is busy, or our key is refused.

    A refused key is temporary for a journal: keys get rotated and clocks get set. A lease
    that the server does not know is not.
    """
    if error.status == 401:
        return "lease" not in error.message
    hmac = error.status == 400 and error.message.startswith("HmacMechanism")
    return hmac or error.status in (403, 408, 425, 429) or error.status >= 500
