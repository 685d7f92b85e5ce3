"""SQL of triggers: rules, and what a published component meets in its topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.triggers.model import Rule, Types

_COLUMNS: dict[str, Kind] = {
    "id": "uuid",
    "name": "text",
    "state": "enum",
    "topic_id": "uuid",
    "definition_id": "uuid",
    "component_types": "array",
    "created_at": "time",
    "updated_at": "time",
}
_JSON = """t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.topic_id, t.definition_id,
  t.component_types"""


def _visible(tx: Transaction) -> Conditions:
    """Rules of topics that the tenant sees: the rule of the policy, without policies too."""
    conditions = Conditions(["t.state <> 'archived'"])
    tenant = tx.tenant
    if tenant.scope not in ("all", "read", "catalog"):
        conditions.add(
            "t.topic_id IN (SELECT o.id FROM topics o WHERE (o.export_control OR {}) AND"
            " o.product_id IN (SELECT product_id FROM products_teams WHERE team_id = ANY ({})))",
            tenant.pre_release,
            sorted(tenant.teams),
        )
    return conditions


async def select_rules_page(tx: Transaction, query: ListQuery) -> Page:
    """JSON array of rules and how many there are in all."""
    conditions = _visible(tx)
    apply_where(conditions, query, _COLUMNS, "t")
    order = order_by(query, _COLUMNS, "t", "-created_at")
    return await rows.page(tx, _JSON, "trigger_rules t", conditions, order=order, query=query)


async def select_rule(tx: Transaction, rule_id: UUID) -> tuple[str, str] | None:
    """JSON and etag of a rule."""
    conditions = _visible(tx)
    conditions.add("t.id = {}", rule_id)
    return await rows.one(tx, _JSON, "trigger_rules t", conditions)


async def delete_rule(tx: Transaction, rule_id: UUID, etag: str) -> bool:
    """Remove a rule; what it asked for stays. False when it has another etag by now."""
    done = await tx.execute("DELETE FROM trigger_rules WHERE id = $1 AND etag = $2", rule_id, etag)
    return done == 1


async def select_rule_topic(tx: Transaction, rule_id: UUID) -> UUID | None:
    """The topic of a rule."""
    topic_id: UUID | None = await tx.fetchval(
        "SELECT topic_id FROM trigger_rules WHERE id = $1", rule_id
    )
    return topic_id


async def select_types(tx: Transaction, topic_id: UUID) -> Types | None:
    """Component types of a topic that is not archived."""
    row = await tx.fetchrow(
        "SELECT component_types, component_types_optional FROM topics"
        " WHERE id = $1 AND state <> 'archived'",
        topic_id,
    )
    if row is None:
        return None
    mandatory, optional = (msgspec.json.decode(text, type=tuple[str, ...]) for text in row)
    return Types(mandatory, optional)


async def has_definition(tx: Transaction, definition_id: UUID, topic_id: UUID) -> bool:
    """Is there such a job definition in the topic?"""
    found = await tx.fetchval(
        "SELECT 1 FROM job_definitions WHERE id = $1 AND topic_id = $2 AND team_id IS NULL"
        " AND state <> 'archived'",
        definition_id,
        topic_id,
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class Published:
    """A team-less active component of an active topic."""

    id: UUID
    type: str
    topic_id: UUID


async def select_published(tx: Transaction, component_id: UUID) -> Published | None:
    """The component, if it is one that everybody's labs may test."""
    row = await tx.fetchrow(
        "SELECT c.id, c.type, c.topic_id FROM components c JOIN topics t ON t.id = c.topic_id"
        " WHERE c.id = $1 AND c.team_id IS NULL AND c.state = 'active' AND t.state = 'active'",
        component_id,
    )
    return Published(**row) if row else None


async def select_active_rules(tx: Transaction, topic_id: UUID) -> list[Rule]:
    """Rules of a topic whose definition is active too, in a fixed order."""
    found = await tx.fetch(
        "SELECT r.id, r.definition_id, r.component_types FROM trigger_rules r"
        " JOIN job_definitions d ON d.id = r.definition_id AND d.state = 'active'"
        " WHERE r.topic_id = $1 AND r.state = 'active' ORDER BY r.id",
        topic_id,
    )
    return [
        Rule(row["id"], row["definition_id"], frozenset(row["component_types"])) for row in found
    ]


async def select_newest(tx: Transaction, topic_id: UUID, types: Sequence[str]) -> dict[str, UUID]:
    """The newest active team-less component of each type, by release date."""
    found = await tx.fetch(
        "SELECT DISTINCT ON (type) type, id FROM components"
        " WHERE topic_id = $1 AND type = ANY ($2) AND team_id IS NULL AND state = 'active'"
        " ORDER BY type, released_at DESC, created_at DESC, id",
        topic_id,
        list(types),
    )
    return {row["type"]: row["id"] for row in found}
