"""Verbs of records: apply a batch exactly once; let out what an attempt left behind."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID
from weakref import WeakKeyDictionary

from ringtest.control.accounts.model import Caller
from ringtest.control.attempts import service as attempts
from ringtest.control.attempts.model import Standing
from ringtest.control.attempts.service import Reported
from ringtest.control.db.changes import Kept, Memory
from ringtest.control.db.notify import LIVE
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.settings import Settings
from ringtest.control.labs import service as labs
from ringtest.control.logs import service as logs
from ringtest.control.logs.model import End
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.records import model, store
from ringtest.control.records.model import NOTHING_HELD, Intake, Record, State
from ringtest.control.redaction.model import read_rules
from ringtest.language.redaction import Redactor

_redactors: WeakKeyDictionary[Memory, Kept[Redactor]] = WeakKeyDictionary()


async def apply_records(
    tx: Transaction,
    *,
    caller: Caller,
    job_id: UUID,
    token: str,
    records: Sequence[Record],
    settings: Settings,
    secrets: SecretBox,
) -> Reported:
    """Everything an agent has to tell, at once and exactly once; none at all is a heartbeat.

    409 names the last record known when some in between never came. The log of an attempt
    that lost its job is kept all the same; the rest of what it tells is not. Secrets are
    replaced before anything is stored, the lab's own keys too.
    """
    held = await attempts.hold_attempt(tx, caller=caller, job_id=job_id, token=token)
    fresh = model.fresh_records(records, held.attempt.applied_seq)
    applied = fresh[-1].seq if fresh else held.attempt.applied_seq
    team_id, number = held.job.team_id, held.attempt.number
    intake: Intake | None = None
    if fresh:
        end, state = await _ground(tx, secrets, job_id, number)
        redactor = await _redactor(tx, settings, secrets, held.job.remoteci_id)
        intake = Intake(end, state, redactor, tx.now)
        intake.take(fresh)
        await _save(tx, secrets, intake, state, job_id, team_id, number)
    moves = intake.moves if intake else []
    counts = held.standing in (Standing.OWNS, Standing.REVIVABLE)
    reported = await attempts.report(
        tx, held=held, applied_seq=applied, moves=moves if counts else (), settings=settings
    )
    if intake and (intake.frames or moves):
        await tx.notify(LIVE, f"log {job_id}")
    return reported


async def _ground(
    tx: Transaction, secrets: SecretBox, job_id: UUID, attempt: int
) -> tuple[End, State]:
    end, state = await store.select_ground(tx, job_id, attempt)
    if not state.held.data:
        return end, state
    try:
        data = secrets.open(state.held.data).encode("latin-1")
    except ValueError:  # the server's key is another one now: the end of a line is lost
        return end, replace(state, held=NOTHING_HELD, shown=b"")
    return end, replace(state, held=replace(state.held, data=data))


async def _save(
    tx: Transaction,
    secrets: SecretBox,
    intake: Intake,
    before: State,
    job_id: UUID,
    team_id: UUID,
    attempt: int,
) -> None:
    await logs.append(tx, job_id=job_id, team_id=team_id, attempt=attempt, frames=intake.frames)
    if intake.marks:
        await store.insert_marks(tx, job_id, team_id, attempt, intake.marks)
    if intake.state != before:
        data = intake.state.held.data
        sealed = secrets.seal(data.decode("latin-1")) if data else b""
        held = replace(intake.state.held, data=sealed)
        await store.save_state(tx, job_id, team_id, attempt, replace(intake.state, held=held))


async def _redactor(
    tx: Transaction, settings: Settings, secrets: SecretBox, remoteci_id: UUID
) -> Redactor:
    """What takes the secrets out of a lab's log; remembered until some lab's key changes."""
    memory = tx.footprint.memory
    known = _redactors.setdefault(memory, Kept(memory.changes))
    key = (remoteci_id, settings.redact)
    redactor = known.recall(key)
    if redactor is None:
        since = memory.changes.moment()
        words = await labs.open_keys(tx, secrets=secrets, kind="remoteci", machine_id=remoteci_id)
        by_kind = {word.encode(): "api secret" for word in words}
        redactor = Redactor(read_rules(settings.redact), by_kind)
        known.keep(key, redactor, reads=frozenset({"credentials"}), since=since)
    return redactor


async def list_left(tx: Transaction, *, limit: int) -> list[tuple[UUID, int]]:
    """Job and number of attempts that ended without a word, with the end of a line held back."""
    return await store.select_left(tx, limit=limit)


async def let_out(
    tx: Transaction, *, job_id: UUID, attempt: int, settings: Settings, secrets: SecretBox
) -> None:
    """What was held back of an attempt that is over becomes the end of its log."""
    owner = await store.lock_over(tx, job_id, attempt)
    if owner is None:
        return
    team_id, remoteci_id = owner
    end, state = await _ground(tx, secrets, job_id, attempt)
    intake = Intake(end, state, await _redactor(tx, settings, secrets, remoteci_id), tx.now)
    intake.close()
    await _save(tx, secrets, intake, state, job_id, team_id, attempt)
