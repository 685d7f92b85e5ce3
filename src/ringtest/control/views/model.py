"""The health of a product: component sets down, labs across, and why it fails. Pure."""

from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.kernel.outcome import JobResult, JobStatus, Stage, dci_status
from ringtest.control.triage.model import Component, Group

MAX_SETS = 20
MAX_LABS = 200
MAX_GROUPS = 50


class Named(msgspec.Struct, frozen=True):
    """An id and the name people know it by."""

    id: UUID
    name: str


class Lab(Named, frozen=True):
    """A column: subscribed to the topic, or seen in one of the sets."""

    team: Named
    last_seen_at: str | None
    connected: bool


class CellFacts(msgspec.Struct, frozen=True):
    """The newest job of a lab with a set."""

    job_id: UUID
    phase: JobStatus
    stage: Stage | None
    result: JobResult | None
    tests: dict[str, Any] | None
    progress: dict[str, Any] | None
    failed_stage: Stage | None


class Cell(CellFacts, frozen=True, kw_only=True):
    """The same as the API shows it; `status` is the wire format's mixed one."""

    status: str


class _Set(msgspec.Struct, frozen=True, kw_only=True):
    set_key: str
    created_at: str
    components: tuple[Component, ...]


class SetFacts(_Set, frozen=True, kw_only=True):
    """A row as the database has it."""

    cells: dict[UUID, CellFacts]


class Set(_Set, frozen=True, kw_only=True):
    """A row as the API shows it."""

    cells: dict[UUID, Cell]


class _Common(msgspec.Struct, frozen=True, kw_only=True):
    product: Named
    topics: tuple[Named, ...]
    topic: Named | None
    labs: tuple[Lab, ...]


class HealthFacts(_Common, frozen=True, kw_only=True):
    """What the rows that a reader may see say about a product and one of its topics."""

    sets: tuple[SetFacts, ...]


class Health(_Common, frozen=True, kw_only=True):
    """The answer to "does it work, and for whom?"."""

    sets: list[Set]
    groups: list[Group]


def show_cell(facts: CellFacts) -> Cell:
    """A cell with the status that every other answer of the API uses.

    >>> show_cell(CellFacts(UUID(int=1), JobStatus.QUEUED, None, None, None, None, None)).status
    'new'
    """
    return Cell(
        **msgspec.structs.asdict(facts),
        status=dci_status(facts.phase, facts.stage, facts.result),
    )


def show_health(facts: HealthFacts, groups: list[Group]) -> Health:
    """Facts and failure groups as the API shows them."""
    return Health(
        product=facts.product,
        topics=facts.topics,
        topic=facts.topic,
        labs=facts.labs,
        sets=[
            Set(
                set_key=one.set_key,
                created_at=one.created_at,
                components=one.components,
                cells={lab: show_cell(cell) for lab, cell in one.cells.items()},
            )
            for one in facts.sets
        ],
        groups=groups,
    )
