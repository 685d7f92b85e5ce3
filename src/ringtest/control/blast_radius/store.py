"""SQL of the blast radius: what a reader's rows say, and what was ever published."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.blast_radius.model import (
    LOOKED_LABS,
    MAX_TOPICS,
    Named,
    Number,
    Shown,
    Sight,
    Teams,
    pack,
    unpack,
)
from ringtest.control.db.pool import Transaction
from ringtest.control.triage.model import JUDGING

_LIVE = "{0}.state <> 'archived'"
_MINE = "($2::uuid[] IS NULL OR {0}.team_id = ANY ($2))"


async def select_group(
    tx: Transaction, group_id: UUID, teams: Sequence[UUID] | None
) -> asyncpg.Record | None:
    """kind, signature and product of a group of which `teams` have an occurrence."""
    return await tx.fetchrow(
        f"""
        SELECT g.id, g.kind, g.signature, t.product_id
        FROM failure_groups g JOIN topics t ON t.id = g.topic_id
        WHERE g.id = $1 AND EXISTS (
          SELECT FROM failure_occurrences o JOIN jobs j ON j.id = o.job_id AND {_LIVE.format("j")}
          WHERE o.group_id = g.id AND {_MINE.format("o")})
        """,
        group_id,
        teams,
    )


# $1 product, $2 teams or NULL, $3 signature, $4 results that judge, $5 sees every topic, $6 the
# reader's teams have pre-release access, $7 and $8 limits. A lab without any relation to a
# topic is not named in it.
_SIGHTS = f"""
WITH topics_seen AS MATERIALIZED (
  SELECT t.id, t.name, g.id AS group_id
  FROM topics t LEFT JOIN failure_groups g ON g.topic_id = t.id AND g.signature = $3
  WHERE t.product_id = $1 AND {_LIVE.format("t")} AND ($5 OR t.export_control OR $6)
  ORDER BY g.id IS NULL, t.created_at DESC, t.id LIMIT $7),
labs AS MATERIALIZED (
  SELECT m.id, m.name, m.team_id, e.name AS team_name,
    CASE WHEN jsonb_typeof(m.data->'hardware') = 'string'
      THEN left(btrim(m.data->>'hardware'), 100) END AS hardware
  FROM products_teams p JOIN remotecis m ON m.team_id = p.team_id AND {_LIVE.format("m")}
  JOIN teams e ON e.id = m.team_id
  WHERE p.product_id = $1 AND {_MINE.format("m")} ORDER BY m.created_at DESC, m.id LIMIT $8)
SELECT x.id AS topic_id, x.name AS topic_name, l.id AS lab_id, l.name AS lab_name, l.team_id,
  l.team_name, nullif(l.hardware, '') AS hardware, s.remoteci_id IS NOT NULL AS is_subscribed,
  h.job_id AS hit_job_id, h.at AS hit_at, f.began_at,
  r.id AS ran_job_id, r.at AS ran_at, r.created_at AS ran_created_at
FROM topics_seen x CROSS JOIN labs l
LEFT JOIN remotecis_topics s ON s.remoteci_id = l.id AND s.topic_id = x.id
LEFT JOIN LATERAL (
  SELECT o.job_id, coalesce(j.finished_at, j.created_at) AS at
  FROM failure_occurrences o JOIN jobs j ON j.id = o.job_id AND {_LIVE.format("j")}
  WHERE o.group_id = x.group_id AND o.team_id = l.team_id AND o.remoteci_id = l.id
  ORDER BY o.created_at DESC LIMIT 1) h ON true
LEFT JOIN LATERAL (
  SELECT j.created_at AS began_at
  FROM failure_occurrences o JOIN jobs j ON j.id = o.job_id AND {_LIVE.format("j")}
  WHERE h.job_id IS NOT NULL AND o.group_id = x.group_id AND o.team_id = l.team_id
    AND o.remoteci_id = l.id
  ORDER BY o.created_at LIMIT 1) f ON true
