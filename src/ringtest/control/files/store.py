"""SQL of files. What of jobs is read here is read to place an upload."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.files.model import Upload
from ringtest.control.kernel.events import EventType, consumers_of
from ringtest.control.kernel.ids import new_etag
from ringtest.control.kernel.paging import ListQuery

Teams = Sequence[UUID] | None
"""Teams whose rows to look at; None: all."""

FILE_COLUMNS: Mapping[str, Kind] = {
    **rows.COMMON, "mime": "text", "md5": "text", "sha256": "text", "size": "int",
    "attempt": "int", "jobstate_id": "uuid", "job_id": "uuid", "team_id": "uuid",
}  # fmt: skip
_FILE = """f.id, f.created_at, f.updated_at, f.etag, f.state, f.name, f.mime, f.md5, f.sha256,
  f.size, f.attempt, f.jobstate_id, f.job_id, f.team_id"""


_PLACE = f"""
WITH target AS (
  SELECT j.id, j.team_id, j.attempt, s.id AS jobstate_id, f.id AS file_id, f.sha256,
    CASE WHEN f.id IS NOT NULL THEN
      (SELECT row_to_json(z) FROM (SELECT {_FILE}) z)::text END AS file
  FROM jobs j
  LEFT JOIN jobstates s ON s.id = $2 AND s.job_id = j.id
  LEFT JOIN files f ON f.job_id = j.id AND f.idempotency_key = $3
  WHERE j.id = coalesce($1, (SELECT job_id FROM jobstates WHERE id = $2))
    AND j.state <> 'archived' AND ($4::uuid[] IS NULL OR j.team_id = ANY ($4))),
touched AS (
  UPDATE jobs j SET etag = $8, updated_at = $9, duration = CASE WHEN $2 IS NULL
    THEN j.duration ELSE greatest(0, floor(extract(epoch FROM CASE
      WHEN j.definition_id IS NULL THEN $9 - j.created_at
      ELSE coalesce(j.finished_at, $9) - coalesce(j.started_at, j.created_at) END))) END
  FROM target t WHERE j.id = t.id AND j.state <> 'archived' AND t.file_id IS NULL
    AND ($5::uuid[] IS NULL OR t.team_id = ANY ($5))
    AND ($2::uuid IS NULL OR t.jobstate_id = $2) AND coalesce($6, 0) <= t.attempt
  RETURNING j.id, j.team_id, j.topic_id, j.attempt),
f AS (
  INSERT INTO files (id, etag, created_at, updated_at, name, mime, md5, sha256, size,
    object_key, content, attempt, jobstate_id, job_id, team_id, idempotency_key)
  SELECT $7, $10, $9, $9, $11, $12, $13, $14, $15, $16, $17, coalesce($6, t.attempt), $2,
    t.id, t.team_id, $3 FROM touched t
  ON CONFLICT (job_id, idempotency_key) DO NOTHING RETURNING *),
told AS MATERIALIZED (
  SELECT rt_add_event($18, jsonb_build_object('job_id', t.id, 'file_id', f.id),
    t.team_id, t.topic_id, $9, $19) AS number FROM touched t JOIN f ON f.job_id = t.id)
SELECT target.*, (SELECT row_to_json(z)::text FROM (SELECT {_FILE} FROM f) z) AS added,
  (SELECT number FROM told) AS told FROM target
