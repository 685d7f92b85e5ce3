"""Verbs of reporting: keep targets, plan one delivery per target and group, send what is due."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, RoleNames, permit
from ringtest.control.catalog import service as catalog
from ringtest.control.db import rows
from ringtest.control.db.outbox import Event
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.notifications import service as notifications
from ringtest.control.notifications.model import due
from ringtest.control.ports.notifier import DeliveryFailed, Message, Notifier
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.reporting import model, store
from ringtest.control.triage import service as triage

log = logging.getLogger(__name__)

"""How long a sender may hold a delivery: more than any channel needs for one try."""

# Targets ---------------------------------------------------------------------


def _keeps(caller: Caller) -> list[UUID] | None:
    """Teams whose members' targets the caller keeps; None: every target. People only."""
    permit(caller.kind == "user")
    return None if caller.writes_all else sorted(caller.team_ids)


async def create_target(
    tx: Transaction,
    *,
    caller: Caller,
    body: model.CreateTarget,
    secrets: SecretBox,
    networks: tuple[str, ...] = (),
) -> tuple[str, str]:
    """Add a receiver. It hears of what its team may see, first seen from now on.

    Members of a team may add webhooks for it, to public addresses and `networks`.
    """
    keeps = _keeps(caller)
    values = structs.asdict(body)
    permit(keeps is None or body.team_id in keeps)
    await accounts.require_team(tx, team_id=body.team_id)
    values["by_member"] = keeps is not None
    await _check(tx, caller, values, channel=body.channel, networks=networks)
    target_id = await rows.insert(tx, "report_targets", _sealed(values, secrets))
    await _audit(tx, caller, "create", target_id)
    return await get_target(tx, caller=caller, target_id=target_id)


