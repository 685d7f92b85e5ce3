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


_NONE = f"0::bit({LOOKED_LABS + 1})"
_TELLS = "{0}.result = ANY ((SELECT results FROM judging)::job_result[])"

# $1 product, $2 teams or NULL, $3 groups, $4 results that judge, $5 sees every topic, $6 the
# reader's teams have pre-release access. Limits that are constants are no parameters: plans are
# kept that know no parameter. Topics and labs have numbers, labs in the order of their names,
# and a lab is the bit of its number: what tens of thousands of pairs of a topic and a lab met is
# then one string of bits for each topic. Only what is shown gets its words. Pairs with hits of
# labs that are gone are none.
_GROUND = f"""
WITH judging AS MATERIALIZED (SELECT $4::text[]::job_result[] AS results),
labs AS MATERIALIZED (
  SELECT z.*, set_bit({_NONE}, z.number, 1) AS bit FROM (
    SELECT y.*, (row_number() OVER (ORDER BY y.name, y.id))::int AS number FROM (
      SELECT m.id, m.name, m.team_id, e.name AS team_name, nullif(
        CASE WHEN jsonb_typeof(m.data->'hardware') = 'string'
          THEN left(btrim(m.data->>'hardware'), 100) END, '') AS hardware
      FROM products_teams p JOIN remotecis m ON m.team_id = p.team_id AND {_LIVE.format("m")}
      JOIN teams e ON e.id = m.team_id
      WHERE p.product_id = $1 AND {_MINE.format("m")}
      ORDER BY m.created_at DESC, m.id LIMIT {LOOKED_LABS}) y) z),
hits AS MATERIALIZED (
  SELECT DISTINCT ON (l.topic_id, l.remoteci_id) l.topic_id, l.remoteci_id, l.team_id,
    l.last_job_id AS job_id, l.last_ended_at AS at,
    min(l.first_made_at) OVER (PARTITION BY l.topic_id, l.remoteci_id) AS began_at
  FROM failure_labs l WHERE l.shown_id = ANY ($3::uuid[]) AND {_MINE.format("l")}
  ORDER BY l.topic_id, l.remoteci_id, l.last_ended_at DESC, l.last_job_id),
begun AS MATERIALIZED (SELECT min(began_at) AS at FROM hits),
topics_seen AS MATERIALIZED (
  SELECT z.*, (row_number() OVER ())::int AS number FROM (
    SELECT t.id, t.name FROM topics t
    WHERE t.product_id = $1 AND {_LIVE.format("t")} AND ($5 OR t.export_control OR $6)
    ORDER BY NOT EXISTS (SELECT FROM hits WHERE hits.topic_id = t.id), t.created_at DESC, t.id
    LIMIT {MAX_TOPICS}) z),
hit AS MATERIALIZED (
  SELECT x.number AS topic, l.number AS lab, l.bit, h.team_id, h.job_id, h.at
  FROM hits h JOIN topics_seen x ON x.id = h.topic_id JOIN labs l ON l.id = h.remoteci_id),
before AS MATERIALIZED (
  SELECT x.number AS topic, l.number AS lab, l.bit, n.team_id, r.id AS job_id,
    r.created_at AS at
  FROM latest_jobs n JOIN topics_seen x ON x.id = n.topic_id JOIN labs l ON l.id = n.remoteci_id
  CROSS JOIN LATERAL (
    SELECT j.id, j.created_at FROM jobs j
    WHERE j.topic_id = x.id AND j.remoteci_id = l.id AND j.status = 'finished'
      AND {_LIVE.format("j")} AND j.result::text = ANY ($4) AND {_MINE.format("j")}
    ORDER BY j.created_at DESC LIMIT 1) r
  WHERE {_MINE.format("n")} AND NOT coalesce({_TELLS.format("n")}, false))"""

