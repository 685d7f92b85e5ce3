"""Verbs of builds: take jobs of labs that are controllers, follow each build to its end."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller, RoleNames
from ringtest.control.attempts import service as attempts
from ringtest.control.attempts.service import Reported
from ringtest.control.builds import model, store
from ringtest.control.builds.model import Build
from ringtest.control.controllers import service as controllers
from ringtest.control.controllers.service import Place
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.files import service as files
from ringtest.control.files.model import Upload
from ringtest.control.identity import service as identity
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    NotFound,
    RingtestError,
    Unavailable,
)
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.outcome import JobResult, Stage, StageStatus
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.labs import service as labs
from ringtest.control.ports.ci_backend import (
    BuildCancelled,
    BuildGone,
    BuildRefused,
    CiBackend,
    Ticket,
)
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.records import service as records
from ringtest.control.records.model import FinishRecord, LogRecord, Record, StageRecord
from ringtest.control.results import service as results
from ringtest.control.results.service import Intake

log = logging.getLogger(__name__)

_BATCH = 20
_CLAIMED = timedelta(seconds=120)
_SOON, _LATER = timedelta(seconds=1), timedelta(seconds=10)
_PIECE = 256 * 1024
"""Bytes of one log record."""
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that following builds needs."""

    db: Database
    settings: Settings
    secrets: SecretBox
    objects: ObjectStore
    parsers: Mapping[str, ResultParser]
    backends: Mapping[str, CiBackend]

    @property
    def roles(self) -> RoleNames:
        return RoleNames.of(self.settings)


@dataclass(frozen=True, slots=True)
class _Work:
    """A build in hand: for which lab, and where it is."""

    shop: Shop
    build: Build
    lab: Caller
    place: Place
    backend: CiBackend


async def list_builds(tx: Transaction, *, caller: Caller, job_id: UUID) -> tuple[str, int]:
    """A job's builds on controllers, one per attempt: JSON array, count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_of_job(tx, job_id, caller.visible_teams)


# taking jobs ----------------------------------------------------------------------


async def take_jobs(shop: Shop) -> int:
    """Claim what waits for controllers, as their labs' agent; how many jobs it were."""
    async with shop.db.transaction(SYSTEM) as tx:
        pairs = await controllers.list_active(tx)
        by_lab = {lab: controller for controller, lab in pairs}
        waiting = await store.select_waiting(tx, list(by_lab), runner=model.RUNNER, limit=_BATCH)
    taken = 0
    for row in waiting:
        lab = await identity.lab(shop.db, remoteci_id=row["remoteci_id"], roles=shop.roles)
        if lab is None:
            continue
        try:
            async with shop.db.transaction(lab.tenant) as tx:
                await _take(tx, shop, lab, by_lab[row["remoteci_id"]], row["id"])
            taken += 1
        except (Conflict, NotFound) as error:  # somebody was faster, or may not see it any more
            log.info("build.not_taken job=%s: %s", row["id"], error.message)
    return taken


async def _take(
    tx: Transaction, shop: Shop, lab: Caller, controller_id: UUID, job_id: UUID
) -> None:
    """The claim and the build that comes of it, at once."""
    text = await attempts.claim_job(
        tx, caller=lab, job_id=job_id, agent=f"controller {controller_id}", settings=shop.settings
    )
    claim: dict[str, Any] = msgspec.json.decode(text)
    offered = model.variables_of(claim)
    begun: list[Record] = [StageRecord(1, Stage.TEST, StageStatus.RUNNING)]
    token: str = claim["lease_token"]
    try:
        wish = model.read_wish(claim["definition"], offered)
    except BadRequest as error:
        ended = _ended(2, JobResult.ERRORED, error.message, lines=[])
        await _apply(tx, shop, lab, job_id, token, [*begun, *ended])
        return
    line = f"[ringtest] $ build {wish.job}\n".encode()
    begun.append(LogRecord(2, line, Stage.TEST))
    await _apply(tx, shop, lab, job_id, token, begun)
    values = {
        "id": new_id(),
        "job_id": job_id,
        "team_id": lab.teams[0].id,
        "controller_id": controller_id,
        "attempt": claim["attempt"],
        "lease": shop.secrets.seal(token),
        "name": wish.job,
        "parameters": dict(wish.parameters),
        "offered": offered,
        "artifacts": [dict(one) for one in wish.artifacts],
        "seq": 2,
    }
    await store.insert(tx, values)


# following ------------------------------------------------------------------------


async def beat(shop: Shop) -> int:
    """Keep the leases of all builds, whatever their controllers do; 0: there is no hurry."""
    async with shop.db.transaction(SYSTEM) as tx:
        found = await store.select_open(tx)
    for build in found:
        try:
            work = await _open(shop, build)
            if work is not None:
                await _tell(work, [])
        except (RingtestError, ValueError) as error:
            log.warning("build.no_beat build=%s: %s", build.id, error)
    return 0


