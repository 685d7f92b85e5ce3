"""Jobs that need labels: which lab gets them, which machine takes them, and who is told why not."""

from typing import Any
from uuid import UUID

import pytest

from ringtest.control.db import rows
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.jobs.bench import SPEC, Bench

NEEDS = {"nic": "mlx5*", "memory": ">=64GiB"}
SMALL = {"nic": "e1000e", "memory": "8GiB"}
LARGE = {"nic": "ixgbe, mlx5_core", "memory": "128GiB"}


async def tell(
    bench: Bench, labels: dict[str, str], *, agent: str = "rack-7/1", lab: str = "red lab"
) -> None:
    clock = bench.world.db.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(1)
    body = {"agent": agent, "labels": labels, "inventory": {"cpu": {"threads": 8}}}
    assert (await bench.world[lab].post("/agent/inventory", json=body)).status_code == 200


async def definition(bench: Bench, **labels: Any) -> UUID:
    async with bench.world.db.transaction(SYSTEM) as tx:
        spec = {**SPEC, "labels": labels}
        values = {"name": f"needs {labels}", "topic_id": bench.topics["linux"], "spec": spec}
        return await rows.insert(tx, "job_definitions", values)


async def matching(bench: Bench, path: str, who: str = "red user") -> Any:
    answer = await bench.world[who].get(path)
    return answer.json()["matching"] if answer.is_success else answer.status_code


async def wish(bench: Bench, who: str = "red user", **more: Any) -> Any:
    body = {
        "remoteci_id": str(bench.world.machines["red lab"]),
        "topic_id": str(bench.topics["linux"]),
        **more,
    }
    return await bench.world[who].post("/lab_runs", json=body)


async def claim(bench: Bench, job_id: str, agent: str) -> Any:
    return await bench.world["red lab"].post(f"/jobs/{job_id}/claim", json={"agent": agent})


async def test_only_an_agent_whose_machine_has_the_labels_takes_the_job(bench: Bench) -> None:
    await tell(bench, SMALL)
    await tell(bench, LARGE, agent="rack-8/1")
    job_id = await bench.queued(labels=NEEDS)
    refused = await claim(bench, job_id, "rack-7/1")
    assert refused.status_code == 409
    assert "nic=mlx5*: it has e1000e" in refused.json()["message"]
    assert "memory>=64GiB: it has 8GiB" in refused.json()["message"]
    silent = await claim(bench, job_id, "rack-9/1")
    assert "it has told nothing of its machine" in silent.json()["message"]
    taken = await claim(bench, job_id, "rack-8/1")
    assert taken.status_code == 200
    assert taken.json()["claim"]["definition"]["labels"] == NEEDS


async def test_who_took_a_job_gets_the_same_answer_after_its_machine_changed(bench: Bench) -> None:
    await tell(bench, LARGE)
    job_id = await bench.queued(labels=NEEDS)
    first = await claim(bench, job_id, "rack-7/1")
    await tell(bench, SMALL)
    again = await claim(bench, job_id, "rack-7/1")
    assert again.json()["claim"]["lease_token"] == first.json()["claim"]["lease_token"]


async def test_run_on_a_lab_that_lacks_a_label_says_which_and_what_there_is(bench: Bench) -> None:
    await tell(bench, SMALL)
    refused = await wish(bench, labels=NEEDS)
    assert refused.status_code == 412
    message = refused.json()["message"]
    assert message.startswith("no machine of red lab has nic=mlx5*, memory>=64GiB: rack-7/1: ")
    assert "nic=mlx5*: it has e1000e" in message
    await tell(bench, LARGE, agent="rack-8/1")
    placed = (await wish(bench, labels=NEEDS)).json()["lab_run"]
    assert placed["status"] == "placed" and placed["spec"]["labels"] == NEEDS


