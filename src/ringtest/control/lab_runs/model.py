"""Wishes to run something on a lab, and consent to it. Pure."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.kernel.errors import Conflict
from ringtest.control.kernel.texts import Name, Note
from ringtest.language.labels import Wish as LabelWish

Answer = Literal["never", "ask", "always"]
ASKED = "job_parameters"
"""Key beside those of a definition, under which what is wanted has the job's own parameters."""
MOST_OPEN = 20
"""Questions of a team that may wait at a lab."""


class RunOnLab(Struct, kw_only=True):
    """Body of `POST /lab_runs`. What to run is a job definition of the topic by its id, or a
    `definition` as it is; neither means the only one that the topic has."""

    remoteci_id: UUID
    topic_id: UUID
    definition_id: UUID | None = None
    definition: dict[str, Any] | None = None
    components_ids: Annotated[list[UUID], Meta(max_length=100)] | None = None
    labels: dict[str, LabelWish] = {}
    """What a machine of the lab must have, beside what the definition says of it."""
    parameters: Annotated[dict[str, Any], Meta(max_length=200)] = {}
    """Of this one job: they win over those of the definition, the product, the topic, the lab."""
    name: Name | None = None
    comment: Note | None = None
    expires_hours: Annotated[float, Meta(gt=0, le=720)] = 72
    """Until when the lab's people may answer, if they are asked."""


class Refusal(Struct):
    """Body of `POST /lab_runs/:id/refuse`."""

    reason: Note | None = None


class Rule(Struct, kw_only=True):
    """What a lab says to a team (None: any) about a product (None: any)."""

    answer: Answer
    asker_team_id: UUID | None = None
    product_id: UUID | None = None


class Consent(Struct):
    """Body of `PUT /remotecis/:id/consent`: all rules of the lab."""

    rules: Annotated[list[Rule], Meta(max_length=200)]


class Said(Struct, frozen=True):
    """What the lab says to a caller, and for which of the caller's teams."""

    name: str
    team: Team
    answer: Answer
    asker: UUID | None = None

    def lab(self, lab_id: UUID) -> Caller:
        """The lab itself: what is placed there is placed as if it had asked."""
        return Caller("remoteci", lab_id, self.name, "", (self.team,))


class Wish(Struct, frozen=True, kw_only=True):
    """Everything of a run that a lab can be asked for, or can place."""

    remoteci_id: UUID
    team_id: UUID
    topic_id: UUID
    product_id: UUID
    asker_team_id: UUID
    asker_name: str
    name: str
    comment: str | None
    spec: dict[str, Any]
    components_ids: list[UUID] | None
    expires_at: datetime


def expiry(now: datetime, hours: float) -> datetime:
    """
    >>> expiry(datetime(2026, 1, 1), 72)
    datetime.datetime(2026, 1, 4, 0, 0)
    """
    return now + timedelta(hours=hours)


def require_open(status: str, expires_at: datetime, now: datetime) -> None:
    """409 when a question was answered, or its time is over.

    >>> require_open("asked", datetime(2026, 1, 1), datetime(2026, 1, 2))
    Traceback (most recent call last):
    ringtest.control.kernel.errors.Conflict: nobody answered in time: ask again
    """
    if status != "asked":
        raise Conflict(f"this was answered already: {status}")
    if expires_at <= now:
        raise Conflict("nobody answered in time: ask again")
