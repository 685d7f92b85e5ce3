"""Whose ids groups keep when their failures get other signatures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Vote:
    """`jobs` jobs had failures of the signature `group_id` in the group `home_id` before."""

    group_id: UUID
    home_id: UUID
    jobs: int


@dataclass(frozen=True, slots=True)
class Settled:
    """`homes`: the group of each signature. `aliases`: of each group that was there what its id
    is a former one of, None for a group that keeps it. `fresh`: signatures that need a group of
    their own, as their own id is that of another. `main`: by group the signature that most of
    it has."""

    homes: dict[UUID, UUID]
    aliases: dict[UUID, UUID | None]
    fresh: tuple[UUID, ...]
    main: dict[UUID, UUID]


def settle(votes: Sequence[Vote]) -> Settled:
    """Which group each signature is.

    A group's id goes with the signature that most of its jobs have. A signature that gets
    several ids keeps that of the group most of its own jobs come from, and the others become
    names of it. One that gets none is a group of its own. Smaller ids decide between equals.

    >>> a, b, x, y = (UUID(int=n) for n in (1, 2, 8, 9))
    >>> settle([Vote(x, a, 5), Vote(y, a, 3)]).homes == {x: a, y: y}
    True
    >>> joined = settle([Vote(x, a, 5), Vote(x, b, 7)])
    >>> joined.homes == {x: b}, joined.aliases == {a: b, b: None}
    (True, True)
    """
    by_group: dict[UUID, list[Vote]] = {}
    heirs: dict[UUID, Vote] = {}
    for vote in sorted(votes, key=lambda v: (-v.jobs, v.group_id, v.home_id)):
        by_group.setdefault(vote.group_id, []).append(vote)
        heirs.setdefault(vote.home_id, vote)
    homes: dict[UUID, UUID] = {}
    without = []
    for group, cast in by_group.items():
        mine = [vote.home_id for vote in cast if heirs[vote.home_id].group_id == group]
        if mine:
            homes[group] = mine[0]
        else:
            without.append(group)
    taken = set(homes.values())
    homes |= {group: group for group in without if group not in taken}
    main: dict[UUID, tuple[int, UUID]] = {}
    for group, home in homes.items():
        weight = (-sum(vote.jobs for vote in by_group[group]), group)
        main[home] = min(main.get(home, weight), weight)
    return Settled(
        homes,
        {home: None if homes[heir.group_id] == home else homes[heir.group_id]
         for home, heir in heirs.items()},
        tuple(sorted(group for group in without if group in taken)),
        {home: group for home, (_, group) in main.items()},
    )  # fmt: skip