# $7 labs shown of a topic: those that were hit, then those that did not run. A lab without any
# relation to a topic is not named in it.
_RADIUS = f"""{_GROUND},
met AS (
  SELECT x.number AS topic, NULL::bit({LOOKED_LABS + 1}) AS hit,
    bit_or(l.bit) FILTER (WHERE n.created_at >= (SELECT at FROM begun)) AS passed,
    bit_or(l.bit) AS known
  FROM latest_jobs n JOIN topics_seen x ON x.id = n.topic_id JOIN labs l ON l.id = n.remoteci_id
  WHERE {_MINE.format("n")} AND {_TELLS.format("n")} GROUP BY x.number
  UNION ALL
  SELECT topic, NULL, bit_or(bit) FILTER (WHERE at >= (SELECT at FROM begun)), bit_or(bit)
  FROM before GROUP BY topic
  UNION ALL
  SELECT x.number, NULL, NULL, bit_or(l.bit)
  FROM remotecis_topics s JOIN topics_seen x ON x.id = s.topic_id
  JOIN labs l ON l.id = s.remoteci_id
  WHERE {_MINE.format("s")} GROUP BY x.number
  UNION ALL SELECT topic, bit_or(bit), NULL, bit_or(bit) FROM hit GROUP BY topic),
states AS MATERIALIZED (
  SELECT topic, known, hit, passed & ~hit AS passed, known & ~hit & ~passed AS not_run FROM (
    SELECT topic, bit_or(known) AS known, coalesce(bit_or(hit), {_NONE}) AS hit,
      coalesce(bit_or(passed), {_NONE}) AS passed
    FROM met GROUP BY topic) z),
shown AS MATERIALIZED (
  SELECT s.topic, n.lab, n.status FROM states s CROSS JOIN LATERAL (
    SELECT l.number AS lab, CASE WHEN get_bit(s.hit, l.number) = 1 THEN 1
      WHEN get_bit(s.not_run, l.number) = 1 THEN 2 ELSE 3 END AS status
    FROM labs l WHERE get_bit(s.known, l.number) = 1 ORDER BY 2, 1 LIMIT $7::int) n),
named AS (
  SELECT s.topic, json_agg(json_build_object(
      'remoteci', json_build_object('id', l.id, 'name', l.name),
      'team', json_build_object('id', l.team_id, 'name', l.team_name), 'hardware', l.hardware,
      'status', (ARRAY['hit', 'not_run', 'passed'])[s.status],
      'job_id', coalesce(h.job_id, r.job_id, b.job_id), 'at', coalesce(h.at, r.at, b.at))
    ORDER BY s.status, s.lab) AS labs
  FROM shown s JOIN topics_seen x ON x.number = s.topic JOIN labs l ON l.number = s.lab
  LEFT JOIN hit h ON h.topic = s.topic AND h.lab = s.lab
  LEFT JOIN before b ON b.topic = s.topic AND b.lab = s.lab
  LEFT JOIN LATERAL (SELECT n.job_id, n.created_at AS at FROM latest_jobs n
    WHERE n.topic_id = x.id AND n.remoteci_id = l.id AND {_MINE.format("n")}
      AND {_TELLS.format("n")} LIMIT 1) r ON true
  GROUP BY s.topic),
worst AS MATERIALIZED (
  SELECT bit_or(hit) AS hit, bit_or(passed) AS passed, bit_or(known) AS known FROM states)
SELECT json_build_object('since', (SELECT at FROM begun),
  'topics', (SELECT coalesce(json_agg(json_build_object(
      'topic', json_build_object('id', x.id, 'name', x.name), 'hit', bit_count(n.hit),
      'passed', bit_count(n.passed), 'not_run', bit_count(n.not_run), 'labs', s.labs,
      'left_out', greatest(bit_count(n.known) - $7, 0))
      ORDER BY bit_count(n.hit) DESC, x.name, x.id), '[]')
    FROM topics_seen x JOIN states n ON n.topic = x.number JOIN named s ON s.topic = x.number),
  'hardware', (SELECT coalesce(json_agg(json_build_object('class', w.hardware, 'hit', w.hit,
      'passed', w.passed, 'not_run', w.run - w.hit - w.passed) ORDER BY w.hardware), '[]')
    FROM (SELECT l.hardware, count(*) AS run,
        count(*) FILTER (WHERE get_bit(w.hit, l.number) = 1) AS hit,
        count(*) FILTER (WHERE get_bit(w.passed & ~w.hit, l.number) = 1) AS passed
      FROM worst w JOIN labs l ON get_bit(w.known, l.number) = 1 GROUP BY l.hardware) w))::text
"""


# Nothing tells the planner how many rows such a part of a statement has, and a plan that is kept
# knows no parameter: it takes thousands for a few, joins them row by row and sorts what it could
# hash.
_BY_HASH = """SELECT set_config('enable_nestloop', 'off', true),
  set_config('enable_mergejoin', 'off', true), set_config('enable_sort', 'off', true)"""


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
    await tx.execute(_BY_HASH)
    text: str = await tx.fetchval(_RADIUS, *_asked(group, teams), sees_all, pre_release, labs)
    return text


_TRUTHS = f"""{_GROUND},
told AS (
  SELECT n.topic_id, n.team_id, false AS hit FROM latest_jobs n JOIN labs l ON l.id = n.remoteci_id
  WHERE n.topic_id = ANY (ARRAY(SELECT id FROM topics_seen)) AND {_MINE.format("n")}
    AND {_TELLS.format("n")} AND n.created_at >= (SELECT at FROM begun)
  GROUP BY n.topic_id, n.team_id
  UNION ALL
  SELECT x.id, e.team_id, e.hit FROM topics_seen x JOIN (
    SELECT topic, team_id, true AS hit FROM hit
    UNION ALL SELECT topic, team_id, false FROM before WHERE at >= (SELECT at FROM begun)) e
    ON e.topic = x.number),
every_team AS (
  SELECT topic_id, team_id, bool_or(hit) AS hit FROM told GROUP BY topic_id, team_id)
SELECT topic_id, array_agg(team_id) AS run,
  coalesce(array_agg(team_id) FILTER (WHERE hit), '{{}}') AS hit
FROM every_team GROUP BY topic_id"""


async def select_truths(tx: Transaction, group: Mapping[str, Any]) -> dict[UUID, Truth]:
    """Teams that were hit and that could have told, by topic: of all teams there are."""
    await tx.execute(_BY_HASH)
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
