"""Verbs of labs: remote CIs and feeders, their keys, who hears of them, when they speak."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, Machine, permit
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.db.unseen import seen
from ringtest.control.kernel.errors import Conflict, NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.ids import new_secret
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.windows import Window
from ringtest.control.labs import store
from ringtest.control.labs.model import CONNECTED_FOR
from ringtest.control.ports.secret_box import SecretBox

# Remote CIs and feeders --------------------------------------------------------------


def _readable(kind: Machine, caller: Caller) -> list[UUID] | None:
    """Teams whose machines the caller reads; read-only members see labs, not feeders."""
    if kind == "feeder":
        return None if caller.writes_all else sorted(caller.team_ids)
    return caller.visible_teams


async def create_machine(
    tx: Transaction, *, caller: Caller, secrets: SecretBox, kind: Machine, values: dict[str, Any]
) -> tuple[str, str, str]:
    """Add a lab (members of its team) or a feeder (administrators): JSON, etag, API secret."""
    team_id: UUID = values["team_id"]
    permit(caller.is_member(team_id) if kind == "remoteci" else caller.writes_all)
    await accounts.require_team(tx, team_id=team_id)
    machine_id = await rows.insert(tx, f"{kind}s", values)
    secret = new_secret()
    await store.add_key(tx, kind, machine_id, secrets.seal(secret))
    await accounts.add_audit(
        tx, caller=caller, action=f"create_{kind}", subject_id=machine_id, team_id=team_id
    )
    return *rows.found(await store.get_machine(tx, kind, machine_id, None), kind), secret


async def list_machines(
    tx: Transaction, *, caller: Caller, kind: Machine, query: ListQuery
) -> rows.Page:
    """A page of the machines that the caller may see."""
    return await store.list_machines(tx, kind, query, _readable(kind, caller))


async def list_team_remotecis(
    tx: Transaction, *, caller: Caller, team_id: UUID, query: ListQuery
) -> rows.Page:
    """A page of a team's labs, for its members."""
    await accounts.get_team(tx, caller=caller, team_id=team_id)
    permit(caller.is_member(team_id))
    return await store.list_machines(tx, "remoteci", query, None, team_id=team_id)


async def get_machine(
    tx: Transaction, *, caller: Caller, kind: Machine, machine_id: UUID
) -> tuple[str, str]:
    """JSON and etag of a machine that the caller may see; never its key."""
    found = await store.get_machine(tx, kind, machine_id, _readable(kind, caller))
    return await seen(tx, kind, machine_id, found)


async def require_window(tx: Transaction, *, caller: Caller, window: Window) -> list[UUID] | None:
    """The teams whose rows a question is about (None: every team's); 401 or 404 for a lab or a
    team that is not for the caller."""
    teams = caller.visible_teams
    if window.team_id is not None:
        permit(teams is None or window.team_id in teams)
        teams = [window.team_id]
    if window.remoteci_id is not None:
        await get_machine(tx, caller=caller, kind="remoteci", machine_id=window.remoteci_id)
    return teams


async def _own_machine(tx: Transaction, caller: Caller, kind: Machine, machine_id: UUID) -> UUID:
    """Its team; 401 when the caller may not change it, 404 when there is none."""
    found = await store.get_machine_team(tx, kind, machine_id, _readable(kind, caller))
    team_id = await seen(tx, kind, machine_id, found)
    permit(caller.is_member(team_id))
    return team_id


async def update_machine(
    tx: Transaction,
    *,
    caller: Caller,
    kind: Machine,
    machine_id: UUID,
    etag: str,
    values: dict[str, Any],
) -> tuple[str, str]:
    """Change a machine; 404 when it changed meanwhile. Another team_id moves it there."""
    team_id = await _own_machine(tx, caller, kind, machine_id)
    target: UUID = values.get("team_id", team_id)
    if target != team_id:
        await _move(tx, caller, kind, machine_id, target)
    if not await rows.update(tx, f"{kind}s", machine_id, values, etag=etag):
        raise NotFound(f"{kind} not found")
    if values.get("state") == "archived":
        await store.archive_machine(tx, kind, machine_id)
    return rows.found(await store.get_machine(tx, kind, machine_id, None, archived=True), kind)


async def _move(
    tx: Transaction, caller: Caller, kind: Machine, machine_id: UUID, team_id: UUID
) -> None:
    """Into another team of the caller's; what a lab did stays with the team it did it for.

    409 while it has jobs that have not ended: they are its old team's, which it leaves.
    """
    permit(caller.is_member(team_id))
    await accounts.require_team(tx, team_id=team_id)
    if kind == "remoteci":
        if await store.has_open_jobs(tx, machine_id):
            raise Conflict("the lab has jobs that have not ended; end or cancel them first")
        await store.move_subscriptions(tx, machine_id, team_id)


async def delete_machine(
    tx: Transaction, *, caller: Caller, kind: Machine, machine_id: UUID, etag: str
) -> None:
    """Archive a machine; its keys stop working, and a lab's jobs are archived with it."""
    team_id = await _own_machine(tx, caller, kind, machine_id)
    if not await rows.update(tx, f"{kind}s", machine_id, {"state": "archived"}, etag=etag):
        raise NotFound(f"{kind} not found")
    await store.archive_machine(tx, kind, machine_id)
    await accounts.add_audit(
        tx, caller=caller, action=f"delete_{kind}", subject_id=machine_id, team_id=team_id
    )


