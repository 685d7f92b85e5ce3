"""Verbs of uploads and of the results in them.

An upload is three steps: may it be (a transaction), the bytes (to the object store, and
through the parser while they pass), and the row with all that its results mean (another
transaction). What takes long in Python runs in a thread.
"""

import asyncio
import hashlib
import logging
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.evidence import service as evidence
from ringtest.control.evidence.model import Texts
from ringtest.control.files import service as files
from ringtest.control.files.model import Upload
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Job
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    RingtestError,
    TooLarge,
    Unavailable,
)
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.outcome import CaseState, TestOutcome
from ringtest.control.kernel.places import NOT_THERE, match
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import Cases, ResultParser, Unreadable
from ringtest.control.reading.model import bad_positions, unpack_asides
from ringtest.control.reading.service import (
    Chunks,
    Parsed,
    Reading,
    find_parser,
    is_meant_as_results,
)
from ringtest.control.results import store
from ringtest.control.results.model import (
    STATES,
    WORDS,
    Earlier,
    FailedTest,
    Names,
    TestQuery,
    Vectors,
    beside_page,
    blocks_of_page,
    choose,
    compare,
    count_words,
    dci_counts,
    failures_of_page,
    id_of_test,
    junit_suites,
    page_of,
    pick_earlier,
)
from ringtest.control.tallies import service as tallies
from ringtest.control.tallies.model import shape_of, turned
from ringtest.control.wire.md5 import Md5

log = logging.getLogger(__name__)

_JUNIT_CASES = 50_000
_KNOWN = 100_000
"""Tests of the plan before that are not inserted again; of more than that all are, which costs
time and no room."""
_FAILURES = 10_000
_HALF = 8192


# uploading ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intake:
    """Where a caller's uploads come in: everything that storing and reading them needs."""

    db: Database
    objects: ObjectStore
    parsers: Mapping[str, ResultParser]
    limits: files.Limits
    caller: Caller


async def upload_file(
    intake: Intake, *, upload: Upload, chunks: Chunks
) -> tuple[str, Unreadable | None]:
    """Store a file of a job: its JSON, and why it holds no results although it should.

    The same idempotency key stores once; other bytes under it are a Conflict.
    """
    db, objects, limits, caller = intake.db, intake.objects, intake.limits, intake.caller
    small, chunks = await files.read_small(chunks, limits)
    parser, chunks = await find_parser(
        intake.parsers, mime=upload.mime, name=upload.name, chunks=chunks, body=small
    )
    if small is not None and parser is None:
        return await files.add_small_file(db, caller=caller, upload=upload, body=small), None
    async with db.reading(caller.tenant) as tx:
        target = await files.place_upload(tx, caller=caller, upload=upload)
    if target["file"]:
        await _require_same(chunks, target["sha256"], limits.file)
        return target["file"], None
    is_claimed = is_meant_as_results(intake.parsers, upload.mime)
    reading = Reading(parser) if parser else None
    file_id = new_id()
    key = f"{target['team_id']}/{target['id']}/{file_id}"
    passing = reading.watch(chunks) if reading else chunks
    md5 = Md5() if upload.md5 else None
    passing = await md5.watch(passing) if md5 else passing
    if small is None:
        stored = await objects.put(key, passing, limit=limits.file)
    else:
        stored = files.digests_of(b"".join([chunk async for chunk in passing]))
    try:
        upload.require_digests(sha256=stored.sha256, md5=md5.hex() if md5 else None)
        parsed = await reading.finish() if reading else None
        if parsed and not (is_claimed or parsed.outcomes):
            parsed = None  # it only began like results
        kept = files.Kept(stored, file_id, key, small)
        if parsed is None and small is None:
            text, kept = await files.add_object(
                db, caller=caller, upload=upload, kept=kept, team_id=target["team_id"]
            )
        else:
            async with db.transaction(caller.tenant) as tx:
                kept = await files.share(tx, team_id=target["team_id"], kept=kept)
                text = await _add(tx, caller, upload, target, kept, parsed)
    except Unavailable:
        raise  # it may have been committed all the same
    except RingtestError:
        await objects.delete(key)
        raise
    if text is None:  # the same upload, at the same time, was quicker
        await objects.delete(key)
        async with db.transaction(caller.tenant) as tx:
            target = await files.place_upload(tx, caller=caller, upload=upload)
        return target["file"], None
    await files.settle_object(db, objects, kept=kept, own=key)
    return text, reading.refused if reading and is_claimed else None


