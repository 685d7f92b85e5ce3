"""Verbs of the list of ends: for super admins, whose programs follow all teams."""

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.jobs_events import store
from ringtest.control.jobs_events.model import LARGEST, PutSequence
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound
from ringtest.control.kernel.paging import ListQuery


async def list_ends(tx: Transaction, *, caller: Caller, number: int, query: ListQuery) -> Page:
    """Ends from a number on: JSON array, count."""
    permit(caller.is_super_admin)
    return await store.select_page(tx, number, query)


async def delete_ends(tx: Transaction, *, caller: Caller, number: int) -> None:
    """Forget what `list_ends` gives for the same number."""
    permit(caller.is_super_admin)
    await store.delete(tx, number)


async def get_sequence(tx: Transaction, *, caller: Caller) -> tuple[int, str]:
    """How far readers are, and the etag of that."""
    permit(caller.is_super_admin)
    found = await store.select_counter(tx)
    if found is None:
        raise NotFound("sequence not found")
    return found["sequence"], found["etag"]


async def put_sequence(tx: Transaction, *, caller: Caller, etag: str, body: PutSequence) -> None:
    """Readers are that far; 409 when somebody else said so meanwhile."""
    permit(caller.is_super_admin)
    if not 0 <= body.sequence <= LARGEST:
        raise BadRequest("Request malformed", error="sequence: must be 0 or more")
    if not await store.save_counter(tx, body.sequence, etag=etag):
        raise Conflict("the sequence was changed meanwhile: read it again")
