"""SQL of tokens."""

from collections.abc import Mapping
from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.paging import ListQuery

_COLUMNS: Mapping[str, Kind] = {
    **rows.COMMON,
    "holder_kind": "text",
    "holder_id": "uuid",
    "team_id": "uuid",
    "hint": "text",
    "scopes": "array",
    "expires_at": "time",
    "last_used_at": "time",
}
_JSON = ", ".join(f"k.{name}" for name in _COLUMNS)


def _visible(caller: Caller) -> Conditions:
    """One's own, and those of one's teams' machines; super administrators see all."""
    conditions = Conditions(["k.state <> 'archived'"])
    if caller.is_super_admin:
        return conditions
    conditions.add(
        "((k.holder_kind = 'user' AND k.holder_id = {}) OR"
        " (k.holder_kind <> 'user' AND ({} OR k.team_id = ANY ({}))))",
        caller.id,
        caller.writes_all,
        sorted(caller.team_ids),
    )
    return conditions


async def select_page(tx: Transaction, caller: Caller, query: ListQuery) -> rows.Page:
    conditions = _visible(caller)
    apply_where(conditions, query, _COLUMNS, "k")
    order = order_by(query, _COLUMNS, "k", "-created_at")
    return await rows.page(tx, _JSON, "api_tokens k", conditions, order=order, query=query)


async def select_one(tx: Transaction, caller: Caller, token_id: UUID) -> rows.Found:
    conditions = _visible(caller)
    conditions.add("k.id = {}", token_id)
    return await rows.one(tx, _JSON, "api_tokens k", conditions)
