"""Verbs of tokens: make, list, revoke. Who may use one is decided in room `identity`."""

from uuid import UUID

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.identity.model import token_hash
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.labs import service as labs
from ringtest.control.tokens import model, store


async def create_token(
    tx: Transaction, *, caller: Caller, body: model.CreateToken, max_days: int
) -> tuple[str, str, str]:
    """A token of the caller, or of a machine of its teams: JSON, etag, and the token itself,
    which nothing shows again. A person's token may be narrowed to one of its teams."""
    permit(caller.via != "token", "a token makes no tokens: log in, or sign the request")
    machine = model.holder_of(body, caller)
    scopes = model.checked_scopes(body.scopes)
    end = model.checked_end(body.expires_at, tx.now, max_days)
    team_id = body.team_id
    if machine is not None:
        kind, holder_id = machine
        own_team = await labs.require_own(tx, caller=caller, kind=kind, machine_id=holder_id)
        permit(team_id in (None, own_team), "a machine's token is of the machine's team")
        team_id = own_team
    else:
        permit(team_id is None or team_id in caller.team_ids, "you are not a member of this team")
    token = model.new_token()
    values = {
        "name": body.name,
        "holder_kind": machine[0] if machine else "user",
        "holder_id": machine[1] if machine else caller.id,
        "team_id": team_id,
        "scopes": scopes,
        "token_hash": token_hash(token),
        "hint": token[: model.HINT],
        "expires_at": end,
    }
    token_id = await rows.insert(tx, "api_tokens", values)
    tx.concern(token_id, team_id)
    return *rows.found(await store.select_one(tx, caller, token_id), "token"), token


async def list_tokens(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of the caller's tokens and of those of its teams' machines."""
    return await store.select_page(tx, caller, query)


async def get_token(tx: Transaction, *, caller: Caller, token_id: UUID) -> tuple[str, str]:
    """JSON and etag; never the token."""
    return rows.found(await store.select_one(tx, caller, token_id), "token")


async def revoke_token(tx: Transaction, *, caller: Caller, token_id: UUID, etag: str) -> None:
    """The token stops working, in every process; 404 when it changed meanwhile."""
    rows.found(await store.select_one(tx, caller, token_id), "token")
    if not await rows.update(tx, "api_tokens", token_id, {"state": "archived"}, etag=etag):
        raise NotFound("token not found")
