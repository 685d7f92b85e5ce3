"""Verbs of views."""

from uuid import UUID

import msgspec

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.labs.model import CONNECTED_FOR
from ringtest.control.triage import service as triage
from ringtest.control.views import model, store


async def get_health(tx: Transaction, *, product_id: UUID, topic_id: UUID | None) -> model.Health:
    """Does the product work, and for whom? Of the given topic, else of the one that ran last.

    The newest sets, their labs and the failures last seen, all capped: two statements.
    """
    text = await store.select_health(
        tx, product_id, topic_id, connected_since=tx.now - CONNECTED_FOR
    )
    if text is None:
        raise NotFound("product not found")
    facts = msgspec.json.decode(text, type=model.HealthFacts)
    if facts.topic is None:
        if topic_id is not None:
            raise NotFound("topic not found")
        return model.show_health(facts, [])
    query = ListQuery(limit=model.MAX_GROUPS, where=(("topic_id", str(facts.topic.id)),))
    groups, _ = await triage.list_groups(tx, query=query)
    return model.show_health(facts, groups)