async def _add(
    tx: Transaction,
    caller: Caller,
    upload: Upload,
    target: asyncpg.Record,
    kept: files.Kept,
    parsed: "Parsed | None",
) -> str | None:
    """The row of a file, and what its results mean; None when its key stored one meanwhile."""
    if not parsed:
        return await files.place_file(tx, caller=caller, upload=upload, kept=kept)
    job = await jobs.lock_job(tx, caller=caller, job_id=target["id"])
    attempt = job.attempt if upload.attempt is None else upload.attempt
    text = await files.add_file(tx, job=job, upload=upload, kept=kept, attempt=attempt)
    if text is not None:
        await _record(tx, target, parsed, upload.name, kept.id, attempt)
        await _tell(tx, job, kept.id, attempt, upload.jobstate_id)
    return text


async def _require_same(chunks: Chunks, sha256: str, limit: int) -> None:
    """Read a body that is stored already: whoever sent it waits for that."""
    digest, size = hashlib.sha256(), 0
    async for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"the file may have at most {limit} bytes", limit=limit)
    if digest.hexdigest() != sha256:
        raise Conflict("another file was stored with this Idempotency-Key")


async def delete_file(tx: Transaction, *, caller: Caller, file_id: UUID) -> None:
    """Archive a file; its results leave the job's numbers."""
    file = await files.require_file(tx, caller=caller, file_id=file_id)
    permit(caller.is_member(file["team_id"]))
    job = await jobs.lock_job(tx, caller=caller, job_id=file["job_id"])
    await files.archive_file(tx, file_id=file_id)
    await _tell(tx, job, file_id, file["attempt"])


async def _tell(
    tx: Transaction,
    job: Job,
    file_id: UUID,
    attempt: int | None,
    jobstate_id: UUID | None = None,
) -> None:
    """A file came or went; with `attempt`, maybe with results of that attempt."""
    if attempt == job.attempt:
        tests = await store.sum_results(tx, job.id, job.attempt)
        await jobs.set_job_tests(tx, job_id=job.id, tests=tests)
    else:
        duration = job.duration(tx.now) if jobstate_id else None
        await jobs.touch_job(tx, job_id=job.id, duration=duration)
    await tx.add_event(
        EventType.RESULT_RECORDED,
        team_id=job.team_id,
        topic_id=job.topic_id,
        job_id=str(job.id),
        file_id=str(file_id),
    )


async def _once(body: bytes) -> Chunks:
    yield body


async def read_again(
    db: Database, objects: ObjectStore, parsers: Mapping[str, ResultParser], *, file_id: UUID
) -> bool:
    """Read the results of a file that is stored, as if it were uploaded now; nobody is told.

    False when they cannot be read: what was known of them stays.
    """
    async with db.transaction(SYSTEM) as tx:
        file = await store.select_stored(tx, file_id)
    if file is None:
        return False
    here = file["content"]
    try:
        parser, chunks = await find_parser(
            parsers,
            mime=file["mime"],
            name=file["file_name"],
            chunks=objects.get(file["object_key"]) if here is None else _once(here),
            body=here,
        )
        if parser is None:
            return False
        reading = Reading(parser)
        async for _ in reading.watch(chunks):
            pass  # the reader looks at what passes
    except RingtestError:
        return False
    parsed = await reading.finish()
    if parsed is None:
        return False
    async with db.transaction(SYSTEM) as tx:
        await store.delete_result(tx, file_id)
        await _record(tx, file, parsed, file["file_name"], file_id, file["attempt"], file)
    return True


# ingesting ---------------------------------------------------------------------