LEFT JOIN LATERAL (
  SELECT j.id, coalesce(j.finished_at, j.created_at) AS at, j.created_at
  FROM jobs j WHERE j.topic_id = x.id AND j.remoteci_id = l.id AND j.team_id = l.team_id
    AND j.status = 'finished' AND {_LIVE.format("j")} AND j.result::text = ANY ($4)
  ORDER BY j.created_at DESC LIMIT 1) r ON true
WHERE s.remoteci_id IS NOT NULL OR h.job_id IS NOT NULL OR r.id IS NOT NULL
"""


async def select_sights(
    tx: Transaction,
    group: Mapping[str, Any],
    *,
    teams: Sequence[UUID] | None,
    sees_all: bool,
    pre_release: bool,
) -> list[Sight]:
    """Labs of `teams` (None: all) in the topics of the group's product."""
    rows = await tx.fetch(
        _SIGHTS,
        group["product_id"],
        teams,
        group["signature"],
        list(JUDGING["test" if group["kind"] == "test" else "stage"]),
        sees_all,
        pre_release,
        MAX_TOPICS,
        LOOKED_LABS,
    )
    return [
        Sight(
            topic=Named(row["topic_id"], row["topic_name"]),
            remoteci=Named(row["lab_id"], row["lab_name"]),
            team=Named(row["team_id"], row["team_name"]),
            **{name: row[name] for name in Sight.__slots__ if name not in _NAMED},
        )
        for row in rows
    ]


_NAMED = ("topic", "remoteci", "team")


# what was published ------------------------------------------------------------------


async def select_published(
    tx: Transaction, group: Mapping[str, Any]
) -> tuple[list[Teams], dict[tuple[UUID, Number], Teams]]:
    """Every set of the product; and those behind the numbers of the group's failure. Nobody
    else publishes in the product until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(26, hashtext($1))", str(group["product_id"]))
    rows = await tx.fetch(
        """
        SELECT s.teams, ARRAY(SELECT n.topic_id::text || ' ' || n.kind FROM published_numbers n
          JOIN topics t ON t.id = n.topic_id AND t.product_id = s.product_id
          WHERE n.family = $2 AND n.digest = s.digest) AS numbers
        FROM published_sets s WHERE s.product_id = $1 ORDER BY s.created_at, s.digest
        """,
        group["product_id"],
        group["signature"],
    )
    sets: list[Teams] = []
    shown: dict[tuple[UUID, Number], Teams] = {}
    for row in rows:
        sets.append(unpack(row["teams"]))
        for topic, kind in (number.split(" ") for number in row["numbers"]):
            shown[UUID(topic), kind] = sets[-1]
    return sets, shown


async def save_published(
    tx: Transaction, group: Mapping[str, Any], sets: Sequence[Teams], changed: Shown
) -> None:
    """Remember new sets, and which numbers stand on which. Always two statements, so that
    nobody sees by their number whether something changed."""
    packed = [pack(one) for one in sets]
    await tx.execute(
        "INSERT INTO published_sets (product_id, created_at, digest, teams)"
        " SELECT $1::uuid, $2::timestamp, * FROM unnest($3::bytea[], $4::bytea[])"
        " ON CONFLICT DO NOTHING",
        group["product_id"],
        tx.now,
        [_digest(one) for one in packed],
        packed,
    )
    await tx.execute(
        """
        INSERT INTO published_numbers (family, updated_at, topic_id, kind, digest)
        SELECT $1::text, $2::timestamp, * FROM unnest($3::uuid[], $4::text[], $5::bytea[])
        ON CONFLICT (topic_id, family, kind) DO UPDATE SET updated_at = excluded.updated_at,
          digest = excluded.digest
        """,
        group["signature"],
        tx.now,
        [topic for topic, _ in changed],
        [kind for _, kind in changed],
        [_digest(pack(one)) for one in changed.values()],
    )


def _digest(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=16).digest()
