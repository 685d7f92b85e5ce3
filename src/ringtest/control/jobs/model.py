"""What a job is, which set of components it tests, and what a posted DCI status does. Pure."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.outcome import (
    DCI_STATUSES,
    JobResult,
    JobStatus,
    Stage,
    dci_status,
    from_dci_status,
)
from ringtest.control.kernel.texts import Line, Note, Tags
from ringtest.language.labels import Wish

State = Literal["active", "inactive", "archived"]

JUDGED = frozenset({"success", "failure", "error"})
"""Statuses that end a job with a verdict: jobs_events, mail and stats know no others."""
ENDS = JUDGED | {"killed"}

COMPONENT_JSON = """x.id, x.created_at, x.updated_at, x.etag, x.state, x.released_at, x.name,
  x.type, x.canonical_project_name, x.display_name, x.version, x.uid, x.data, x.title, x.message,
  x.url, x.topic_id, x.team_id, x.tags"""
"""What a job shows of a component `x`."""


def component_set_key(ids: Iterable[UUID]) -> str:
    """The name of a component set: 16 hex digits, whatever the order; "" for no components.

    >>> a, b = UUID(int=1), UUID(int=2)
    >>> component_set_key([a, b]) == component_set_key([b, a, a])
    True
    >>> component_set_key([])
    ''
    """
    text = ",".join(sorted({str(one) for one in ids}))
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


@dataclass(frozen=True, slots=True)
class Job:
    """How a job stands: what decisions are made of. Times are naive UTC.

    `leased` jobs run in an agent's hands and move only through its attempts; the others
    were created by a DCI client, which posts any status it likes. `budget` is how many
    attempts the definition grants.
    """

    id: UUID
    team_id: UUID
    topic_id: UUID
    remoteci_id: UUID
    status: JobStatus
    created_at: datetime
    stage: Stage | None = None
    result: JobResult | None = None
    reason: str | None = None
    leased: bool = True
    attempt: int = 0
    max_attempts: int = 3
    budget: int = 3
    timeout_seconds: int = 21600
    cancel_requested_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Job":
        """A job from its row, `budget` (attempts its definition grants, or None)."""
        same = (
            "id", "team_id", "topic_id", "remoteci_id", "created_at", "attempt", "max_attempts",
            "timeout_seconds", "cancel_requested_at", "started_at", "finished_at",
        )  # fmt: skip
        return cls(
            status=JobStatus(row["status"]),
            stage=Stage(row["stage"]) if row["stage"] else None,
            result=JobResult(row["result"]) if row["result"] else None,
            reason=row["status_reason"],
            leased=row["definition_id"] is not None,
            budget=row["budget"] or row["max_attempts"],
            **{name: row[name] for name in same},
        )

    @property
    def word(self) -> str:
        """The wire format's mixed status."""
        return dci_status(self.status, self.stage, self.result)

    def duration(self, now: datetime) -> int:
        """Seconds. DCI counts from the creation of a job until whatever it hears last of it;
        a leased job waited in a queue first, and is over when it is finished."""
        since, until = self.created_at, now
        if self.leased:
            since, until = self.started_at or since, self.finished_at or now
        return max(0, int((until - since).total_seconds()))


@dataclass(frozen=True, slots=True)
class Posting:
    """What a posted status makes of a job: how it stands after it, the jobstate's own `word`.

    Failing before the tests began is the environment's fault: recorded and told as `early`,
    while the job keeps the posted word, as DCI does. An end is the job's first one unless
    one of `rivals` came before: a verdict on a killed job is an end of its own. It is told
    as `first_end`, anything else as `otherwise`.
    """

    word: str
    status: JobStatus
    stage: Stage | None
    result: JobResult | None
    early: tuple[str, JobResult | None]
    rivals: tuple[str, ...]
    first_end: EventType = EventType.JOB_FINISHED
    otherwise: EventType = EventType.JOB_CHANGED

    @property
    def is_verdict(self) -> bool:
        return self.word in JUDGED


@lru_cache
def read_status(word: str) -> Posting:
    """A word that a DCI client posts: in any order, and only a first end is told as one.

    >>> posting = read_status("failure")
    >>> posting.status.value, posting.result.value, posting.early[0], posting.early[1].value
    ('finished', 'failed', 'error', 'errored')
    >>> posting.rivals, read_status("killed").rivals, read_status("running").rivals
    (('error', 'failure', 'success'), ('error', 'failure', 'killed', 'success'), ())
    """
    if word not in DCI_STATUSES:
        raise BadRequest(
            "Request malformed", error=f"status: {word[:80]!r} is unknown", allowed=DCI_STATUSES
        )
    status, stage, result = from_dci_status(word)
    ends = JUDGED if word in JUDGED else ENDS
    return Posting(
        word=word,
        status=status,
        stage=stage,
        result=result,
        early=("error", JobResult.ERRORED) if word in ("failure", "error") else (word, result),
        rivals=tuple(sorted(ends)) if status is JobStatus.FINISHED else (),
    )


