"""SQL of scheduling: subscriptions of labs to topics, and who is a candidate."""

from dataclasses import dataclass
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.scheduling.model import Candidate

_COLUMNS: dict[str, Kind] = {
    "id": "uuid",
    "name": "text",
    "state": "enum",
    "product_id": "uuid",
    "created_at": "time",
    "updated_at": "time",
}
_JSON = """t.id, t.created_at, t.updated_at, t.state, t.name, t.product_id, t.component_types,
  t.component_types_optional, t.export_control, s.created_at AS subscribed_at"""
_LINKED = """EXISTS (SELECT 1 FROM products_teams p
  WHERE p.product_id = t.product_id AND p.team_id = m.team_id)"""
_CANDIDATE = f"""SELECT m.id AS remoteci_id,
    m.state = 'active' AND e.state = 'active' AND t.state = 'active' AS is_active,
    {_LINKED} AS is_linked, t.export_control OR e.has_pre_release_access AS is_released
  FROM remotecis m JOIN teams e ON e.id = m.team_id"""


def _topic_is_visible(tx: Transaction, conditions: Conditions) -> None:
    """Narrow to topics that the tenant sees: the policy's rule, without policies too."""
    tenant = tx.tenant
    conditions.add("t.state <> 'archived'")
    if tenant.scope not in ("all", "read", "catalog"):
        conditions.add(
            "(t.export_control OR {}) AND t.product_id IN"
            " (SELECT product_id FROM products_teams WHERE team_id = ANY ({}))",
            tenant.pre_release,
            sorted(tenant.teams),
        )


async def select_lab_team(tx: Transaction, remoteci_id: UUID) -> UUID | None:
    """The team of a lab that the tenant sees."""
    conditions = Conditions(["m.state <> 'archived'"])
    conditions.add("m.id = {}", remoteci_id)
    if tx.tenant.scope not in ("all", "read"):
        conditions.add("m.team_id = ANY ({})", sorted(tx.tenant.teams))
    team_id: UUID | None = await tx.fetchval(
        f"SELECT m.team_id FROM remotecis m WHERE {conditions.sql()}", *conditions.values
    )
    return team_id


async def has_topic(tx: Transaction, topic_id: UUID) -> bool:
    """Does the tenant see such a topic?"""
    conditions = Conditions()
    conditions.add("t.id = {}", topic_id)
    _topic_is_visible(tx, conditions)
    found = await tx.fetchval(
        f"SELECT 1 FROM topics t WHERE {conditions.sql()}", *conditions.values
    )
    return found is not None


async def select_candidate(tx: Transaction, remoteci_id: UUID, topic_id: UUID) -> Candidate | None:
    """A lab as seen from a topic, subscribed or not."""
    row = await tx.fetchrow(
        f"{_CANDIDATE} JOIN topics t ON t.id = $2 WHERE m.id = $1", remoteci_id, topic_id
    )
    return Candidate(**row) if row else None


async def select_subscribed(tx: Transaction, topic_id: UUID) -> list[Candidate]:
    """Every lab that is subscribed to a topic."""
    found = await tx.fetch(
        f"{_CANDIDATE} JOIN remotecis_topics s ON s.remoteci_id = m.id"
        " JOIN topics t ON t.id = s.topic_id WHERE s.topic_id = $1",
        topic_id,
    )
    return [Candidate(**row) for row in found]


async def insert_subscription(
    tx: Transaction, remoteci_id: UUID, topic_id: UUID, team_id: UUID
) -> None:
    """Subscribe; Conflict when it is subscribed already."""
    await tx.execute(
        "INSERT INTO remotecis_topics (remoteci_id, topic_id, team_id, created_at)"
        " VALUES ($1, $2, $3, $4)",
        remoteci_id,
        topic_id,
        team_id,
        tx.now,
    )


async def delete_subscription(tx: Transaction, remoteci_id: UUID, topic_id: UUID) -> bool:
    """Unsubscribe; False when it was not subscribed."""
    done = await tx.execute(
        "DELETE FROM remotecis_topics WHERE remoteci_id = $1 AND topic_id = $2",
        remoteci_id,
        topic_id,
    )
    return done == 1


async def select_topics(tx: Transaction, remoteci_id: UUID, query: ListQuery) -> Page:
    """JSON array of a lab's topics, as far as the tenant sees them, and their number."""
    conditions = Conditions()
    conditions.add("s.remoteci_id = {}", remoteci_id)
    _topic_is_visible(tx, conditions)
    apply_where(conditions, query, _COLUMNS, "t")
    order = order_by(query, _COLUMNS, "t", "-created_at")
    source = "topics t JOIN remotecis_topics s ON s.topic_id = t.id"
    return await rows.page(tx, _JSON, source, conditions, order=order, query=query)


async def select_topic_ids(tx: Transaction, remoteci_id: UUID) -> list[UUID]:
    """Topics that a lab is subscribed to and of which a request waits."""
    found = await tx.fetch(
        "SELECT s.topic_id FROM remotecis_topics s WHERE s.remoteci_id = $1 AND EXISTS (SELECT"
        " FROM job_requests r WHERE r.topic_id = s.topic_id AND r.status = 'waiting')"
        " ORDER BY s.topic_id",
        remoteci_id,
    )
    return [row["topic_id"] for row in found]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits for labs."""

    id: UUID
    topic_id: UUID
    definition_id: UUID


async def lock_waiting(
    tx: Transaction, *, request_id: UUID | None = None, topic_id: UUID | None = None
) -> list[Request]:
    """Waiting requests by id or topic, oldest first, locked until they are placed."""
    found = await tx.fetch(
        "SELECT id, topic_id, definition_id FROM job_requests WHERE status = 'waiting'"
        " AND ($1::uuid IS NULL OR id = $1) AND ($2::uuid IS NULL OR topic_id = $2)"
        " ORDER BY created_at, id FOR UPDATE",
        request_id,
        topic_id,
    )
    return [Request(**row) for row in found]