async def _record(
    tx: Transaction,
    job: asyncpg.Record,
    parsed: Parsed,
    name: str,
    file_id: UUID,
    attempt: int,
    before: asyncpg.Record | None = None,
) -> None:
    """The result, compared with the one before, and its failures. `before` is what a file that
    is read again was stored as: its id and moment stay."""
    shape = shape_of(parsed.outcomes, parsed.digest)
    ground = await store.select_ground(
        tx, job, attempt=attempt, name=name, digest=parsed.digest, shape_id=shape.id
    )
    plan_id: UUID | None = ground[0]["plan_id"]
    runs = [Earlier(one["id"], one["earlier_plan_id"], one["outcomes"]) for one in ground]
    earlier = pick_earlier(
        [one for one in runs if one.id], plan_id=plan_id, ordinal=ground[0]["ordinal"]
    )
    places: Sequence[int] | None = None
    deletions = 0
    if earlier is None or plan_id is None or earlier.plan_id != plan_id:
        plan_id, places, deletions = await _place(tx, job["team_id"], parsed, plan_id, earlier)
    if not ground[0]["has_shape"]:
        await tallies.keep_shape(tx, team_id=job["team_id"], plan_id=plan_id, shape=shape)
    outcomes = earlier.outcomes if earlier else b""
    states = compare(outcomes, parsed.outcomes, places)
    counts = dci_counts(states, outcomes, parsed.outcomes, places)
    result = {
        "id": before["result_id"] if before else new_id(),
        "created_at": before["result_at"] if before else tx.now,
        "job_id": job["id"],
        "file_id": file_id,
        "team_id": job["team_id"],
        "attempt": attempt,
        "name": name,
        **asdict(parsed.totals),
        **dict(zip(("regressions", "successfixes"), counts, strict=True)),
        "regressed": states.count(CaseState.REGRESSED.value.encode()),
        "recovered": states.count(CaseState.RECOVERED.value.encode()),
        "additions": states.count(CaseState.ADDED.value.encode()),
        "deletions": deletions,
        "time": parsed.seconds,
        "previous_result_id": earlier.id if earlier else None,
        "plan_id": plan_id,
        "shape_id": shape.id,
        "retried": parsed.retried,
        "outcomes": parsed.outcomes,
        "states": states,
        "turned": turned(states),
        "durations": parsed.durations,
        **asdict(parsed.asides),
        "warnings": [asdict(note) for note in parsed.notes],
    }
    async for start, cases in parsed.batches.opened():
        await store.insert_failures(tx, result, _failure_columns(start, cases, places, earlier))
        await evidence.keep(tx, result=result, start=start, cases=cases)
    await store.insert_result(tx, result)


async def _place(
    tx: Transaction,
    team_id: UUID,
    parsed: Parsed,
    plan_id: UUID | None,
    earlier: Earlier | None,
) -> tuple[UUID, Sequence[int], int]:
    """The plan, the places of its tests in the earlier one's, and how many tests are gone."""
    wanted = [one for one in (plan_id, earlier.plan_id if earlier else None) if one]
    plans = await store.select_plans(tx, wanted) if earlier else {}
    before: Sequence[int] = plans.get(earlier.plan_id, ()) if earlier and earlier.plan_id else ()
    ids = plans.get(plan_id, array("q")) if plan_id else array("q")
    if plan_id is None:
        await store.hold_tests(tx, team_id, alone=parsed.batches.are_several)
        known = frozenset(before if len(before) < _KNOWN else ())
        async for _, cases in parsed.batches.opened():
            more, new = await asyncio.to_thread(_identify, cases, known)
            ids.extend(more)
            await store.insert_tests(tx, team_id, new)
        plan_id = await store.insert_plan(tx, team_id, parsed.digest, ids)
    if earlier is None:
        return plan_id, array("i", [NOT_THERE]) * len(parsed.outcomes), 0
    places, gone = await asyncio.to_thread(match, before, ids)
    return plan_id, places, len(gone)


def _identify(
    cases: Cases, known: frozenset[int]
) -> tuple[list[int], dict[int, tuple[str, str, str]]]:
    """The ids of the cases' tests, and the names of those that are not known."""
    names = list(zip(cases.suites, cases.classnames, cases.names, strict=True))
    ids = [id_of_test(*name) for name in names]
    return ids, {one: name for one, name in zip(ids, names, strict=True) if one not in known}


def _failure_columns(
    start: int, cases: Cases, places: Sequence[int] | None, earlier: Earlier | None
) -> dict[str, list[Any]]:
    """Failures of a batch that begins at the position `start`."""
    bad = bad_positions(cases.outcomes)
    positions = [start + at for at in bad]
    if earlier is None:
        found: list[int | None] = [None] * len(bad)
    else:
        found = [at if places is None else places[at] for at in positions]
    return {
        "position": positions,
        "place": found,
        "test_id": [
            id_of_test(cases.suites[at], cases.classnames[at], cases.names[at]) for at in bad
        ],
        "outcome": [chr(cases.outcomes[at]) for at in bad],
    }


# reading -----------------------------------------------------------------------


