"""Which groups look alike. Pure: a suggestion, which a person confirms or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import Struct
from rapidfuzz import fuzz, process, utils

LEAST = 70.0
"""Of 100: what is less alike is no suggestion."""
MOST_COMPARED = 5000
"""Groups of a topic that one is compared with, those seen last first."""
_CHARS = 400
"""Characters of a template that are compared: one comparison costs their square."""


class MergeGroup(Struct, kw_only=True):
    """Body of `POST /failure_groups/:id/merge`."""

    into: UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """A group as far as likeness goes. `shown`: how it is answered."""

    id: UUID
    exception_type: str | None
    template: str
    shown: dict[str, Any]

    @property
    def text(self) -> str:
        """What is compared."""
        return f"{self.exception_type or ''} {self.template}"[:_CHARS]


def similar(
    group: Candidate, others: Sequence[Candidate], limit: int
) -> list[tuple[Candidate, float]]:
    """The groups most like `group` with their likeness from 0 to 1, the most alike first.

    The share of letters that two texts have in common in one order, the tokens of what is
    masked among them; the order of ids decides between equals.
    """
    found = process.extract(
        group.text,
        [other.text for other in others],
        scorer=fuzz.ratio,
        processor=utils.default_process,
        score_cutoff=LEAST,
        limit=None,
    )
    ranked = sorted(found, key=lambda hit: (-hit[1], others[hit[2]].id))
    return [(others[place], round(score / 100, 3)) for _, score, place in ranked[:limit]]
