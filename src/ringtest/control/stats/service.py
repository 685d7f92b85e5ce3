"""The verb of stats."""

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Transaction
from ringtest.control.stats import store


async def get_stats(tx: Transaction, *, caller: Caller) -> str:
    """JSON array: per topic the latest judged job of each lab, of external active teams, as
    far as the caller sees topics and jobs."""
    return await store.select_stats(
        tx,
        caller.visible_teams,
        all_topics=caller.reads_catalog,
        pre_release=caller.has_pre_release_access,
        members=sorted(caller.team_ids),
    )
