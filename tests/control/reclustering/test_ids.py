"""Groups stay what they are when the rules change: their ids go with most of their failures."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.masks.model import Policy
from ringtest.control.reclustering import service
from ringtest.control.reclustering.model import Vote, settle
from ringtest.control.signatures import store as policies
from ringtest.control.triage import service as triage
from ringtest.control.triage.model import Group, Name, moved
from tests.control.triage.ring import Ring, open_ring

IDS = st.integers(1, 6).map(lambda n: UUID(int=n))
VOTES = st.dictionaries(st.tuples(IDS, IDS), st.integers(1, 5), max_size=15)


@given(VOTES, st.randoms())
def test_every_signature_gets_a_group_and_no_two_the_same_id(
    cast: dict[tuple[UUID, UUID], int], rng: Any
) -> None:
    votes = [Vote(group, home, jobs) for (group, home), jobs in cast.items()]
    settled = settle(votes)
    rng.shuffle(votes)
    assert settle(votes) == settled
    assert set(settled.homes) | set(settled.fresh) == {vote.group_id for vote in votes}
    assert len(set(settled.homes.values())) == len(settled.homes)
    kept = set(settled.homes.values())
    for home, other in settled.aliases.items():
        assert (home if other is None else other) in kept
        most = max(vote.jobs for vote in votes if vote.home_id == home)
        heirs = [v.group_id for v in votes if v.home_id == home and v.jobs == most]
        assert settled.homes[min(heirs)] == (other or home)


@given(st.lists(st.tuples(IDS, IDS, st.none() | IDS, st.none() | IDS), unique_by=lambda x: x[0]))
def test_places_are_found_whatever_was_said_and_hold(rows_: list[Any]) -> None:
    names = [Name(*row) for row in rows_]
    places = {id_: (shown, stands) for id_, shown, stands in moved(names)}
    assert set(places) == {name.id for name in names}
    again = [Name(n.id, n.home_id, n.alias_of, n.merged_into, *places[n.id]) for n in names]
    assert moved(again) == []


@pytest.fixture
async def ring(db: Database) -> Ring:
    made = await open_ring(db)
    await made.add_lab("a")
    return made


async def fail(ring: Ring, *messages: str) -> UUID:
    """A job in which tests fail with these messages, stored as results are."""
    job_id = await ring.run("a", "build 1", "lib 1", result="failed")
    async with ring.db.transaction(SYSTEM) as tx:
        team = ring.teams["a"]
        file = {"name": "junit.xml", "sha256": "", "size": 1, "object_key": "", "job_id": job_id}
        file_id = await rows.insert(tx, "files", {**file, "team_id": team})
        await tx.execute(
            "INSERT INTO test_results (id, created_at, job_id, file_id, team_id, attempt, name,"
            " total, success, skips, failures, errors, outcomes, states, durations)"
            " VALUES ($1, $2, $1, $3, $4, 0, 'junit', 1, 0, 0, 1, 0, 'f', '-', '')",
            job_id, tx.now, file_id, team,
        )  # fmt: skip
        for position, message in enumerate(messages):
            await tx.execute(
                "INSERT INTO tests VALUES ($1, $2, 's', 'c', $3) ON CONFLICT DO NOTHING",
                team, position, f"test {position}",
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO test_failures (result_id, position, job_id, team_id, test_id, outcome,"
                " exception_type, message, detail, since_job_id, since_at, created_at)"
                " VALUES ($1, $2, $1, $3, $2::int, 'f', 'ValueError', $4, '', $1, $5, $5)",
                job_id, position, team, message, tx.now,
            )  # fmt: skip
        await triage.group_job(tx, job_id=job_id)
    return job_id


async def set_policy(ring: Ring, *keep: str) -> None:
    async with ring.db.transaction(SYSTEM) as tx:
        _, etag = await policies.select_policy(tx, ring.product)
        assert await policies.update_policy(tx, ring.product, etag, Policy(keep))


async def recluster(ring: Ring) -> int:
    """Until all is settled; how many batches."""
    batches = 0
    while True:
        async with ring.db.transaction(SYSTEM) as tx:
            if not await service.go_on(tx):
                return batches
        batches += 1


async def get(ring: Ring, group_id: UUID) -> Group:
    async with ring.db.transaction(SYSTEM) as tx:
        return await triage.get_group(tx, group_id=group_id, teams=None)


async def test_a_group_that_falls_apart_keeps_its_id_with_the_most(ring: Ring) -> None:
    for port in (443, 443, 80):
        await fail(ring, f"no answer of port {port}")
    (whole,) = await ring.groups()
    await set_policy(ring, "port [0-9]+")
    await recluster(ring)
    groups = {group.title: group for group in await ring.groups()}
    assert {title: group.occurrences for title, group in groups.items()} == {
        "ValueError: no answer of port 443": 2, "ValueError: no answer of port 80": 1}  # fmt: skip
    assert groups["ValueError: no answer of port 443"].id == whole.id
    assert groups["ValueError: no answer of port 443"].first_seen.at == whole.first_seen.at


async def test_groups_that_become_one_answer_to_all_their_ids(ring: Ring) -> None:
    await set_policy(ring, "port [0-9]+")
    for port in (443, 443, 80):
        await fail(ring, f"no answer of port {port}")
    before = {group.title: group.id for group in await ring.groups()}
    await recluster(ring)
    assert {group.title: group.id for group in await ring.groups()} == before
    await set_policy(ring)
    await recluster(ring)
    (one,) = await ring.groups()
    assert one.id == before["ValueError: no answer of port 443"] and one.occurrences == 3
    assert await get(ring, before["ValueError: no answer of port 80"]) == one
    assert one.title == "ValueError: no answer of port <n>"


async def test_there_and_back_again_every_id_stays(ring: Ring) -> None:
    for port in (443, 443, 80):
        await fail(ring, f"no answer of port {port}", "something else")
    before = await ring.groups()
    for keep in ("port [0-9]+",), ():
        await set_policy(ring, *keep)
        await recluster(ring)
    after = await ring.groups()
    assert {(g.id, g.title, g.occurrences) for g in after} == {
        (g.id, g.title, g.occurrences) for g in before
    }


async def test_a_batch_that_is_cut_off_is_done_again_and_counts_once(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    for port in (443, 443, 443, 80, 80):
        await fail(ring, f"no answer of port {port}")
    (whole,) = await ring.groups()
    await set_policy(ring, "port [0-9]+")

    class Killed(Exception):
        pass

    for _ in range(2):
        with pytest.raises(Killed):
            async with ring.db.transaction(SYSTEM) as tx:
                await service.go_on(tx)
                raise Killed
        async with ring.db.transaction(SYSTEM) as tx:
            await service.go_on(tx)
    await recluster(ring)
    groups = {group.id: group.occurrences for group in await ring.groups()}
    assert groups[whole.id] == 3 and sorted(groups.values()) == [2, 3]
    async with ring.db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM failure_votes") == 0


async def test_a_failure_that_comes_meanwhile_is_not_new(ring: Ring) -> None:
    await fail(ring, "no answer of port 443")
    (whole,) = await ring.groups()
    await set_policy(ring, "port [0-9]+")
    await fail(ring, "no answer of port 443")
    async with ring.db.transaction(SYSTEM) as tx:
        told = await tx.fetch(
            "SELECT payload->>'group_id' AS id, payload->>'new' AS new FROM events"
            " WHERE type = $1 ORDER BY events.id",
            EventType.FAILURE_GROUPED.value,
        )
    assert [(row["id"], row["new"]) for row in told] == [
        (str(whole.id), "true"),
        (str(whole.id), "false"),
    ]
    await recluster(ring)
    (group,) = await ring.groups()
    assert group.id == whole.id and group.occurrences == 2


async def test_signing_anew_tells_nobody(ring: Ring) -> None:
    await fail(ring, "no answer of port 443")
    await set_policy(ring, "port [0-9]+")
    async with ring.db.transaction(SYSTEM) as tx:
        before = await tx.fetchval("SELECT max(id) FROM events")
    assert await recluster(ring) == 1
    async with ring.db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT max(id) FROM events") == before


async def test_a_merge_holds_when_signatures_change(ring: Ring) -> None:
    await fail(ring, "no answer of port 443", "no word from port 443")
    one, two = sorted(await ring.groups(), key=lambda group: group.title)
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.execute("UPDATE failure_groups SET merged_into = $2 WHERE id = $1", one.id, two.id)
        await triage.show_groups(tx, topic_id=ring.topic)
    await set_policy(ring, "port [0-9]+")
    await recluster(ring)
    (group,) = await ring.groups()
    assert group.id == two.id and [part.id for part in group.merged] == [one.id]
    assert group.occurrences == 1 and group.tests_count == 2


async def test_a_job_whose_failures_are_not_kept_any_more_stays_in_its_group(ring: Ring) -> None:
    job = await fail(ring, "no answer of port 443")
    before = await ring.groups()
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.execute("DELETE FROM test_results WHERE job_id = $1", job)
    await set_policy(ring, "port [0-9]+")
    await recluster(ring)
    assert await ring.groups() == before
