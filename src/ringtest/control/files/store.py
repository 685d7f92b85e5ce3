"""SQL of files. What of jobs is read here is read to place an upload."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.reading import settings_made
from ringtest.control.files.model import Upload
from ringtest.control.kernel.events import EventType, consumers_of
from ringtest.control.kernel.ids import new_etag
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import Tenant

Teams = Sequence[UUID] | None
"""Teams whose rows to look at; None: all."""

FILE_COLUMNS: Mapping[str, Kind] = {
    **rows.COMMON, "mime": "text", "md5": "text", "sha256": "text", "size": "int",
    "attempt": "int", "jobstate_id": "uuid", "job_id": "uuid", "team_id": "uuid",
}  # fmt: skip
_FILE = """f.id, f.created_at, f.updated_at, f.etag, f.state, f.name, f.mime, f.md5, f.sha256,
  f.size, f.attempt, f.jobstate_id, f.job_id, f.team_id"""


_PLACE = f"SELECT * FROM rt_place_file({', '.join(f'${n}' for n in range(1, 22))})"
_PLACE_SHARED = f"""SELECT q.*, k.kept_as FROM {settings_made(1)}, LATERAL (SELECT coalesce((
    SELECT f.object_key FROM files f WHERE s.are_made AND f.team_id = $22 AND f.sha256 = $16
      AND f.size = $17 AND f.content IS NULL LIMIT 1 FOR KEY SHARE SKIP LOCKED), $18) AS kept_as
    OFFSET 0) k, LATERAL rt_place_file({", ".join(f"${n}" for n in range(1, 18))}, k.kept_as,
    $19, $20, $21) q"""
_PLACED = frozenset({"jobs", "files", "files+"})


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

    id, team_id, attempt and jobstate_id of its job, None: no such job. `added` is None when
    the caller is no member, the upload does not fit the job, or its key stored a file before.
    `row` is what is stored: id, sha256, size, object_key, content.
    """
    tx.footprint.writes |= _PLACED
    return await tx.fetchrow(_PLACE, None, None, *_values(upload, row, teams, members, tx.now))


async def place_file_alone(
    db: Database,
    tenant: Tenant,
    upload: Upload,
    row: Mapping[str, Any],
    *,
    teams: Teams,
    members: Teams,
) -> asyncpg.Record | None:
    """The same as a transaction of its own."""
    values = _values(upload, row, teams, members, db.clock.now())
    return await db.call(tenant, _PLACE, *values, writes=_PLACED)


async def place_object_alone(
    db: Database,
    tenant: Tenant,
    upload: Upload,
    row: Mapping[str, Any],
    *,
    teams: Teams,
    members: Teams,
    team_id: UUID,
) -> asyncpg.Record | None:
    """The same of a file that is an object: `kept_as` is the object of another file of the team
    with these bytes, which is held as `select_same` does, or else its own."""
    values = _values(upload, row, teams, members, db.clock.now())
    return await db.call(tenant, _PLACE_SHARED, *values, team_id, writes=_PLACED)


def _values(
    upload: Upload, row: Mapping[str, Any], teams: Teams, members: Teams, now: datetime
) -> tuple[Any, ...]:
    return (
        upload.job_id,
        upload.jobstate_id,
        upload.key,
        teams,
        members,
        upload.attempt,
        now,
        row["id"],
        new_etag(),
        new_etag(),
        upload.name,
        upload.mime,
        upload.md5,
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


async def select_same(tx: Transaction, team_id: UUID, sha256: str, size: int) -> str | None:
    """The object of a file of the team with this content; the file's row is held. One that is
    being removed is passed over."""
    key: str | None = await tx.fetchval(
        "SELECT object_key FROM files WHERE team_id = $1 AND sha256 = $2 AND size = $3"
        " AND content IS NULL LIMIT 1 FOR KEY SHARE SKIP LOCKED",
        team_id,
        sha256,
        size,
    )
    return key


async def set_object(tx: Transaction, file_id: UUID, object_key: str) -> None:
    await tx.execute("UPDATE files SET object_key = $2 WHERE id = $1", file_id, object_key)


async def select_wanted(
    tx: Transaction, teams: Teams, job_id: UUID | None, ids: Sequence[UUID], limit: int
) -> list[asyncpg.Record]:
    """Files with these ids, or all of a job, oldest first."""
    return await tx.fetch(
        f"""SELECT f.id, f.name, f.size, f.created_at, f.object_key, f.job_id,
          f.content IS NOT NULL AS is_here
        FROM files f JOIN jobs j ON j.id = f.job_id AND j.state <> 'archived'
        WHERE f.state <> 'archived' AND ($1::uuid[] IS NULL OR f.team_id = ANY ($1))
          AND ($2::uuid IS NULL OR f.job_id = $2)
          AND {"f.id = ANY ($3)" if ids else "cardinality($3::uuid[]) = 0"}
        ORDER BY f.created_at, f.id LIMIT $4""",
        teams,
        job_id,
        ids,
        limit,
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
