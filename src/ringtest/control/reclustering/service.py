"""Verbs of reclustering: sign a topic's failures anew, batch by batch, and settle its groups."""

from collections import Counter
from uuid import UUID

import msgspec

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id
from ringtest.control.reclustering import model, store
from ringtest.control.signatures import service as signatures
from ringtest.control.signatures.model import ALGORITHM, FIRST_VERSION
from ringtest.control.triage import service as triage

BATCH = 20
"""Jobs of one transaction: what a crash makes done again."""


async def go_on(tx: Transaction) -> int:
    """A batch of some topic whose rules changed; how many jobs, 0 when all are settled.

    Each batch is done with its place in one transaction, so a crash loses none and counts
    none twice. Rules that change meanwhile begin from the newest job again.
    """
    topic_id = await store.select_stale(tx, ALGORITHM, FIRST_VERSION)
    if topic_id is None:
        return 0
    rules = await signatures.rules_of(tx, topic_id=topic_id)
    progress = await store.select_progress(tx, topic_id, FIRST_VERSION)
    if progress.target != rules.version:
        await store.begin(tx, topic_id, rules.version)
        progress = store.Progress(rules.version, None, None)
    jobs = await store.select_jobs(tx, topic_id, progress, BATCH)
    votes = Counter[tuple[UUID, UUID]]()
    for _, job_id in jobs:
        votes.update(await triage.regroup_job(tx, job_id=job_id))
    if votes:
        await store.add_votes(tx, topic_id, votes)
    if len(jobs) == BATCH:
        await store.note_progress(tx, topic_id, jobs[-1], len(jobs))
    else:
        await _settle(tx, topic_id, rules)
    return max(1, len(jobs))


async def _settle(tx: Transaction, topic_id: UUID, rules: signatures.Rules) -> None:
    """All jobs are done: groups keep their ids by majority."""
    settled = model.settle(await store.select_votes(tx, topic_id))
    homes, main = dict(settled.homes), dict(settled.main)
    for signature_id in settled.fresh:
        group_id = new_id()
        await store.insert_group_of(tx, signature_id, group_id)
        homes[signature_id] = group_id
    if homes:
        await store.set_homes(tx, homes)
        await store.set_aliases(tx, settled.aliases)
        await store.name_groups(tx, main)
        await triage.show_groups(tx, topic_id=topic_id)
    policy = msgspec.json.encode(rules.policy).decode()
    await store.finish(tx, topic_id, rules.version, policy)
