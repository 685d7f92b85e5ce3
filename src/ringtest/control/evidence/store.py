"""SQL of evidence. Texts of results stored before there were blocks lie in their failure rows,
a column each, until a loop packs them: what reads both does so in one statement, or reads the
rows first, for what is packed meanwhile is then in the blocks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.db.pool import Transaction
from ringtest.control.evidence.model import Block

_TEXTS = "x.exception_type, x.message, x.detail, x.stdout, x.stderr"
_IN_ROW = f"({_TEXTS}) IS DISTINCT FROM (NULL, NULL, NULL, NULL, NULL)"


async def insert_blocks(
    tx: Transaction, result: Mapping[str, Any], blocks: Sequence[Block]
) -> None:
    """Texts of a result: its id, created_at (which says in which month's table they are) and
    team_id."""
    await tx.execute(
        """
        INSERT INTO failure_texts (result_id, created_at, team_id, first, texts)
        SELECT $1::uuid, $2::timestamp, $3::uuid, * FROM unnest($4::int[], $5::bytea[])
        """,
        result["id"],
        result["created_at"],
        result["team_id"],
        [one.first for one in blocks],
        [one.data for one in blocks],
    )


async def select_cases(
    tx: Transaction, cases: Sequence[tuple[UUID, datetime, int]]
) -> list[asyncpg.Record]:
    """What holds the texts of cases (result, its moment, position): result_id and either a
    block (`data`), or a `position` and the five texts."""
    ids, moments, positions = zip(*cases, strict=True)
    return await tx.fetch(
        f"""
        WITH wanted AS MATERIALIZED (
          SELECT * FROM unnest($1::uuid[], $2::timestamp[], $3::int[]) AS n (id, at, place)),
        blocks AS MATERIALIZED (
          SELECT DISTINCT n.id, n.at, (SELECT max(t.first) FROM failure_texts t
            WHERE t.result_id = n.id AND t.created_at = n.at AND t.first <= n.place) AS first
          FROM wanted n)
        SELECT t.result_id, t.texts AS data, NULL::int AS position, NULL::text AS exception_type,
          NULL::text AS message, NULL::text AS detail, NULL::text AS stdout, NULL::text AS stderr
        FROM blocks b JOIN failure_texts t ON t.result_id = b.id AND t.created_at = b.at
          AND t.first = b.first
        UNION ALL SELECT x.result_id, NULL, x.position, {_TEXTS}
        FROM wanted n JOIN test_failures x ON x.result_id = n.id AND x.created_at = n.at
          AND x.position = n.place WHERE {_IN_ROW}
        """,
        ids,
        moments,
        positions,
    )


async def select_rows(
    tx: Transaction, result_id: UUID, last: int | None, half: int | None
) -> list[asyncpg.Record]:
    """Texts that lie in failure rows, up to the position `last`: position and the five; of a
    detail longer than twice `half` the beginning and the end."""
    return await tx.fetch(
        f"""
        SELECT x.position, x.exception_type, x.message,
          CASE WHEN length(x.detail) > 2 * $3::int THEN left(x.detail, $3) || E'\\n…\\n'
            || right(x.detail, $3) ELSE x.detail END AS detail, x.stdout, x.stderr
        FROM test_failures x WHERE x.result_id = $1 AND {_IN_ROW}
          AND ($2::int IS NULL OR x.position <= $2)
        """,
        result_id,
        last,
        half,
    )


async def select_blocks(
    tx: Transaction, result_id: UUID, after: int, last: int | None, limit: int
) -> list[Block]:
    """Blocks of a result that begin behind the position `after`, and not behind `last`."""
    found = await tx.fetch(
        """
        SELECT t.first, t.texts FROM failure_texts t WHERE t.result_id = $1 AND t.first > $2
          AND ($3::int IS NULL OR t.first <= $3) ORDER BY t.first LIMIT $4
        """,
        result_id,
        after,
        last,
        limit,
    )
    return [Block(row["first"], row["texts"]) for row in found]


# what was stored before --------------------------------------------------------------


async def take_unpacked(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Results whose texts lie in failure rows, the latest first, as if they were packed:
    id, created_at. Nobody else takes the same."""
    return await tx.fetch(
        """
        DELETE FROM unpacked_results WHERE (created_at, result_id) IN (
          SELECT created_at, result_id FROM unpacked_results
          ORDER BY created_at DESC, result_id DESC LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING result_id AS id, created_at
        """,
        limit,
    )


async def take_texts(
    tx: Transaction, result_id: UUID, created_at: datetime, limit: int
) -> list[asyncpg.Record]:
    """The first rows of a result that hold texts, which they do no longer: team_id, position
    and the five, in the order of positions."""
    return await tx.fetch(
        f"""
        WITH held AS MATERIALIZED (
          SELECT x.team_id, x.position, {_TEXTS} FROM test_failures x
          WHERE x.result_id = $1 AND x.created_at = $2 AND {_IN_ROW}
          ORDER BY x.position LIMIT $3 FOR UPDATE),
        emptied AS (
          UPDATE test_failures f SET exception_type = NULL, message = NULL, detail = NULL,
            stdout = NULL, stderr = NULL
          FROM held WHERE f.result_id = $1 AND f.created_at = $2 AND f.position = held.position)
        SELECT * FROM held ORDER BY position
        """,
        result_id,
        created_at,
        limit,
    )
