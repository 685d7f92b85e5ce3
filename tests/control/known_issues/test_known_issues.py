"""Rules name failures as they come and those before; each team sees what it may."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound, Unauthorised
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.known_issues import loop, model, service
from ringtest.control.known_issues.model import CreateIssue
from ringtest.control.signatures.model import Failure
from ringtest.control.triage import service as triage
from tests.control.triage.ring import Ring, open_ring

BOOM = Failure("test", "ValueError: ring 7 is open", "class test", test_id=7)
OTHER = Failure("test", "TypeError: rings have no end", "class other", test_id=8)
VENDOR = Caller("user", UUID(int=1), "jo", "", (), is_epm=True)


@pytest.fixture
async def ring(clocked_db: Database) -> Ring:
    made = await open_ring(clocked_db)
    for name in ("a", "b"):
        await made.add_lab(name)
    return made


def member(ring: Ring, lab: str) -> Caller:
    """A person of a lab's team."""
    return Caller("user", UUID(int=2), "al", "", (Team(ring.teams[lab], lab),))


async def add(ring: Ring, caller: Caller = VENDOR, **values: Any) -> dict[str, Any]:
    given = {"name": "it", "kind": "text", "pattern": "is open", "owner": "jo"} | values
    body = CreateIssue(**given)
    async with ring.db.transaction(caller.tenant) as tx:
        text, etag = await service.create_issue(tx, caller=caller, body=body)
    made: dict[str, Any] = msgspec.json.decode(text)
    assert made["etag"] == etag
    return made


async def change(ring: Ring, issue: dict[str, Any], **values: Any) -> dict[str, Any]:
    async with ring.db.transaction(SYSTEM) as tx:
        text, _ = await service.update_issue(
            tx, caller=VENDOR, issue_id=UUID(issue["id"]), etag=issue["etag"], values=values
        )
    changed: dict[str, Any] = msgspec.json.decode(text)
    return changed


async def look_back(ring: Ring) -> int:
    """Until no rule has anything left to look at; how many batches."""
    (one,) = loop.loops(ring.db)
    batches = 0
    while await one.act():
        batches += 1
    return batches


async def labels(ring: Ring, lab: str | None = None) -> dict[str, list[str]]:
    """Names of known issues by group."""
    return {group.title: [issue.name for issue in group.known_issues]
            for group in await ring.groups(lab)}  # fmt: skip


async def listed(ring: Ring, known: str) -> list[str]:
    async with ring.db.transaction(SYSTEM) as tx:
        groups, count = await triage.list_groups(tx, query=ListQuery(limit=50), known_issue=known)
    assert count == len(groups)
    return [group.title for group in groups]


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [("text", "RING 7 is"), ("regex", r"ring \d is open"), ("regex", "(?i)^valueerror: ring <n>")],
)
async def test_a_failure_is_named_as_it_comes(ring: Ring, kind: str, pattern: str) -> None:
    await add(ring, kind=kind, pattern=pattern)
    await ring.run("a", "build 1", "lib 1", fails=(BOOM, OTHER))
    assert await labels(ring) == {
        "ValueError: ring <n> is open": ["it"],
        "TypeError: rings have no end": [],
    }


async def test_what_was_there_before_a_rule_is_named_batch_by_batch(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    many = [Failure("test", f"ValueError: part{n} is open", "c t", test_id=n) for n in range(5)]
    await ring.run("a", "build 1", "lib 1", fails=(*many, OTHER))
    issue = await add(ring)
    assert await labels(ring) == {group.title: [] for group in await ring.groups()}
    assert await look_back(ring) == 4  # the last finds nothing left
    named = await labels(ring)
    assert sum(names == ["it"] for names in named.values()) == 5
    assert await look_back(ring) == 0
    async with ring.db.transaction(SYSTEM) as tx:
        text, _ = await service.get_issue(tx, caller=VENDOR, issue_id=UUID(issue["id"]))
    assert msgspec.json.decode(text)["labelled_at"] is not None


async def test_a_rule_of_a_signature_names_a_group_and_what_is_merged_into_it(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM, OTHER))
    group = next(g for g in await ring.groups() if g.exception_type == "ValueError")
    await add(ring, kind="signature", pattern=str(group.id))
    await look_back(ring)
    assert (await labels(ring))[group.title] == ["it"]
    await ring.run("b", "build 2", "lib 1", fails=(BOOM,))
    assert (await labels(ring, "b"))[group.title] == ["it"]


async def test_scopes_hold(ring: Ring) -> None:
    await add(ring, name="all")
    await add(ring, name="product", product_id=ring.product)
    await add(ring, name="topic", topic_id=ring.topic)
    async with ring.db.transaction(SYSTEM) as tx:
        other = await tx.fetchval(
            "INSERT INTO topics (id, created_at, updated_at, etag, name, product_id)"
            " VALUES ($1, $2, $2, '', 'other', $3) RETURNING id", uuid4(), tx.now, ring.product,
        )  # fmt: skip
    await add(ring, name="elsewhere", topic_id=other)
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await look_back(ring)
    assert await labels(ring) == {"ValueError: ring <n> is open": ["all", "product", "topic"]}


