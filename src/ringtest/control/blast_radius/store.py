"""SQL of the blast radius: what a reader's rows say, and what was ever published."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.blast_radius.model import (
    LOOKED_LABS,
    MAX_TOPICS,
    Number,
    Shown,
    Teams,
    Truth,
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
    """id, kind, signatures, product and siblings of the group that an id stands for, if `teams`
    have an occurrence of it."""
    return await tx.fetchrow(
        f"""
        SELECT f.id, f.kind, f.product_id, f.signatures, f.siblings FROM rt_failure($1) f
        WHERE EXISTS (
          SELECT FROM failure_labs l WHERE l.shown_id = f.id AND {_MINE.format("l")})
        """,
        group_id,
        teams,
    )


# $1 product, $2 teams or NULL, $3 groups, $4 results that judge, $5 sees every topic, $6 the
# reader's teams have pre-release access. Limits that are constants are no parameters, and
# what is large is grouped and not joined: plans are kept that know no parameter.
_GROUND = f"""
WITH labs AS MATERIALIZED (
  SELECT m.id, m.name, m.team_id, e.name AS team_name, nullif(
    CASE WHEN jsonb_typeof(m.data->'hardware') = 'string'
      THEN left(btrim(m.data->>'hardware'), 100) END, '') AS hardware
  FROM products_teams p JOIN remotecis m ON m.team_id = p.team_id AND {_LIVE.format("m")}
  JOIN teams e ON e.id = m.team_id
  WHERE p.product_id = $1 AND {_MINE.format("m")}
  ORDER BY m.created_at DESC, m.id LIMIT {LOOKED_LABS}),
hits AS MATERIALIZED (
  SELECT DISTINCT ON (l.topic_id, l.remoteci_id) l.topic_id, l.remoteci_id, l.team_id,
    l.last_job_id AS job_id, l.last_ended_at AS at,
    min(l.first_made_at) OVER (PARTITION BY l.topic_id, l.remoteci_id) AS began_at
  FROM failure_labs l WHERE l.shown_id = ANY ($3::uuid[]) AND {_MINE.format("l")}
  ORDER BY l.topic_id, l.remoteci_id, l.last_ended_at DESC, l.last_job_id),
begun AS MATERIALIZED (SELECT min(began_at) AS at FROM hits),
topics_seen AS MATERIALIZED (
  SELECT t.id, t.name FROM topics t
  WHERE t.product_id = $1 AND {_LIVE.format("t")} AND ($5 OR t.export_control OR $6)
  ORDER BY NOT EXISTS (SELECT FROM hits WHERE hits.topic_id = t.id), t.created_at DESC, t.id
  LIMIT {MAX_TOPICS}),
ran AS MATERIALIZED (
  SELECT n.topic_id, n.remoteci_id, n.team_id, n.job_id, n.created_at AS at
  FROM topics_seen x JOIN latest_jobs n ON n.topic_id = x.id AND {_MINE.format("n")}
  WHERE n.result::text = ANY ($4)
  UNION ALL SELECT n.topic_id, n.remoteci_id, n.team_id, r.id, r.created_at
  FROM topics_seen x JOIN latest_jobs n ON n.topic_id = x.id AND {_MINE.format("n")}
  CROSS JOIN LATERAL (
    SELECT j.id, j.created_at FROM jobs j
    WHERE j.topic_id = n.topic_id AND j.remoteci_id = n.remoteci_id AND j.status = 'finished'
      AND {_LIVE.format("j")} AND j.result::text = ANY ($4) AND {_MINE.format("j")}
    ORDER BY j.created_at DESC LIMIT 1) r
  WHERE NOT n.result::text = ANY ($4))"""

# $7 labs shown of a topic. A lab without any relation to a topic is not named in it; hits of
# labs that are gone count no more.
_RADIUS = f"""{_GROUND},
related AS (
  SELECT s.topic_id, s.remoteci_id, NULL::uuid AS hit_id, NULL::timestamp AS hit_at,
    NULL::uuid AS ran_id, NULL::timestamp AS ran_at
  FROM topics_seen x JOIN remotecis_topics s ON s.topic_id = x.id AND {_MINE.format("s")}
  UNION ALL SELECT topic_id, remoteci_id, NULL, NULL, job_id, at FROM ran
  UNION ALL SELECT topic_id, remoteci_id, job_id, at, NULL, NULL FROM hits),
pairs AS MATERIALIZED (
  SELECT topic_id, remoteci_id, max(hit_at) AS hit_at, max(ran_at) AS ran_at,
    max(hit_id::text)::uuid AS hit_id, max(ran_id::text)::uuid AS ran_id
  FROM related GROUP BY topic_id, remoteci_id),
