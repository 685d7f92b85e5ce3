"""Verbs of lab labels."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Transaction
from ringtest.control.definitions import service as definitions
from ringtest.control.kernel.errors import BadRequest, Conflict, PreconditionFailed
from ringtest.control.lab_labels import store
from ringtest.control.lab_labels.model import Lab, Matching, matching
from ringtest.language.labels import Wish, Wishes, faults


async def match_definition(tx: Transaction, *, caller: Caller, definition_id: UUID) -> Matching:
    """The caller's labs held against what a definition needs; 404 when there is no such one."""
    text, _ = await definitions.get_definition(tx, caller=caller, definition_id=definition_id)
    found = msgspec.json.decode(text)
    labs = await store.select_labs(tx, teams=caller.visible_teams, topic_id=UUID(found["topic_id"]))
    return matching(found["spec"].get("labels") or {}, labs)


async def match_topic(
    tx: Transaction, *, teams: Sequence[UUID] | None, topic_id: UUID, wishes: Wishes
) -> Matching:
    """The labs of these teams (None: all) that are subscribed to a topic, held against wishes."""
    labs = await store.select_labs(tx, teams=teams, topic_id=topic_id, only_subscribed=True)
    return matching(wishes, labs)


async def match_job(tx: Transaction, *, job_id: UUID, topic_id: UUID, lab_id: UUID) -> Matching:
    """A job's own lab, held against what the job needs; who calls has found that the caller may
    see the job."""
    wishes = await store.select_wishes(tx, job_id=job_id)
    labs = await store.select_labs(tx, ids=[lab_id], topic_id=topic_id)
    return matching(wishes, labs)


async def wishes_of(tx: Transaction, *, definition_id: UUID) -> dict[str, Wish]:
    """What a definition needs of a lab's machine."""
    return await store.select_wishes(tx, definition_id=definition_id)


async def wishes_of_job(tx: Transaction, *, job_id: UUID) -> dict[str, Wish]:
    """The same for a job's definition."""
    return await store.select_wishes(tx, job_id=job_id)


async def fitting(tx: Transaction, *, lab_ids: Sequence[UUID], wishes: Wishes) -> set[UUID]:
    """Which of these labs have a machine that fulfils wishes, connected or not."""
    labs = await store.select_labs(tx, ids=lab_ids)
    return {lab.id for lab in labs if lab.hold_against(wishes).fits}


async def require_lab(tx: Transaction, *, lab_id: UUID, wishes: Wishes, tells: bool = True) -> None:
    """PreconditionFailed when no machine of a lab fulfils wishes: it says which fail and, with
    `tells`, what each machine has. BadRequest for what is no wish."""
    if not wishes:
        return
    if problems := faults(wishes):
        raise BadRequest(f"labels: {problems[0]}", errors=problems)
    labs = await store.select_labs(tx, ids=[lab_id])
    found = matching(wishes, labs)
    if labs and not found.fitting:
        lacks = {one.agent: one.unmet for one in labs[0].machines} if tells else {}
        raise PreconditionFailed(_refusal(labs[0], found, lacks))


def _refusal(lab: Lab, found: Matching, lacks: dict[str, list[str]]) -> str:
    needs = ", ".join(found.needs)
    if not lacks:
        why = "" if lab.machines else ": its agents have told nothing of their machines"
        return f"no machine of {lab.name} has {needs}{why}"
    each = "; ".join(f"{agent}: {', '.join(unmet)}" for agent, unmet in list(lacks.items())[:5])
    return f"no machine of {lab.name} has {needs}: {each}"


async def require_agent(tx: Transaction, *, lab_id: UUID, agent: str, wishes: Wishes) -> None:
    """Conflict when an agent's own machine does not fulfil wishes: the job waits for another."""
    for lab in await store.select_labs(tx, ids=[lab_id]):
        own = [one for one in lab.hold_against(wishes).machines if one.agent == agent]
        unmet = own[0].unmet if own else ["it has told nothing of its machine"]
        if unmet:
            raise Conflict(f"the job is not for {agent}: {', '.join(unmet)}")
