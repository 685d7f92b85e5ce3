"""SQL of holds."""

from datetime import datetime, timedelta
from uuid import UUID

from ringtest.control.db.pool import Transaction

_JSON = """json_build_object('job_id', job_id, 'attempt', attempt, 'host', host, 'shell', shell,
  'created_at', created_at, 'until', until, 'most_until', created_at + $2::interval,
  'released_at', released_at, 'released_by', released_by,
  'is_held', released_at IS NULL AND until > $3)::text"""


async def select_json(
    tx: Transaction, job_id: UUID, teams: list[UUID] | None, most: float
) -> str | None:
    """The job's hold; `most` in hours."""
    found: str | None = await tx.fetchval(
        f"SELECT {_JSON} FROM job_holds"
        " WHERE job_id = $1 AND ($4::uuid[] IS NULL OR team_id = ANY ($4))",
        job_id,
        timedelta(hours=most),
        tx.now,
        teams,
    )
    return found


async def select_created(tx: Transaction, job_id: UUID) -> datetime | None:
    """When the hold that still lasts began; None when there is none."""
    found: datetime | None = await tx.fetchval(
        "SELECT created_at FROM job_holds"
        " WHERE job_id = $1 AND released_at IS NULL AND until > $2 FOR UPDATE",
        job_id,
        tx.now,
    )
    return found


async def upsert(
    tx: Transaction, *, job_id: UUID, team_id: UUID, attempt: int, until: datetime,
    host: str, shell: str,
) -> None:  # fmt: skip
    """Begin a hold; of the same attempt it is there already and stays as it is."""
    await tx.execute(
        "INSERT INTO job_holds (job_id, team_id, attempt, host, shell, created_at, until)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (job_id) DO UPDATE SET"
        " attempt = excluded.attempt, host = excluded.host, shell = excluded.shell,"
        " created_at = excluded.created_at, until = excluded.until,"
        " released_at = NULL, released_by = NULL"
        " WHERE job_holds.attempt < excluded.attempt",
        job_id,
        team_id,
        attempt,
        host,
        shell,
        tx.now,
        until,
    )


async def set_until(tx: Transaction, job_id: UUID, until: datetime) -> None:
    await tx.execute("UPDATE job_holds SET until = $2 WHERE job_id = $1", job_id, until)


async def release(tx: Transaction, job_id: UUID, name: str) -> None:
    """By whom; a hold that was released stays as it is."""
    await tx.execute(
        "UPDATE job_holds SET released_at = $2, released_by = $3"
        " WHERE job_id = $1 AND released_at IS NULL",
        job_id,
        tx.now,
        name,
    )