async def follow(shop: Shop, *, is_over: bool) -> int:
    """Bring builds a step on: those that run, or those whose result is known. How many moved."""
    async with shop.db.transaction(SYSTEM) as tx:
        found = await store.claim_due(tx, is_over=is_over, until=tx.now + _CLAIMED, limit=_BATCH)
    moved = await asyncio.gather(*(_follow_one(shop, build) for build in found))
    return sum(moved)


async def _follow_one(shop: Shop, build: Build) -> bool:
    """One step of one build; what goes wrong with it is not the others' trouble."""
    moved, problem = False, None
    try:
        work = await _open(shop, build)
        if work is not None:
            moved = await _step(work)
    except Unavailable as error:
        problem = error.message
    except Exception as error:
        log.exception("build.failed build=%s", build.id)
        problem = f"the server made a mistake: {type(error).__name__}"
    async with shop.db.transaction(SYSTEM) as tx:
        if problem != build.problem:
            await store.update(tx, build.id, {"problem": problem})
        wait = timedelta(0) if moved else _LATER if problem else _SOON
        await store.let_go(tx, build.id, after=wait)
    return moved


async def _open(shop: Shop, build: Build) -> _Work | None:
    """None, and the build is over, when its lab is not there any more."""
    async with shop.db.transaction(SYSTEM) as tx:
        place = await controllers.place_of(
            tx, controller_id=build.controller_id, secrets=shop.secrets
        )
    lab = await identity.lab(shop.db, remoteci_id=place.remoteci_id, roles=shop.roles)
    backend = shop.backends.get(place.kind)
    if lab is None or backend is None:
        async with shop.db.transaction(SYSTEM) as tx:
            await store.update(tx, build.id, {"ended_at": tx.now, "problem": "its lab is gone"})
        return None
    return _Work(shop, build, lab, place, backend)


async def _step(work: _Work) -> bool:
    """What is next for a build; False when there is nothing to do but wait."""
    build = work.build
    reported = await _tell(work, [])
    if reported.fenced:
        await _stop(work)
        await _save(work, ended_at=True)
        return True
    try:
        if build.queue_id is None:
            return await _start(work, cancel=reported.cancel)
        if reported.cancel and build.result is None:
            await _stop(work)
        if build.number is None:
            return await _find_number(work)
        if build.result is None:
            return await _read_log(work, build.number)
        return await _gather(work, build.number, build.result, cancel=reported.cancel)
    except BuildRefused as error:
        return await _end(work, JobResult.ERRORED, str(error))
    except BuildCancelled:
        return await _end(work, JobResult.CANCELLED, "the build was taken out of the queue")
    except BuildGone as error:
        if build.number is None and build.starts < model.STARTS:
            await _save(work, queue_id=None)  # looked for by its id before it is started again
            return True
        return await _end(work, JobResult.ERRORED, f"the controller lost the build: {error}")


async def _start(work: _Work, *, cancel: bool) -> bool:
    build, site = work.build, work.place.site
    if cancel:
        found = await work.backend.find(site, build.name, correlation=build.correlation)
        if found is None:
            return await _end(work, JobResult.CANCELLED, None)
        return await _save(work, queue_id=found.queue_id, number=found.number)
    ticket = await work.backend.start(
        site, build.name, build.parameters, correlation=build.correlation, offered=build.offered
    )
    return await _save(
        work, queue_id=ticket.queue_id, number=ticket.number, starts=build.starts + 1
    )


async def _find_number(work: _Work) -> bool:
    assert work.build.queue_id is not None
    ticket = Ticket(work.build.name, work.build.queue_id)
    number = await work.backend.number(work.place.site, ticket)
    return number is not None and await _save(work, number=number)


async def _read_log(work: _Work, number: int) -> bool:
    """What was printed since, and how far that is, in one transaction; at the end the result."""
    build, site = work.build, work.place.site
    piece = await work.backend.log(site, build.name, number, start=build.log_start)
    result = None
    if not piece.more:
        result = await work.backend.result(site, build.name, number)
    if not piece.data and result is None:
        return False
    parts = [piece.data[at : at + _PIECE] for at in range(0, len(piece.data), _PIECE)]
    told: list[Record] = [
        LogRecord(seq, part, Stage.TEST) for seq, part in enumerate(parts, build.seq + 1)
    ]
    known: dict[str, Any] = {"log_start": piece.next} | ({"result": result} if result else {})
    await _tell(work, told, values=known)
    return True


