"""What a caller is told of a row that it does not get to see."""

from typing import Literal, TypeVar
from uuid import UUID

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import NotFound, RingtestError, Unauthorised

Noun = Literal[
    "team",
    "product",
    "topic",
    "component",
    "remoteci",
    "feeder",
    "pipeline",
    "job",
    "file",
    "jobstate",
]
T = TypeVar("T")


async def refusal(tx: Transaction, noun: Noun, row_id: UUID) -> RingtestError:
    """401 when it is there and not for the caller, 404 when there is none (or none any more).

    The wire format tells these apart. It costs a statement, and only on refusals.
    """
    if await tx.fetchval("SELECT rt_known($1, $2)", noun, row_id):
        return Unauthorised()
    return NotFound(f"{noun} not found")


async def seen(tx: Transaction, noun: Noun, row_id: UUID, found: T | None) -> T:
    """What was found; 401 or 404 when the caller does not get to see it."""
    if found is None:
        raise await refusal(tx, noun, row_id)
    return found
