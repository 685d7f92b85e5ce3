"""SQL of jobstates. Files tied to one are embedded as DCI does; that table is a room's above."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.paging import ListQuery

COLUMNS: Mapping[str, Kind] = {
    "id": "uuid", "created_at": "time", "status": "enum", "comment": "text", "job_id": "uuid",
}  # fmt: skip
_JOBSTATE = "s.id, s.created_at, s.status, s.comment, s.job_id"
_FILES = """coalesce((SELECT json_agg(row_to_json(z)) FROM (
    SELECT f.id, f.created_at, f.updated_at, f.etag, f.state, f.name, f.mime, f.md5, f.sha256,
      f.size, f.attempt, f.jobstate_id, f.job_id, f.team_id FROM files f
    WHERE f.jobstate_id = s.id AND f.state <> 'archived' ORDER BY f.created_at, f.id) z),
  '[]') AS files"""


async def select_page(tx: Transaction, job_id: UUID, query: ListQuery) -> Page:
    """A job's jobstates with their files: JSON array, count."""
    if query.updated_after:
        raise BadRequest("jobstates do not change: use created_after")
    conditions = Conditions()
    conditions.add("s.job_id = {}", job_id)
    apply_where(conditions, query, COLUMNS, "s")
    order = order_by(query, COLUMNS, "s", "-created_at")
    source = "jobstates s"
    return await rows.page(
        tx, f"{_JOBSTATE}, {_FILES}", source, conditions, order=order, query=query
    )


async def select_one(
    tx: Transaction, jobstate_id: UUID, teams: Sequence[UUID] | None
) -> str | None:
    """JSON of a jobstate, with files, of a job of `teams` (None: of anyone)."""
    text: str | None = await tx.fetchval(
        f"""SELECT row_to_json(z)::text FROM (SELECT {_JOBSTATE}, {_FILES} FROM jobstates s
        JOIN jobs j ON j.id = s.job_id AND j.state <> 'archived'
        WHERE s.id = $1 AND ($2::uuid[] IS NULL OR s.team_id = ANY ($2))) z""",
        jobstate_id,
        teams,
    )
    return text


async def select_job(
    tx: Transaction, jobstate_id: UUID, teams: Sequence[UUID] | None
) -> tuple[UUID, UUID] | None:
    """The job of a jobstate and its team."""
    row = await tx.fetchrow(
        "SELECT s.job_id, s.team_id FROM jobstates s"
        " JOIN jobs j ON j.id = s.job_id AND j.state <> 'archived'"
        " WHERE s.id = $1 AND ($2::uuid[] IS NULL OR s.team_id = ANY ($2))",
        jobstate_id,
        teams,
    )
    return (row["job_id"], row["team_id"]) if row else None


async def delete(tx: Transaction, jobstate_id: UUID, job_id: UUID) -> None:
    """Remove the row, its files' rows and their results with it, which leave the job's counts."""
    await tx.execute("DELETE FROM jobstates WHERE id = $1", jobstate_id)
    await tx.execute(
        """
        UPDATE jobs j SET tests = (
          SELECT CASE WHEN count(*) > 0 THEN json_build_object('total', sum(r.total),
            'success', sum(r.success), 'failures', sum(r.failures), 'errors', sum(r.errors),
            'skips', sum(r.skips), 'regressions', sum(coalesce(r.regressed, r.regressions)),
            'successfixes', sum(coalesce(r.recovered, r.successfixes))) END
          FROM test_results r JOIN files f ON f.id = r.file_id AND f.state <> 'archived'
          WHERE r.job_id = j.id AND r.attempt = j.attempt)
        WHERE j.id = $1 AND j.tests IS NOT NULL
        """,
        job_id,
    )
