"""SQL of purges: what is archived, and removing it batch by batch.

Reaching down the ladder into every table is what this room is for; it reaches nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringtest.control.accounts.model import TEAM_COLUMNS, USER_COLUMNS
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery

_HEAD = "x.id, x.created_at, x.updated_at, x.etag, x.state, x.name"
_TEAM: dict[str, Kind] = {**rows.COMMON, "team_id": "uuid"}
_TOPIC: dict[str, Kind] = {**rows.COMMON, "topic_id": "uuid", "team_id": "uuid"}

# No secret, no password, no place in the object store.
_LISTS: Mapping[str, tuple[str, dict[str, Kind]]] = {
    "jobs": (
        f"{_HEAD}, x.duration, x.comment, x.status_reason, x.configuration, x.url, x.topic_id,"
        " x.remoteci_id, x.team_id, x.product_id, x.pipeline_id, x.user_agent, x.client_version,"
        " x.previous_job_id, x.update_previous_job_id, x.tags",
        {**_TOPIC, "remoteci_id": "uuid", "product_id": "uuid", "pipeline_id": "uuid"},
    ),
    "components": (
        f"{_HEAD}, x.released_at, x.type, x.canonical_project_name, x.display_name, x.version,"
        " x.uid, x.title, x.message, x.url, x.topic_id, x.team_id, x.tags",
        {**_TOPIC, "type": "text", "display_name": "text", "version": "text"},
    ),
    "files": (
        f"{_HEAD}, x.mime, x.md5, x.sha256, x.size, x.jobstate_id, x.job_id, x.team_id",
        {**_TEAM, "job_id": "uuid", "mime": "text", "size": "int"},
    ),
    "products": (f"{_HEAD}, x.label, x.description", {**rows.COMMON, "label": "text"}),
    "topics": (
        f"{_HEAD}, x.component_types, x.component_types_optional, x.product_id,"
        " x.next_topic_id, x.export_control",
        {**rows.COMMON, "product_id": "uuid"},
    ),
    "teams": (TEAM_COLUMNS.replace("t.", "x."), rows.COMMON),
    "users": (USER_COLUMNS.replace("u.", "x."), {**rows.COMMON, "email": "text"}),
    "remotecis": (f"{_HEAD}, x.data, x.public, x.team_id", _TEAM),
    "feeders": (f"{_HEAD}, x.data, x.team_id", _TEAM),
}
_PURGES: dict[str, Kind] = {
    "id": "uuid",
    "created_at": "time",
    "updated_at": "time",
    "kind": "text",
    "finished_at": "time",
}

_KEYS: Mapping[str, tuple[str, ...]] = {
    "jobs": (
        "SELECT object_key FROM files WHERE job_id = ANY ($1)",
        "SELECT object_key FROM log_frames WHERE job_id = ANY ($1)",
    ),
    "files": ("SELECT object_key FROM files WHERE id = ANY ($1)",),
    "components": ("SELECT object_key FROM component_files WHERE component_id = ANY ($1)",),
    "component_files": ("SELECT object_key FROM component_files WHERE id = ANY ($1)",),
}
"""Objects that go with the rows of a table, $1 being their ids."""

_FIRST: Mapping[str, tuple[str, ...]] = {
    "components": (
        "DELETE FROM jobs_components WHERE component_id = ANY ($1)",
        "DELETE FROM component_sets WHERE component_id = ANY ($1)",
    ),
    "topics": (
        "UPDATE topics SET next_topic_id = NULL WHERE next_topic_id = ANY ($1)",
        "DELETE FROM component_sets WHERE topic_id = ANY ($1)",
    ),
    "pipelines": ("UPDATE jobs SET pipeline_id = NULL WHERE pipeline_id = ANY ($1)",),
    "job_requests": ("UPDATE jobs SET request_id = NULL WHERE request_id = ANY ($1)",),
    "job_definitions": (
        "UPDATE jobs SET definition_id = NULL WHERE definition_id = ANY ($1)",
        "DELETE FROM job_requests WHERE definition_id = ANY ($1)",
        "DELETE FROM trigger_rules WHERE definition_id = ANY ($1)",
    ),
    "remotecis": (
        "DELETE FROM credentials WHERE holder_kind = 'remoteci' AND holder_id = ANY ($1)",
    ),
    "feeders": ("DELETE FROM credentials WHERE holder_kind = 'feeder' AND holder_id = ANY ($1)",),
    "teams": (
        "DELETE FROM component_sets WHERE team_id = ANY ($1)",
        "DELETE FROM tests WHERE team_id = ANY ($1)",
        "DELETE FROM test_plans WHERE team_id = ANY ($1)",
    ),
}
"""What else refers to the rows of a table and does not go by itself, $1 being their ids."""


@dataclass(frozen=True, slots=True)
class Step:
    """Rows `x` of `table` that go; `condition` is SQL of ours, $1 the moment of the purge."""

    table: str
    condition: str


def _archived(alias: str = "x") -> str:
    return f"{alias}.state = 'archived' AND {alias}.updated_at <= $1"


def _of(column: str, kind: str) -> str:
    """Rows under an archived row of `kind`, whatever their own state is."""
    return f"x.{column} IN (SELECT a.id FROM {kind} a WHERE {_archived('a')})"


def _under_topics(topics: str) -> tuple[Step, ...]:
    """What stands under topics. `topics` is an SQL condition on x.topic_id."""
    return (
        Step("jobs", topics),
        Step("components", topics),
        Step("failure_groups", topics),
        Step("job_requests", topics),
        Step("trigger_rules", topics),
        Step("job_definitions", topics),
    )


_PRODUCTS_TOPICS = (
    "x.topic_id IN (SELECT t.id FROM topics t"
    f" JOIN products a ON a.id = t.product_id WHERE {_archived('a')})"
)
_TEAMS_LABS = (
    "x.remoteci_id IN (SELECT r.id FROM remotecis r"
    f" JOIN teams a ON a.id = r.team_id WHERE {_archived('a')})"
)

STEPS: Mapping[str, tuple[Step, ...]] = {
    "jobs": (Step("jobs", _archived()),),
    "files": (Step("files", _archived()),),
    "components": (Step("component_files", _archived()), Step("components", _archived())),
    "topics": (*_under_topics(_of("topic_id", "topics")), Step("topics", _archived())),
    "products": (
        *_under_topics(_PRODUCTS_TOPICS),
        Step("jobs", _of("product_id", "products")),
        Step("topics", _of("product_id", "products")),
        Step("products", _archived()),
    ),
    "remotecis": (Step("jobs", _of("remoteci_id", "remotecis")), Step("remotecis", _archived())),
    "feeders": (Step("feeders", _archived()),),
    "teams": (
        Step("jobs", _of("team_id", "teams")),
        Step("jobs", _TEAMS_LABS),
        Step("components", _of("team_id", "teams")),
        Step("pipelines", _of("team_id", "teams")),
        Step("remotecis", _of("team_id", "teams")),
        Step("feeders", _of("team_id", "teams")),
        Step("teams", _archived()),
    ),
    "users": (Step("users", _archived()),),
}
"""By kind: what goes with its archived rows, first what refers to others. What stands under
an archived row goes with it, as the wire format has it: an archived topic takes its jobs."""


async def select_archived(tx: Transaction, kind: str, query: ListQuery) -> rows.Page:
    """Archived rows of a kind: JSON array, count."""
    columns, kinds = _LISTS[kind]
    conditions = Conditions(["x.state = 'archived'"])
    apply_where(conditions, query, kinds, "x")
    order = order_by(query, kinds, "x", "-created_at")
    return await rows.page(tx, columns, f"{kind} x", conditions, order=order, query=query)


async def select_purges(tx: Transaction, query: ListQuery) -> rows.Page:
    """Purges and how far they are: JSON array, count."""
    conditions = Conditions()
    apply_where(conditions, query, _PURGES, "x")
    order = order_by(query, _PURGES, "x", "-created_at")
    columns = "x.id, x.created_at, x.updated_at, x.kind, x.before, x.user_id, x.removed,"
    return await rows.page(
        tx, f"{columns} x.finished_at", "purges x", conditions, order=order, query=query
    )


async def insert_purge(tx: Transaction, kind: str, before: datetime, user_id: UUID | None) -> UUID:
    """Ask for a purge of what was archived until `before`."""
    purge_id = new_id()
    await tx.execute(
        "INSERT INTO purges (id, created_at, updated_at, kind, before, user_id)"
        " VALUES ($1, $2, $2, $3, $4, $5)",
        purge_id,
        tx.now,
        kind,
        before,
        user_id,
    )
    return purge_id


async def is_due(tx: Transaction, kind: str, before: datetime) -> bool:
    """Are there rows archived until `before`, and no purge of them yet?"""
    found: bool = await tx.fetchval(
        f"SELECT EXISTS (SELECT 1 FROM {kind} x WHERE x.state = 'archived' AND x.updated_at <= $1)"
        " AND NOT EXISTS (SELECT 1 FROM purges WHERE kind = $2 AND finished_at IS NULL)",
        before,
        kind,
    )
    return found


@dataclass(frozen=True, slots=True)
class Purge:
    """A purge that is not finished."""

    id: UUID
    kind: str
    before: datetime


async def lock_open(tx: Transaction, purge_id: UUID | None) -> Purge | None:
    """An open purge, the named one or the oldest, and the right to work on purges.

    One batch of one purge at a time, over all processes: two at once would meet in the
    rows that both reach.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('ringtest.purge'))")
    row = await tx.fetchrow(
        "SELECT id, kind, before FROM purges WHERE finished_at IS NULL"
        " AND ($1::uuid IS NULL OR id = $1) ORDER BY created_at, id LIMIT 1",
        purge_id,
    )
    return Purge(**row) if row else None


