"""Verbs of diagnosis: the answer on a job, and the work that makes it.

What is kept of an answer comes from rows of the job's own team alone. What the reader may see
of other jobs is put beside it when it is read.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.unseen import seen
from ringtest.control.diagnosis import model, store
from ringtest.control.diagnosis.model import Answer, Kept, Scan, Step, counted
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.ids import test_id_text
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.logs import service as logs
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.triage import model as triage

log = logging.getLogger(__name__)

SERVER = Caller("user", UUID(int=0), "server", "", (), is_super_admin=True, may_write=False)
"""Who reads logs when nobody asks."""
_PAGE = 5000
_CLAIM = timedelta(minutes=10)
_TRIES = 5
_GROUPS, _LABS, _JOBS = 10, 20, 2000


# reading -----------------------------------------------------------------------


class Baseline(msgspec.Struct, frozen=True):
    """A job to compare with."""

    id: UUID
    attempt: int
    why: str
    result: str
    at: datetime
    created_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer stands on."""

    row: asyncpg.Record
    baselines: tuple[Baseline, ...]
    same_set: tuple[UUID, ...]

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Ground":
        """From `store.select_ground`."""
        baselines = msgspec.json.decode(row["baselines"], type=tuple[Baseline, ...])
        return cls(row, baselines, msgspec.json.decode(row["same_set"], type=tuple[UUID, ...]))

    @property
    def is_broken(self) -> bool:
        return self.row["status"] == "finished" and self.row["result"] in ("failed", "errored")

    @property
    def fingerprint(self) -> str:
        """Changes with the job (a retry, a file), and with the jobs it is compared with."""
        jobs = [[str(one.id), one.attempt] for one in self.baselines]
        same = [str(one) for one in self.same_set]
        return model.fingerprint(self.row["etag"], self.row["attempt"], jobs, same)

    @property
    def kept(self) -> Kept | None:
        """The kept answer, if it still holds."""
        if self.row["version"] != model.VERSION or self.row["ground"] != self.fingerprint:
            return None
        return msgspec.json.decode(self.row["answer"], type=Kept)


@dataclass(frozen=True, slots=True)
class Others:
    """What a reader sees of other jobs."""

    groups: list[dict[str, Any]]
    issues: list[dict[str, Any]]


async def get_answer(db: Database, objects: ObjectStore, *, caller: Caller, job_id: UUID) -> Answer:
    """The first answer on a job; 401 or 404 when the caller may not see it.

    One that is not kept yet is made of the log's end, and the whole log is read afterwards.
    """
    async with db.transaction(caller.tenant) as tx:
        found = await store.select_ground(tx, job_id, caller.visible_teams)
        ground = Ground.of(await seen(tx, "job", job_id, found))
        others = await _others(tx, job_id, caller.visible_teams)
    kept = ground.kept if ground.is_broken else _nothing(ground)
    if kept is None:
        kept = await _make(db, objects, ground, asked=True)
        async with db.transaction(SYSTEM) as tx:
            await store.want(tx, job_id)
    return _whole(kept, others)


def _nothing(ground: Ground) -> Kept:
    result = ground.row["result"]
    over = ground.row["status"] == "finished"
    said = f"the job {'was cancelled' if result == 'cancelled' else 'passed'}: nothing to explain"
    found = said if over else "the job is not finished yet"
    return Kept(
        job_id=ground.row["id"],
        at=ground.row["at"].isoformat() if over else None,
        result=result,
        steps=(Step("result", found),),
    )


async def _others(tx: Transaction, job_id: UUID, teams: Sequence[UUID] | None) -> Others:
    groups, issues = await store.select_groups(
        tx, job_id, teams, groups=_GROUPS, labs=_LABS, jobs=_JOBS
    )
    found = Others(msgspec.json.decode(groups), msgspec.json.decode(issues))
    for group in found.groups:
        runs = msgspec.convert(group.pop("runs"), list[triage.Run])
        group["title"] = triage.title(group.pop("exception_type"), group.pop("template"))
        group["verdict"] = msgspec.to_builtins(triage.judge(group["kind"], runs))
    return found


