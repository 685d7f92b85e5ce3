"""What a mail to a subscriber says, and how often one may come. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.kernel.texts import one_line

SETTLE = timedelta(seconds=30)
"""A mail waits so long after the first thing it tells of, so that others join it."""
EVERY = timedelta(minutes=15)
"""No person gets a mail sooner than this after the one before: what happens meanwhile comes
together in the next. Hundreds of failures within an hour are at most four mails."""
MOST = 50
"""Things told of each kind in one mail; the rest is counted."""
MAILED_RESULTS = ("failed", "errored")
"""Ends of a job that are worth a mail: not success, and not what a person stopped."""


class FailedJob(msgspec.Struct, frozen=True):
    """A job that failed, by names its reader may see."""

    id: UUID
    status: str
    topic: str
    lab: str
    team: str
    name: str | None = None
    reason: str | None = None
    tests: dict[str, int] | None = None
    components: list[str] = []
    finished_at: datetime | None = None


class NewComponent(msgspec.Struct, frozen=True):
    """A component that became active."""

    id: UUID
    topic_id: UUID
    topic: str
    type: str
    name: str
    tags: list[str] = []
    url: str | None = None


class Matter(msgspec.Struct, frozen=True):
    """What one mail is made of; the counts are of all, the lists hold the newest `MOST`."""

    jobs: list[FailedJob]
    jobs_count: int
    components: list[NewComponent]
    components_count: int

    def __bool__(self) -> bool:
        return bool(self.jobs or self.components)


class Told(msgspec.Struct, frozen=True):
    """An event as a team may see it: what it is about, by names."""

    id: int
    type: str
    created_at: datetime
    payload: dict[str, Any]
    job: dict[str, Any] | None = None
    component: dict[str, Any] | None = None
    remoteci: dict[str, Any] | None = None


class Mail(msgspec.Struct, frozen=True):
    """Subject, plain text, and the same as data."""

    subject: str
    text: str
    body: dict[str, Any]


def due(now: datetime, last: datetime | None) -> datetime:
    """When a mail may go that begins now, the person's last one having been due at `last`.

    >>> noon = datetime(2026, 1, 1, 12)
    >>> due(noon, None).time(), due(noon, noon).time()
    (datetime.time(12, 0, 30), datetime.time(12, 15))
    """
    return now + SETTLE if last is None else max(now + SETTLE, last + EVERY)


def write(matter: Matter, *, public_url: str) -> Mail:
    """The mail about `matter`, failures first."""
    base = public_url.rstrip("/")
    lines: list[str] = []
    for job in matter.jobs:
        lines += [*_job_lines(job, base), ""]
    lines += _more(matter.jobs_count - len(matter.jobs), "failed jobs")
    for component in matter.components:
        lines += [*_component_lines(component, base), ""]
    lines += _more(matter.components_count - len(matter.components), "new components")
    return Mail(
        subject=_subject(matter),
        text="\n".join([*lines, *_why(matter, base)]) + "\n",
        body={
            "type": "notification",
            "jobs": [str(job.id) for job in matter.jobs],
            "components": [str(component.id) for component in matter.components],
        },
    )


def _subject(matter: Matter) -> str:
    if matter.jobs_count == 1 and not matter.components_count:
        (job,) = matter.jobs
        what = f"{job.name or 'a job'} with {_versions(job.components)}"
        return one_line(f"[{job.topic}] {job.status} in {job.lab}: {what}", 150)
    if matter.components_count == 1 and not matter.jobs_count:
        (component,) = matter.components
        return one_line(f"[{component.topic}] new {component.type}: {component.name}", 150)
    topics = sorted({*(j.topic for j in matter.jobs), *(c.topic for c in matter.components)})
    where = topics[0] if len(topics) == 1 else f"{len(topics)} topics"
    parts = [
        _count(matter.jobs_count, "failed job"),
        _count(matter.components_count, "new component"),
    ]
    return one_line(f"[{where}] {' and '.join(filter(None, parts))}", 150)


def _count(number: int, noun: str) -> str:
    """`3 failed jobs`; nothing of none."""
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""


def _job_lines(job: FailedJob, base: str) -> list[str]:
    tests = job.tests or {}
    bad = tests.get("failures", 0) + tests.get("errors", 0)
    return [
        one_line(f"{job.status.capitalize()}: {job.name or 'job'} {job.id}", 300),
        one_line(f"  Where:      {job.lab} of {job.team}, {job.topic}", 300),
        one_line(f"  With:       {_versions(job.components)}", 300),
        *([one_line(f"  Reason:     {job.reason}", 300)] if job.reason else []),
        *([f"  Tests:      {bad} of {tests.get('total', 0)} failed"] if tests else []),
        *([f"  Details:    {base}/jobs/{job.id}"] if base else []),
    ]


def _component_lines(component: NewComponent, base: str) -> list[str]:
    return [
        one_line(f"New {component.type}: {component.name}", 300),
        one_line(f"  Topic:      {component.topic}", 300),
        *([one_line(f"  Tags:       {', '.join(component.tags)}", 300)] if component.tags else []),
        *([one_line(f"  From:       {component.url}", 300)] if component.url else []),
        *([f"  Details:    {base}/components/{component.id}"] if base else []),
    ]


def _versions(components: Sequence[str]) -> str:
    shown = ", ".join(components[:5])
    more = len(components) - 5
    return f"{shown} and {more} more" if more > 0 else shown or "no component"


def _more(number: int, noun: str) -> list[str]:
    return [f"… and {number} more {noun}.", ""] if number > 0 else []


def _why(matter: Matter, base: str) -> list[str]:
    """Why this came and how to end it."""
    labs = sorted({job.lab for job in matter.jobs})
    topics = sorted({component.topic for component in matter.components})
    place = f" at {base}" if base else ""
    return [
        "-- ",
        *([one_line(f"You follow the labs: {', '.join(labs)}.", 300)] if labs else []),
        *([one_line(f"You follow the topics: {', '.join(topics)}.", 300)] if topics else []),
        f"To end this{place}: `ringtest lab unfollow LAB` or `ringtest topic unfollow TOPIC`.",
        "At most one such mail comes every 15 minutes.",
    ]
