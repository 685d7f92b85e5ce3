"""SQL of signatures: policies of products, and which policy made a topic's signatures."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_etag
from ringtest.control.masks.model import Policy

NEVER_SET = "0" * 32
"""The etag of a policy that nobody set."""


async def select_policy(tx: Transaction, product_id: UUID) -> tuple[str, str]:
    """JSON and etag of a product's policy; the empty one where none was set."""
    row = await tx.fetchrow(
        "SELECT row_to_json(x)::text AS json, x.etag FROM (SELECT p.id AS product_id,"
        " coalesce(s.keep, '{}') AS keep, coalesce(s.own_code, '{}') AS own_code,"
        " s.updated_at, coalesce(s.etag, $2) AS etag FROM products p"
        " LEFT JOIN signature_policies s ON s.product_id = p.id WHERE p.id = $1) x",
        product_id,
        NEVER_SET,
    )
    assert row is not None
    return row["json"], row["etag"]


async def update_policy(tx: Transaction, product_id: UUID, etag: str, policy: Policy) -> bool:
    """Set the policy; False when it has another etag by now."""
    values = (product_id, tx.now, new_etag(), policy.version, list(policy.keep),
              list(policy.own_code))  # fmt: skip
    if etag == NEVER_SET:
        sql = (
            "INSERT INTO signature_policies (product_id, created_at, updated_at, etag, version,"
            " keep, own_code) VALUES ($1, $2, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
        )
        return await tx.execute(sql, *values) == 1
    sql = (
        "UPDATE signature_policies SET updated_at = $2, etag = $3, version = $4, keep = $5,"
        " own_code = $6 WHERE product_id = $1 AND etag = $7"
    )
    return await tx.execute(sql, *values, etag) == 1


@dataclass(frozen=True, slots=True)
class Topic:
    """Policies of a topic: what its product wants, and what its signatures were made with."""

    wanted: Policy
    settled: Policy
    settled_version: str | None


async def select_topic(tx: Transaction, topic_id: UUID) -> Topic | None:
    """Both policies of a topic; None when there is no such topic."""
    row: Any = await tx.fetchrow(
        "SELECT p.keep, p.own_code, s.version, s.policy FROM topics t"
        " LEFT JOIN signature_policies p ON p.product_id = t.product_id"
        " LEFT JOIN failure_topics s ON s.topic_id = t.id WHERE t.id = $1",
        topic_id,
    )
    if row is None:
        return None
    wanted = Policy(tuple(row["keep"] or ()), tuple(row["own_code"] or ()))
    return Topic(wanted, _policy(row["policy"]), row["version"])


def _policy(text: str | None) -> Policy:
    return msgspec.json.decode(text, type=Policy) if text else Policy()
