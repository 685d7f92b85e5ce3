"""SQL of what is still to be brought. Written for the owner of the schema."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from ringtest.control.db.bulk import Rows
from ringtest.control.ports.object_store import Stored

_TABLES = {"file": "files", "component_file": "component_files"}
_KNOWN = ("sha256", "size")


async def count_contents(rows: Rows) -> int:
    number: int = await rows.fetchval("SELECT count(*) FROM import_contents")
    return number


async def next_contents(rows: Rows, after: tuple[str, UUID], limit: int) -> list[asyncpg.Record]:
    """Waiting bytes in order: kind, id, source_key, target_key."""
    return await rows.fetch(
        "SELECT kind, id, source_key, target_key FROM import_contents WHERE (kind, id) > ($1, $2)"
        f" ORDER BY kind, id LIMIT {limit}",
        *after,
    )


async def set_contents(
    rows: Rows, kind: str, stored: Sequence[tuple[UUID, Stored, bytes | None]]
) -> None:
    """Bytes are in the object store, or come along."""
    ids = [one[0] for one in stored]
    columns = [ids, *([getattr(one[1], name) for one in stored] for name in _KNOWN)]
    inline = ", content = x.content" if kind == "file" else ""
    await rows.execute(
        f"UPDATE {_TABLES[kind]} t SET sha256 = x.sha256, size = x.size{inline}"
        " FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bytea[])"
        " x (id, sha256, size, content) WHERE t.id = x.id",
        *columns,
        [one[2] for one in stored],
    )
    await rows.execute("DELETE FROM import_contents WHERE kind = $1 AND id = ANY ($2)", kind, ids)


async def fail_contents(rows: Rows, kind: str, failed: Sequence[tuple[UUID, str]]) -> None:
    await rows.execute(
        "UPDATE import_contents c SET error = x.error FROM unnest($2::uuid[], $3::text[])"
        " x (id, error) WHERE c.kind = $1 AND c.id = x.id",
        kind,
        [one[0] for one in failed],
        [one[1] for one in failed],
    )


async def failed_contents(rows: Rows, after: tuple[str, UUID], limit: int) -> list[asyncpg.Record]:
    """Bytes that could not be brought: kind, id, source_key, error."""
    return await rows.fetch(
        "SELECT kind, id, source_key, error FROM import_contents"
        f" WHERE error IS NOT NULL AND (kind, id) > ($1, $2) ORDER BY kind, id LIMIT {limit}",
        *after,
    )


async def add_paths(rows: Rows, found: Sequence[tuple[UUID, UUID, str, str, int]]) -> int:
    """Files of components that are here: (id, component_id, path, source_key, size)."""
    columns = [list(column) for column in zip(*found, strict=True)]
    return await rows.execute(
        """
        WITH n AS (
          SELECT x.*, c.created_at, 'components/' || c.topic_id || '/' || c.id || '/' || x.id
            AS key
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[])
            x (id, component_id, path, source_key, size) JOIN components c ON c.id = x.component_id
          WHERE c.state <> 'archived' AND NOT EXISTS
            (SELECT FROM component_files f WHERE f.component_id = c.id AND f.name = x.path)),
        added AS (
          INSERT INTO component_files (id, created_at, updated_at, etag, name, mime, sha256, size,
            object_key, component_id)
          SELECT id, created_at, created_at, md5(id::text), path, 'application/octet-stream', '',
            size, key, component_id FROM n ON CONFLICT DO NOTHING)
        INSERT INTO import_contents (kind, id, source_key, target_key)
        SELECT 'component_file', id, source_key, key FROM n ON CONFLICT DO NOTHING
        """,
        *columns,
    )


async def count_results(rows: Rows) -> int:
    number: int = await rows.fetchval("SELECT count(*) FROM import_results")
    return number


async def next_results(
    rows: Rows, after: tuple[datetime, UUID], limit: int
) -> list[asyncpg.Record]:
    """Result files whose bytes are here: created_at (of the job), file_id."""
    return await rows.fetch(
        "SELECT r.created_at, r.file_id FROM import_results r JOIN files f ON f.id = r.file_id"
        " WHERE (r.created_at, r.file_id) > ($1, $2) AND f.sha256 <> ''"
        f" ORDER BY r.created_at, r.file_id LIMIT {limit}",
        *after,
    )


async def results_read(rows: Rows, file_id: UUID) -> None:
    """A result file was looked at: its job's numbers are those of its results."""
    numbers = ("total", "success", "failures", "errors", "skips", "regressions", "successfixes")
    pairs = ", ".join(f"'{name}', sum(r.{name})" for name in numbers)
    await rows.execute(
        f"""
        WITH job AS (SELECT job_id AS id FROM files WHERE id = $1),
        done AS (DELETE FROM import_results WHERE file_id = $1)
        UPDATE jobs j SET tests = x.tests FROM (SELECT jsonb_build_object({pairs}) AS tests
          FROM test_results r JOIN files f ON f.id = r.file_id AND f.state <> 'archived'
          WHERE r.job_id = (SELECT id FROM job) AND r.attempt = 0 HAVING count(*) > 0) x
        WHERE j.id = (SELECT id FROM job) AND j.attempt = 0 AND j.tests IS DISTINCT FROM x.tests
        """,
        file_id,
    )