async def require_own(tx: Transaction, *, caller: Caller, kind: Machine, machine_id: UUID) -> UUID:
    """The team of a machine that the caller may change; 401 or 404 else."""
    return await _own_machine(tx, caller, kind, machine_id)


async def replace_key(
    tx: Transaction,
    *,
    caller: Caller,
    secrets: SecretBox,
    kind: Machine,
    machine_id: UUID,
    overlap: timedelta,
) -> tuple[str, str, str]:
    """A new API secret: JSON, etag, secret. Earlier ones count for `overlap` more."""
    team_id = await _own_machine(tx, caller, kind, machine_id)
    await rows.update(tx, f"{kind}s", machine_id, {}, etag=None)
    await store.retire_keys(tx, kind, machine_id, tx.now + overlap)
    secret = new_secret()
    await store.add_key(tx, kind, machine_id, secrets.seal(secret))
    await accounts.add_audit(
        tx, caller=caller, action=f"replace_{kind}_key", subject_id=machine_id, team_id=team_id
    )
    return *rows.found(await store.get_machine(tx, kind, machine_id, None), kind), secret


async def open_keys(
    tx: Transaction, *, secrets: SecretBox, kind: Machine, machine_id: UUID
) -> list[str]:
    """The secrets of a machine, for the server itself: what must not show up anywhere."""
    opened = []
    for sealed in await store.select_secrets(tx, kind, machine_id):
        with suppress(ValueError):  # sealed with another key: nobody can use it
            opened.append(secrets.open(sealed))
    return opened


async def list_keys(
    tx: Transaction, *, caller: Caller, kind: Machine, machine_id: UUID
) -> rows.Page:
    """Ids and dates of the keys that count now, for who may replace them; never a secret."""
    await _own_machine(tx, caller, kind, machine_id)
    return await store.list_keys(tx, kind, machine_id)


async def retire_key(
    tx: Transaction, *, caller: Caller, kind: Machine, machine_id: UUID, key_id: UUID
) -> None:
    """This key counts no more; 404 when it does not count already. The last one may go too:
    the machine is then shut out until it gets a new one."""
    team_id = await _own_machine(tx, caller, kind, machine_id)
    if not await store.retire_key(tx, kind, machine_id, key_id):
        raise NotFound("key not found")
    await accounts.add_audit(
        tx, caller=caller, action=f"retire_{kind}_key", subject_id=machine_id, team_id=team_id
    )


async def get_remoteci_data(
    tx: Transaction, *, caller: Caller, remoteci_id: UUID, keys: list[str] | None
) -> str:
    """The lab's `data` as JSON, cut down to `keys` if given."""
    data = await store.get_data(tx, remoteci_id, caller.visible_teams, keys)
    return await seen(tx, "remoteci", remoteci_id, data)


async def subscribe(tx: Transaction, *, caller: Caller, remoteci_id: UUID) -> None:
    """The caller wants the lab's mail; 409 when it gets it already."""
    permit(caller.kind == "user")
    await _own_machine(tx, caller, "remoteci", remoteci_id)
    await store.subscribe(tx, remoteci_id, caller.id)


async def unsubscribe(tx: Transaction, *, caller: Caller, remoteci_id: UUID, user_id: UUID) -> None:
    """End a user's subscription; 404 when there is none."""
    await _own_machine(tx, caller, "remoteci", remoteci_id)
    if not await store.unsubscribe(tx, remoteci_id, user_id):
        raise NotFound("the user is not subscribed to this remoteci")


async def list_subscribers(tx: Transaction, *, caller: Caller, remoteci_id: UUID) -> rows.Page:
    """Users who get the lab's mail."""
    await _own_machine(tx, caller, "remoteci", remoteci_id)
    return await store.subscribers_of(tx, remoteci_id)


async def list_user_remotecis(tx: Transaction, *, caller: Caller, user_id: UUID) -> rows.Page:
    """Labs whose mail the user gets."""
    await accounts.get_user(tx, caller=caller, user_id=user_id)
    return await store.remotecis_of_user(tx, user_id)


# Labs that speak and fall silent -----------------------------------------------------


async def touch_remoteci(
    tx: Transaction, *, remoteci_id: UUID, agent_version: str | None = None
) -> None:
    """A lab's agent spoke. Says so to everyone if it was silent before."""
    await touch_remotecis(tx, versions={remoteci_id: agent_version})


async def touch_remotecis(tx: Transaction, *, versions: Mapping[UUID, str | None]) -> None:
    """The same of many labs at once; their agents' versions by lab."""
    for lab in await store.touch(tx, versions):
        if lab["before"] is None or tx.now - lab["before"] >= CONNECTED_FOR:
            await _tell_lab_seen(tx, lab["id"], lab["team_id"], connected=True)


async def tell_silent_labs(tx: Transaction, *, limit: int = 50) -> int:
    """Say of labs that fell silent that they did; returns how many."""
    silent = await store.newly_silent(tx, limit=limit)
    for lab in silent:
        await _tell_lab_seen(tx, lab["id"], lab["team_id"], connected=False)
    return len(silent)


async def _tell_lab_seen(
    tx: Transaction, remoteci_id: UUID, team_id: UUID, *, connected: bool
) -> None:
    await tx.add_event(
        EventType.LAB_SEEN,
        team_id=team_id,
        topic_id=None,
        remoteci_id=str(remoteci_id),
        connected=connected,
    )