async def _gather(work: _Work, number: int, result: str, *, cancel: bool) -> bool:
    """Report and artifacts become files of the job; then the job is finished."""
    build, site, backend = work.build, work.place.site, work.backend
    lines: list[str] = []
    report = await backend.report(site, build.name, number)
    if report is not None:
        body = await asyncio.to_thread(model.as_junit, report)
        key = model.key_of(build, "the test report")
        kept = model.Kept("", "jenkins-test-report.xml", "application/junit", key)
        await _upload(work, kept, _once(body), lines, parsers=work.shop.parsers)
    paths = await backend.artifacts(site, build.name, number)
    chosen = model.chosen(build, paths)
    if not build.artifacts and len(chosen) < len(paths):
        lines.append(f"only {len(chosen)} of {len(paths)} artifacts were kept")
    parsers = {} if report is not None else work.shop.parsers  # no case is to count twice
    for kept in chosen:
        with tempfile.TemporaryDirectory(prefix="ringtest-build-") as folder:
            target = Path(folder) / "artifact"
            try:
                await backend.fetch(site, build.name, number, kept.path, target)
            except (BuildGone, BuildRefused) as error:
                lines.append(f"{kept.path} was not kept: {error}")
                continue
            await _upload(work, kept, _chunks(target), lines, parsers=parsers)
        await _save(work, claimed=True)
    judged, reason = model.judge(result, cancel=cancel)
    return await _end(work, judged, reason, lines)


async def _upload(
    work: _Work,
    kept: model.Kept,
    chunks: AsyncIterator[bytes],
    lines: list[str],
    *,
    parsers: Mapping[str, ResultParser],
) -> None:
    """A file of the job; stored once however often this is done. What is refused is told."""
    shop = work.shop
    limits = files.Limits(shop.settings.max_file, shop.settings.inline_file)
    intake = Intake(shop.db, shop.objects, parsers, limits, work.lab)
    upload = Upload(
        name=kept.name,
        mime=kept.mime,
        job_id=work.build.job_id,
        jobstate_id=None,
        attempt=work.build.attempt,
        key=kept.key,
    )
    try:
        _, unreadable = await results.upload_file(intake, upload=upload, chunks=chunks)
    except Unavailable:
        raise
    except RingtestError as error:
        lines.append(f"{kept.name} was not kept: {error.message}")
    else:
        if unreadable is not None:
            lines.append(f"{kept.name} was kept and not read: {unreadable.message}")


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


async def _stop(work: _Work) -> None:
    build, site = work.build, work.place.site
    ticket = None
    if build.queue_id is not None:
        ticket = Ticket(build.name, build.queue_id, build.number)
    else:  # started by a process that could not say so any more
        try:
            ticket = await work.backend.find(site, build.name, correlation=build.correlation)
        except BuildGone:
            return
    if ticket is not None:
        await work.backend.stop(site, ticket)


# telling --------------------------------------------------------------------------


async def _end(
    work: _Work, result: JobResult, reason: str | None, lines: list[str] | None = None
) -> bool:
    """Finish the job and the build."""
    ended = _ended(work.build.seq + 1, result, reason, lines=lines or [])
    await _tell(work, ended, ended=True)
    return True


def _ended(seq: int, result: JobResult, reason: str | None, *, lines: list[str]) -> list[Record]:
    """The end of the one stage, and of the job."""
    said = "".join(f"[ringtest] {line}\n" for line in [*lines, *([reason] if reason else [])])
    words: list[Record] = [LogRecord(seq, said.encode(), Stage.TEST)] if said else []
    status = {
        JobResult.PASSED: StageStatus.PASSED,
        JobResult.FAILED: StageStatus.FAILED,
    }.get(result, StageStatus.ERRORED)
    seq += len(words)
    stage = StageRecord(seq, Stage.TEST, status, message=reason)
    return [*words, stage, FinishRecord(seq + 1, result, reason)]


async def _tell(
    work: _Work,
    told: list[Record],
    *,
    ended: bool = False,
    values: Mapping[str, Any] | None = None,
) -> Reported:
    """Records of the build's attempt, and columns that change with them, at once."""
    shop, build = work.shop, work.build
    token = shop.secrets.open(build.lease)
    async with shop.db.transaction(work.lab.tenant) as tx:
        reported = await _apply(tx, shop, work.lab, build.job_id, token, told)
        changed = dict(values or {})
        if told:
            changed["seq"] = build.seq + len(told)
        if ended:
            changed["ended_at"] = tx.now
        if changed:
            await store.update(tx, build.id, changed)
            await labs.touch_remoteci(tx, remoteci_id=work.lab.id)
    return reported


async def _apply(
    tx: Transaction, shop: Shop, lab: Caller, job_id: UUID, token: str, told: list[Record]
) -> Reported:
    return await records.apply_records(
        tx,
        caller=lab,
        job_id=job_id,
        token=token,
        records=told,
        settings=shop.settings,
        secrets=shop.secrets,
    )


async def _save(
    work: _Work, *, ended_at: bool = False, claimed: bool = False, **values: Any
) -> bool:
    """Columns of the build that nobody is told of."""
    async with work.shop.db.transaction(SYSTEM) as tx:
        if ended_at:
            values["ended_at"] = tx.now
        if claimed:
            values["claimed_until"] = tx.now + _CLAIMED
        await store.update(tx, work.build.id, values)
    return True