def _whole(kept: Kept, others: Others) -> Answer:
    values = {name: getattr(kept, name) for name in Kept.__struct_fields__}
    steps = list(kept.steps)
    groups, issues = others.groups, others.issues
    if kept.result in ("failed", "errored"):
        seen_before = sum(1 for group in groups if group["elsewhere"]["jobs"])
        found = f"{counted(len(groups), 'failure group')}, {seen_before} seen in other jobs too"
        left = f"only the {_GROUPS} largest" if len(groups) == _GROUPS else None
        steps.append(Step("groups", found if groups else "no failure group yet", left))
        steps.append(
            Step("known_issues", f"{counted(len(issues), 'known issue')} for failures of the job")
        )
    whole = values | {"steps": tuple(steps)}
    return Answer(**whole, groups=tuple(groups), known_issues=tuple(issues))


# making ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """A log that was read: `total` lines, of which `skipped` were not looked at."""

    scan: Scan
    total: int
    skipped: int


async def _read(
    db: Database,
    objects: ObjectStore,
    *,
    job_id: UUID,
    attempt: int,
    known: Collection[int] | None,
    head: int = model.HEAD_LINES,
    tail: int = model.TAIL_LINES,
) -> Read:
    """The first `head` and the last `tail` lines of a log, none when there is no log."""
    scan = Scan(known)
    try:
        this = await logs.open_log(db, caller=SERVER, job_id=job_id, attempt=attempt or None)
    except NotFound:
        return Read(scan, 0, 0)
    begin = await logs.read_lines(db, objects, caller=SERVER, log=this, from_line=0, limit=1)
    total = begin.total
    parts = [(0, total)] if total <= head + tail else [(0, head), (total - tail, total)]
    for start, end in parts:
        at, size = start, 0
        while at < end and size < model.READ_BYTES // len(parts):
            page = await logs.read_lines(
                db, objects, caller=SERVER, log=this, from_line=at, limit=min(_PAGE, end - at)
            )
            if not page.lines:
                break
            await asyncio.to_thread(scan.feed, page.lines, at)
            at += len(page.lines)
            size += sum(map(len, page.lines))
    return Read(scan, total, total - scan.lines)


async def _templates(
    db: Database, objects: ObjectStore, jobs: Sequence[tuple[UUID, int]], *, asked: bool
) -> dict[UUID, tuple[int, bool, list[int]]]:
    """Lines, whether all were read, and hashes of logs; those not known are read now, or left
    out while somebody waits."""
    async with db.transaction(SYSTEM) as tx:
        rows = await store.select_templates(tx, jobs)
    found = {
        row["job_id"]: (row["lines"], row["is_whole"], model.unpack_hashes(row["hashes"]))
        for row in rows
    }
    for job_id, attempt in jobs:
        if job_id not in found and not asked:
            read = await _read(db, objects, job_id=job_id, attempt=attempt, known=())
            await _keep_templates(db, job_id, attempt, read)
            found[job_id] = (read.total, _is_whole(read), list(read.scan.hashes))
    return found


def _is_whole(read: Read) -> bool:
    return read.skipped == 0 and not read.scan.is_full


async def _keep_templates(db: Database, job_id: UUID, attempt: int, read: Read) -> None:
    hashes = model.pack_hashes(read.scan.hashes)
    async with db.transaction(SYSTEM) as tx:
        await store.save_templates(
            tx, job_id, attempt, lines=read.total, is_whole=_is_whole(read), hashes=hashes
        )


async def _make(db: Database, objects: ObjectStore, ground: Ground, *, asked: bool) -> Kept:
    """The answer of a job that broke, from its team's rows. `asked`: somebody waits for it."""
    row = ground.row
    job_id, attempt = row["id"], row["attempt"]
    jobs = [(one.id, one.attempt) for one in ground.baselines]
    good = await _templates(db, objects, jobs, asked=asked)
    told = [hashes for lines, _, hashes in good.values() if lines]
    known = set().union(*told) if told else None
    head, tail = (0, model.ASKED_LINES) if asked else (model.HEAD_LINES, model.TAIL_LINES)
    read = await _read(
        db, objects, job_id=job_id, attempt=attempt, known=known, head=head, tail=tail
    )
    if not asked:
        await _keep_templates(db, job_id, attempt, read)
    async with db.transaction(SYSTEM) as tx:
        stage, begin, end = await _stage(tx, row, read)
        changes = await _changes(tx, ground)
        tests = await _tests(tx, ground)
    lines, left = model.rank(read.scan.novel.values(), begin=begin, end=end, good=len(told))
    kept = Kept(
        job_id=job_id,
        at=row["at"].isoformat(),
        result=row["result"],
        stage=stage,
        lines=lines,
        components_changed=changes,
        new_failures=tests.new,
        flaky=tests.flaky,
        compared_with=tuple(
            model.Compared(one.id, one.at.isoformat(), one.result, one.why)
            for one in ground.baselines
        ),
    )
    steps = (
        _stage_step(kept, row),
        _baseline_step(ground),
        _log_step(ground, good, read, lines, left),
        _change_step(kept),
        *tests.steps,
    )
    return msgspec.structs.replace(kept, steps=steps)