async def list_targets(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """Targets without their secrets: JSON array and count."""
    return await store.select_targets(tx, _keeps(caller), query)


async def get_target(tx: Transaction, *, caller: Caller, target_id: UUID) -> tuple[str, str]:
    """JSON, without the secret, and etag of a target."""
    found = await store.select_target(tx, _keeps(caller), target_id)
    return rows.found(found, "report target")


async def update_target(
    tx: Transaction,
    *,
    caller: Caller,
    target_id: UUID,
    etag: str,
    values: dict[str, Any],
    secrets: SecretBox,
    networks: tuple[str, ...] = (),
) -> tuple[str, str]:
    """Change a target; a secret that is not given stays. 409 when it was changed meanwhile."""
    target = await _own_target(tx, caller, target_id)
    checked = {**values, "by_member": target.by_member}
    await _check(tx, caller, checked, channel=target.channel, networks=networks)
    row = {**_sealed(checked, secrets), "resting_until": None}
    if not await rows.update(tx, "report_targets", target_id, row, etag=etag):
        raise Conflict("the target was changed meanwhile; read it again")
    await _audit(tx, caller, "update", target_id)
    return await get_target(tx, caller=caller, target_id=target_id)


async def delete_target(tx: Transaction, *, caller: Caller, target_id: UUID, etag: str) -> None:
    """Archive a target; what waits for it is given up, what it got stays on record."""
    await _own_target(tx, caller, target_id)
    gone = {"state": "archived", "secret": None}
    if not await rows.update(tx, "report_targets", target_id, gone, etag=etag):
        raise Conflict("the target was changed meanwhile; read it again")
    await store.fail_pending(tx, target_id, "the target was removed")
    await _audit(tx, caller, "delete", target_id)


async def ping_target(tx: Transaction, *, caller: Caller, target_id: UUID) -> str:
    """Send the target a test, now: JSON of the delivery. 409 while one is on its way."""
    target = await _own_target(tx, caller, target_id)
    report = model.render_ping(target.name, tx.now)
    await store.rest_target(tx, target_id, None)
    delivery_id = await store.tell_target(
        tx, target_id, kind=model.PING, subject=report.subject, body=report.body
    )
    text = await store.select_delivery(tx, delivery_id) if delivery_id else None
    assert text is not None
    return text


async def _own_target(tx: Transaction, caller: Caller, target_id: UUID) -> store.Target:
    target = await store.lock_target(tx, _keeps(caller), target_id)
    if target is None:
        raise NotFound("report target not found")
    return target


async def _audit(tx: Transaction, caller: Caller, verb: str, target_id: UUID) -> None:
    action = f"{verb}_report_target"
    await accounts.add_audit(tx, caller=caller, action=action, subject_id=target_id)


async def _check(
    tx: Transaction,
    caller: Caller,
    values: dict[str, Any],
    *,
    channel: str,
    networks: tuple[str, ...],
) -> None:
    """400 for what such a target cannot have; its event types are tidied."""
    if "address" in values:
        model.check_address(channel, values["address"])
    if values["by_member"]:
        if channel != "webhook":
            raise BadRequest("channel: members of a team may add webhooks; mail comes to those"
                             " who follow a lab or a topic")  # fmt: skip
        if "address" in values:
            model.refuse_inner_address(values["address"], networks)
    if "events" in values:
        values["events"] = model.clean_events(values["events"])
    if values.get("topic_id") is not None:
        await catalog.require_topic(tx, caller=caller, topic_id=values["topic_id"])


def _sealed(values: dict[str, Any], secrets: SecretBox) -> dict[str, Any]:
    if "secret" not in values:
        return values
    secret = values["secret"]
    if secret is not None and not secret.strip():
        raise BadRequest("secret: must not be blank; leave it out or give null")
    return {**values, "secret": None if secret is None else secrets.seal(secret)}


# Deliveries --------------------------------------------------------------------


async def list_deliveries(tx: Transaction, *, query: ListQuery) -> rows.Page:
    """Deliveries to targets of the tenant's teams, and to itself: JSON array and count."""
    return await store.select_deliveries(tx, query)


async def list_target_deliveries(
    tx: Transaction, *, caller: Caller, target_id: UUID, query: ListQuery
) -> rows.Page:
    """What one target got, and what waits for it: JSON array and count."""
    await get_target(tx, caller=caller, target_id=target_id)
    asked = replace(query, where=(*query.where, ("target_id", str(target_id))))
    return await store.select_deliveries(tx, asked)


async def retry_delivery(tx: Transaction, *, caller: Caller, delivery_id: UUID) -> str:
    """Send it again from its first attempt on, now; 409 when it was delivered."""
    keeps = _keeps(caller)
    status = await store.lock_delivery(tx, delivery_id)
    if status is None:
        raise NotFound("delivery not found")
    permit(keeps is None or await store.may_retry(tx, delivery_id, keeps))
    if status == "delivered":
        raise Conflict("the report was delivered; it is not sent twice")
    await store.reset_delivery(tx, delivery_id)
    text = await store.select_delivery(tx, delivery_id)
    assert text is not None
    return text


async def plan_deliveries(
    tx: Transaction, *, group_id: UUID, topic_id: UUID, roles: RoleNames, public_url: str
) -> int:
    """One delivery for every target that has not heard of the group; how many are new.

    A target hears of groups that its team first saw when the target was there already:
    a new receiver is not flooded with the past. Targets of the role teams see what every
    team sees, others what their own labs saw.
    """
    planned = 0
    place = await store.select_place(tx, topic_id)
    for target in await store.select_matching(tx, topic_id, group_id) if place else []:
        teams = _view(target.team_id, target.team, roles)
        first = await triage.first_seen(tx, group_id=group_id, teams=teams)
        if place is None or first is None or first < target.created_at:
            continue
        group = await triage.get_group(tx, group_id=group_id, teams=teams)
        report = model.render(group, place, public_url=public_url)
        planned += await store.insert_delivery(
            tx,
            target,
            group_id=group_id,
            topic_id=topic_id,
            subject=report.subject,
            body=report.body,
            next_at=tx.now + model.SETTLE,
        )
    return planned


async def plan_event(tx: Transaction, *, event: Event, roles: RoleNames, public_url: str) -> None:
    """Whatever the event asks for: reports of a group, webhooks that chose its type, mail."""
    if event.type == model.GROUPED:
        if event.topic_id is not None:
            group_id = UUID(event.payload["group_id"])
            await plan_deliveries(
                tx, group_id=group_id, topic_id=event.topic_id, roles=roles, public_url=public_url
            )
        return
    await plan_webhooks(tx, event=event, roles=roles)
    await plan_mail(tx, event=event)


async def plan_webhooks(tx: Transaction, *, event: Event, roles: RoleNames) -> None:
    """One delivery for every target that chose the type and whose team may see the event.

    What it says is read when it is sent, and only if the team may still see it then.
    """
    names = (roles.super_admin, roles.epm, roles.read_only)
    for target_id in await store.select_listening(tx, event, names):
        await store.tell_target(
            tx,
            target_id,
            kind=event.type.value,
            subject=event.type.value,
            body={},
            event_id=event.id,
            topic_id=event.topic_id,
        )


async def plan_mail(tx: Transaction, *, event: Event) -> None:
    """The event goes into the next mail of everyone who follows its lab or topic."""
    for user_id in sorted(await notifications.note(tx, event=event)):
        waiting, last = await store.select_mail(tx, user_id)
        if waiting is None:
            waiting = await store.insert_mail(tx, user_id, due(tx.now, last))
        await notifications.attach(tx, user_id=user_id, event_id=event.id, delivery_id=waiting)


def _view(team_id: UUID, team: str, roles: RoleNames) -> list[UUID] | None:
    """Teams of which a target of that team may hear."""
    return None if team in roles else [team_id]


# Sending -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending needs."""

    db: Database
    notifiers: Mapping[str, Notifier]
    secrets: SecretBox
    roles: RoleNames
    public_url: str
    networks: tuple[str, ...]
    claimed_for: timedelta
    """How long a delivery is one sender's own."""

    async def expire(self) -> int:
        """Give up what waited too long, forget old records of events and mails."""
        async with self.db.transaction(SYSTEM) as tx:
            stale, kept = tx.now - model.STALE, tx.now - model.KEPT
            return await store.expire(tx, stale=stale, kept=kept, limit=1000)

    async def send_next(self) -> int:
        """Send one delivery that is due; 0 when none is.

        Claim, send, record: a crash between the last two sends the same id again when the
        claim has run out, and receivers know a message by its id.
        """
        async with self.db.transaction(SYSTEM) as tx:
            claims = await store.claim_due(tx, until=tx.now + self.claimed_for, limit=1)
        for claim in claims:
            report = await self._prepare(claim)
            if report is not None:
                await self._send(claim, report)
        return len(claims)

    async def _prepare(self, claim: store.Claim) -> model.Rendered | None:
        """The report as things stand now; None when it must wait or has lost its matter."""
        if claim.group_id is not None:
            return await self._prepare_group(claim, claim.group_id)
        if claim.user_id is not None:
            report = await self._write_mail(claim, claim.user_id)
        elif claim.event_id is not None:
            report = await self._describe(claim, claim.event_id)
        else:
            return await self._as_planned(claim)
        async with self.db.transaction(SYSTEM) as tx:
            if report is None or not claim.address:
                await store.drop(tx, claim)
                return None
            await store.set_content(tx, claim, report.subject, report.body)
        return report

    async def _prepare_group(self, claim: store.Claim, group_id: UUID) -> model.Rendered | None:
        assert claim.team_id is not None and claim.topic_id is not None
        teams = _view(claim.team_id, claim.team or "", self.roles)
        async with self.db.transaction(SYSTEM) as tx:
            is_young = claim.attempts == 1 and tx.now < claim.created_at + model.SETTLE_LIMIT
            if is_young and await triage.is_settling(tx, group_id=group_id, teams=teams):
                later = tx.now + model.SETTLE_STEP
                await store.release(tx, claim, next_at=later, answer=None, counts=False)
                return None
            place = await store.select_place(tx, claim.topic_id)
            try:
                group = await triage.get_group(tx, group_id=group_id, teams=teams)
            except NotFound:
                place = None  # its jobs were run again and passed, or were deleted
            if place is None:
                await store.drop(tx, claim)
                return None
            report = model.render(group, place, public_url=self.public_url)
            await store.set_content(tx, claim, report.subject, report.body)
            return report

    async def _write_mail(self, claim: store.Claim, user_id: UUID) -> model.Rendered | None:
        mail = await notifications.write_mail(
            self.db,
            delivery_id=claim.id,
            user_id=user_id,
            roles=self.roles,
            public_url=self.public_url,
        )
        return model.Rendered(mail.subject, mail.text, mail.body) if mail else None

    async def _describe(self, claim: store.Claim, event_id: int) -> model.Rendered | None:
        """The event as the target's team sees it at this moment, read as that team."""
        assert claim.team_id is not None
        teams = _view(claim.team_id, claim.team or "", self.roles)
        tenant = SYSTEM if teams is None else Tenant(
            teams=frozenset(teams), pre_release=bool(claim.pre_release)
        )  # fmt: skip
        async with self.db.transaction(tenant) as tx:
            told = await notifications.describe_event(tx, event_id=event_id, teams=teams)
        return model.render_event(told, public_url=self.public_url) if told else None

    async def _as_planned(self, claim: store.Claim) -> model.Rendered | None:
        async with self.db.transaction(SYSTEM) as tx:
            content = await store.select_content(tx, claim)
        if content is None:
            return None
        body = msgspec.json.decode(content[1])
        return model.Rendered(content[0], body["text"], body)

    async def _send(self, claim: store.Claim, report: model.Rendered) -> None:
        try:
            answer = await self._notify(claim, report)
        except DeliveryFailed as failure:
            await self._record_failure(claim, failure)
        else:
            async with self.db.transaction(SYSTEM) as tx:
                if claim.target_id is not None:
                    await store.rest_target(tx, claim.target_id, None)
                is_ours = await store.close(tx, claim, status="delivered", answer=answer)
                if is_ours and claim.group_id is not None:
                    await _tell(tx, EventType.REPORT_DELIVERED, claim)

    async def _notify(self, claim: store.Claim, report: model.Rendered) -> str:
        notifier = self.notifiers.get(claim.channel)
        if notifier is None:
            raise DeliveryFailed(f"no connector for the channel {claim.channel}")
        try:
            secret = self.secrets.open(claim.secret) if claim.secret else ""
        except ValueError:
            raise DeliveryFailed(
                "the secret cannot be read with the server's key; set it again", again=False
            ) from None
        message = Message(
            id=str(claim.id),
            address=claim.address or "",
            subject=report.subject,
            text=report.text,
            body=report.body,
            secret=secret,
            networks=self.networks if claim.by_member else None,
        )
        try:
            return await notifier.send(message)
        except DeliveryFailed:
            raise
        except Exception as error:
            log.exception("report.broken channel=%s delivery=%s", claim.channel, claim.id)
            raise DeliveryFailed(f"the connector failed: {type(error).__name__}") from error

    async def _record_failure(self, claim: store.Claim, failure: DeliveryFailed) -> None:
        answer = failure.answer[:200]
        async with self.db.transaction(SYSTEM) as tx:
            if failure.again and claim.attempts < model.MAX_ATTEMPTS:
                next_at = tx.now + model.retry_delay(claim.id, claim.attempts)
                await store.release(tx, claim, next_at=next_at, answer=answer, counts=True)
                if claim.target_id is not None:
                    await store.rest_target(tx, claim.target_id, next_at)
            elif await store.close(tx, claim, status="failed", answer=answer):
                await _tell(tx, EventType.REPORT_FAILED, claim)


async def _tell(tx: Transaction, event: EventType, claim: store.Claim) -> None:
    await tx.add_event(
        event,
        team_id=claim.team_id,
        topic_id=claim.topic_id,
        delivery_id=str(claim.id),
        group_id=str(claim.group_id) if claim.group_id else None,
    )
