"""What a job could not tell its server while it ran, told afterwards from its folder."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ringtest.agent.pipelines.credentials import credentials_of
from ringtest.agent.pipelines.model import PipelineJob
from ringtest.agent.pipelines.outbox import Entry, Outbox, Sender
from ringtest.client import AsyncClient
from ringtest.language.places import Place

KILLED = "the run was killed"


async def send_rest(
    folder: Path, environment: Mapping[str, str], *, patience: float, say: Callable[[str], None]
) -> int:
    """Deliver the rest within the patience there is; how many things are left to be told.

    A job that never came to its end is told to be `killed`. OSError and ValueError when the
    folder is no job's, CredentialsError when its key is not to be found.
    """
    own = folder / "ringtest"
    made: dict[str, Any] = msgspec.json.decode((own / "job.json").read_bytes())
    job = _job_of(folder, made)
    outbox = Outbox(own)
    if not outbox.is_ended:
        outbox.put(Entry("end", name="killed", text=KILLED))
    if not outbox.waiting:
        outbox.close()
        return 0
    async with AsyncClient(credentials_of(job, environment).connection) as client:
        sending = asyncio.create_task(Sender(outbox, client, made, say).run())
        await asyncio.wait({sending}, timeout=patience)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    outbox.close()
    return outbox.waiting


def _job_of(folder: Path, made: Mapping[str, Any]) -> PipelineJob:
    """As much of the job as says where its key is."""
    values = yaml.load((folder / "jobdef.yaml").read_text(encoding="utf-8"), Loader=_Plain)
    file = str(made["file"])
    return PipelineJob(values, Path(file).parent, Place(file, 1, 1))


class _Plain(yaml.SafeLoader):
    """Reads past what is under `!vault`."""


_Plain.add_constructor("!vault", lambda loader, node: None)
