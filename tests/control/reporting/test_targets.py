"""Who keeps receivers, what they show, and what people can do about a report."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.reporting import api
from ringtest.control.signatures.model import Failure
from tests.control.people import World, open_world
from tests.control.triage.ring import Ring, open_ring

SECRET = "a-secret-of-the-receiver"
BOOM = Failure("test", "ValueError: the ring is open", "class test", test_id=7)


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [api]) as made:
        yield made


@pytest.fixture
async def ring(world: World) -> Ring:
    made = await open_ring(world.db)
    await made.add_lab("red lab 1", team=world.teams["red"])
    return made


def body(world: World, **more: Any) -> dict[str, Any]:
    """A webhook of the red team."""
    return {
        "name": "hook",
        "channel": "webhook",
        "address": "https://example.org/hook",
        "team_id": str(world.teams["red"]),
        "secret": SECRET,
        **more,
    }


async def create(world: World, **more: Any) -> dict[str, Any]:
    """A target, made by an EPM."""
    answer = await world["epm"].post("/report_targets", json=body(world, **more))
    assert answer.status_code == 201, answer.text
    target: dict[str, Any] = answer.json()["report_target"]
    return target


async def deliver(world: World, ring: Ring, status: str, target: str) -> str:
    """A delivery of that status."""
    await ring.run("red lab 1", "build 1", "lib 1", fails=(BOOM,))
    (group,) = await ring.groups()
    async with world.db.transaction(SYSTEM) as tx:
        delivery = UUID(int=5)
        await tx.execute(
            "INSERT INTO deliveries (id, created_at, updated_at, target_id, group_id, team_id,"
            " topic_id, status, subject, body, attempts, next_at)"
            " VALUES ($1, $2, $2, $3, $4, $5, $6, $7, 'it broke', '{}', 7, $2)",
            delivery,
            tx.now,
            UUID(target),
            group.id,
            world.teams["red"],
            ring.topic,
            status,
        )
    return str(delivery)


async def test_a_secret_goes_in_sealed_and_never_comes_out(world: World) -> None:
    target = await create(world)
    path = f"/report_targets/{target['id']}"
    texts = [json.dumps(target), (await world["epm"].get(path)).text]
    texts.append((await world["epm"].get("/report_targets")).text)
    changed = await world["epm"].put(path, json={"name": "b"}, headers={"If-match": target["etag"]})
    texts.append(changed.text)
    assert all(SECRET not in text and '"secret"' not in text for text in texts)
    assert target["has_secret"] is True
    sealed = await world.sql("SELECT secret FROM report_targets")
    assert SECRET.encode() not in sealed
    assert world.secrets.open(sealed) == SECRET


async def test_a_secret_can_be_replaced_and_removed(world: World) -> None:
    target = await create(world)
    path = f"/report_targets/{target['id']}"
    for value, shown in (("new", True), (None, False)):
        answer = await world["epm"].put(
            path, json={"secret": value}, headers={"If-match": target["etag"]}
        )
        target = answer.json()["report_target"]
        assert target["has_secret"] is shown
    assert await world.sql("SELECT secret FROM report_targets") is None


async def test_what_administrators_made_is_theirs_alone(world: World) -> None:
    target = await create(world)
    path, headers = f"/report_targets/{target['id']}", {"If-match": target["etag"]}
    refused = {"red lab": 401, "feeder": 401, "nobody": 401}
    for who in ("red user", "blue user", "read-only", *refused):
        for answer in (
            await world[who].get(path),
            await world[who].put(path, json={}, headers=headers),
            await world[who].post(f"{path}/ping"),
            await world[who].get(f"{path}/deliveries"),
            await world[who].delete(path, headers=headers),
        ):
            assert answer.status_code == refused.get(who, 404), who
        listed = await world[who].get("/report_targets")
        assert listed.status_code == refused.get(who, 200)
        assert listed.json().get("report_targets", []) == []
    assert (await world.get("super admin", path))["report_target"]["id"] == target["id"]


async def test_members_keep_webhooks_of_their_team(world: World) -> None:
    made = await world["red user"].post(
        "/report_targets", json=body(world, events=["job.finished", "component.published"])
    )
    assert made.status_code == 201, made.text
    target = made.json()["report_target"]
    assert target["events"] == ["component.published", "job.finished"]
    path, headers = f"/report_targets/{target['id']}", {"If-match": target["etag"]}
    for who in ("blue user", "read-only"):
        assert (await world[who].get(path)).status_code == 404
        assert (await world[who].put(path, json={}, headers=headers)).status_code == 404
        assert (await world[who].post("/report_targets", json=body(world))).status_code == 401
    for who in ("red lab", "feeder", "nobody"):
        assert (await world[who].post("/report_targets", json=body(world))).status_code == 401
    for who in ("red user", "epm"):
        listed = (await world.get(who, "/report_targets"))["report_targets"]
        assert [one["id"] for one in listed] == [target["id"]]
    answer = await world["red user"].put(path, json={"events": ["lab.seen"]}, headers=headers)
    assert answer.json()["report_target"]["events"] == ["lab.seen"]
    headers = {"If-match": answer.headers["etag"]}
    assert (await world["red user"].delete(path, headers=headers)).status_code == 204


INNER = (
    "http://127.0.0.1:9/",
    "http://localhost/hook",
    "http://10.1.2.3/",
    "http://169.254.169.254/latest",
    "http://[::1]/",
    "http://[fd00::1]/",
)


@pytest.mark.parametrize("address", INNER)
async def test_members_cannot_name_addresses_inside(world: World, address: str) -> None:
    answer = await world["red user"].post("/report_targets", json=body(world, address=address))
    assert answer.status_code == 400 and "public addresses" in answer.json()["message"]
    assert (
        await world["epm"].post("/report_targets", json=body(world, address=address))
    ).is_success
    made = await world["red user"].post("/report_targets", json=body(world))
    path, headers = (
        "/report_targets/" + made.json()["report_target"]["id"],
        {"If-match": made.headers["etag"]},
    )
    answer = await world["red user"].put(path, json={"address": address}, headers=headers)
    assert answer.status_code == 400


async def test_members_cannot_send_mail_to_anybody(world: World) -> None:
    mail = {"channel": "mail", "address": "somebody@example.org"}
    answer = await world["red user"].post("/report_targets", json=body(world, **mail))
    assert answer.status_code == 400


async def test_an_event_that_is_not_told_is_refused_with_those_that_are(world: World) -> None:
    for events in (["job.exploded"], [], ["result.recorded"], "job.finished"):
        answer = await world["epm"].post("/report_targets", json=body(world, events=events))
        assert answer.status_code == 400, events
    answer = await world["epm"].post("/report_targets", json=body(world, events=["x"]))
    assert "job.finished" in answer.json()["payload"]["allowed"]


async def test_a_target_can_be_tried_out(world: World) -> None:
    target = (await world["red user"].post("/report_targets", json=body(world))).json()
    path = f"/report_targets/{target['report_target']['id']}"
    answer = await world["red user"].post(f"{path}/ping")
    assert answer.status_code == 202
    assert answer.json()["delivery"]["type"] == "ping"
    assert (await world["red user"].post(f"{path}/ping")).status_code == 409
    listed = await world.get("red user", f"{path}/deliveries")
    assert [one["id"] for one in listed["deliveries"]] == [answer.json()["delivery"]["id"]]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"channel": "pager"}, 400),
        ({"address": "nonsense"}, 400),
        ({"address": "ftp://example.org"}, 400),
        ({"address": "https://user:password@example.org/"}, 400),
        ({"address": "https://example.org/\r\nX: y"}, 400),
        ({"channel": "mail", "address": "https://example.org"}, 400),
        ({"channel": "mail", "address": "a@b, c@d"}, 400),
        ({"secret": " "}, 400),
        ({"secret": 7}, 400),
        ({"unknown": 1}, 400),
        ({"team_id": str(UUID(int=1))}, 404),
        ({"topic_id": str(UUID(int=1))}, 404),
        ({"channel": "mail", "address": "lab@example.org", "secret": None}, 201),
    ],
)
async def test_a_target_that_cannot_work_is_refused(
    world: World, change: dict[str, Any], status: int
) -> None:
    answer = await world["epm"].post("/report_targets", json=body(world, **change))
    assert answer.status_code == status, answer.text


async def test_a_change_is_checked_as_well(world: World) -> None:
    target = await create(world)
    path, headers = f"/report_targets/{target['id']}", {"If-match": target["etag"]}
    put = world["epm"].put
    assert (await put(path, json={"address": "x"}, headers=headers)).status_code == 400
    assert (await put(path, json={"name": "x"})).status_code == 412
    assert (await put(path, json={"name": "x"}, headers={"If-match": "0"})).status_code == 409
    answer = await put(path, json={"state": "inactive", "channel": "mail"}, headers=headers)
    assert answer.json()["report_target"]["state"] == "inactive"
    assert answer.json()["report_target"]["channel"] == "webhook"


async def test_a_removed_target_gives_up_what_waits_and_keeps_the_record(
    world: World, ring: Ring
) -> None:
    target = await create(world)
    await deliver(world, ring, "pending", target["id"])
    path = f"/report_targets/{target['id']}"
    answer = await world["epm"].delete(path, headers={"If-match": target["etag"]})
    assert answer.status_code == 204
    assert (await world["epm"].get(path)).status_code == 404
    assert await world.sql("SELECT secret FROM report_targets") is None
    (delivery,) = (await world.get("epm", "/deliveries"))["deliveries"]
    assert (delivery["status"], delivery["answer"]) == ("failed", "the target was removed")


async def test_deliveries_are_shown_to_the_targets_team(world: World, ring: Ring) -> None:
    target = await create(world)
    delivery = await deliver(world, ring, "failed", target["id"])
    for who, count in {
        "epm": 1,
        "read-only": 1,
        "red user": 1,
        "red lab": 1,
        "blue user": 0,
    }.items():
        listed = await world.get(who, "/deliveries", where="status:failed")
        assert listed["_meta"]["count"] == len(listed["deliveries"]) == count, who
    (shown,) = (await world.get("red user", "/deliveries"))["deliveries"]
    assert shown["id"] == delivery
    assert shown["target"] == {"id": target["id"], "name": "hook", "channel": "webhook"}
    assert shown["body"] == {} and shown["topic_id"] == str(ring.topic)
    assert (await world.get("epm", "/deliveries", where="status:delivered"))["deliveries"] == []


async def test_a_person_can_send_a_report_again(world: World, ring: Ring) -> None:
    target = await create(world)
    delivery = await deliver(world, ring, "failed", target["id"])
    path = f"/deliveries/{delivery}/retry"
    answers = {"red user": 401, "blue user": 404, "read-only": 404, "nobody": 401}
    for who, status in answers.items():
        assert (await world[who].post(path)).status_code == status, who
    answer = await world["epm"].post(path)
    assert answer.status_code == 202
    shown = answer.json()["delivery"]
    assert (shown["status"], shown["attempts"]) == ("pending", 0)


async def test_a_delivered_report_is_not_sent_twice(world: World, ring: Ring) -> None:
    target = await create(world)
    delivery = await deliver(world, ring, "delivered", target["id"])
    assert (await world["epm"].post(f"/deliveries/{delivery}/retry")).status_code == 409
    assert (await world["epm"].post(f"/deliveries/{UUID(int=1)}/retry")).status_code == 404


async def test_targets_are_paged(world: World) -> None:
    for number in range(3):
        await create(world, name=f"hook {number}")
    listed = await world.get("epm", "/report_targets", limit=2, offset=0, sort="name")
    assert [one["name"] for one in listed["report_targets"]] == ["hook 0", "hook 1"]
    assert listed["_meta"]["count"] == 3
    answer = await world["epm"].get("/report_targets", params={"where": "secret:x"})
    assert answer.status_code == 400


async def test_what_people_do_is_noted(world: World) -> None:
    target = await create(world)
    await world["epm"].delete(
        f"/report_targets/{target['id']}", headers={"If-match": target["etag"]}
    )
    async with world.db.transaction(SYSTEM) as tx:
        noted = await tx.fetch("SELECT action FROM audits ORDER BY id")
    assert [row["action"] for row in noted] == ["create_report_target", "delete_report_target"]
