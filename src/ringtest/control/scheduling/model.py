"""Who may run a topic's jobs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from msgspec import Struct


class Subscribe(Struct):
    """Body of `POST /remotecis/:id/topics`."""

    topic_id: UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lab as seen from a topic.

    `is_linked`: the topic's product is linked to the lab's team; `is_released`: the topic
    is open to all, or the team has pre-release access; `is_active`: lab, team and topic are.
    """

    remoteci_id: UUID
    is_active: bool
    is_linked: bool
    is_released: bool

    @property
    def may_run(self) -> bool:
        """Jobs of the topic may be given to this lab."""
        return self.is_active and self.is_linked and self.is_released


def placements(subscribed: Iterable[Candidate]) -> list[UUID]:
    """Labs that get a request of the topic, in a fixed order.

    >>> labs = [Candidate(UUID(int=n), True, True, n != 2) for n in (3, 2, 1)]
    >>> [lab.int for lab in placements(labs)]
    [1, 3]
    """
    return sorted(lab.remoteci_id for lab in subscribed if lab.may_run)