async def list_results(
    tx: Transaction, *, caller: Caller, job_id: UUID, attempt: int | None
) -> tuple[str, int]:
    """Results of a job's attempt (None: the last): JSON array and count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_results(tx, job_id, attempt)


async def list_tests(
    tx: Transaction, *, caller: Caller, job_id: UUID, query: TestQuery
) -> tuple[str, int, dict[str, Any]]:
    """Cases of a job's attempt in file order, those that are gone behind each file's.

    A page as JSON array, how many cases fit, and what holds of the whole attempt:
    `totals` by outcome, `states`, `warnings` of its files.
    """
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    results = await store.select_vectors(tx, job_id, query.attempt)
    earlier = await _earlier_of(tx, results) if query.wants_removed else {}
    chosen = [choose(one, earlier.get(one.previous_result_id), query) for one in results]
    if query.text and results:
        ids = sorted(set().union(*(one.ids() for one in chosen)))
        found = await store.search_tests(tx, results[0].team_id, ids, query.text)
        chosen = [one.only(found) for one in chosen]
    columns = page_of(chosen, query)
    items = "[]"
    if columns["test_id"]:
        beside = await _beside(tx, results, columns)
        items = await store.select_cases(tx, results[0].team_id, {**columns, **beside})
    about = {
        "totals": count_words(WORDS, [one.outcomes for one in results]),
        "states": count_words(STATES, [one.states for one in results]),
        "warnings": [{"file": one.file_name, **w} for one in results for w in one.warnings],
    }
    return items, sum(map(len, chosen)), about


async def _beside(
    tx: Transaction, results: Sequence[Vectors], columns: Mapping[str, Sequence[Any]]
) -> dict[str, list[str | None]]:
    """What the cases of a page said and left behind, as two more columns (`beside_page`)."""
    wanted = blocks_of_page(results, columns)
    blocks = await store.select_blocks(tx, wanted) if wanted else []
    said = await evidence.of_cases(tx, cases=failures_of_page(results, columns))
    return await asyncio.to_thread(beside_page, blocks, said, columns)


async def _earlier_of(tx: Transaction, results: Sequence[Vectors]) -> dict[UUID | None, Vectors]:
    """The earlier results of those that lost tests, by id."""
    ids = [one.previous_result_id for one in results if one.deletions and one.previous_result_id]
    found = await store.select_vectors_by(tx, ids=ids) if ids else []
    return {one.id: one for one in found}


async def get_junit(tx: Transaction, *, caller: Caller, file_id: UUID) -> bytes:
    """A file's results as JSON in DCI's shape, made of the stored rows; 400 without any.

    Made in Python, in a thread: PostgreSQL takes five times as long to nest so much.
    """
    await files.require_file(tx, caller=caller, file_id=file_id)
    found = await store.select_vectors_by(tx, file_id=file_id)
    if not found:
        await tallies.require_kept(tx, file_id=file_id)
        raise BadRequest("Invalid XML: the file holds no test results")
    result = found[0]
    before = [result.previous_result_id] if result.previous_result_id else []
    earlier = next(iter(await store.select_vectors_by(tx, ids=before) if before else []), None)
    ids = {*result.test_ids, *(earlier.test_ids if earlier else ())}
    names = await store.select_names(tx, result.team_id, sorted(ids))
    said = await evidence.of_result(tx, result_id=result.id, last=_JUNIT_CASES - 1)
    about = await store.select_jobs_of(tx, result.id)
    return await asyncio.to_thread(_junit, about, result, earlier, names, said)


def _junit(
    about: asyncpg.Record,
    result: Vectors,
    earlier: Vectors | None,
    names: Names,
    said: Mapping[int, Texts],
) -> bytes:
    warnings = list(result.warnings)
    if len(result.outcomes) > _JUNIT_CASES:
        text = f"only the first {_JUNIT_CASES} of {len(result.outcomes)} cases are shown"
        warnings.append({"code": "more", "message": text})
    answer = {
        "id": about["id"],
        "name": about["name"],
        "job": msgspec.Raw(about["job"]),
        "previous_job": msgspec.Raw(about["previous"] or "null"),
        "testsuites": junit_suites(
            result,
            earlier,
            names,
            said,
            asides=unpack_asides(about["asides"], result.aside_blocks),
            most=_JUNIT_CASES,
        ),
        "warnings": warnings,
    }
    return msgspec.json.encode(answer)


async def failures_of_job(tx: Transaction, *, job_id: UUID) -> list[FailedTest]:
    """Failed and errored cases of a job's last attempt in file order, at most 10,000.

    Of details longer than 16,384 characters the first and last 8,192.
    """
    rows = await store.select_failures(tx, job_id, _FAILURES)
    places = [(row["result_id"], row["position"]) for row in rows]
    said = await evidence.of_failures(tx, places=places, half=_HALF)
    return [_failed(row, said.get(at, Texts())) for row, at in zip(rows, places, strict=True)]


def _failed(row: asyncpg.Record, said: Texts) -> FailedTest:
    about = {**row, "outcome": TestOutcome(row["outcome"])}
    del about["result_id"]
    return FailedTest(**about, exception_type=said.type, message=said.message, detail=said.detail)
