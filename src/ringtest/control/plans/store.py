"""SQL of plans. Names filter by teams themselves; plans and shapes are asked for by ids that
the caller found in rows it may see, and the policies filter them again."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from ringtest.control.db.pool import Transaction

_FULL = "lower(t.suite || ' ' || t.classname || ' ' || t.name)"


async def select_plans(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """id, test_ids."""
    return await tx.fetch("SELECT id, test_ids FROM test_plans WHERE id = ANY ($1)", list(ids))


async def select_shapes(
    tx: Transaction, teams: Sequence[UUID], ids: Sequence[int]
) -> list[asyncpg.Record]:
    """team_id, id, plan_id, digest, absent."""
    return await tx.fetch(
        """
        SELECT s.team_id, s.id, s.plan_id, p.digest, s.absent
        FROM unnest($1::uuid[], $2::bigint[]) AS n (team_id, id)
        JOIN test_shapes s ON s.team_id = n.team_id AND s.id = n.id
        JOIN test_plans p ON p.id = s.plan_id
        """,
        list(teams),
        list(ids),
    )


# A test has a row for each team that runs it, all alike: one of them will do.
_TESTS = """unnest($2::bigint[]) AS n (id) CROSS JOIN LATERAL (
  SELECT t.id, t.suite, t.classname, t.name FROM tests t
  WHERE t.id = n.id AND ($1::uuid[] IS NULL OR t.team_id = ANY ($1)) LIMIT 1) t"""


async def select_names(
    tx: Transaction, teams: Sequence[UUID] | None, ids: Sequence[int]
) -> list[asyncpg.Record]:
    """id, suite, classname, name of each test that one of the teams (None: any) has."""
    return await tx.fetch(
        f"SELECT t.id, t.suite, t.classname, t.name FROM {_TESTS}", teams, list(ids)
    )


async def search(
    tx: Transaction, teams: Sequence[UUID] | None, ids: Sequence[int], *, text: str, suite: str
) -> list[int]:
    """Those of `ids` whose full name holds `text`, in any case, and that are of the suite."""
    found: list[int] = await tx.fetchval(
        f"""
        SELECT coalesce(array_agg(t.id), '{{}}') FROM {_TESTS}
        WHERE ($3 = '' OR strpos({_FULL}, lower($3)) > 0) AND ($4 = '' OR t.suite = $4)
        """,
        teams,
        list(ids),
        text,
        suite,
    )
    return found
