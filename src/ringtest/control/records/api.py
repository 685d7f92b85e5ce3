"""The route of the batches that agents send."""

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import PreconditionFailed
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.records import service
from ringtest.control.records.model import Record, Records
from ringtest.control.wire import answers, bodies

Http = Request[Any, Any, Any]

_records = msgspec.json.Decoder(Records)


def _read_records(body: bytes) -> list[Record]:
    try:
        return _records.decode(body or b'{"records":[]}').records
    except RecursionError:
        raise bodies.malformed(["nested too deeply"]) from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise bodies.malformed([str(error)]) from None


@post(
    "/jobs/{job_id:str}/records",
    status_code=200,
    summary="What an agent has to tell of a job",
    body=Records,
    audited=False,  # what a machine says every few seconds; the job's history is its record
)
async def apply_records(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
    secrets: Injected[SecretBox],
) -> Response[bytes]:
    """Header `X-Ringtest-Lease` names the attempt; an empty list is a heartbeat."""
    token = request.headers.get("x-ringtest-lease")
    if token is None:
        raise PreconditionFailed("the header X-Ringtest-Lease is required")
    records = _read_records(await request.body())
    async with db.transaction(caller.tenant) as tx:
        reported = await service.apply_records(
            tx,
            caller=caller,
            job_id=parse_id(job_id, "job"),
            token=token,
            records=records,
            settings=settings,
            secrets=secrets,
        )
    return answers.raw(answers.encode(reported))


routes = [apply_records]
