"""Jobs as DCI clients create them, with DCI's codes."""

from typing import Any

import pytest

from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel.clock import VirtualClock
from tests.control.jobs.bench import Bench
from tests.control.people import count_statements


async def post(bench: Bench, path: str, who: str = "red lab", **body: Any) -> tuple[int, Any]:
    answer = await bench.world[who].post(path, json=body)
    return answer.status_code, answer.json() if answer.content else None


async def test_a_lab_creates_a_job_of_components_of_its_choice(bench: Bench) -> None:
    job = await bench.created(
        comment="by hand", tags=["daily", " "], data={"nodes": 3}, name="check",
        configuration="small", url="https://lab.example", team_id=str(bench.world.teams["blue"]),
    )  # fmt: skip
    assert (job["status"], job["phase"], job["duration"]) == ("new", "queued", 0)
    assert job["team_id"] == str(bench.world.teams["red"])
    assert job["remoteci_id"] == str(bench.world.machines["red lab"])
    assert job["topic_id"] == str(bench.topics["linux"])
    assert job["product_id"] == str(bench.product_id)
    assert job["tags"] == ["daily"]
    assert job["data"] == {"nodes": 3}
    assert job["set_key"] == component_set_key([bench.components["compose 1"]])
    assert job["user_agent"].startswith("python-httpx")
    assert "components" not in job
    got = await bench.job(job["id"], "red user")
    assert [one["display_name"] for one in got["components"]] == ["compose 1"]
    (told,) = await bench.world.events("job.assigned")
    assert told["team_id"] == bench.world.teams["red"]


async def test_only_labs_create_jobs(bench: Bench) -> None:
    ids = [str(bench.components["compose 1"])]
    for who in ("red user", "super admin", "feeder"):
        code, body = await post(bench, "/jobs", who, components=ids)
        assert (code, body["message"]) == (400, "Only remoteci can create job")
        code, _ = await post(bench, "/jobs/schedule", who, topic_id=str(bench.topics["linux"]))
        assert code == 400
    assert (await post(bench, "/jobs", "nobody", components=ids))[0] == 401


async def test_what_may_not_be_used_is_401_and_what_is_not_there_404(bench: Bench) -> None:
    nothing = "00000000-0000-0000-0000-000000000000"
    mine = [str(bench.components["compose 1"])]
    for code, body in (
        (401, {"components": [str(bench.components["compose of blue"])]}),
        (404, {"components": [nothing]}),
        (404, {"components": [*mine, nothing]}),
        (401, {"components": mine, "topic_id": str(bench.topics["secret"])}),
        (404, {"components": mine, "topic_id": nothing}),
        (404, {"components": mine, "pipeline_id": nothing}),
        (400, {"components": []}),
        (400, {"components": "all of them"}),
        (400, {"components": mine, "colour": "red"}),
    ):
        assert (await post(bench, "/jobs", **body))[0] == code, body


async def test_what_is_not_active_is_412(bench: Bench) -> None:
    sleeping = await bench.topic("sleeping", state="inactive")
    mine = [str(bench.components["compose 1"])]
    assert (await post(bench, "/jobs", components=mine, topic_id=str(sleeping)))[0] == 412
    assert (await post(bench, "/jobs/schedule", topic_id=str(sleeping)))[0] == 412


async def test_creating_a_job_costs_few_statements(bench: Bench) -> None:
    counter = count_statements()
    await bench.created()
    assert counter[0] <= 5  # who asks; then begin, look, insert and tell, commit


async def test_scheduling_takes_the_newest_component_of_each_type(
    bench: Bench, clock: VirtualClock
) -> None:
    clock.advance(60)
    newest = await bench.component("compose 2")
    await bench.component("kernel 2", state="inactive")
    await bench.component("kernel of red", team_id=bench.world.teams["red"])
    code, body = await post(bench, "/jobs/schedule", topic_id=str(bench.topics["linux"]))
    assert code == 201
    got = await bench.job(body["job"]["id"], "red user")
    assert {one["id"] for one in got["components"]} == {
        str(newest),
        str(bench.components["kernel 1"]),
    }
    assert got["status"] == "new"


