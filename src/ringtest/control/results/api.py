"""Routes of uploads and results: POST and DELETE of /files, and what result files say."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath, SkipValidation

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.files import service as files
from ringtest.control.files.model import read_upload
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.results import service
from ringtest.control.results.model import read_attempt, read_test_query
from ringtest.control.results.service import Intake
from ringtest.control.tallies import service as tallies
from ringtest.control.wire import answers, requests, spool

Http = Request[Any, Any, Any]


def intake_provider(
    objects: Callable[[], ObjectStore],
    parsers: Mapping[str, ResultParser],
    settings: Settings,
) -> Callable[[Database, Caller], Intake]:
    """The dependency `intake` of routes that take files. One dependency after the other and
    one of them for all parts: what is resolved beside another costs a task of its own."""
    limits = files.Limits(settings.max_file, settings.inline_file)

    def provide_intake(
        db: SkipValidation[Injected[Database]], caller: SkipValidation[Injected[Caller]]
    ) -> Intake:
        return Intake(db, objects(), parsers, limits, caller)

    return provide_intake


@post(
    "/files",
    summary="Add a file to a job; the body is its content",
    request_max_body_size=None,
    keyed="itself",  # the file's row remembers its key
)
async def create_file(request: Http, intake: SkipValidation[Injected[Intake]]) -> Response[bytes]:
    """Headers: DCI-NAME; DCI-JOB-ID or DCI-JOBSTATE-ID; DCI-MIME; DCI-SHA256 and DCI-MD5
    (checked); X-Ringtest-Attempt; Idempotency-Key (a repeated upload stores once).

    A file of type application/junit is read: what can be read of it counts, also when it
    is cut or dirty. 400 `Invalid XML` means that nothing could; the file is stored.
    """
    return await _upload(request, intake, None)


@post(
    "/jobs/{job_id:str}/files",
    summary="Add a file to this job; the body is its content",
    request_max_body_size=None,
)
async def create_job_file(
    job_id: FromPath[str], request: Http, intake: SkipValidation[Injected[Intake]]
) -> Response[bytes]:
    """As POST /files, without DCI-JOB-ID."""
    return await _upload(request, intake, parse_id(job_id, "job"))


async def _upload(request: Http, intake: Intake, job_id: UUID | None) -> Response[bytes]:
    text, unreadable = await service.upload_file(
        intake, upload=read_upload(request.headers, job_id=job_id), chunks=spool.stream(request)
    )
    if unreadable:
        raise unreadable
    return answers.one("file", text, status=201)


@delete("/files/{file_id:str}", status_code=204, summary="Archive a file")
async def delete_file(
    file_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.delete_file(tx, caller=caller, file_id=parse_id(file_id, "file"))
    return answers.nothing()


@get("/files/{file_id:str}/junit", summary="What a result file says, in the wire format's shape")
async def get_junit(
    file_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text = await service.get_junit(tx, caller=caller, file_id=parse_id(file_id, "file"))
    return answers.raw(text)


@get("/jobs/{job_id:str}/results", summary="Totals of each result file of a job")
async def list_results(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Of the last attempt, or of `attempt`. `_meta.retired` says that there were some, which
    are kept no longer, and `archived_in` the month of the archive that has them."""
    attempt, wanted = read_attempt(requests.parameters(request)), parse_id(job_id, "job")
    async with db.reading(caller.tenant) as tx:
        items, count = await service.list_results(tx, caller=caller, job_id=wanted, attempt=attempt)
        about = await _retired(tx, bool(count), wanted, attempt)
    return answers.many("results", items, count, **about)


@get("/jobs/{job_id:str}/tests", summary="Test cases of a job, compared with the run before")
async def list_tests(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Filters: outcome, state (both csv), q (part of a full name), attempt, limit (at most
    1000), offset. `_meta` has count of what fits; totals, states and warnings of all;
    `retired`: there were some, which are kept no longer, but maybe in a month of the archive,
    `archived_in`."""
    query, wanted = read_test_query(requests.parameters(request)), parse_id(job_id, "job")
    async with db.reading(caller.tenant) as tx:
        items, count, about = await service.list_tests(
            tx, caller=caller, job_id=wanted, query=query
        )
        there = any(about["totals"].values())
        about |= await _retired(tx, there, wanted, query.attempt)
    return answers.many("tests", items, count, **about)


async def _retired(
    tx: Transaction, is_there: bool, job_id: UUID, attempt: int | None
) -> dict[str, Any]:
    """Whether a job's results are kept no longer, and which month of the archive has them."""
    if is_there or not await tallies.are_retired(tx, job_id=job_id, attempt=attempt):
        return {"retired": False}
    month = await tallies.archived_month(tx, job_id=job_id, attempt=attempt)
    return {"retired": True} | ({"archived_in": month} if month else {})


routes = [create_file, create_job_file, delete_file, get_junit, list_results, list_tests]
