"""Verbs of lab caches."""

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Transaction
from ringtest.control.lab_caches import store
from ringtest.control.lab_caches.model import LASTS, TellCache


async def tell_cache(tx: Transaction, *, caller: Caller, body: TellCache) -> tuple[str, int]:
    """An agent says where it gives files, or that it does not, and learns where the other agents
    of its own lab do: JSON array, count."""
    permit(caller.kind == "remoteci")
    base = body.base
    if base is None:
        await store.forget(tx, caller.id, body.agent)
    else:
        await store.keep(tx, caller.id, body.agent, base, tx.now + LASTS)
    return await store.select_others(tx, caller.id, body.agent)
