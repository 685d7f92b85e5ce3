"""SQL of comparisons: which shapes ran on a side and how often, and what failed there.

Every statement filters by the teams it is given itself; the policies do it again.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.comparisons.model import Side
from ringtest.control.db.conditions import Conditions
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.windows import Window
from ringtest.control.plans.model import ShapeKey
from ringtest.control.tallies.model import cover


@dataclass(frozen=True, slots=True)
class Scope:
    """A side in a topic, of `teams` (None: of all) and maybe of one lab."""

    side: Side
    topic_id: UUID
    window: Window
    teams: list[UUID] | None

    @property
    def is_tallied(self) -> bool:
        """Whether the tallies know what failed: by days, or by component sets, of all labs."""
        if self.window.remoteci_id is not None:
            return False
        by_set = self.side.kind == "component" and not self.window.is_given
        return by_set or self.side.kind == "dates"

    def sets(self, where: Conditions) -> str:
        """The component sets of the component."""
        given = Conditions(values=where.values)
        given.add("c.topic_id = {} AND c.component_id = {}", self.topic_id, self.side.id)
        if self.teams is not None:
            given.add("c.team_id = ANY ({})", self.teams)
        return f"ARRAY (SELECT DISTINCT c.set_key FROM component_sets c WHERE {given.sql()})"

    def results(self) -> Conditions:
        """Conditions of results `r`."""
        where = Conditions(["r.is_counted", "r.shape_id IS NOT NULL"])
        where.add("r.topic_id = {}", self.topic_id)
        if self.teams is not None:
            where.add("r.team_id = ANY ({})", self.teams)
        if self.window.remoteci_id is not None:
            where.add("r.remoteci_id = {}", self.window.remoteci_id)
        days = self.side.first, self.side.last
        if self.side.kind == "component":
            where.parts.append(f"r.set_key = ANY ({self.sets(where)})")
        if self.side.kind == "lab":
            where.add("r.remoteci_id = {}", self.side.id)
        if self.side.kind != "dates":
            days = self.window.first, self.window.last
        if self.side.kind != "component" or self.window.is_given:
            where.add("r.created_at >= {}::date AND r.created_at < {}::date + 1", *days)
        return where


async def select_runs(tx: Transaction, scope: Scope) -> tuple[dict[ShapeKey, int], int]:
    """How often which shape ran on the side, of all teams together, and in how many jobs."""
    where = scope.results()
    found = await tx.fetch(
        f"""
        SELECT r.shape_id, min(r.team_id::text)::uuid AS team_id, count(*) AS runs,
          count(DISTINCT r.job_id) AS jobs
        FROM test_results r WHERE {where.sql()} GROUP BY GROUPING SETS ((r.shape_id), ())
        """,
        *where.values,
    )
    jobs = next((row["jobs"] for row in found if row["shape_id"] is None), 0)
    runs = {
        (row["team_id"], row["shape_id"]): row["runs"]
        for row in found
        if row["shape_id"] is not None
    }
    return runs, jobs


async def select_failed(tx: Transaction, scope: Scope) -> dict[int, tuple[int, int]]:
    """Runs that failed and that errored on the side, by test."""
    if not scope.is_tallied:
        where = scope.results()
        sql = f"""SELECT x.test_id, count(*) FILTER (WHERE x.outcome = 'f') AS failed,
            count(*) FILTER (WHERE x.outcome = 'e') AS errored
          FROM test_results r JOIN test_failures x ON x.result_id = r.id
            AND x.created_at = r.created_at WHERE {where.sql()} GROUP BY x.test_id"""
    else:
        where = Conditions()
        sql = f"""SELECT z.test_id, sum(z.failed)::bigint AS failed,
            sum(z.errored)::bigint AS errored FROM ({_tallied(scope, where)}) z
          GROUP BY z.test_id HAVING sum(z.failed + z.errored) > 0"""
    found = await tx.fetch(sql, *where.values)
    return {row["test_id"]: (row["failed"], row["errored"]) for row in found}


def _tallied(scope: Scope, where: Conditions) -> str:
    """The rows of the tallies that hold what failed on the side: of its component sets; or of
    the weeks that lie in its days and of the days beside them, which are fewer rows than those
    of all days. `where` gets their values."""

    def rows(table: str, condition: str, *values: Any) -> str:
        own = Conditions(values=where.values)
        own.add("d.topic_id = {}", scope.topic_id)
        if scope.teams is not None:
            own.add("d.team_id = ANY ({})", scope.teams)
        own.add(condition, *values)
        return f"SELECT d.test_id, d.failed, d.errored FROM {table} d WHERE {own.sql()}"

    if scope.side.kind == "component":
        return rows("test_sets", f"d.set_key = ANY ({scope.sets(where)})")
    assert scope.side.first is not None and scope.side.last is not None
    weeks, days = cover(scope.side.first, scope.side.last)
    return " UNION ALL ".join(
        rows(table, f"d.{column} = ANY ({{}}::date[])", found)
        for table, column, found in (("test_weeks", "week", weeks), ("test_days", "day", days))
        if found
    )


async def select_job(tx: Transaction, job_id: UUID, teams: list[UUID] | None) -> Any:
    """id, name, created_at, topic_id, team_id, remoteci_id of a job; None when it is not seen."""
    return await tx.fetchrow(
        """
        SELECT j.id, j.name, j.created_at, j.topic_id, j.team_id, j.remoteci_id FROM jobs j
        WHERE j.id = $1 AND j.state <> 'archived' AND ($2::uuid[] IS NULL OR j.team_id = ANY ($2))
        """,
        job_id,
        teams,
    )


async def select_vectors(tx: Transaction, job_id: UUID) -> list[asyncpg.Record]:
    """plan_id and outcomes of the results of a job's last attempt."""
    return await tx.fetch(
        """
        SELECT r.plan_id, r.outcomes FROM jobs j
        JOIN test_results r ON r.job_id = j.id AND r.attempt = j.attempt
        JOIN files f ON f.id = r.file_id AND f.state <> 'archived'
        WHERE j.id = $1 AND r.plan_id IS NOT NULL
        """,
        job_id,
    )