async def test_the_list_is_filtered_by_what_is_known(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM, OTHER))
    issue = await add(ring)
    other = await add(ring, name="none", pattern="no such words")
    await look_back(ring)
    known, unknown = ["ValueError: ring <n> is open"], ["TypeError: rings have no end"]
    assert (await listed(ring, "yes"), await listed(ring, "no")) == (known, unknown)
    assert await listed(ring, issue["id"]) == known and await listed(ring, other["id"]) == []
    with pytest.raises(BadRequest, match="known_issue"):
        await listed(ring, "perhaps")


async def test_an_expired_rule_labels_no_more_and_says_so(ring: Ring, clock: VirtualClock) -> None:
    await add(ring, expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    clock.advance(3601)
    await look_back(ring)
    (group,) = await ring.groups()
    assert [issue.expired for issue in group.known_issues] == [True]
    assert await listed(ring, "yes") == []
    await ring.run("b", "build 1", "lib 1", fails=(BOOM,))
    assert await labels(ring, "b") == {"ValueError: ring <n> is open": []}
    with pytest.raises(BadRequest, match="over already"):
        await add(ring, expires_at="2001-01-01")


async def test_a_changed_rule_looks_again_and_a_removed_one_leaves_nothing(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM, OTHER))
    issue = await add(ring)
    await look_back(ring)
    changed = await change(ring, issue, pattern="no end")
    await look_back(ring)
    assert await labels(ring) == {
        "ValueError: ring <n> is open": [],
        "TypeError: rings have no end": ["it"],
    }
    with pytest.raises(Conflict):
        await change(ring, issue, name="stale")
    rested = await change(ring, changed, state="inactive")
    assert (await labels(ring))["TypeError: rings have no end"] == []
    async with ring.db.transaction(SYSTEM) as tx:
        await service.delete_issue(
            tx, caller=VENDOR, issue_id=UUID(issue["id"]), etag=rested["etag"]
        )
        assert await tx.fetchval("SELECT count(*) FROM known_issue_labels") == 0
        with pytest.raises(NotFound):
            await service.get_issue(tx, caller=VENDOR, issue_id=UUID(issue["id"]))


async def test_a_team_has_rules_of_its_own_which_no_other_sees(ring: Ring) -> None:
    mine, yours = member(ring, "a"), member(ring, "b")
    issue = await add(ring, mine, team_id=ring.teams["a"])
    for lab in "ab":
        await ring.run(lab, "build 1", "lib 1", fails=(BOOM,))
    await look_back(ring)
    assert await labels(ring, "a") == {"ValueError: ring <n> is open": ["it"]}
    assert await labels(ring, "b") == {"ValueError: ring <n> is open": []}
    async with ring.db.transaction(yours.tenant) as tx:
        assert (await service.list_issues(tx, caller=yours, query=ListQuery())).items == "[]"
        with pytest.raises(NotFound):
            await service.get_issue(tx, caller=yours, issue_id=UUID(issue["id"]))


async def test_a_rule_of_everybody_labels_each_team_by_its_own_failures(ring: Ring) -> None:
    """The same group, but only one team's own words hold what the rule looks for."""
    await add(ring, pattern="ring 7")
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    eight = Failure("test", "ValueError: ring 8 is open", "class test", test_id=7)
    await ring.run("b", "build 1", "lib 1", fails=(eight,))
    assert await labels(ring, "a") == {"ValueError: ring <n> is open": ["it"]}
    assert await labels(ring, "b") == {"ValueError: ring <n> is open": []}


async def test_rules_of_everybody_are_the_vendors(ring: Ring) -> None:
    for values in ({}, {"team_id": ring.teams["b"]}):
        with pytest.raises(Unauthorised):
            await add(ring, member(ring, "a"), **values)
    issue = await add(ring, topic_id=ring.topic)
    mine = member(ring, "a")
    async with ring.db.transaction(mine.tenant) as tx:
        _, etag = await service.get_issue(tx, caller=mine, issue_id=UUID(issue["id"]))
        with pytest.raises(Unauthorised):
            await service.update_issue(
                tx, caller=mine, issue_id=UUID(issue["id"]), etag=etag, values={"name": "mine"}
            )


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "regex", "pattern": "(open"},
        {"kind": "regex", "pattern": "(?=open)o"},
        {"kind": "regex", "pattern": "o*"},
        {"kind": "text", "pattern": "  "},
        {"kind": "signature", "pattern": "no id"},
        {"topic_id": uuid4(), "product_id": uuid4()},
        {"link": "javascript:alert(1)"},
        {"expires_at": "soon"},
    ],
)
def test_a_rule_that_could_name_nothing_is_refused(values: dict[str, Any]) -> None:
    whole = {"kind": "text", "pattern": "is open"} | values
    with pytest.raises(BadRequest):
        model.check_issue(whole, datetime(2026, 1, 1))


async def test_there_are_only_so_many_rules(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MOST_OF_ALL", 1)
    await add(ring)
    with pytest.raises(Conflict, match="at most 1"):
        await add(ring)
    await add(ring, state="inactive")
