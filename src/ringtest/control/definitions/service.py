"""Verbs of job definitions."""

import hashlib
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.definitions import store
from ringtest.control.definitions.model import CreateDefinition, read_spec
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.paging import ListQuery

_TABLE = "job_definitions"


async def create_definition(
    tx: Transaction, *, caller: Caller, body: CreateDefinition
) -> tuple[str, str]:
    """Add a definition: JSON, etag. 400 names the faulty field; a name is unique per topic."""
    permit(caller.writes_catalog)
    spec = read_spec(body.spec)
    if not await store.has_topic(tx, body.topic_id):
        raise NotFound("topic not found")
    values = {"name": body.name, "topic_id": body.topic_id, "spec": spec, "state": body.state}
    definition_id = await rows.insert(tx, _TABLE, values)
    await accounts.add_audit(
        tx, caller=caller, action="create_job_definition", subject_id=definition_id
    )
    return await get_definition(tx, caller=caller, definition_id=definition_id)


async def keep_own_definition(
    tx: Transaction, *, team_id: UUID, topic_id: UUID, name: str, spec: dict[str, Any]
) -> tuple[UUID, dict[str, Any]]:
    """A definition that only a team has, and itself with every default filled in; the caller
    has been found a member, and may use the topic. The same twice is one."""
    whole = read_spec(spec)
    digest = hashlib.sha256(msgspec.json.encode(whole, order="sorted")).hexdigest()[:12]
    own = await store.insert_own(
        tx, team_id=team_id, topic_id=topic_id, name=f"{name} {digest}", spec=whole
    )
    return own, whole


async def list_definitions(tx: Transaction, *, caller: Caller, query: ListQuery) -> Page:
    """Definitions of topics the caller may use: JSON array, count."""
    return await store.select_page(tx, caller, query)


async def get_definition(
    tx: Transaction, *, caller: Caller, definition_id: UUID
) -> tuple[str, str]:
    """JSON and etag, or 404."""
    found = await store.select_one(tx, caller, definition_id)
    if found is None:
        raise NotFound("job definition not found")
    return found


async def update_definition(
    tx: Transaction, *, caller: Caller, definition_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a definition; 404 when it changed meanwhile. Queued jobs run the new one."""
    found = await get_definition(tx, caller=caller, definition_id=definition_id)
    team_id = await store.select_team(tx, definition_id)
    permit(caller.writes_catalog if team_id is None else caller.is_member(team_id))
    if "spec" in values:
        values["spec"] = read_spec(values["spec"])
    if not await rows.update(tx, _TABLE, definition_id, values, etag=etag):
        raise NotFound("job definition not found")
    await accounts.add_audit(
        tx, caller=caller, action="update_job_definition", subject_id=definition_id
    )
    if values.get("state") == "archived":
        return found
    return await get_definition(tx, caller=caller, definition_id=definition_id)


async def delete_definition(
    tx: Transaction, *, caller: Caller, definition_id: UUID, etag: str
) -> None:
    """Archive a definition; its jobs stay."""
    await update_definition(
        tx, caller=caller, definition_id=definition_id, etag=etag, values={"state": "archived"}
    )
