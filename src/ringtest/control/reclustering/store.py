"""SQL of reclustering: topics whose rules changed, how far they are, votes and what they decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringtest.control.db.pool import Transaction
from ringtest.control.reclustering.model import Vote


async def select_stale(tx: Transaction, algorithm: int, first: str) -> UUID | None:
    """A topic with groups whose signatures were made by other rules than it has; now held."""
    found: UUID | None = await tx.fetchval(
        """
        SELECT t.id FROM topics t LEFT JOIN signature_policies p ON p.product_id = t.product_id
        LEFT JOIN failure_topics s ON s.topic_id = t.id
        WHERE coalesce(s.version, $2) <> $1 || ':' || coalesce(p.version, '-')
          AND EXISTS (SELECT 1 FROM failure_groups g WHERE g.topic_id = t.id)
        ORDER BY t.id LIMIT 1 FOR NO KEY UPDATE OF t SKIP LOCKED
        """,
        str(algorithm),
        first,
    )
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a topic is: the last job that was looked at, none at the beginning."""

    target: str | None
    before_at: datetime | None
    before_id: UUID | None


async def select_progress(tx: Transaction, topic_id: UUID, first: str) -> Progress:
    """Where to go on."""
    row = await tx.fetchrow(
        "INSERT INTO failure_topics (topic_id, version, policy, updated_at)"
        " VALUES ($1, $2, '{}', $3) ON CONFLICT (topic_id) DO UPDATE SET updated_at = $3"
        " RETURNING target, before_at, before_id",
        topic_id,
        first,
        tx.now,
    )
    assert row is not None
    return Progress(**row)


async def begin(tx: Transaction, topic_id: UUID, target: str) -> None:
    """Go for new rules, from the newest job on; what was counted for others is forgotten."""
    await tx.execute("DELETE FROM failure_votes WHERE topic_id = $1", topic_id)
    await tx.execute(
        "UPDATE failure_topics SET target = $2, before_at = NULL, before_id = NULL, jobs_done = 0"
        " WHERE topic_id = $1",
        topic_id,
        target,
    )


async def select_jobs(
    tx: Transaction, topic_id: UUID, progress: Progress, limit: int
) -> list[tuple[datetime, UUID]]:
    """The next jobs with failures, the newest first, each with when it was made."""
    rows = await tx.fetch(
        f"""
        SELECT DISTINCT made_at, job_id FROM failure_occurrences WHERE topic_id = $1 AND is_live
          AND ($2::timestamp IS NULL OR (made_at, job_id) < ($2, $3::uuid))
        ORDER BY made_at DESC, job_id DESC LIMIT {limit}
        """,
        topic_id,
        progress.before_at,
        progress.before_id,
    )
    return [(row["made_at"], row["job_id"]) for row in rows]


async def add_votes(
    tx: Transaction, topic_id: UUID, votes: Mapping[tuple[UUID, UUID], int]
) -> None:
    """Count jobs by signature and the group that their failures were in."""
    pairs = sorted(votes)
    await tx.execute(
        "INSERT INTO failure_votes AS v (topic_id, group_id, home_id, votes)"
        " SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[])"
        " ON CONFLICT (topic_id, group_id, home_id) DO UPDATE SET votes = v.votes + excluded.votes",
        topic_id,
        [group for group, _ in pairs],
        [home for _, home in pairs],
        [votes[pair] for pair in pairs],
    )


async def note_progress(
    tx: Transaction, topic_id: UUID, last: tuple[datetime, UUID], jobs: int
) -> None:
    """These jobs are done."""
    await tx.execute(
        "UPDATE failure_topics SET before_at = $2, before_id = $3, jobs_done = jobs_done + $4,"
        " updated_at = $5 WHERE topic_id = $1",
        topic_id,
        *last,
        jobs,
        tx.now,
    )


async def select_votes(tx: Transaction, topic_id: UUID) -> list[Vote]:
    """All that was counted."""
    rows = await tx.fetch(
        "SELECT group_id, home_id, votes AS jobs FROM failure_votes WHERE topic_id = $1", topic_id
    )
    return [Vote(**row) for row in rows]


async def set_homes(tx: Transaction, homes: Mapping[UUID, UUID]) -> None:
    """Give signatures their groups; an id that is a group's again is no former one."""
    await tx.execute(
        "UPDATE failure_groups g SET home_id = x.b"
        " FROM unnest($1::uuid[], $2::uuid[]) AS x (a, b) WHERE g.id = x.a AND g.home_id <> x.b",
        list(homes),
        list(homes.values()),
    )
    await tx.execute(
        "UPDATE failure_groups SET alias_of = NULL WHERE id = ANY ($1) AND alias_of IS NOT NULL",
        list(set(homes.values())),
    )


async def set_aliases(tx: Transaction, aliases: Mapping[UUID, UUID | None]) -> None:
    """Say which ids are former ones, and of what; such a group is merged into none."""
    await tx.execute(
        "UPDATE failure_groups g SET alias_of = x.b,"
        " merged_into = CASE WHEN x.b IS NULL THEN g.merged_into END"
        " FROM unnest($1::uuid[], $2::uuid[]) AS x (a, b)"
        " WHERE g.id = x.a AND g.alias_of IS DISTINCT FROM x.b",
        list(aliases),
        list(aliases.values()),
    )


async def insert_group_of(tx: Transaction, signature_id: UUID, group_id: UUID) -> None:
    """A group for a signature whose own id is another group's."""
    await tx.execute(
        "INSERT INTO failure_groups (id, created_at, updated_at, topic_id, signature, algorithm,"
        " kind, exception_type, template, first_seen_at, last_seen_at)"
        " SELECT $2, created_at, $3, topic_id, 'group:' || $2::text, algorithm, kind,"
        " exception_type, template, first_seen_at, last_seen_at FROM failure_groups WHERE id = $1",
        signature_id,
        group_id,
        tx.now,
    )


async def name_groups(tx: Transaction, main: Mapping[UUID, UUID]) -> None:
    """Groups are called as the signature that most of their failures have."""
    await tx.execute(
        "UPDATE failure_groups g SET exception_type = s.exception_type, template = s.template"
        " FROM unnest($1::uuid[], $2::uuid[]) AS x (a, b) JOIN failure_groups s ON s.id = x.b"
        " WHERE g.id = x.a AND x.a <> x.b",
        list(main),
        list(main.values()),
    )


async def finish(tx: Transaction, topic_id: UUID, version: str, policy: str) -> None:
    """The topic is settled. `policy`: JSON of what its signatures are made with."""
    await tx.execute("DELETE FROM failure_votes WHERE topic_id = $1", topic_id)
    await tx.execute(
        "UPDATE failure_topics SET version = $2, policy = $3::jsonb, target = NULL,"
        " before_at = NULL, before_id = NULL, updated_at = $4 WHERE topic_id = $1",
        topic_id,
        version,
        policy,
        tx.now,
    )
