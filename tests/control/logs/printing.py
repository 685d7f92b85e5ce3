"""A job whose agent prints."""

import base64
from typing import Any

from tests.control.jobs.bench import Bench


class Printing:
    """A claimed job whose agent prints."""

    def __init__(self, bench: Bench, job_id: str, token: str) -> None:
        self.bench = bench
        self.job_id = job_id
        self.token = token
        self.seq = 0

    async def tell(self, **record: Any) -> None:
        self.seq += 1
        await self.bench.told(self.job_id, self.token, {"seq": self.seq, **record})

    async def prints(self, data: bytes, stage: str = "test", **more: Any) -> None:
        text = base64.b64encode(data).decode()
        await self.tell(kind="log", stage=stage, data=text, **more)

    async def ends(self, result: str = "passed") -> None:
        await self.tell(kind="finish", result=result)

    async def get(self, path: str = "", **params: Any) -> Any:
        return await self.bench.world.get("red user", f"/jobs/{self.job_id}/log{path}", **params)

    async def raw(self) -> bytes:
        path = f"/jobs/{self.job_id}/log/raw"
        return (await self.bench.world["red user"].get(path)).content


async def printing(bench: Bench, lab: str = "red lab") -> Printing:
    """A job of a lab that is queued and claimed."""
    job_id = await bench.queued(lab)
    return Printing(bench, job_id, (await bench.claim(job_id, lab=lab))["lease_token"])
