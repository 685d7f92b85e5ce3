"""Verbs of triggers: keep rules, and ask for what a published component makes testable."""

from typing import Any
from uuid import UUID

from msgspec import structs

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.requests.service import request_job
from ringtest.control.triggers import model, store


async def create_rule(
    tx: Transaction, *, caller: Caller, body: model.CreateRule
) -> tuple[str, str]:
    """Add a rule; 409 when the topic has one of that name."""
    permit(caller.writes_all)
    values = structs.asdict(body)
    await _check(tx, topic_id=body.topic_id, values=values)
    rule_id = await rows.insert(tx, "trigger_rules", values)
    await accounts.add_audit(tx, caller=caller, action="create_trigger_rule", subject_id=rule_id)
    return await get_rule(tx, rule_id=rule_id)


async def list_rules(tx: Transaction, *, query: ListQuery) -> Page:
    """Rules of the topics that the tenant sees: JSON array and count."""
    return await store.select_rules_page(tx, query)


async def get_rule(tx: Transaction, *, rule_id: UUID) -> tuple[str, str]:
    """JSON and etag of a rule; 404."""
    found = await store.select_rule(tx, rule_id)
    if found is None:
        raise NotFound("trigger rule not found")
    return found


async def update_rule(
    tx: Transaction, *, caller: Caller, rule_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a rule; 409 when it was changed meanwhile."""
    permit(caller.writes_all)
    topic_id = await store.select_rule_topic(tx, rule_id)
    if topic_id is None:
        raise NotFound("trigger rule not found")
    await _check(tx, topic_id=topic_id, values=values)
    if not await rows.update(tx, "trigger_rules", rule_id, values, etag=etag):
        raise Conflict("the rule was changed meanwhile; read it again")
    await accounts.add_audit(tx, caller=caller, action="update_trigger_rule", subject_id=rule_id)
    return await get_rule(tx, rule_id=rule_id)


async def delete_rule(tx: Transaction, *, caller: Caller, rule_id: UUID, etag: str) -> None:
    """Remove a rule; 409 when it was changed meanwhile."""
    permit(caller.writes_all)
    await get_rule(tx, rule_id=rule_id)
    if not await store.delete_rule(tx, rule_id, etag):
        raise Conflict("the rule was changed meanwhile; read it again")
    await accounts.add_audit(tx, caller=caller, action="delete_trigger_rule", subject_id=rule_id)


async def _check(tx: Transaction, *, topic_id: UUID, values: dict[str, Any]) -> None:
    types = await store.select_types(tx, topic_id)
    if types is None:
        raise NotFound("topic not found")
    unknown = sorted(kind for kind in values.get("component_types", ()) if kind not in types)
    if unknown:
        raise BadRequest(
            f"the topic has no component type {unknown[0]!r}",
            allowed=sorted({*types.mandatory, *types.optional}),
        )
    definition_id = values.get("definition_id")
    if definition_id and not await store.has_definition(tx, definition_id, topic_id):
        raise NotFound("job definition not found in this topic")


async def request_jobs(tx: Transaction, *, component_id: UUID) -> int:
    """Ask for every component set that the published component completes.

    Returns how many requests are new: a rule asks for the same set once.
    """
    component = await store.select_published(tx, component_id)
    if component is None:
        return 0
    types = await store.select_types(tx, component.topic_id)
    if types is None:
        return 0
    wishes = model.component_sets(
        await store.select_active_rules(tx, component.topic_id),
        types,
        await store.select_newest(tx, component.topic_id, types.mandatory),
        published=component.id,
        kind=component.type,
    )
    requests = [
        await request_job(
            tx,
            rule_id=rule.id,
            topic_id=component.topic_id,
            definition_id=rule.definition_id,
            component_ids=components,
        )
        for rule, components in wishes
    ]
    return sum(request is not None for request in requests)
