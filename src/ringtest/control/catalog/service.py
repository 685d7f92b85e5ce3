"""Verbs of the catalog: products and who gets them, topics, components."""

from typing import Any
from uuid import UUID

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.catalog import model, store
from ringtest.control.catalog.model import Component, may_write
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.db.unseen import refusal, seen
from ringtest.control.kernel.errors import Conflict, NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.paging import ListQuery

# Products ----------------------------------------------------------------------------


async def create_product(
    tx: Transaction, *, caller: Caller, values: dict[str, Any]
) -> tuple[str, str]:
    """Add a product; 409 when its label is taken."""
    permit(caller.is_super_admin)
    values["label"] = values.get("label") or values["name"].upper()
    product_id = await rows.insert(tx, "products", values)
    await accounts.add_audit(tx, caller=caller, action="create_product", subject_id=product_id)
    return await get_product(tx, caller=caller, product_id=product_id)


async def list_products(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of the products that the caller may see."""
    return await store.list_products(tx, caller, query)


async def list_team_products(
    tx: Transaction, *, caller: Caller, team_id: UUID, query: ListQuery
) -> rows.Page:
    """Products that a team gets."""
    await accounts.get_team(tx, caller=caller, team_id=team_id)
    permit(caller.is_member(team_id))
    return await store.list_products(tx, caller, query, team_id=team_id)


async def get_product(tx: Transaction, *, caller: Caller, product_id: UUID) -> tuple[str, str]:
    """JSON and etag of a product that the caller may see; 401 when there is one that it may not."""
    return await seen(tx, "product", product_id, await store.get_product(tx, caller, product_id))


async def update_product(
    tx: Transaction, *, caller: Caller, product_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a product; 404 when it changed meanwhile."""
    await get_product(tx, caller=caller, product_id=product_id)
    permit(caller.is_super_admin)
    if "label" in values:
        values["label"] = values["label"].upper()
    if not await rows.update(tx, "products", product_id, values, etag=etag):
        raise NotFound("product not found")
    return rows.found(await store.get_product(tx, caller, product_id, archived=True), "product")


async def delete_product(tx: Transaction, *, caller: Caller, product_id: UUID, etag: str) -> None:
    """Archive a product; 409 when it changed meanwhile."""
    await get_product(tx, caller=caller, product_id=product_id)
    permit(caller.is_super_admin)
    if not await rows.update(tx, "products", product_id, {"state": "archived"}, etag=etag):
        raise Conflict("the product was changed meanwhile; read it again")
    await accounts.add_audit(tx, caller=caller, action="delete_product", subject_id=product_id)


async def link_team(tx: Transaction, *, caller: Caller, product_id: UUID, team_id: UUID) -> None:
    """Give a team the product and its topics; 409 when it has them."""
    permit(caller.writes_all)
    await get_product(tx, caller=caller, product_id=product_id)
    await accounts.require_team(tx, team_id=team_id)
    await store.link_team(tx, product_id, team_id)
    await accounts.add_audit(
        tx, caller=caller, action="link_product", subject_id=product_id, team_id=team_id
    )


async def unlink_team(tx: Transaction, *, caller: Caller, product_id: UUID, team_id: UUID) -> None:
    """Take the product from a team; 404 when it does not have it."""
    permit(caller.writes_all)
    if not await store.unlink_team(tx, product_id, team_id):
        raise NotFound("the team does not have this product")
    await accounts.add_audit(
        tx, caller=caller, action="unlink_product", subject_id=product_id, team_id=team_id
    )


async def list_product_teams(tx: Transaction, *, caller: Caller, product_id: UUID) -> rows.Page:
    """Teams that have the product, for administrators."""
    permit(caller.writes_all)
    await get_product(tx, caller=caller, product_id=product_id)
    return await store.teams_of_product(tx, product_id)


# Topics ------------------------------------------------------------------------------


async def _check_topic(tx: Transaction, caller: Caller, values: dict[str, Any]) -> None:
    """Lower the types' case; 404 for a product or next topic that is not there."""
    for name in ("component_types", "component_types_optional"):
        if name in values:
            values[name] = model.lower_all(values[name])
    if "product_id" in values and not await store.has_product(tx, values["product_id"]):
        raise NotFound("product not found")
    if values.get("next_topic_id"):
        await require_topic(tx, caller=caller, topic_id=values["next_topic_id"])


async def create_topic(
    tx: Transaction, *, caller: Caller, values: dict[str, Any]
) -> tuple[str, str]:
    """Add a topic; 409 when its name is taken."""
    permit(caller.writes_catalog)
    await _check_topic(tx, caller, values)
    topic_id = await rows.insert(tx, "topics", values)
    return await get_topic(tx, caller=caller, topic_id=topic_id)


async def list_topics(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of the topics that the caller reaches."""
    return await store.list_topics(tx, caller, query)


async def get_topic(tx: Transaction, *, caller: Caller, topic_id: UUID) -> tuple[str, str]:
    """JSON and etag of a topic that the caller reaches; 401 when there is one that it does not."""
    return await seen(tx, "topic", topic_id, await store.get_topic(tx, caller, topic_id))


async def require_topic(tx: Transaction, *, caller: Caller, topic_id: UUID) -> None:
    """401 unless the caller reaches the topic, 404 when there is none."""
    if not await store.has_topic(tx, caller, topic_id):
        raise await refusal(tx, "topic", topic_id)


async def update_topic(
    tx: Transaction, *, caller: Caller, topic_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a topic; 404 when it changed meanwhile."""
    await require_topic(tx, caller=caller, topic_id=topic_id)
    permit(caller.writes_catalog)
    if values.get("state") == "archived":
        await delete_topic(tx, caller=caller, topic_id=topic_id, etag=etag)
        return rows.found(await store.get_topic(tx, caller, topic_id, archived=True), "topic")
    await _check_topic(tx, caller, values)
    if not await rows.update(tx, "topics", topic_id, values, etag=etag):
        raise NotFound("topic not found")
    return await get_topic(tx, caller=caller, topic_id=topic_id)


async def delete_topic(tx: Transaction, *, caller: Caller, topic_id: UUID, etag: str) -> None:
    """Archive a topic with its components; 404 when it changed meanwhile."""
    await require_topic(tx, caller=caller, topic_id=topic_id)
    permit(caller.writes_all)
    if not await rows.update(tx, "topics", topic_id, {"state": "archived"}, etag=etag):
        raise NotFound("topic not found")
    await store.archive_components(tx, topic_id)
    await accounts.add_audit(tx, caller=caller, action="delete_topic", subject_id=topic_id)


# Components --------------------------------------------------------------------------


async def create_component(
    tx: Transaction, *, caller: Caller, values: dict[str, Any]
) -> tuple[str, str]:
    """Add a component, and publish it if it is active; 409 when there is such an active one."""
    permit(may_write(caller, values["team_id"]))
    await require_topic(tx, caller=caller, topic_id=values["topic_id"])
    if values["team_id"]:
        await accounts.require_team(tx, team_id=values["team_id"])
    naming = ("name", "display_name", "version", "uid", "canonical_project_name")
    values |= model.derive_names(**{name: values[name] for name in naming})
    released_at = values["released_at"]
    values["released_at"] = model.parse_moment(released_at) if released_at else tx.now
    values["data"] = values["data"] or {}
    _tidy(values)
    component_id = await rows.insert(tx, "components", values)
    if values["state"] == "active":
        await _publish(tx, component_id, values["type"], values["topic_id"], values["team_id"])
    return await get_component(tx, caller=caller, component_id=component_id)


def _tidy(values: dict[str, Any]) -> None:
    if "type" in values:
        values["type"] = values["type"].lower()
    if "tags" in values:
        values["tags"] = model.clean_tags(values["tags"] or [])


async def _publish(
    tx: Transaction, component_id: UUID, kind: str, topic_id: UUID, team_id: UUID | None
) -> None:
    await tx.add_event(
        EventType.COMPONENT_PUBLISHED,
        team_id=team_id,
        topic_id=topic_id,
        component_id=str(component_id),
        type=kind,
    )


async def list_components(
    tx: Transaction, *, caller: Caller, query: ListQuery, topic_id: UUID | None = None
) -> rows.Page:
    """Components that the caller may see, of one topic or of all."""
    if topic_id is not None:
        await require_topic(tx, caller=caller, topic_id=topic_id)
    return await store.list_components(tx, caller, query, topic_id=topic_id)


async def get_component(
    tx: Transaction,
    *,
    caller: Caller,
    component_id: UUID,
    jobs_limit: int = model.JOBS_SHOWN,
    jobs_offset: int = 0,
) -> tuple[str, str]:
    """A component with its files and a page of the jobs that used it, newest first."""
    found = await store.get_component(
        tx, caller, component_id, jobs_limit=jobs_limit, jobs_offset=jobs_offset
    )
    return await seen(tx, "component", component_id, found)


async def require_component(tx: Transaction, *, caller: Caller, component_id: UUID) -> Component:
    """A component that the caller may see; 401 when it may not, 404 when there is none."""
    found = await store.find_component(tx, caller, component_id)
    return await seen(tx, "component", component_id, found)


async def require_writable_component(
    tx: Transaction, *, caller: Caller, component_id: UUID, lock: bool = False
) -> Component:
    """A component that the caller may change; 401 when it may not, 404 when there is none.

    `lock` holds it until the transaction ends.
    """
    component = await require_component(tx, caller=caller, component_id=component_id)
    permit(may_write(caller, component.team_id))
    if lock and await store.find_component(tx, caller, component_id, lock=True) is None:
        raise NotFound("component not found")
    return component


async def update_component(
    tx: Transaction, *, caller: Caller, component_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a component; 404 when it changed meanwhile. Becoming active publishes it."""
    old = await require_writable_component(tx, caller=caller, component_id=component_id)
    team_id = values.get("team_id", old.team_id)
    topic_id = values.get("topic_id", old.topic_id)
    if team_id != old.team_id:
        permit(may_write(caller, team_id))
        if team_id:
            await accounts.require_team(tx, team_id=team_id)
    if topic_id != old.topic_id:
        await require_topic(tx, caller=caller, topic_id=topic_id)
    if "released_at" in values:
        values["released_at"] = model.parse_moment(values["released_at"])
    _tidy(values)
    if not await rows.update(tx, "components", component_id, values, etag=etag):
        raise NotFound("component not found")
    if values.get("state") == "active" and old.state != "active":
        await _publish(tx, component_id, values.get("type", old.type), topic_id, team_id)
    found = await store.get_component(
        tx, caller, component_id, jobs_limit=model.JOBS_SHOWN, jobs_offset=0, archived=True
    )
    return rows.found(found, "component")


async def delete_component(
    tx: Transaction, *, caller: Caller, component_id: UUID, etag: str
) -> None:
    """Archive a component; 404 when it changed meanwhile."""
    component = await require_writable_component(tx, caller=caller, component_id=component_id)
    if not await rows.update(tx, "components", component_id, {"state": "archived"}, etag=etag):
        raise NotFound("component not found")
    await accounts.add_audit(
        tx,
        caller=caller,
        action="delete_component",
        subject_id=component_id,
        team_id=component.team_id,
    )
