"""Verbs of merges: suggest groups that look alike, make two of them one, take them apart."""

import asyncio
from typing import Any
from uuid import UUID

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import Conflict, NotFound
from ringtest.control.merges import model, store
from ringtest.control.triage import service as triage
from ringtest.control.triage.model import Group, title


async def list_similar(
    tx: Transaction, *, caller: Caller, group_id: UUID, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Groups of the same topic that look like this one, and with how many it was compared."""
    found = await store.select_candidates(
        tx, group_id, teams=caller.visible_teams, limit=model.MOST_COMPARED
    )
    if not found:
        raise NotFound("failure group not found")
    group, others = found[0], found[1:]
    alike = await asyncio.to_thread(model.similar, group, others, limit)
    shown = [
        {
            "id": one.id,
            "title": title(one.exception_type, one.template),
            "exception_type": one.exception_type,
            "template": one.template,
            **one.shown,
            "score": score,
        }
        for one, score in alike
    ]
    return shown, len(others)


async def merge(tx: Transaction, *, caller: Caller, group_id: UUID, into: UUID) -> Group:
    """Make the group a part of another, whose failures it is counted, listed and told among.

    For the vendor's people: a group is that of every team. 409 for groups of two topics or
    kinds, and for one that is a part already.
    """
    permit(caller.kind == "user" and caller.writes_all)
    await store.lock_topic(tx, group_id)
    one, other = await _side(tx, group_id), await _side(tx, into)
    if one.topic_id != other.topic_id:
        raise Conflict("only groups of one topic can be merged")
    if one.kind != other.kind:
        raise Conflict("failures of tests and of stages cannot be merged")
    if one.shown_id == other.shown_id:
        raise Conflict("these groups are one already")
    if one.merged_into is not None:
        said = "the group is merged into another; take it out first"
        raise Conflict(said, into=str(one.shown_id))
    await store.set_merged(tx, one.id, other.shown_id)
    await triage.show_groups(tx, topic_id=one.topic_id)
    await _audit(tx, caller, "merge_failure_groups", one.id)
    return await triage.get_group(tx, group_id=other.shown_id, teams=caller.visible_teams)


async def unmerge(tx: Transaction, *, caller: Caller, group_id: UUID) -> None:
    """Take a merged group out of the other one; both are what they were. 404 if it is in none."""
    permit(caller.kind == "user" and caller.writes_all)
    await store.lock_topic(tx, group_id)
    side = await _side(tx, group_id)
    if side.merged_into is None:
        raise NotFound("the failure group is merged into no other")
    await store.set_merged(tx, side.id, None)
    await triage.show_groups(tx, topic_id=side.topic_id)
    await _audit(tx, caller, "unmerge_failure_groups", side.id)


async def _side(tx: Transaction, group_id: UUID) -> store.Side:
    side = await store.select_side(tx, group_id)
    if side is None:
        raise NotFound("failure group not found")
    return side


async def _audit(tx: Transaction, caller: Caller, action: str, group_id: UUID) -> None:
    await accounts.add_audit(tx, caller=caller, action=action, subject_id=group_id)
