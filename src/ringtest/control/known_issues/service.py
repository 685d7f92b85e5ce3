"""Verbs of known issues: keep rules, label failures as they are grouped and those before."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import structs

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.catalog import service as catalog
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import Conflict, NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.known_issues import model, store
from ringtest.control.known_issues.model import Seen as Seen

BATCH = 500
"""Failures that a rule looks at in one transaction."""


async def create_issue(
    tx: Transaction, *, caller: Caller, body: model.CreateIssue
) -> tuple[str, str]:
    """Add a rule: for everybody by the vendor, for its own jobs by a team."""
    values = structs.asdict(body)
    _require_keeper(caller, body.team_id)
    model.check_issue(values, tx.now)
    await _check_scope(tx, caller, values)
    await _check_number(tx, values)
    if body.team_id is not None:
        await accounts.require_team(tx, team_id=body.team_id)
    issue_id = await rows.insert(tx, "known_issues", values)
    await accounts.add_audit(
        tx, caller=caller, action="create_known_issue", subject_id=issue_id, team_id=body.team_id
    )
    return await get_issue(tx, caller=caller, issue_id=issue_id)


async def list_issues(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of the rules that the caller may see."""
    return await store.select_issues(tx, caller, query)


async def get_issue(tx: Transaction, *, caller: Caller, issue_id: UUID) -> tuple[str, str]:
    """JSON and etag of a rule."""
    return rows.found(await store.select_issue(tx, caller, issue_id), "known issue")


async def update_issue(
    tx: Transaction, *, caller: Caller, issue_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a rule; 409 when it was changed meanwhile. If it may name other failures then,
    its labels go and it looks at everything again."""
    old = await _kept(tx, caller, issue_id)
    whole = old | values
    if "expires_at" not in values:
        whole["expires_at"] = old["expires_at"]
    model.check_issue(whole, tx.now)
    await _check_scope(tx, caller, whole)
    if whole["state"] == "active" and old["state"] != "active":
        await _check_number(tx, whole)
    row = {name: whole[name] for name in values}
    changed = {name for name in row if row[name] != old.get(name)}
    if changed & model.LABELLING:
        row |= {"after_group": None, "after_lab": None, "labelled_at": None}
        ends = whole["expires_at"]
        row["is_expired"] = ends is not None and ends <= tx.now
    if not await rows.update(tx, "known_issues", issue_id, row, etag=etag):
        raise Conflict("the known issue was changed meanwhile; read it again")
    if changed & (model.LABELLING - {"expires_at", "state"}):
        await store.delete_labels(tx, issue_id)
    await accounts.add_audit(
        tx, caller=caller, action="update_known_issue", subject_id=issue_id, team_id=old["team_id"]
    )
    return await get_issue(tx, caller=caller, issue_id=issue_id)


async def delete_issue(tx: Transaction, *, caller: Caller, issue_id: UUID, etag: str) -> None:
    """Remove a rule with its labels; 409 when it was changed meanwhile."""
    old = await _kept(tx, caller, issue_id)
    if not await rows.update(tx, "known_issues", issue_id, {"state": "archived"}, etag=etag):
        raise Conflict("the known issue was changed meanwhile; read it again")
    await store.delete_labels(tx, issue_id)
    await accounts.add_audit(
        tx, caller=caller, action="delete_known_issue", subject_id=issue_id, team_id=old["team_id"]
    )


async def _kept(tx: Transaction, caller: Caller, issue_id: UUID) -> dict[str, Any]:
    """A rule that the caller may change; 401 when it may only see it."""
    old = await store.lock_issue(tx, caller, issue_id)
    if old is None:
        await get_issue(tx, caller=caller, issue_id=issue_id)  # seen, and not to be locked
        permit(False)
        raise NotFound("known issue not found")
    _require_keeper(caller, old["team_id"])
    return old


def _require_keeper(caller: Caller, team_id: UUID | None) -> None:
    """Rules for everybody are the vendor's; a team keeps its own. People only."""
    permit(caller.kind == "user")
    permit(caller.writes_all if team_id is None else caller.is_member(team_id))


async def _check_scope(tx: Transaction, caller: Caller, values: dict[str, Any]) -> None:
    if values.get("topic_id"):
        await catalog.require_topic(tx, caller=caller, topic_id=values["topic_id"])
    if values.get("product_id"):
        await catalog.get_product(tx, caller=caller, product_id=values["product_id"])
    if values["kind"] == "signature":
        group_id = model.group_named(values["pattern"])
        if not await store.has_group(tx, group_id, caller.visible_teams):
            raise NotFound("failure group not found")


async def _check_number(tx: Transaction, values: dict[str, Any]) -> None:
    team_id = values["team_id"]
    most = model.MOST_OF_ALL if team_id is None else model.MOST_OF_A_TEAM
    if values["state"] == "active" and await store.count_active(tx, team_id) >= most:
        raise Conflict(f"at most {most} known issues may be active; let one rest", limit=most)


# Labels ------------------------------------------------------------------------


async def label(
    tx: Transaction, *, topic_id: UUID, team_id: UUID, failures: Sequence[Seen]
) -> None:
    """Label those of a team's failures that a rule names, in the transaction of grouping."""
    rules = await store.select_rules(tx, topic_id=topic_id, team_id=team_id) if failures else []
    if not rules:
        return
    found = await asyncio.to_thread(model.labels, rules, failures)
    if found:
        await store.insert_labels(tx, [(*pair, team_id) for pair in found], tx.now)


async def look_back(tx: Transaction) -> int:
    """Let one rule look at a batch of the failures that were there before it; how many."""
    waiting = await store.claim_waiting(tx)
    if waiting is None:
        return 0
    past = await store.select_past(tx, waiting, BATCH)
    failures = [Seen(one.group_id, one.shown_id, f"{one.exception_type or ''}: {one.template}",
                     one.sample) for one in past]  # fmt: skip
    hits = await asyncio.to_thread(
        lambda: [model.named(waiting.rule, failure) for failure in failures]
    )
    found = [(waiting.rule.id, one.group_id, one.team_id)
             for one, hit in zip(past, hits, strict=True) if hit]  # fmt: skip
    if found:
        await store.insert_labels(tx, found, tx.now)
    await store.note_progress(tx, waiting.rule.id, past[-1] if len(past) == BATCH else None)
    return max(1, len(past))


async def expire(tx: Transaction) -> int:
    """Say of rules whose time is over that they are; how many."""
    return await store.expire(tx)