class CreateJob(Struct, kw_only=True):
    """Body of `POST /jobs`. remoteci_id and team_id are accepted and replaced by the caller's."""

    components: list[UUID]
    topic_id: UUID | None = None
    comment: Note | None = None
    previous_job_id: UUID | None = None
    update_previous_job_id: UUID | None = None
    state: State = "active"
    tags: Tags | None = None
    data: dict[str, Any] | None = None
    status_reason: Note | None = None
    configuration: Note | None = None
    name: Line | None = None
    url: Note | None = None
    pipeline_id: UUID | None = None
    remoteci_id: UUID | None = None
    team_id: UUID | None = None


class ScheduleJob(Struct, kw_only=True):
    """Body of `POST /jobs/schedule`: no components means the newest of each type. `labels` are
    what one of the lab's machines must have."""

    topic_id: UUID
    components_ids: list[UUID] | None = None
    comment: Note | None = None
    previous_job_id: UUID | None = None
    tags: Tags | None = None
    data: dict[str, Any] | None = None
    configuration: Note | None = None
    name: Line | None = None
    url: Note | None = None
    pipeline_id: UUID | None = None
    state: State = "active"
    remoteci_id: UUID | None = None
    labels: dict[str, Wish] = {}


class UpdateJob(Struct, kw_only=True):
    """Body of `PUT /jobs/:id`."""

    comment: Note | UnsetType | None = UNSET
    status: Line | UnsetType = UNSET
    state: State | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    status_reason: Note | UnsetType | None = UNSET
    configuration: Note | UnsetType | None = UNSET
    name: Line | UnsetType | None = UNSET
    url: Note | UnsetType | None = UNSET


class JobOf(Struct):
    """Body of `POST /jobs/upgrade`."""

    job_id: UUID


@dataclass(frozen=True, slots=True)
class Client:
    """The program that called, as it names itself in its headers."""

    user_agent: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A row about to be: everything a caller may choose and everything we decided."""

    id: UUID
    topic_id: UUID
    product_id: UUID | None
    remoteci_id: UUID
    team_id: UUID
    component_ids: tuple[UUID, ...]
    name: Line | None = None
    configuration: Note | None = None
    url: Note | None = None
    comment: Note | None = None
    status_reason: Note | None = None
    state: State = "active"
    tags: tuple[str, ...] = ()
    data: dict[str, Any] | None = None
    pipeline_id: UUID | None = None
    previous_job_id: UUID | None = None
    update_previous_job_id: UUID | None = None
    client: Client = Client()

    @property
    def set_key(self) -> str:
        return component_set_key(self.component_ids)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a job of a team's own does. `max_attempts` None: as its spec says; `more_seconds`
    are added to the time that the spec gives it."""

    name: str
    spec: dict[str, Any]
    max_attempts: int | None = None
    more_seconds: int = 0


def clean_tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    """Tags as they are kept: blank ones dropped.

    >>> clean_tags(["daily", " ", ""])
    ('daily',)
    """
    return tuple(tag for tag in tags or () if tag.strip())


class Remembered:
    """JSON of rows by their versions, up to so many characters; what was not asked for
    longest goes first. A version never changes its JSON, so nothing here is ever stale.

    >>> known = Remembered(room=6)
    >>> known.keep("a/1", "null"); known.keep("b/1", "[]")
    >>> known.recall("a/1")
    'null'
    >>> known.keep("c/1", "{}")
    >>> known.recall("b/1") is None, known.recall("a/1")
    (True, 'null')
    """

    def __init__(self, *, room: int = 32 * 1024 * 1024) -> None:
        self._room = room
        self._known: OrderedDict[str, str] = OrderedDict()

    def recall(self, version: str) -> str | None:
        """The JSON of a version, if it is remembered."""
        json = self._known.get(version)
        if json is not None:
            self._known.move_to_end(version)
        return json

    def keep(self, version: str, json: str) -> None:
        """Remember a version."""
        if version not in self._known:
            self._known[version] = json
            self._room -= len(json)
        while self._room < 0:
            self._room += len(self._known.popitem(last=False)[1])


class Memory:
    """What a process remembers of one database to make lists of jobs cheap."""

    def __init__(self) -> None:
        self.rows = Remembered()


def event_payload(event: EventType, job: Job) -> dict[str, str | int]:
    """The ids that an event about a job carries (kernel.events.MEANINGS)."""
    payload: dict[str, str | int] = {"job_id": str(job.id)}
    match event:
        case EventType.JOB_FINISHED:
            payload["result"] = (job.result or JobResult.PASSED).value
        case EventType.JOB_LOST:
            payload["attempt"] = job.attempt
        case EventType.JOB_ASSIGNED | EventType.JOB_CANCEL_REQUESTED:
            payload["remoteci_id"] = str(job.remoteci_id)
        case EventType.JOB_CLAIMED | EventType.JOB_RETRIED:
            payload |= {"remoteci_id": str(job.remoteci_id), "attempt": job.attempt}
    return payload


WAKES_LAB = frozenset(
    {EventType.JOB_ASSIGNED, EventType.JOB_RETRIED, EventType.JOB_CANCEL_REQUESTED}
)
"""Events that the lab's agents want to know of at once."""