async def test_labels_of_the_wish_come_on_top_of_those_of_the_definition(bench: Bench) -> None:
    await tell(bench, LARGE)
    own = await definition(bench, nic="mlx5*", memory=">=1TiB")
    assert (await wish(bench, definition_id=str(own))).status_code == 412
    less = await wish(bench, definition_id=str(own), labels={"memory": ">=1GiB"})
    assert less.json()["lab_run"]["spec"]["labels"] == {"nic": "mlx5*", "memory": ">=1GiB"}


async def test_another_team_learns_which_label_fails_and_nothing_of_the_machines(
    bench: Bench,
) -> None:
    lab = bench.world.machines["red lab"]
    rules = [{"answer": "always"}]
    path = f"/remotecis/{lab}/consent"
    headers = {"If-match": (await bench.world["red user"].get(path)).headers["etag"]}
    await bench.world["red user"].put(path, json={"rules": rules}, headers=headers)
    await tell(bench, SMALL)
    refused = await wish(bench, who="blue user", labels=NEEDS)
    assert refused.status_code == 412
    assert refused.json()["message"] == "no machine of red lab has nic=mlx5*, memory>=64GiB"
    assert "e1000e" not in refused.text and "rack-7" not in refused.text


async def test_lab_that_schedules_itself_is_told_when_it_lacks_a_label(bench: Bench) -> None:
    await tell(bench, SMALL)
    body = {"topic_id": str(bench.topics["linux"]), "labels": {"memory": ">=64GiB"}}
    refused = await bench.world["red lab"].post("/jobs/schedule", json=body)
    assert refused.status_code == 412 and "memory>=64GiB: it has 8GiB" in refused.text
    await tell(bench, LARGE)
    assert (await bench.world["red lab"].post("/jobs/schedule", json=body)).status_code == 201


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ({"memory": ">=lots"}, "memory: '>=lots' compares with no amount"),
        ({"two words": "x"}, "is no name of a label"),
        ({"nic": []}, "Expected `array` of length >= 1"),
        ({"nic": True}, "got `bool`"),
    ],
)
async def test_what_is_no_wish_is_refused_where_it_is_said(
    bench: Bench, labels: dict[str, Any], fault: str
) -> None:
    spec = {**SPEC, "labels": labels}
    body = {"name": "bad", "topic_id": str(bench.topics["linux"]), "spec": spec}
    answer = await bench.world["epm"].post("/job_definitions", json=body)
    assert answer.status_code == 400 and fault in answer.text
    assert (await wish(bench, labels=labels)).status_code == 400
    asked = {"topic_id": str(bench.topics["linux"]), "labels": labels}
    assert (await bench.world["red lab"].post("/jobs/schedule", json=asked)).status_code == 400


async def test_question_which_labs_could_run_it_names_machines_and_what_they_lack(
    bench: Bench,
) -> None:
    await tell(bench, SMALL)
    await tell(bench, LARGE, lab="blue lab")
    own = await definition(bench, **NEEDS)
    found = await matching(bench, f"/job_definitions/{own}/labs", "super admin")
    labs = {one["name"]: one for one in found["labs"]}
    assert found["labs"][0]["name"] == "blue lab" and found["fitting"] == 1
    assert labs["blue lab"]["fits"] and labs["blue lab"]["machines"][0]["unmet"] == []
    assert labs["red lab"]["machines"][0]["unmet"] == [
        "nic=mlx5*: it has e1000e", "memory>=64GiB: it has 8GiB",
    ]  # fmt: skip
    assert found["needs"] == ["nic=mlx5*", "memory>=64GiB"]
    mine = await matching(bench, f"/job_definitions/{own}/labs")
    assert [one["name"] for one in mine["labs"]] == ["red lab"]
    assert mine["text"] == "no lab has nic=mlx5*, memory>=64GiB: 1 lab lacks it, and is offline"


async def test_queued_job_says_that_its_lab_lacks_a_label(bench: Bench) -> None:
    await tell(bench, SMALL)
    job_id = await bench.queued(labels=NEEDS)
    found = await matching(bench, f"/jobs/{job_id}/labs")
    assert found["fitting"] == 0 and "no lab has nic=mlx5*" in found["text"]
    assert await matching(bench, f"/jobs/{job_id}/labs", "blue user") == 401
