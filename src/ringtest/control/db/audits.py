"""Notes of who changed what, written in the round trip of the COMMIT that makes it true.

No statement of its own, no trigger: the INSERT is spliced before the COMMIT. Every value
is an id, a time or a word of ours, and quoted all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringtest.control.wire.context import RequestContext

_COLUMNS = "created_at, actor_kind, actor_id, action, subject_id, team_id, request_id, outcome"


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


def _values(note: Note, now: datetime, request_id: str | None, outcome: str) -> str:
    row = (
        now.isoformat(),
        note.actor_kind,
        note.actor_id,
        note.action,
        note.subject_id,
        note.team_id,
        request_id,
        outcome,
    )
    return f"({','.join(map(_quoted, row))})"


def noted_sql(notes: Sequence[Note], now: datetime, request: RequestContext | None) -> str:
    """The INSERT of what services noted themselves."""
    request_id = request.id if request else None
    rows = ",".join(_values(note, now, request_id, "done") for note in notes)
    return f"INSERT INTO audits ({_COLUMNS}) VALUES {rows}"


def changed_sql(
    request: RequestContext, now: datetime, subject_id: UUID | None, team_id: UUID | None
) -> str:
    """The INSERT of a request that nobody noted: a row if the transaction changed anything."""
    row = _values(_note_of(request, subject_id, team_id), now, request.id, "done")
    return (
        f"INSERT INTO audits ({_COLUMNS})"
        " SELECT v.created_at::timestamp, v.actor_kind, v.actor_id::uuid, v.action,"
        " v.subject_id::uuid, v.team_id::uuid, v.request_id, v.outcome"
        f" FROM (VALUES {row}) v({_COLUMNS})"
        " WHERE pg_current_xact_id_if_assigned() IS NOT NULL"
    )


def refused_sql(request: RequestContext, now: datetime) -> str:
    """The INSERT of an attempt that was not permitted."""
    row = _values(_note_of(request, None, None), now, request.id, "refused")
    return f"INSERT INTO audits ({_COLUMNS}) VALUES {row}"


def _note_of(request: RequestContext, subject_id: UUID | None, team_id: UUID | None) -> Note:
    assert request.actor is not None, "is_audited says so"
    return Note(
        request.actor.kind,
        request.actor.id,
        request.action,
        request.subject or subject_id,
        team_id,
    )