seen AS MATERIALIZED (
  SELECT p.topic_id, l.*, coalesce(p.hit_id, p.ran_id) AS job_id,
    coalesce(p.hit_at, p.ran_at) AS at, CASE WHEN p.hit_id IS NOT NULL THEN 'hit'
      WHEN p.ran_at >= (SELECT at FROM begun) THEN 'passed' ELSE 'not_run' END AS status
  FROM pairs p JOIN labs l ON l.id = p.remoteci_id),
placed AS (
  SELECT s.*, row_number() OVER (PARTITION BY s.topic_id ORDER BY
    array_position('{{hit,not_run,passed}}', s.status), s.name, s.id) AS place FROM seen s),
worst AS (
  SELECT hardware, id, bool_or(status = 'hit') AS hit, bool_or(status = 'passed') AS passed
  FROM seen GROUP BY hardware, id)
SELECT json_build_object('since', (SELECT at FROM begun),
  'topics', (SELECT coalesce(json_agg(json_build_object(
      'topic', json_build_object('id', x.id, 'name', x.name), 'hit', n.hit, 'passed', n.passed,
      'not_run', n.not_run, 'labs', n.labs, 'left_out', n.left_out)
      ORDER BY n.hit DESC, x.name, x.id), '[]')
    FROM topics_seen x JOIN (
      SELECT topic_id, count(*) FILTER (WHERE status = 'hit') AS hit,
        count(*) FILTER (WHERE status = 'passed') AS passed,
        count(*) FILTER (WHERE status = 'not_run') AS not_run,
        count(*) FILTER (WHERE place > $7) AS left_out,
        coalesce(json_agg(json_build_object(
          'remoteci', json_build_object('id', id, 'name', name),
          'team', json_build_object('id', team_id, 'name', team_name), 'hardware', hardware,
          'status', status, 'job_id', job_id, 'at', at) ORDER BY place)
          FILTER (WHERE place <= $7), '[]') AS labs
      FROM placed GROUP BY topic_id) n ON n.topic_id = x.id),
  'hardware', (SELECT coalesce(json_agg(json_build_object('class', w.hardware, 'hit', w.hit,
      'passed', w.passed, 'not_run', w.not_run) ORDER BY w.hardware), '[]')
    FROM (SELECT hardware, count(*) FILTER (WHERE hit) AS hit,
        count(*) FILTER (WHERE passed AND NOT hit) AS passed,
        count(*) FILTER (WHERE NOT passed AND NOT hit) AS not_run
      FROM worst GROUP BY hardware) w))::text
"""


def _asked(group: Mapping[str, Any], teams: Sequence[UUID] | None) -> list[Any]:
    judging = JUDGING["test" if group["kind"] == "test" else "stage"]
    return [group["product_id"], teams, group["siblings"], list(judging)]


async def select_radius(
    tx: Transaction,
    group: Mapping[str, Any],
    *,
    teams: Sequence[UUID] | None,
    sees_all: bool,
    pre_release: bool,
    labs: int,
) -> str:
    """JSON of `Radius` without what is published, of labs of `teams` (None: of all)."""
    text: str = await tx.fetchval(_RADIUS, *_asked(group, teams), sees_all, pre_release, labs)
    return text


_TRUTHS = f"""{_GROUND},
told AS (
  SELECT h.topic_id, h.team_id, true AS hit FROM hits h JOIN labs l ON l.id = h.remoteci_id
  UNION ALL SELECT r.topic_id, r.team_id, false FROM ran r JOIN labs l ON l.id = r.remoteci_id
    WHERE r.at >= (SELECT at FROM begun))
SELECT topic_id, array_agg(DISTINCT team_id) AS run,
  coalesce(array_agg(DISTINCT team_id) FILTER (WHERE hit), '{{}}') AS hit
FROM told GROUP BY topic_id"""


async def select_truths(tx: Transaction, group: Mapping[str, Any]) -> dict[UUID, Truth]:
    """Teams that were hit and that could have told, by topic: of all teams there are."""
    rows = await tx.fetch(_TRUTHS, *_asked(group, None), True, True)
    return {row["topic_id"]: Truth(_teams(row["hit"]), _teams(row["run"])) for row in rows}


def _teams(ids: Sequence[UUID]) -> Teams:
    return frozenset(team.bytes for team in ids)


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
        _family(group),
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
        _family(group),
        tx.now,
        [topic for topic, _ in changed],
        [kind for _, kind in changed],
        [_digest(pack(one)) for one in changed.values()],
    )


def _family(group: Mapping[str, Any]) -> str:
    """Names a failure in all topics of its product: the same signatures, the same numbers."""
    return _digest(" ".join(group["signatures"]).encode()).hex()


def _digest(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=16).digest()
