"""Verbs of reporting: keep targets, plan one delivery per target and group, send what is due."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, RoleNames, permit
from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.ports.notifier import DeliveryFailed, Message, Notifier
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.reporting import model, store
from ringtest.control.triage import service as triage

log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=120)
"""How long a sender may hold a delivery: more than any channel needs for one try."""

# Targets ---------------------------------------------------------------------


async def create_target(
    tx: Transaction, *, caller: Caller, body: model.CreateTarget, secrets: SecretBox
) -> tuple[str, str]:
    """Add a receiver of reports. It hears of what its team may see, first seen from now on."""
    permit(caller.writes_all)
    values = structs.asdict(body)
    model.check_address(values["channel"], values["address"])
    if not await store.is_known(tx, "teams", values["team_id"]):
        raise NotFound("team not found")
    await _check_topic(tx, values)
    target_id = await rows.insert(tx, "report_targets", _sealed(values, secrets))
    await _audit(tx, caller, "create", target_id)
    return await get_target(tx, caller=caller, target_id=target_id)


async def list_targets(tx: Transaction, *, caller: Caller, query: ListQuery) -> tuple[str, int]:
    """Targets without their secrets: JSON array and count."""
    permit(caller.writes_all)
    return await store.select_targets(tx, query)


async def get_target(tx: Transaction, *, caller: Caller, target_id: UUID) -> tuple[str, str]:
    """JSON, without the secret, and etag of a target."""
    permit(caller.writes_all)
    found = await store.select_target(tx, target_id)
    if found is None:
        raise NotFound("report target not found")
    return found


async def update_target(
    tx: Transaction,
    *,
    caller: Caller,
    target_id: UUID,
    etag: str,
    values: dict[str, Any],
    secrets: SecretBox,
) -> tuple[str, str]:
    """Change a target; a secret that is not given stays. 409 when it was changed meanwhile."""
    permit(caller.writes_all)
    channel = await store.select_channel(tx, target_id)
    if channel is None:
        raise NotFound("report target not found")
    if "address" in values:
        model.check_address(channel, values["address"])
    await _check_topic(tx, values)
    if not await rows.update(tx, "report_targets", target_id, _sealed(values, secrets), etag=etag):
        raise Conflict("the target was changed meanwhile; read it again")
    await _audit(tx, caller, "update", target_id)
    return await get_target(tx, caller=caller, target_id=target_id)


async def delete_target(tx: Transaction, *, caller: Caller, target_id: UUID, etag: str) -> None:
    """Archive a target; what waits for it is given up, what it got stays on record."""
    permit(caller.writes_all)
    await get_target(tx, caller=caller, target_id=target_id)
    gone = {"state": "archived", "secret": None}
    if not await rows.update(tx, "report_targets", target_id, gone, etag=etag):
        raise Conflict("the target was changed meanwhile; read it again")
    await store.fail_pending(tx, target_id, "the target was removed")
    await _audit(tx, caller, "delete", target_id)


async def _audit(tx: Transaction, caller: Caller, verb: str, target_id: UUID) -> None:
    action = f"{verb}_report_target"
    await accounts.add_audit(tx, caller=caller, action=action, subject_id=target_id)


async def _check_topic(tx: Transaction, values: dict[str, Any]) -> None:
    topic_id = values.get("topic_id")
    if topic_id is not None and not await store.is_known(tx, "topics", topic_id):
        raise NotFound("topic not found")


def _sealed(values: dict[str, Any], secrets: SecretBox) -> dict[str, Any]:
    if "secret" not in values:
        return values
    secret = values["secret"]
    if secret is not None and not secret.strip():
        raise BadRequest("secret: must not be blank; leave it out or give null")
    return {**values, "secret": None if secret is None else secrets.seal(secret)}


# Deliveries --------------------------------------------------------------------


async def list_deliveries(tx: Transaction, *, query: ListQuery) -> tuple[str, int]:
    """Deliveries to targets of the tenant's teams: JSON array and count."""
    return await store.select_deliveries(tx, query)


async def retry_delivery(tx: Transaction, *, caller: Caller, delivery_id: UUID) -> str:
    """Send it again from its first attempt on, now; 409 when it was delivered."""
    permit(caller.writes_all)
    status = await store.lock_delivery(tx, delivery_id)
    if status is None:
        raise NotFound("delivery not found")
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

    async def send_next(self) -> int:
        """Send one delivery that is due; 0 when none is.

        Claim, send, record: a crash between the last two sends the same id again when the
        claim has run out, and receivers know a message by its id.
        """
        async with self.db.transaction(SYSTEM) as tx:
            claims = await store.claim_due(tx, until=tx.now + _LEASE, limit=1)
        for claim in claims:
            report = await self._prepare(claim)
            if report is not None:
                await self._send(claim, report)
        return len(claims)

    async def _prepare(self, claim: store.Claim) -> model.Rendered | None:
        """The report as things stand now; None when it must wait or has lost its matter."""
        teams = _view(claim.team_id, claim.team, self.roles)
        async with self.db.transaction(SYSTEM) as tx:
            is_young = claim.attempts == 1 and tx.now < claim.created_at + model.SETTLE_LIMIT
            if is_young and await triage.is_settling(tx, group_id=claim.group_id, teams=teams):
                later = tx.now + model.SETTLE_STEP
                await store.release(tx, claim, next_at=later, answer=None, counts=False)
                return None
            place = await store.select_place(tx, claim.topic_id)
            try:
                group = await triage.get_group(tx, group_id=claim.group_id, teams=teams)
            except NotFound:
                place = None  # its jobs were run again and passed, or were deleted
            if place is None:
                await store.drop(tx, claim)
                return None
            report = model.render(group, place, public_url=self.public_url)
            await store.set_content(tx, claim, report.subject, report.body)
            return report

    async def _send(self, claim: store.Claim, report: model.Rendered) -> None:
        try:
            answer = await self._notify(claim, report)
        except DeliveryFailed as failure:
            await self._record_failure(claim, failure)
        else:
            async with self.db.transaction(SYSTEM) as tx:
                if await store.close(tx, claim, status="delivered", answer=answer):
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
            address=claim.address,
            subject=report.subject,
            text=report.text,
            body=report.body,
            secret=secret,
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
            elif await store.close(tx, claim, status="failed", answer=answer):
                await _tell(tx, EventType.REPORT_FAILED, claim)


async def _tell(tx: Transaction, event: EventType, claim: store.Claim) -> None:
    await tx.add_event(
        event,
        team_id=claim.team_id,
        topic_id=claim.topic_id,
        delivery_id=str(claim.id),
        group_id=str(claim.group_id),
    )
