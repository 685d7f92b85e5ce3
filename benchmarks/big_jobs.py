"""Large jobs as labs would tell of them, through the API: files of many cases, a log of millions
of lines, a run of thousands of tasks."""

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.bench_logs import running_job
from benchmarks.harness import ADMIN_PASSWORD, Server
from ringtest.client.aio import AsyncClient
from ringtest.client.requests import Call

_BATCH = 30_000
"""Lines of one batch of records: about a megabyte."""
_FAILED_EVERY = 1_000
_TASK = "application/x-ansible-output"
_TOGETHER = 20


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large each job is."""

    cases: int = 100_000
    few_cases: int = 5_000
    lines: int = 5_000_000
    tasks: int = 3_000


@dataclass(frozen=True, slots=True)
class BigJobs:
    """Ids of the jobs, one for each thing that is large."""

    cases: str
    few_cases: str
    lines: str
    tasks: str


async def tell(server: Server, sizes: Sizes) -> BigJobs:
    """Make them on a fresh server: a team, a lab, a topic and four jobs."""
    auth = httpx.BasicAuth("admin", ADMIN_PASSWORD)
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", auth=auth) as admin:
        client, job, lease = await running_job(server, admin)
        async with client:
            await _print(client, job, lease, sizes.lines)
            topic = (await client.get(f"/jobs/{job}"))["job"]["topic_id"]
            return BigJobs(
                cases=await _tested(client, topic, sizes.cases),
                few_cases=await _tested(client, topic, sizes.few_cases),
                lines=job,
                tasks=await _told(client, topic, sizes.tasks),
            )


async def _print(client: AsyncClient, job: str, lease: str, lines: int) -> None:
    """An agent's log, and the end of the job."""
    records = _log(lines)
    for sequence, record in enumerate(records, 1):
        await client.call(
            Call(
                "POST",
                f"/jobs/{job}/records",
                headers={"X-Ringtest-Lease": lease},
                body={"records": [{"seq": sequence, **record}]},
            )
        )


def _log(lines: int) -> Iterator[dict[str, Any]]:
    yield {"kind": "stage", "stage": "test", "status": "running"}
    for begin in range(0, lines, _BATCH):
        text = "".join(
            f"step {at:07} \x1b[32mok\x1b[0m\n" if at % 5000 else f"step {at:07} ERROR: late\n"
            for at in range(begin, min(begin + _BATCH, lines))
        )
        data = base64.b64encode(text.encode()).decode()
        yield {"kind": "log", "stage": "test", "data": data}
    yield {"kind": "stage", "stage": "test", "status": "failed", "exit_code": 1}
    yield {"kind": "finish", "result": "failed", "reason": "the last step was late"}


async def _tested(client: AsyncClient, topic: str, cases: int) -> str:
    """A job with one result file."""
    job = await _job(client, topic, f"{cases} cases")
    await _upload(client, "junit.xml", "application/junit", junit(cases), job=job)
    await client.post("/jobstates", {"job_id": job, "status": "failure"})
    return job


def junit(cases: int) -> bytes:
    """A result file in which one case in a thousand fails."""
    body = "".join(
        f'<testcase classname="area{at // 500:03}" name="test_{at:06}" time="0.{at % 90 + 10}">'
        + ('<failure message="late">node is late</failure>' if at % _FAILED_EVERY == 7 else "")
        + "</testcase>\n"
        for at in range(cases)
    )
    failed = sum(at % _FAILED_EVERY == 7 for at in range(cases))
    return f'<testsuite name="big" tests="{cases}" failures="{failed}">{body}</testsuite>'.encode()


async def _told(client: AsyncClient, topic: str, tasks: int) -> str:
    """A job that a lab runs with a tool of its own: states, and a file for each task."""
    job = await _job(client, topic, f"{tasks} tasks")
    for status, share in (("pre-run", 0.1), ("running", 0.9)):
        answer = await client.post("/jobstates", {"job_id": job, "status": status})
        state = answer["jobstate"]["id"]
        names = [
            f"{'failed/' if at % 1000 == 999 else ''}TASK [{status} : step {at}]"
            for at in range(int(tasks * share))
        ]
        for batch in range(0, len(names), _TOGETHER):
            await asyncio.gather(
                *(
                    _upload(client, name, _TASK, b"ok: [node]\n", jobstate=state)
                    for name in names[batch : batch + _TOGETHER]
                )
            )
    await client.post("/jobstates", {"job_id": job, "status": "failure"})
    return job


async def _job(client: AsyncClient, topic: str, name: str) -> str:
    job: str = (await client.post("/jobs", {"topic_id": topic, "components": [], "name": name}))[
        "job"
    ]["id"]
    return job


async def _upload(
    client: AsyncClient, name: str, mime: str, content: bytes, *, job: str = "", jobstate: str = ""
) -> None:
    owner = {"DCI-JOB-ID": job} if job else {"DCI-JOBSTATE-ID": jobstate}
    headers = {"DCI-NAME": name, "DCI-MIME": mime, **owner}
    await client.call(Call("POST", "/files", headers=headers, content=content))