_STAGES = {"new": "prepare", "pre-run": "prepare", "running": "test", "post-run": "collect"}


async def _stage(
    tx: Transaction, row: asyncpg.Record, read: Read
) -> tuple[model.Stage | None, int, int]:
    """The failing stage, its first line and the line behind its last."""
    stages = await store.select_stages(tx, row["id"], row["attempt"])
    broken = next((one for one in stages if one["status"] in ("failed", "errored")), None)
    if broken is None:
        word = None if stages else await store.select_last_word(tx, row["id"])
        if word is None:
            return None, 0, read.total
        stage = model.Stage(
            _STAGES[word["status"]], row["result"], word["comment"], None, None,
            row["status_reason"],
        )  # fmt: skip
        return stage, 0, read.total
    begin = broken["first_line"] or 0
    later = [one["first_line"] for one in stages if (one["first_line"] or 0) > begin]
    end = min(later, default=read.total)
    step = next((one for one in reversed(read.scan.steps) if begin <= one[0] < end), None)
    line = step[0] if step else (begin if read.total else None)
    stage = model.Stage(
        broken["name"], broken["status"], step[1] if step else None, line, broken["exit_code"],
        broken["message"],
    )  # fmt: skip
    return stage, begin, end


async def _changes(tx: Transaction, ground: Ground) -> tuple[triage.Change, ...]:
    if not ground.baselines:
        return ()
    last = ground.baselines[0].id
    found = await store.select_components(tx, [ground.row["id"], last])
    sides = [
        msgspec.json.decode(found.get(one, "[]"), type=list[triage.Component])
        for one in (last, ground.row["id"])
    ]
    return tuple(triage.difference(*sides))


@dataclass(frozen=True, slots=True)
class Tests:
    """What failing tests say."""

    new: model.NewFailures
    flaky: tuple[model.Flaky, ...]
    steps: tuple[Step, ...]


async def _tests(tx: Transaction, ground: Ground) -> Tests:
    row = ground.row
    after = ground.baselines[0].at if ground.baselines else None
    found = await store.select_new_failures(tx, row["id"], row["attempt"], after)
    count = found[0]["count"] if found else 0
    unique = {one["test_id"]: one for one in reversed(found)}
    ids = sorted(unique)
    passes = await store.select_passes(tx, row["id"], row["attempt"], ground.same_set, ids)
    numbers = await store.select_numbers(
        tx, team_id=row["team_id"], topic_id=row["topic_id"], until=row["at"].date(), tests=ids
    )
    new, flaky = [], []
    for one in found:
        name = {key: one[key] for key in ("suite", "classname", "name")}
        text = test_id_text(one["test_id"])
        new.append(model.Test(text, **name, since_job_id=one["since_job_id"]))
        if unique.pop(one["test_id"], None) is None:
            continue
        evidence = model.evidence(
            passes.get(one["test_id"], ()),
            retried=one["retried"],
            numbers=numbers.get(one["test_id"], (0, 0, 0, 0)),
        )
        if evidence:
            flaky.append(model.Flaky(text, **name, evidence=evidence))
    since = "since the last comparable job" if after else "since the run before"
    same = len(ground.same_set)
    steps = (
        Step(
            "new_failures",
            f"{counted(count, 'test')} failing that did not {since}",
            f"only the first {len(found)} are named" if count > len(found) else None,
        ),
        Step(
            "flaky",
            f"{len(flaky)} of {counted(len(ids), 'test')} may have failed by chance; looked at"
            f" {counted(same, 'job')} of the lab with the same components, other attempts, and"
            f" {model.DAYS} days of results",
            f"only the first {model.TESTS} tests were looked at" if count > len(found) else None,
        ),
    )
    return Tests(model.NewFailures(count, tuple(new)), tuple(flaky), steps)


