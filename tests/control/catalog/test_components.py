"""Products, topics and components over HTTP: shapes, names, etags, events, bad input."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.catalog import api as catalog_api
from ringtest.control.catalog.model import derive_names
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import JobResult, JobStatus, Stage, dci_status
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.people import World, count_statements, open_world

ADMIN = "super admin"


@pytest.fixture
async def world(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    rooms = [identity_api, accounts_api, catalog_api]
    async with open_world(db, rooms, objects=DiskStore(tmp_path)) as opened:
        yield opened


@pytest.fixture
async def product(world: World) -> dict[str, Any]:
    """A product that red has."""
    made = await create(world, ADMIN, "product", name="owl")
    body = {"team_id": str(world.teams["red"])}
    answer = await world[ADMIN].post(f"/products/{made['id']}/teams", json=body)
    assert answer.status_code == 201
    assert answer.json() == {"product_id": made["id"], **body}
    return made


@pytest.fixture
async def topic(world: World, product: dict[str, Any]) -> dict[str, Any]:
    """A topic that red reaches."""
    return await create(
        world, "feeder", "topic", name="owl 1", product_id=product["id"], export_control=True
    )


async def create(world: World, who: str, noun: str, **body: Any) -> dict[str, Any]:
    answer = await world[who].post(f"/{noun}s", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()[noun]
    assert answer.headers["etag"] == made["etag"]
    return made


async def change(
    world: World, who: str, noun: str, row: dict[str, Any], **body: Any
) -> httpx.Response:
    return await world[who].put(
        f"/{noun}s/{row['id']}", json=body, headers={"If-match": row["etag"]}
    )


async def component(world: World, topic: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"type": "rpm", "topic_id": topic["id"], "name": "owl 1.2", **more}
    return await create(world, "feeder", "component", **body)


# Products and topics


async def test_a_label_is_the_name_in_capitals_unless_given(world: World) -> None:
    assert (await create(world, ADMIN, "product", name="owl"))["label"] == "OWL"
    made = await create(world, ADMIN, "product", name="elk", label="Elk")
    assert made["label"] == "Elk", "kept as given on creation"
    changed = await change(world, ADMIN, "product", made, label="Elk", description="big")
    assert changed.json()["product"]["label"] == "ELK", "but not on change"
    again = await world[ADMIN].post("/products", json={"name": "owl"})
    assert again.status_code == 409


async def test_etags_of_products_and_topics_follow_the_wire_format(
    world: World, product: dict[str, Any], topic: dict[str, Any]
) -> None:
    admin = world[ADMIN]
    for path, stale_put, stale_delete in (
        (f"/products/{product['id']}", 404, 409),
        (f"/topics/{topic['id']}", 404, 404),
    ):
        for method, status in (("PUT", stale_put), ("DELETE", stale_delete)):
            assert (await admin.request(method, path, json={})).status_code == 412
            answer = await admin.request(method, path, json={}, headers={"If-match": "stale"})
            assert answer.status_code == status


async def test_a_product_shows_its_topics_and_a_topic_its_product(
    world: World, product: dict[str, Any], topic: dict[str, Any]
) -> None:
    shown = (await world.get("red user", f"/products/{product['id']}"))["product"]
    assert [found["name"] for found in shown["topics"]] == ["owl 1"]
    assert "data" not in shown["topics"][0], "registry passwords live there"
    following = await create(
        world, "epm", "topic", name="owl 2", product_id=product["id"], export_control=True
    )
    changed = await change(world, "epm", "topic", topic, next_topic_id=following["id"])
    assert changed.json()["topic"]["next_topic"]["name"] == "owl 2"
    assert changed.json()["topic"]["product"]["name"] == "owl"
    listed = await world.get("red user", "/topics", sort="name")
    assert [found["name"] for found in listed["topics"]] == ["owl 1", "owl 2"]


async def test_component_types_are_lower_case(world: World, product: dict[str, Any]) -> None:
    made = await create(
        world, ADMIN, "topic", name="t", product_id=product["id"], component_types=["RPM", "Img"]
    )
    assert made["component_types"] == ["rpm", "img"]
    changed = await change(world, ADMIN, "topic", made, component_types_optional=["KERNEL"])
    assert changed.json()["topic"]["component_types_optional"] == ["kernel"]


async def test_topics_of_nothing_are_404_and_names_are_taken_once(
    world: World, product: dict[str, Any], topic: dict[str, Any]
) -> None:
    body = {"name": "t", "product_id": str(uuid4())}
    assert (await world[ADMIN].post("/topics", json=body)).status_code == 404
    body = {"name": "t", "product_id": product["id"], "next_topic_id": str(uuid4())}
    assert (await world[ADMIN].post("/topics", json=body)).status_code == 404
    body = {"name": "owl 1", "product_id": product["id"]}
    assert (await world[ADMIN].post("/topics", json=body)).status_code == 409


async def test_links_of_teams_come_and_go(world: World, product: dict[str, Any]) -> None:
    path = f"/products/{product['id']}/teams"
    red, nobody = str(world.teams["red"]), str(uuid4())
    assert (await world["epm"].post(path, json={"team_id": red})).status_code == 409
    assert (await world["epm"].post(path, json={"team_id": nobody})).status_code == 404
    assert [team["id"] for team in (await world.get("epm", path))["teams"]] == [red]
    mine = await world.get("red user", f"/teams/{red}/products")
    assert [found["id"] for found in mine["products"]] == [product["id"]]
    assert (await world["epm"].delete(f"{path}/{red}")).status_code == 204
    assert (await world["epm"].delete(f"{path}/{red}")).status_code == 404
    assert (await world["red user"].get(f"/products/{product['id']}")).status_code == 401


async def test_an_archived_topic_takes_its_components_along(
    world: World, topic: dict[str, Any]
) -> None:
    made = await component(world, topic)
    refused = await change(world, "feeder", "topic", topic, state="archived")
    assert refused.status_code == 401, "as with DELETE"
    assert (await change(world, ADMIN, "topic", topic, state="archived")).status_code == 200
    for path in (f"/topics/{topic['id']}", f"/components/{made['id']}"):
        assert (await world[ADMIN].get(path)).status_code == 404


# Components


@pytest.mark.parametrize(
    ("given", "version", "uid"),
    [
        ({"name": "RHOS-17.1-RHEL-9-20240101.n.1"}, "17.1-RHEL-9-20240101.n.1", None),
        ({"name": "kernel@5.14"}, "5.14", None),
        ({"name": "a:b c"}, "c", None),
        ({"name": "plain"}, "", None),
        ({"name": "2.0", "canonical_project_name": "owl"}, "2.0", None),
        ({"name": "f" * 40}, "", "f" * 40),
        ({"name": "f" * 40, "uid": "mine", "version": "1"}, "1", "mine"),
        ({"display_name": "owl"}, None, None),
    ],
)
def test_names_that_are_missing_are_derived(
    given: dict[str, str], version: str | None, uid: str | None
) -> None:
    names = ("name", "display_name", "version", "uid", "canonical_project_name")
    made = derive_names(**{name: given.get(name) for name in names})
    assert (made["version"], made["uid"]) == (version, uid)
    assert made["name"]
    assert made["display_name"]


def test_one_of_two_names_is_needed() -> None:
    for name, display_name in ((None, None), ("a", "b")):
        with pytest.raises(BadRequest):
            derive_names(
                name=name,
                display_name=display_name,
                version=None,
                uid=None,
                canonical_project_name=None,
            )


async def test_a_component_as_created(world: World, topic: dict[str, Any]) -> None:
    made = await component(
        world, topic, type="RPM", tags=["build:ga", "", "build:ga"], data={"a": [1]}, url="http://x"
    )
    assert (made["type"], made["version"], made["display_name"]) == ("rpm", "1.2", "owl 1.2")
    assert (made["tags"], made["data"], made["team_id"]) == (["build:ga"], {"a": [1]}, None)
    assert made["files"] == made["jobs"] == []
    assert made["state"] == "active"
    dated = await component(world, topic, name="x", released_at="2026-01-15T10:30:00+01:00")
    assert dated["released_at"] == "2026-01-15T09:30:00"


async def test_an_active_component_is_there_once(world: World, topic: dict[str, Any]) -> None:
    first = await component(world, topic)
    body = {"type": "rpm", "topic_id": topic["id"], "name": "owl 1.2"}
    assert (await world["feeder"].post("/components", json=body)).status_code == 409
    red = str(world.teams["red"])
    await create(world, "red user", "component", **body, team_id=red)
    again = await world["red user"].post("/components", json={**body, "team_id": red})
    assert again.status_code == 409
    second = await component(world, topic, state="inactive")
    assert (await change(world, "feeder", "component", second, state="active")).status_code == 409
    assert (await change(world, "feeder", "component", first, state="inactive")).is_success
    assert (await change(world, "feeder", "component", second, state="active")).is_success


async def test_publishing_is_told_once(world: World, topic: dict[str, Any]) -> None:
    active = await component(world, topic)
    waiting = await component(world, topic, name="owl 2", state="inactive")
    assert len(await world.events("component.published")) == 1
    answer = await change(world, "feeder", "component", waiting, state="active")
    published = answer.json()["component"]
    await change(world, "feeder", "component", published, state="active", title="x")
    red = str(world.teams["red"])
    own = await create(
        world, "red lab", "component", type="IMG", topic_id=topic["id"], name="i", team_id=red
    )
    told = await world.events("component.published")
    expected = [(active, None, "rpm"), (waiting, None, "rpm"), (own, world.teams["red"], "img")]
    assert len(told) == len(expected)
    for event, (row, team, kind) in zip(told, expected, strict=True):
        assert event["team_id"] == team
        assert event["topic_id"] == UUID(topic["id"])
        assert row["id"] in event["payload"]
        assert f'"type": "{kind}"' in event["payload"]


async def test_a_component_that_was_refused_is_not_told(
    world: World, topic: dict[str, Any]
) -> None:
    await component(world, topic)
    body = {"type": "rpm", "topic_id": topic["id"], "name": "owl 1.2"}
    await world["feeder"].post("/components", json=body)
    assert len(await world.events("component.published")) == 1


async def test_etags_of_components_follow_the_wire_format(
    world: World, topic: dict[str, Any]
) -> None:
    path = f"/components/{(await component(world, topic))['id']}"
    for method in ("PUT", "DELETE"):
        assert (await world["feeder"].request(method, path, json={})).status_code == 412
        answer = await world["feeder"].request(method, path, json={}, headers={"If-match": "x"})
        assert answer.status_code == 404


async def test_a_members_component_does_not_become_everyones(
    world: World, topic: dict[str, Any]
) -> None:
    made = await create(
        world,
        "red user",
        "component",
        type="rpm",
        topic_id=topic["id"],
        name="mine",
        team_id=str(world.teams["red"]),
    )
    for team in (None, str(world.teams["blue"])):
        answer = await change(world, "red user", "component", made, team_id=team)
        assert answer.status_code == 401
    assert (await change(world, "epm", "component", made, team_id=None)).status_code == 200


async def test_malformed_components_are_400(world: World, topic: dict[str, Any]) -> None:
    good = {"type": "rpm", "topic_id": topic["id"], "name": "owl 1.2"}
    for wrong in (
        {"type": ""},
        {"type": None},
        {"name": None},
        {"display_name": "also"},
        {"topic_id": "x"},
        {"tags": "x"},
        {"tags": [1]},
        {"data": "x"},
        {"data": {"a": "\0"}},
        {"released_at": "soon"},
        {"state": "gone"},
        {"unknown": 1},
    ):
        answer = await world["feeder"].post("/components", json={**good, **wrong})
        assert answer.status_code == 400, wrong
    for body in (b"\xff", b"{", b"[]", b'"x"'):
        assert (await world["feeder"].post("/components", content=body)).status_code == 400
    huge = b'{"name": "' + b"x" * (1 << 20) + b'"}'
    assert (await world["epm"].post("/components", content=huge)).status_code == 413
    nowhere = {**good, "topic_id": str(uuid4())}
    assert (await world["feeder"].post("/components", json=nowhere)).status_code == 404
    nobody = {**good, "team_id": str(uuid4())}
    assert (await world["epm"].post("/components", json=nobody)).status_code == 404


async def test_lists_of_components(world: World, topic: dict[str, Any]) -> None:
    for number in range(5):
        await component(
            world,
            topic,
            name=f"owl {number}",
            released_at=f"2026-01-0{5 - number}T00:00:00",
            tags=[f"n:{number}", "all"],
        )
    path = f"/topics/{topic['id']}/components"
    newest = await world.get("red user", path, limit=2, offset=0)
    assert [found["name"] for found in newest["components"]] == ["owl 0", "owl 1"]
    assert newest["_meta"]["count"] == 5
    for where, count in (
        ("tags:all", 5),
        ("tags:n:3", 1),
        ("version:3,type:rpm", 1),
        ("display_name:OWL*", 5),
        ("team_id:", 5),
        (f"topic_id:{uuid4()}", 0),
    ):
        for listing in (path, "/components"):
            assert (await world.get("red user", listing, where=where))["_meta"]["count"] == count
    for query in ("where=data:x", "sort=data", "jobs_limit=1", "where=topic_id:x", "limit=1"):
        assert (await world["red user"].get(f"{path}?{query}")).status_code == 400
    counter = count_statements()
    await world.get("red user", path)
    assert counter == [3], "identity, the topic, the list"


# Jobs that used a component


async def add_job(
    world: World, component_id: str, lab: str, number: int, **values: Any
) -> dict[str, Any]:
    async with world.db.transaction(SYSTEM) as tx:
        topic = await tx.fetchval(
            "SELECT topic_id FROM components WHERE id = $1", UUID(component_id)
        )
        team = world.teams[lab.removesuffix(" lab")]
        row = {"topic_id": topic, "remoteci_id": world.machines[lab], "team_id": team, **values}
        job = await rows.insert(tx, "jobs", {"name": f"job {number}", **row})
        await tx.execute(
            "UPDATE jobs SET created_at = created_at + $2 * interval '1 s' WHERE id = $1",
            job,
            number,
        )
        await tx.execute(
            "INSERT INTO jobs_components (job_id, component_id, team_id) VALUES ($1, $2, $3)",
            job,
            UUID(component_id),
            team,
        )
    return {"id": job}


async def test_a_component_shows_the_newest_jobs_that_the_caller_may_see(
    world: World, topic: dict[str, Any]
) -> None:
    made = await component(world, topic)
    for number in range(4):
        await add_job(world, made["id"], "red lab", number)
    await add_job(world, made["id"], "blue lab", 9)
    path = f"/components/{made['id']}"

    async def names(who: str, **params: int) -> list[str]:
        jobs = (await world.get(who, path, **params))["component"]["jobs"]
        return [job["name"] for job in jobs]

    assert await names("red user") == ["job 3", "job 2", "job 1", "job 0"]
    assert await names(ADMIN) == ["job 9", "job 3", "job 2", "job 1", "job 0"]
    assert await names("red user", jobs_limit=2, jobs_offset=1) == ["job 2", "job 1"]
    assert await names("red user", jobs_limit=0) == []
    for query in ("jobs_limit=x", "jobs_offset=-1", "jobs_limit=99999999999"):
        assert (await world["red user"].get(f"{path}?{query}")).status_code == 400


async def test_no_more_than_200_jobs_are_shown(world: World, topic: dict[str, Any]) -> None:
    made = await component(world, topic)
    first = await add_job(world, made["id"], "red lab", 0)
    await world.sql(
        """WITH more AS (
             INSERT INTO jobs (id, created_at, updated_at, etag, topic_id, remoteci_id, team_id)
             SELECT gen_random_uuid(), created_at, updated_at, etag, topic_id, remoteci_id, team_id
             FROM jobs, generate_series(1, 250) WHERE id = $1 RETURNING id, team_id)
           INSERT INTO jobs_components (job_id, component_id, team_id)
           SELECT id, $2, team_id FROM more""",
        first["id"],
        UUID(made["id"]),
    )
    path = f"/components/{made['id']}"
    for query, count in (("", 100), ("?jobs_limit=500", 200), ("?jobs_offset=200", 51)):
        shown = (await world["red user"].get(path + query)).json()["component"]
        assert len(shown["jobs"]) == count
        assert shown["_jobs"]["count"] == 251, "and it says how many there are"


async def test_the_status_word_is_the_wire_formats(world: World, topic: dict[str, Any]) -> None:
    made = await component(world, topic)
    expected = []
    cases: list[tuple[JobStatus, Stage | None, JobResult | None]] = [
        (JobStatus.QUEUED, None, None),
        (JobStatus.RUNNING, None, None),
        *((JobStatus.RUNNING, stage, None) for stage in Stage),
        *((JobStatus.FINISHED, Stage.TEST, result) for result in JobResult),
    ]
    for number, (status, stage, result) in enumerate(cases):
        values = {"status": status, "stage": stage, "result": result}
        await add_job(world, made["id"], "red lab", number, **values)
        expected.append(dci_status(status, stage, result))
    jobs = (await world.get("red user", f"/components/{made['id']}"))["component"]["jobs"]
    assert [job["status"] for job in jobs] == expected[::-1]
