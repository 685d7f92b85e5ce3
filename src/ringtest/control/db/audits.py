"""Notes of who changed what, written in the round trip of the COMMIT that makes it true.

No round trip of its own: the call is spliced before the COMMIT. Every value is an id, a
time or a word of ours, and quoted all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringtest.control.wire.context import RequestContext


@dataclass(frozen=True, slots=True)
class Note:
    """Somebody did something to `subject_id` of `team_id`."""

    actor_kind: str
    actor_id: UUID
    action: str
    subject_id: UUID | None = None
    team_id: UUID | None = None


def _quoted(value: object) -> str:
    """A text literal, NULL for None.

    >>> _quoted("it's"), _quoted(None)
    ("'it''s'", 'NULL')
    """
    if value is None:
        return "NULL"
    return "'" + str(value).replace("\0", "").replace("'", "''") + "'"


def _call(
    note: Note, now: datetime, request_id: str | None, outcome: str = "done", sure: str = "true"
) -> str:
    row = (
        now.isoformat(),
        note.actor_kind,
        note.actor_id,
        note.action,
        note.subject_id,
        note.team_id,
        request_id,
        outcome,
        sure,
    )
    return f"SELECT rt_note({','.join(map(_quoted, row))})"


def noted_sql(notes: Sequence[Note], now: datetime, request: RequestContext | None) -> str:
    """The notes that services made themselves."""
    request_id = request.id if request else None
    return ";".join(_call(note, now, request_id) for note in notes)


def changed_sql(
    request: RequestContext, now: datetime, subject_id: UUID | None, team_id: UUID | None
) -> str:
    """The note of a request about which nobody said anything: if it changed anything."""
    return _call(_note_of(request, subject_id, team_id), now, request.id, sure="false")


def note_of_call(request: RequestContext | None) -> list[str | None] | None:
    """Kind and id of the actor, action, request, and what the address names: for a function
    that notes itself what it changes. None: it is not noted."""
    if request is None or not request.is_audited or request.actor is None:
        return None
    actor, subject = request.actor, request.subject
    name = str(subject) if subject else None
    return [actor.kind, str(actor.id), request.action, request.id, name]


def refused_sql(request: RequestContext, now: datetime) -> str:
    """The note of an attempt that was not permitted."""
    return _call(_note_of(request, None, None), now, request.id, "refused")


def _note_of(request: RequestContext, subject_id: UUID | None, team_id: UUID | None) -> Note:
    assert request.actor is not None, "is_audited says so"
    return Note(
        request.actor.kind,
        request.actor.id,
        request.action,
        request.subject or subject_id,
        team_id,
    )