# steps -------------------------------------------------------------------------


def _stage_step(kept: Kept, row: asyncpg.Record) -> Step:
    stage = kept.stage
    if stage is None:
        return Step("stage", row["status_reason"] or "no stage told that it failed")
    step = f", in its step {stage.step!r}" if stage.step else ""
    source = "the agent's stages" if row["leased"] else "the last jobstate before the end"
    return Step("stage", f"{stage.name} {stage.status}{step} (from {source})")


def _baseline_step(ground: Ground) -> Step:
    left = (
        f"looked among the last {store.RECENT} jobs of the lab, {store.RECENT_OF_TEAM} of its team"
    )
    if not ground.baselines:
        return Step("baselines", "no comparable job was made before this one", left)
    first, count = ground.baselines[0], len(ground.baselines)
    if count == model.BASELINES:
        left += f"; only the latest {count} are taken"
    if first.result != "passed":
        left += "; none of these passed, so failed ones are taken"
    found = f"{counted(count, 'job')} of the same topic and definition or name that {first.why}"
    return Step("baselines", found, left)


def _log_step(
    ground: Ground,
    good: dict[UUID, tuple[int, bool, list[int]]],
    read: Read,
    lines: Sequence[model.Line],
    left: int,
) -> Step:
    if not read.total:
        return Step("log", "the job has no log", "files are not read")
    told = [whole for count, whole, _ in good.values() if count]
    kinds = len(read.scan.novel) + read.scan.dropped
    if told:
        found = f"{counted(kinds, 'kind')} of lines, of {counted(read.scan.lines, 'line')} read,"
        found += f" in none of {counted(len(told), 'log')} compared"
    else:
        found = (
            f"no log to compare with: {counted(kinds, 'kind')} of lines say something of errors,"
        )
        found += f" of {counted(read.scan.lines, 'line')} read"
    missing = []
    if left or read.scan.dropped:
        missing.append(f"only the best {len(lines)} are shown")
    if read.skipped:
        missing.append(f"{read.skipped} lines in the middle of the log were not read")
    if not all(told):
        missing.append("of a good log only the beginning and the end are known")
    unread = sum(1 for one in ground.baselines if one.id not in good)
    if unread:
        missing.append(f"{counted(unread, 'log')} still to be read: ask again")
    return Step("log", found, "; ".join(missing) or None)


def _change_step(kept: Kept) -> Step:
    if not kept.compared_with:
        return Step("components", "nothing to compare with")
    count = len(kept.components_changed)
    return Step(
        "components", f"{counted(count, 'change')} since job {kept.compared_with[0].job_id}"
    )


# working -----------------------------------------------------------------------


async def want(tx: Transaction, *, job_id: UUID) -> None:
    """A job ended: read its log, and answer if it broke."""
    await store.want(tx, job_id)


async def work(db: Database, objects: ObjectStore, *, limit: int = 20) -> int:
    """Read the logs of jobs that ended; how many were. One that fails is tried again later."""
    for done in range(limit):
        async with db.transaction(SYSTEM) as tx:
            claimed = await store.claim(tx, until=tx.now + _CLAIM, tries=_TRIES)
        if claimed is None:
            return done
        job_id, since = claimed
        try:
            await _prepare(db, objects, job_id)
            async with db.transaction(SYSTEM) as tx:
                await store.done(tx, job_id, since)
        except Exception:
            log.exception("diagnosis.failed job=%s", job_id)
    return limit


async def _prepare(db: Database, objects: ObjectStore, job_id: UUID) -> None:
    async with db.transaction(SYSTEM) as tx:
        row = await store.select_ground(tx, job_id, None)
    if row is None or row["status"] != "finished":
        return
    ground = Ground.of(row)
    if not ground.is_broken:
        await _templates(db, objects, [(job_id, row["attempt"])], asked=False)
    elif ground.kept is None:
        answer = await _make(db, objects, ground, asked=False)
        async with db.transaction(SYSTEM) as tx:
            await store.save_answer(tx, job_id, ground.fingerprint, msgspec.json.encode(answer))
