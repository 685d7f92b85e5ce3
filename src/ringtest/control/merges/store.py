"""SQL of merges: groups to compare, and what a person said of two of them."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from ringtest.control.db.pool import Transaction
from ringtest.control.merges.model import Candidate


async def select_candidates(
    tx: Transaction, group_id: UUID, *, teams: list[UUID] | None, limit: int
) -> list[Candidate]:
    """The group itself first, then others of its topic and kind that `teams` see, those seen
    last first; numbers are made of rows of `teams` alone. Empty: they do not see the group."""
    rows = await tx.fetch(
        """
        WITH mine AS MATERIALIZED (
          SELECT l.shown_id AS id, sum(l.occurrences) AS occurrences, sum(l.cases) AS cases,
            max(l.last_ended_at) AS last_seen_at
          FROM failure_labs l WHERE l.topic_id = (
              SELECT topic_id FROM failure_labs WHERE shown_id = rt_group($1)
                AND ($2::uuid[] IS NULL OR team_id = ANY ($2)) LIMIT 1)
            AND ($2::uuid[] IS NULL OR l.team_id = ANY ($2))
          GROUP BY l.shown_id)
        SELECT g.id, g.exception_type, g.template, json_build_object('occurrences',
          mine.occurrences, 'cases', mine.cases, 'last_seen_at', mine.last_seen_at) AS shown
        FROM mine JOIN failure_groups g ON g.id = mine.id
        WHERE g.kind = (SELECT kind FROM failure_groups WHERE id = rt_group($1))
        ORDER BY g.id = rt_group($1) DESC, mine.last_seen_at DESC, g.id LIMIT $3
        """,
        group_id,
        teams,
        limit + 1,
    )
    return [
        Candidate(row["id"], row["exception_type"], row["template"],
                  msgspec.json.decode(row["shown"]))
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A group as merging needs it. `id` is its own, whatever former one was asked for; `shown_id`
    the one it is shown under."""

    id: UUID
    shown_id: UUID
    topic_id: UUID
    kind: str
    merged_into: UUID | None


async def lock_topic(tx: Transaction, group_id: UUID) -> None:
    """One change of a topic's groups at a time."""
    await tx.execute(
        "SELECT 1 FROM topics WHERE id = (SELECT topic_id FROM failure_groups WHERE id = $1)"
        " FOR NO KEY UPDATE",
        group_id,
    )


async def select_side(tx: Transaction, group_id: UUID) -> Side | None:
    """The group of an id; None when there is none."""
    row = await tx.fetchrow(
        """
        WITH RECURSIVE ids AS (
          SELECT id, alias_of, 0 AS depth FROM failure_groups WHERE id = $1
          UNION ALL
          SELECT g.id, g.alias_of, depth + 1 FROM ids JOIN failure_groups g ON g.id = ids.alias_of
          WHERE depth < 100)
        SELECT g.id, g.stands_for AS shown_id, g.topic_id, g.kind, g.merged_into
        FROM ids JOIN failure_groups g USING (id) ORDER BY depth DESC LIMIT 1
        """,
        group_id,
    )
    return Side(**row) if row else None


async def set_merged(tx: Transaction, group_id: UUID, into: UUID | None) -> None:
    """Say that a group is another one, or that it is not."""
    await tx.execute(
        "UPDATE failure_groups SET merged_into = $2, updated_at = $3 WHERE id = $1",
        group_id,
        into,
        tx.now,
    )
