"""Verbs of runs on labs."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.catalog import service as catalog
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.definitions import service as definitions
from ringtest.control.definitions.model import read_spec
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Client, Definition, ScheduleJob
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound, PreconditionFailed
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.lab_labels import service as lab_labels
from ringtest.control.lab_runs import model, store
from ringtest.control.lab_runs.model import Consent, RunOnLab, Said, Wish
from ringtest.control.labs import service as labs
from ringtest.language.labels import joined

# wishing ----------------------------------------------------------------------


async def weigh(tx: Transaction, *, caller: Caller, body: RunOnLab) -> tuple[Wish, Said]:
    """What the caller wants, whole, and what the lab says to it. 404, or 401 for those who
    see every lab, when it lets in nothing of the caller's; everything that
    is named must be the caller's to use."""
    permit(caller.kind != "feeder" and bool(caller.teams))
    topic, _ = await catalog.get_topic(tx, caller=caller, topic_id=body.topic_id)
    product_id = UUID(msgspec.json.decode(topic)["product_id"])
    askers = [team.id for team in caller.teams]
    said = await store.select_said(tx, body.remoteci_id, askers, product_id)
    if said is None or (said.answer == "never" and not caller.reads_all):
        raise NotFound("remoteci not found")  # the same for one that is there
    permit(said.answer != "never", "the lab's people have not allowed this")
    name, spec = await _what_to_run(tx, caller, body)
    if body.labels:
        spec = read_spec({**spec, "labels": joined(spec.get("labels") or {}, body.labels)})
    if body.parameters:
        spec = {**spec, model.ASKED: body.parameters}
    for component_id in body.components_ids or ():
        await jobs.require_component(tx, caller=caller, component_id=component_id)
    wish = Wish(
        remoteci_id=body.remoteci_id,
        team_id=said.team.id,
        topic_id=body.topic_id,
        product_id=product_id,
        asker_team_id=said.asker or askers[0],
        asker_name=caller.name,
        name=body.name or name,
        comment=body.comment,
        spec=spec,
        components_ids=body.components_ids,
        expires_at=model.expiry(tx.now, body.expires_hours),
    )
    return wish, said


async def _what_to_run(
    tx: Transaction, caller: Caller, body: RunOnLab
) -> tuple[str, dict[str, Any]]:
    if body.definition is not None:
        if body.definition_id is not None:
            raise BadRequest("give one of definition and definition_id")
        spec = read_spec(body.definition)
        return spec.get("name") or "a run on request", spec
    definition_id = body.definition_id or await _only_definition(tx, body.topic_id)
    text, _ = await definitions.get_definition(tx, caller=caller, definition_id=definition_id)
    found = msgspec.json.decode(text)
    if found["topic_id"] != str(body.topic_id):
        raise PreconditionFailed("the job definition is of another topic")
    return found["name"], read_spec(found["spec"])


async def _only_definition(tx: Transaction, topic_id: UUID) -> UUID:
    found = await store.select_definitions(tx, topic_id)
    if len(found) != 1:
        raise PreconditionFailed(
            "the topic has several job definitions: say which"
            if found
            else "the topic has no job definition: give one"
        )
    only: UUID = found[0]["id"]
    return only


async def ask(tx: Transaction, *, caller: Caller, wish: Wish) -> str:
    """The lab's people are asked, in the asker's transaction. The run's JSON."""
    if await store.count_open(tx, wish.remoteci_id, wish.asker_team_id) >= model.MOST_OPEN:
        raise Conflict(f"{model.MOST_OPEN} questions of your team wait at this lab already")
    run_id = await store.insert(tx, wish, "asked", None)
    await _note(tx, caller, "ask_lab_run", run_id, wish.team_id, wish.remoteci_id)
    return await get_run(tx, caller=caller, run_id=run_id)


async def place(tx: Transaction, *, caller: Caller, wish: Wish, said: Said) -> str:
    """The lab always allows it: a job, placed in a transaction of the lab itself, so that it
    gets nothing that the lab's team may not see. The run's JSON. 412 when no machine of the lab
    has the labels that it needs: what they have only the lab's people read."""
    tells = caller.reads_all or said.team.id in caller.team_ids
    job_id = await _add_job(tx, said.lab(wish.remoteci_id), wish, tells=tells)
    run_id = await store.insert(tx, wish, "placed", job_id)
    await _note(tx, caller, "place_lab_run", run_id, wish.team_id, wish.remoteci_id)
    return await _required(tx, run_id, None)


async def _add_job(tx: Transaction, lab: Caller, wish: Wish, *, tells: bool = True) -> UUID:
    wishes = wish.spec.get("labels") or {}
    await lab_labels.require_lab(tx, lab_id=wish.remoteci_id, wishes=wishes, tells=tells)
    spec = {key: value for key, value in wish.spec.items() if key != model.ASKED}
    asked_by = f"asked for by {wish.asker_name}"
    body = ScheduleJob(
        topic_id=wish.topic_id,
        components_ids=wish.components_ids,
        name=wish.name[:1000],
        comment=f"{asked_by}: {wish.comment}" if wish.comment else asked_by,
        data={"parameters": given} if (given := wish.spec.get(model.ASKED)) else None,
    )
    job_id = await jobs.add_leased_job(
        tx,
        caller=lab,
        remoteci_id=wish.remoteci_id,
        body=body,
        definition=Definition(wish.name, spec),
        client=Client(None, None),
    )
    await jobs.wake_lab(tx, job_id=job_id, remoteci_id=wish.remoteci_id)
    return job_id


