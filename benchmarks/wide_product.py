"""A product that very many labs test, and failures that hit some of them: who asks for a blast
radius there has all of them looked through. The team that asks as a partner is hit too.

Made from a seed, through a connection of the owner.
"""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

TEAMS, LABS, TOPICS, FAILURES = 400, 2000, 20, 12
"""Labs belong to teams in turn, and all of them run every topic once."""
_HIT = 0.06
"""Share of the labs that a failure hits in a topic."""
_HEAD = "id created_at updated_at etag"


async def write_wide_product(
    connection: asyncpg.Connection, *, until: datetime, partner: UUID, seed: int = 2
) -> list[UUID]:
    """The groups of the failures, one for each; the team `partner` is among those with labs."""
    rng = random.Random(seed)

    def new() -> UUID:
        return UUID(bytes=rng.randbytes(16), version=4)

    async def copy(table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
        await connection.copy_records_to_table(table, records=list(rows), columns=columns.split())

    at = until - timedelta(days=2)
    same = (at, at, "wide")
    product, topics, labs = new(), [new() for _ in range(TOPICS)], [new() for _ in range(LABS)]
    own = [new() for _ in range(TEAMS - 1)]
    teams = [partner, *own]
    async with connection.transaction():
        await copy("teams", f"{_HEAD} name",
                   [(one, *same, f"wide partner {n}") for n, one in enumerate(own)])  # fmt: skip
        await copy("products", f"{_HEAD} name label", [(product, *same, "Wide", "WIDE")])
        await copy("products_teams", "product_id team_id", [(product, team) for team in teams])
        await copy("topics", f"{_HEAD} name product_id export_control",
                   [(one, *same, f"wide-{n}", product, True)
                    for n, one in enumerate(topics)])  # fmt: skip
        await copy("remotecis", f"{_HEAD} name team_id data",
                   [(one, *same, f"wide lab {n}", teams[n % TEAMS],
                     f'{{"hardware": "class {n % 40}"}}')
                    for n, one in enumerate(labs)])  # fmt: skip
        jobs = {(topic, lab): new() for topic in topics for lab in labs}
        moments = {one: at + timedelta(seconds=rng.randrange(86_400)) for one in jobs.values()}
        team_of = {lab: teams[n % TEAMS] for n, lab in enumerate(labs)}
        await copy(
            "jobs",
            f"{_HEAD} status result topic_id product_id remoteci_id team_id set_key finished_at",
            [(job, moments[job], moments[job], "wide", "finished",
              "errored" if rng.random() < 0.03 else "failed", topic, product, lab, team_of[lab],
              "wide", moments[job])
             for (topic, lab), job in jobs.items()],
        )  # fmt: skip
        groups = [[new() for _ in topics] for _ in range(FAILURES)]
        await copy(
            "failure_groups",
            f"{_HEAD.removesuffix(' etag')} topic_id signature algorithm kind exception_type"
            " template first_seen_at last_seen_at",
            [(group, at, at, topic, f"wide {n}", 1, "test", "AssertionError", f"wide {n} is late",
              at, until)
             for n, every in enumerate(groups)
             for group, topic in zip(every, topics, strict=True)],
        )  # fmt: skip
        occurrences = "group_id job_id team_id remoteci_id topic_id set_key created_at"
        for every in groups:
            await copy(
                "failure_occurrences", occurrences,
                [(group, jobs[topic, lab], team_of[lab], lab, topic, "wide", until)
                 for group, topic in zip(every, topics, strict=True)
                 for lab in {labs[0], *rng.sample(labs, int(LABS * _HIT))}],
            )  # fmt: skip
    await connection.execute("ANALYZE")
    return [every[0] for every in groups]
