"""Verbs of signatures: what a product adds to the rules, and which rules a topic goes by."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.catalog import service as catalog
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import Conflict
from ringtest.control.masks.model import NO_POLICY, Policy, SetPolicy, check_policy
from ringtest.control.signatures import store
from ringtest.control.signatures.model import ALGORITHM, FIRST_VERSION, version_of


async def get_policy(tx: Transaction, *, caller: Caller, product_id: UUID) -> tuple[str, str]:
    """JSON and etag of a product's policy, for who sees the product."""
    await catalog.get_product(tx, caller=caller, product_id=product_id)
    return await store.select_policy(tx, product_id)


async def set_policy(
    tx: Transaction, *, caller: Caller, product_id: UUID, etag: str, body: SetPolicy
) -> tuple[str, str]:
    """Change it, for who may change the product; 409 when it was changed meanwhile.

    Failures that come are grouped by it at once, those that are there in the background.
    """
    await catalog.get_product(tx, caller=caller, product_id=product_id)
    permit(caller.is_super_admin)
    text, _ = await store.select_policy(tx, product_id)
    old = msgspec.json.decode(text, type=Policy)
    keep = old.keep if body.keep is msgspec.UNSET else tuple(body.keep)
    own_code = old.own_code if body.own_code is msgspec.UNSET else tuple(body.own_code)
    policy = Policy(keep, own_code)
    check_policy(policy)
    if not await store.update_policy(tx, product_id, etag, policy):
        raise Conflict("the policy was changed meanwhile; read it again")
    await accounts.add_audit(
        tx, caller=caller, action="update_signature_policy", subject_id=product_id
    )
    return await store.select_policy(tx, product_id)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a topic's failures are signed. `before`: the policy by which most of them still are,
    while they are signed anew; None: this one, or that of another algorithm."""

    policy: Policy
    version: str
    before: Policy | None = None


async def rules_of(tx: Transaction, *, topic_id: UUID) -> Rules:
    """What to sign failures of a topic with."""
    topic = await store.select_topic(tx, topic_id)
    if topic is None:
        return Rules(NO_POLICY, version_of(NO_POLICY))
    version = version_of(topic.wanted)
    settled = topic.settled_version or FIRST_VERSION
    is_ours = settled.startswith(f"{ALGORITHM}:")
    before = topic.settled if settled != version and is_ours else None
    return Rules(topic.wanted, version, before)