async def note(tx: Transaction, purge_id: UUID, removed: int, *, finished: bool) -> None:
    """Count removed rows; a finished purge is not worked on again."""
    await tx.execute(
        "UPDATE purges SET updated_at = $2, removed = removed + $3,"
        " finished_at = CASE WHEN $4 THEN $2::timestamp END WHERE id = $1",
        purge_id,
        tx.now,
        removed,
        finished,
    )


async def remove_batch(tx: Transaction, step: Step, before: datetime, limit: int) -> int:
    """Remove up to `limit` rows with all that hangs on them; how many went.

    Their objects are written down in the same transaction, to be deleted after it.
    """
    found = await tx.fetch(
        f"SELECT x.id FROM {step.table} x WHERE {step.condition} LIMIT $2 FOR UPDATE",
        before,
        limit,
    )
    ids = [row["id"] for row in found]
    if not ids:
        return 0
    keys = " UNION ".join(_KEYS.get(step.table, ()))
    if keys:
        await tx.execute(
            "INSERT INTO objects_to_delete (object_key, created_at)"
            f" SELECT k.object_key, $2 FROM ({keys}) k WHERE k.object_key IS NOT NULL"
            " ON CONFLICT DO NOTHING",
            ids,
            tx.now,
        )
    for statement in _FIRST.get(step.table, ()):
        await tx.execute(statement, ids)
    return await tx.execute(f"DELETE FROM {step.table} WHERE id = ANY ($1)", ids)
