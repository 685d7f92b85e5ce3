"""What an answer was made of is known: PostgreSQL's plans name no table that we overlook."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ringtest.control.db.pool import Transaction
from tests.bad_input.ground import Ground
from tests.bad_input.test_queries import LISTS

_RELATION = re.compile(r'"Relation Name": "(\w+?)(?:_any|_\d{4}_\d\d)?"')
"""A table; of one that is kept by months the whole, not the month."""


@pytest.fixture
def overlooked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Statements that read a table which `db.statements` does not see in them."""
    found: list[str] = []

    def watch(name: str) -> None:
        plain = getattr(Transaction, name)

        async def explained(tx: Transaction, sql: str, *args: Any) -> Any:
            reads = tx.footprint.memory.statements.of(sql).reads
            if reads is not None:
                plan = await tx._connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *args)
                if missing := set(_RELATION.findall(plan)) - reads:
                    found.append(f"{sorted(missing)} of {sql[:300]}")
            return await plain(tx, sql, *args)

        monkeypatch.setattr(Transaction, name, explained)

    for name in ("fetch", "fetchrow", "fetchval"):
        watch(name)
    yield found


async def test_every_table_of_a_list_is_seen(ground: Ground, overlooked: list[str]) -> None:
    answered = 0
    for route in LISTS:
        for who in ("super admin", "user", "lab"):
            answer = await ground[who].get(ground.url(route))
            answered += answer.status_code == 200
    assert overlooked == []
    assert answered > 60
