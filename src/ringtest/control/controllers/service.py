"""Verbs of controllers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import structs

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.controllers import model, store
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.labs import service as labs
from ringtest.control.ports.ci_backend import CiSite
from ringtest.control.ports.secret_box import SecretBox

_TABLE = "ci_controllers"
_NOUN = "controller"


async def create_controller(
    tx: Transaction, *, caller: Caller, body: model.CreateController, secrets: SecretBox
) -> tuple[str, str]:
    """Let a controller stand for a lab: JSON, etag. 409 when the lab has one.

    Administrators only: the server calls whatever address is named here.
    """
    _require_keeper(caller)
    values = structs.asdict(body)
    model.check_controller(values)
    team_id = await labs.require_own(
        tx, caller=caller, kind="remoteci", machine_id=body.remoteci_id
    )
    controller_id = await rows.insert(tx, _TABLE, {**_sealed(values, secrets), "team_id": team_id})
    await _audit(tx, caller, "create", controller_id, team_id)
    return await get_controller(tx, caller=caller, controller_id=controller_id)


async def list_controllers(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """Controllers of the caller's teams' labs, without secrets."""
    return await store.select_controllers(tx, caller.visible_teams, query)


async def get_controller(
    tx: Transaction, *, caller: Caller, controller_id: UUID
) -> tuple[str, str]:
    """JSON, without the secret, and etag."""
    found = await store.select_controller(tx, caller.visible_teams, controller_id)
    return rows.found(found, _NOUN)


async def update_controller(
    tx: Transaction,
    *,
    caller: Caller,
    controller_id: UUID,
    etag: str,
    values: dict[str, Any],
    secrets: SecretBox,
) -> tuple[str, str]:
    """Change a controller; 404 when it changed meanwhile. A new address needs the secret anew:
    it is not told to whoever is there."""
    before = await get_controller(tx, caller=caller, controller_id=controller_id)
    _require_keeper(caller)
    model.check_controller(values)
    if "url" in values:
        values.setdefault("secret", None)
    if not await rows.update(tx, _TABLE, controller_id, _sealed(values, secrets), etag=etag):
        raise NotFound(f"{_NOUN} not found")
    await _audit(tx, caller, "update", controller_id, None)
    if values.get("state") == "archived":
        return before
    return await get_controller(tx, caller=caller, controller_id=controller_id)


async def delete_controller(
    tx: Transaction, *, caller: Caller, controller_id: UUID, etag: str
) -> None:
    """Archive a controller. What it runs now is followed to its end."""
    await get_controller(tx, caller=caller, controller_id=controller_id)
    _require_keeper(caller)
    if not await rows.update(tx, _TABLE, controller_id, {"state": "archived"}, etag=etag):
        raise NotFound(f"{_NOUN} not found")
    await _audit(tx, caller, "delete", controller_id, None)


def _require_keeper(caller: Caller) -> None:
    permit(caller.kind == "user" and caller.writes_all)


def _sealed(values: dict[str, Any], secrets: SecretBox) -> dict[str, Any]:
    if values.get("secret"):
        return {**values, "secret": secrets.seal(values["secret"])}
    return values | ({"secret": None} if "secret" in values else {})


async def _audit(
    tx: Transaction, caller: Caller, verb: str, controller_id: UUID, team_id: UUID | None
) -> None:
    action = f"{verb}_ci_controller"
    await accounts.add_audit(
        tx, caller=caller, action=action, subject_id=controller_id, team_id=team_id
    )


# for the room that follows builds ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where builds of a controller are, and for which lab."""

    kind: str
    site: CiSite
    remoteci_id: UUID


async def list_active(tx: Transaction) -> list[tuple[UUID, UUID]]:
    """Controllers that take jobs, each with its lab."""
    return [(row["id"], row["remoteci_id"]) for row in await store.select_active(tx)]


async def place_of(tx: Transaction, *, controller_id: UUID, secrets: SecretBox) -> Place:
    """Where a controller is, its secret opened; ValueError when the server's key is another."""
    row = await store.select_site(tx, controller_id)
    if row is None:
        raise NotFound(f"{_NOUN} not found")
    secret = secrets.open(row["secret"]) if row["secret"] else ""
    site = CiSite(row["url"], row["username"], secret, row["ca"])
    return Place(row["kind"], site, row["remoteci_id"])