async def test_scheduling_with_components_checks_them_against_the_types(bench: Bench) -> None:
    other = await bench.topic("other")
    foreign = await bench.component("kernel 9", topic="other")
    twin = await bench.component("compose 3")
    compose, kernel = (str(bench.components[name]) for name in ("compose 1", "kernel 1"))
    sleeping = await bench.component("kernel 3", state="inactive")
    for code, ids in (
        (201, [compose, kernel]),
        (412, [compose]),
        (412, [compose, str(twin)]),
        (404, [compose, str(foreign)]),
        (404, [compose, str(sleeping)]),
    ):
        body: dict[str, Any] = {"topic_id": str(bench.topics["linux"]), "components_ids": ids}
        assert (await post(bench, "/jobs/schedule", **body))[0] == code, ids
    for code, topic in ((412, other), (401, bench.topics["secret"])):
        assert (await post(bench, "/jobs/schedule", topic_id=str(topic)))[0] == code


async def test_a_type_named_twice_cannot_be_scheduled(bench: Bench) -> None:
    twice = await bench.topic("twice", component_types=["compose", "compose"])
    await bench.component("compose t", topic="twice")
    assert (await post(bench, "/jobs/schedule", topic_id=str(twice)))[0] == 412


async def test_an_update_runs_the_job_again_with_the_newest_components(
    bench: Bench, clock: VirtualClock
) -> None:
    old = await bench.created(name="check")
    clock.advance(60)
    newest = await bench.component("compose 2")
    code, body = await post(bench, f"/jobs/{old['id']}/update", "red user")
    assert code == 201
    job = body["job"]
    assert job["previous_job_id"] == job["update_previous_job_id"] == old["id"]
    assert job["remoteci_id"] == old["remoteci_id"]
    got = await bench.job(job["id"])
    assert str(newest) in {one["id"] for one in got["components"]}
    assert (await post(bench, f"/jobs/{old['id']}/update", "blue user"))[0] == 401


async def test_an_upgrade_runs_the_job_in_the_next_topic(bench: Bench) -> None:
    old = await bench.created()
    assert (await post(bench, "/jobs/upgrade", "red lab", job_id=old["id"]))[0] == 400
    following = await bench.topic("linux next")
    for name in ("compose n", "kernel n"):
        await bench.component(name, topic="linux next")
    await bench.world.sql(
        "UPDATE topics SET next_topic_id = $1 WHERE name = 'linux' RETURNING 1", following
    )
    code, body = await post(bench, "/jobs/upgrade", "red lab", job_id=old["id"])
    assert code == 201
    assert body["job"]["topic_id"] == str(following)
    assert body["job"]["previous_job_id"] == old["id"]


# what rules and the scheduler do -------------------------------------------------


async def test_a_request_is_assigned_to_a_lab_once(bench: Bench) -> None:
    job_id = await bench.queued()
    job = await bench.job(job_id, "red user")
    assert (job["phase"], job["status"], job["attempt"]) == ("queued", "new", 0)
    assert (job["name"], job["max_attempts"]) == ("check", 3)
    assert job["set_key"] == component_set_key(
        [bench.components["compose 1"], bench.components["kernel 1"]]
    )
    assert job["definition_id"] == str(bench.definition_id)
    listed = await bench.world.get("red user", "/job_requests")
    (request,) = listed["job_requests"]
    assert (request["status"], request["id"]) == ("placed", job["request_id"])
    assert [one["type"] for one in request["components"]] == ["compose", "kernel"]
    assert request["definition"]["name"] == "check"


async def test_the_previous_job_of_an_assigned_one_is_the_latest_comparable(
    bench: Bench, clock: VirtualClock
) -> None:
    first = await bench.queued()
    clock.advance(1)
    await bench.queued("blue lab")
    await bench.created(name="check", configuration="other")
    second = await bench.queued()
    assert (await bench.job(first))["previous_job_id"] is None
    assert (await bench.job(second))["previous_job_id"] == first


@pytest.mark.parametrize("who", ["red user", "blue user", "epm"])
async def test_requests_are_seen_by_who_may_use_the_topic(bench: Bench, who: str) -> None:
    await bench.queued()
    assert (await bench.world.get(who, "/job_requests"))["_meta"]["count"] == 1
    await bench.world.sql("DELETE FROM products_teams RETURNING 1")
    expected = 1 if who == "epm" else 0
    assert (await bench.world.get(who, "/job_requests"))["_meta"]["count"] == expected