"""


async def select_target(tx: Transaction, upload: Upload, teams: Teams) -> asyncpg.Record | None:
    """The job an upload is for, and the file that its key stored before; None: no such job."""
    return await tx.fetchrow(
        f"""
        SELECT j.id, j.team_id, j.topic_id, j.remoteci_id, j.name, j.configuration, j.url,
          j.created_at, j.attempt, s.id AS jobstate_id, f.id AS file_id, f.sha256,
          CASE WHEN f.id IS NOT NULL THEN
            (SELECT row_to_json(z) FROM (SELECT {_FILE}) z)::text END AS file
        FROM jobs j
        LEFT JOIN jobstates s ON s.id = $2 AND s.job_id = j.id
        LEFT JOIN files f ON f.job_id = j.id AND f.idempotency_key = $3
        WHERE j.id = coalesce($1, (SELECT job_id FROM jobstates WHERE id = $2))
          AND j.state <> 'archived' AND ($4::uuid[] IS NULL OR j.team_id = ANY ($4))
        """,
        upload.job_id,
        upload.jobstate_id,
        upload.key,
        teams,
    )


async def place_file(
    tx: Transaction, upload: Upload, row: Mapping[str, Any], *, teams: Teams, members: Teams
) -> asyncpg.Record | None:
    """Everything that a file without results does, in one statement: `added` is its JSON.

    The job's row as `select_target` has it, None: no such job. `added` is None when the
    caller is no member, the upload does not fit the job, or its key stored a file before.
    `row` is what is stored: id, md5, sha256, size, object_key, content.
    """
    return await tx.fetchrow(
        _PLACE,
        upload.job_id,
        upload.jobstate_id,
        upload.key,
        teams,
        members,
        upload.attempt,
        row["id"],
        new_etag(),
        tx.now,
        new_etag(),
        upload.name,
        upload.mime,
        row["md5"],
        row["sha256"],
        row["size"],
        row["object_key"],
        row["content"],
        EventType.RESULT_RECORDED.value,
        consumers_of(EventType.RESULT_RECORDED),
    )


async def insert_file(tx: Transaction, values: Mapping[str, Any]) -> str | None:
    """Add a file: its JSON, or None when its idempotency key was used meanwhile."""
    row = {"created_at": tx.now, "updated_at": tx.now, "etag": new_etag(), **values}
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    text: str | None = await tx.fetchval(
        f"""
        WITH f AS (
          INSERT INTO files ({", ".join(row)}) VALUES ({places})
          ON CONFLICT (job_id, idempotency_key) DO NOTHING RETURNING *)
        SELECT row_to_json(z)::text FROM (SELECT {_FILE} FROM f) z
        """,
        *row.values(),
    )
    return text


async def select_file(tx: Transaction, file_id: UUID, teams: Teams) -> asyncpg.Record | None:
    """A file: `json`, what is needed to send or delete it, and its job's topic."""
    return await tx.fetchrow(
        f"""
        SELECT (SELECT row_to_json(z) FROM (SELECT {_FILE}) z)::text AS json,
          f.id, f.name, f.mime, f.size, f.sha256, f.object_key, f.team_id, f.job_id, f.attempt,
          f.content IS NOT NULL AS is_here
        FROM files f JOIN jobs j ON j.id = f.job_id AND j.state <> 'archived'
        WHERE f.id = $1 AND f.state <> 'archived' AND ($2::uuid[] IS NULL OR f.team_id = ANY ($2))
        """,
        file_id,
        teams,
    )


async def select_content(tx: Transaction, file_id: UUID) -> bytes | None:
    """The bytes of a file that lives in its row; None: it is an object."""
    content: bytes | None = await tx.fetchval("SELECT content FROM files WHERE id = $1", file_id)
    return content


async def select_files(tx: Transaction, job_id: UUID, teams: Teams, query: ListQuery) -> rows.Page:
    """Files of a job: JSON array and count."""
    conditions = Conditions(["f.state <> 'archived'"])
    conditions.add("f.job_id = {}", job_id)
    if teams is not None:
        conditions.add("f.team_id = ANY ({})", teams)
    apply_where(conditions, query, FILE_COLUMNS, "f")
    order = order_by(query, FILE_COLUMNS, "f", "-created_at")
    return await rows.page(tx, _FILE, "files f", conditions, order=order, query=query)


async def archive_file(tx: Transaction, file_id: UUID) -> None:
    """Hide a file from every read."""
    await rows.update(tx, "files", file_id, {"state": "archived"}, etag=None)
