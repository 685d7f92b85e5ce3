"""The health of a product: complete, capped, cheap, and each caller's own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.signatures.model import Failure
from ringtest.control.triage import api as triage_api
from ringtest.control.views import api as views_api
from tests.control.people import World, count_statements, open_world
from tests.control.triage.ring import Ring, open_ring

BOOM = Failure("test", "ValueError: the ring is open", "class test", test_id=7)


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [views_api, triage_api]) as made:
        yield made


@pytest.fixture
async def ring(world: World) -> Ring:
    """A lab of the red team and one of the blue."""
    made = await open_ring(world.db)
    await made.add_lab("red lab 1", team=world.teams["red"])
    await made.add_lab("blue lab 1", team=world.teams["blue"])
    return made


async def health(world: World, ring: Ring, who: str = "epm") -> Any:
    """The answer for one caller."""
    return (await world.get(who, f"/products/{ring.product}/health"))["health"]


async def test_sets_labs_cells_and_groups_are_one_answer(world: World, ring: Ring) -> None:
    good = await ring.run("red lab 1", "build 1", "lib 1")
    bad = await ring.run("red lab 1", "build 2", "lib 1", fails=(BOOM,))
    open_job = await ring.run("blue lab 1", "build 2", "lib 1", status="running")
    answer = await health(world, ring)
    assert answer["product"] == {"id": str(ring.product), "name": "Ring"}
    assert answer["topics"] == [answer["topic"]] == [{"id": str(ring.topic), "name": "Ring 1"}]
    assert [lab["name"] for lab in answer["labs"]] == ["blue lab 1", "red lab 1"]
    assert answer["labs"][1]["team"]["name"] == "red"
    assert answer["labs"][1]["connected"] is False
    newest, oldest = answer["sets"]
    red, blue = str(ring.labs["red lab 1"]), str(ring.labs["blue lab 1"])
    assert [c["display_name"] for c in newest["components"]] == ["build 2", "lib 1"]
    assert newest["cells"][red] == {
        "job_id": str(bad),
        "status": "failure",
        "phase": "finished",
        "stage": None,
        "result": "failed",
        "tests": None,
        "progress": None,
        "failed_stage": None,
    }
    assert newest["cells"][blue]["job_id"] == str(open_job)
    assert newest["cells"][blue]["status"] == "pre-run"
    assert oldest["cells"][red]["job_id"] == str(good)
    (group,) = answer["groups"]
    assert group["verdict"]["text"] == "only one lab has run it"
    assert group["difference"][0]["after"]["version"] == "2"


async def test_a_partner_sees_its_own_labs_cells_and_verdicts(world: World, ring: Ring) -> None:
    await ring.run("red lab 1", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("blue lab 1", "build 1", "lib 1")
    answer = await health(world, ring, "blue user")
    assert [lab["name"] for lab in answer["labs"]] == ["blue lab 1"]
    assert [list(one["cells"]) for one in answer["sets"]] == [[str(ring.labs["blue lab 1"])]]
    assert answer["groups"] == []
    assert (await health(world, ring, "red user"))["groups"][0]["verdict"]["scope"] == "only_run"


async def test_it_takes_two_statements_however_much_there_is(world: World, ring: Ring) -> None:
    for build in range(30):
        for lab in ring.labs:
            await ring.run(lab, f"build {build}", "lib 1", fails=(BOOM,))
    await health(world, ring)  # a first login is checked against those that failed
    counter = count_statements()
    answer = await health(world, ring)
    assert counter[0] <= 5  # who asks, begin, two questions, commit
    assert len(answer["sets"]) == 20
    assert answer["sets"][0]["components"][0]["display_name"] == "build 29"


async def test_the_newest_job_of_a_lab_fills_its_cell(world: World, ring: Ring) -> None:
    await ring.run("red lab 1", "build 1", "lib 1", fails=(BOOM,))
    again = await ring.run("red lab 1", "build 1", "lib 1")
    (one,) = (await health(world, ring))["sets"]
    assert one["cells"][str(ring.labs["red lab 1"])]["job_id"] == str(again)


async def test_a_product_without_jobs_has_an_answer_too(world: World, ring: Ring) -> None:
    answer = await health(world, ring)
    assert answer["sets"] == [] and answer["groups"] == []
    assert len(answer["labs"]) == 2


@pytest.mark.parametrize("path", ["{product}/health?topic_id={product}", "{topic}/health"])
async def test_what_is_not_there_is_404(world: World, ring: Ring, path: str) -> None:
    url = f"/products/{path.format(product=ring.product, topic=ring.topic)}"
    assert (await world["epm"].get(url)).status_code == 404


async def test_a_product_of_others_is_404(world: World, db: Database) -> None:
    ring = await open_ring(db)
    answer = await world["blue user"].get(f"/products/{ring.product}/health")
    assert answer.status_code == 404


async def test_another_parameter_is_400(world: World, ring: Ring) -> None:
    answer = await world["epm"].get(f"/products/{ring.product}/health?limit=1")
    assert answer.status_code == 400


async def test_groups_are_listed_and_read_one_by_one(world: World, ring: Ring) -> None:
    await ring.run("red lab 1", "build 1", "lib 1", fails=(BOOM,))
    listed = await world.get("red user", "/failure_groups", topic_id=str(ring.topic))
    assert listed["_meta"]["count"] == 1
    path = f"/failure_groups/{listed['failure_groups'][0]['id']}"
    group = (await world.get("red user", path))["failure_group"]
    assert group == listed["failure_groups"][0]
    assert group["sample"]["text"] == "ValueError: the ring is open"
    assert (await world["blue user"].get(path)).status_code == 404
    assert (await world.get("blue user", "/failure_groups"))["failure_groups"] == []
    assert (await world["epm"].get("/failure_groups?sort=name")).status_code == 400