# answering --------------------------------------------------------------------


async def allow(tx: Transaction, *, caller: Caller, run_id: UUID) -> str:
    """A person of the lab's team lets it run: JSON, with the job. 409 when it is too late, 412
    when no machine of the lab has what it needs."""
    row = await _open_question(tx, caller, run_id)
    said = await store.select_said(tx, row["remoteci_id"], [row["team_id"]], row["product_id"])
    if said is None:
        raise PreconditionFailed("remoteci not active")
    wish = msgspec.convert({**row, "spec": msgspec.json.decode(row["spec"])}, Wish)
    job_id = await _add_job(tx, said.lab(wish.remoteci_id), wish)
    await store.save_answer(tx, run_id, "placed", by=caller.name, job_id=job_id)
    await _note(tx, caller, "allow_lab_run", run_id, row["team_id"], row["remoteci_id"])
    return await get_run(tx, caller=caller, run_id=run_id)


async def refuse(tx: Transaction, *, caller: Caller, run_id: UUID, reason: str | None) -> str:
    """A person of the lab's team does not want it: JSON."""
    row = await _open_question(tx, caller, run_id)
    await store.save_answer(tx, run_id, "refused", by=caller.name, reason=reason)
    await _note(tx, caller, "refuse_lab_run", run_id, row["team_id"], row["remoteci_id"])
    return await get_run(tx, caller=caller, run_id=run_id)


async def _open_question(tx: Transaction, caller: Caller, run_id: UUID) -> asyncpg.Record:
    """Only the lab's own people answer: whoever may do everything else may not do this."""
    await get_run(tx, caller=caller, run_id=run_id)
    row = await store.lock(tx, run_id)
    permit(caller.kind == "user" and row is not None and row["team_id"] in caller.team_ids)
    assert row is not None
    model.require_open(row["status"], row["expires_at"], tx.now)
    return row


async def _note(
    tx: Transaction, caller: Caller, action: str, run_id: UUID, team_id: UUID, lab: UUID
) -> None:
    await accounts.add_audit(tx, caller=caller, action=action, subject_id=run_id, team_id=team_id)
    await tx.add_event(
        EventType.LAB_RUN_CHANGED,
        team_id=team_id,
        topic_id=None,
        run_id=str(run_id),
        remoteci_id=str(lab),
    )


# reading ----------------------------------------------------------------------


async def list_runs(tx: Transaction, *, caller: Caller, query: ListQuery) -> Page:
    """Runs on the labs of the caller's teams, and what these teams wished for elsewhere."""
    return await store.select_page(tx, caller.visible_teams, query)


async def get_run(tx: Transaction, *, caller: Caller, run_id: UUID) -> str:
    """JSON; 404 for one that is not for the caller."""
    return await _required(tx, run_id, caller.visible_teams)


async def _required(tx: Transaction, run_id: UUID, teams: list[UUID] | None) -> str:
    found = await store.select_one(tx, run_id, teams)
    if found is None:
        raise NotFound("lab run not found")
    return found


# consent ----------------------------------------------------------------------


async def list_rules(tx: Transaction, *, caller: Caller, remoteci_id: UUID) -> tuple[str, int, str]:
    """What a lab allows to whom: JSON array, count, and the lab's etag, which a change names."""
    _, etag = await labs.get_machine(tx, caller=caller, kind="remoteci", machine_id=remoteci_id)
    return *await store.select_rules(tx, remoteci_id, caller), etag


async def replace_rules(
    tx: Transaction, *, caller: Caller, remoteci_id: UUID, etag: str, body: Consent
) -> tuple[str, int, str]:
    """What it allows from here on; only people of the lab's own team say so. 404 when the lab, or
    what it allows, changed meanwhile. JSON array, count, the lab's etag."""
    text, _ = await labs.get_machine(tx, caller=caller, kind="remoteci", machine_id=remoteci_id)
    team_id = UUID(msgspec.json.decode(text)["team_id"])
    permit(caller.kind == "user" and team_id in caller.team_ids)
    who = [(one.asker_team_id, one.product_id) for one in body.rules]
    if len({*who}) != len(who):
        raise BadRequest("rules: two are for the same team and product")
    _, fresh = await labs.update_machine(
        tx, caller=caller, kind="remoteci", machine_id=remoteci_id, etag=etag, values={}
    )
    await store.replace_rules(tx, remoteci_id, team_id, body.rules)
    await accounts.add_audit(
        tx, caller=caller, action="replace_lab_consent", subject_id=remoteci_id, team_id=team_id
    )
    return *await store.select_rules(tx, remoteci_id, caller), fresh
