"""Verbs of the blast radius."""

from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.blast_radius import model, store
from ringtest.control.blast_radius.model import Others, Radius
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.tenant import SYSTEM


async def get_radius(
    db: Database, *, caller: Caller, group_id: UUID, minimum: int, labs: int = model.SHOWN_LABS
) -> Radius:
    """Whom a failure hits, as far as the caller sees; 404 for a group that it does not see.

    Who does not see everything gets rows of its own teams and published numbers of all.
    """
    async with db.transaction(caller.tenant) as tx:
        group = await store.select_group(tx, group_id, caller.visible_teams)
        if group is None:
            raise NotFound("failure group not found")
        text = await store.select_radius(
            tx,
            group,
            teams=caller.visible_teams,
            sees_all=caller.reads_catalog,
            pre_release=caller.has_pre_release_access,
            labs=labs,
        )
    others = None
    if caller.visible_teams is not None:
        async with db.transaction(SYSTEM) as tx:
            others = await _publish(tx, group, floor=model.floor_of(minimum))
    radius = msgspec.json.decode(text, type=Radius)
    return model.complete(radius, group["id"], minimum=minimum, others=others)


async def _publish(tx: Transaction, group: Any, *, floor: int) -> dict[UUID, Others]:
    """Bring the failure's numbers up to date, as far as they may; all of them by topic.

    The same whoever asks, and with the same statements whatever is found.
    """
    sets, shown = await store.select_published(tx, group)
    truths = await store.select_truths(tx, group)
    now, new = model.publish(truths, shown, sets, floor=floor)
    changed = {key: teams for key, teams in now.items() if shown.get(key) != teams}
    await store.save_published(tx, group, new, changed)
    return model.told(now, {topic for topic, _ in now}, floor)
