"""Somebody wants something run on a lab: who may, whom the lab asks first, and for how long."""

from typing import Any

import pytest

from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import Unauthorised
from ringtest.control.kernel.tenant import Tenant
from tests.control.jobs.bench import SPEC, Bench

OWN = {"stages": {"test": [{"run": "make check"}]}}


async def wish(bench: Bench, who: str, lab: str = "red lab", **more: Any) -> Any:
    body = {
        "remoteci_id": str(bench.world.machines[lab]),
        "topic_id": str(bench.topics["linux"]),
        **more,
    }
    answer = await bench.world[who].post("/lab_runs", json=body)
    return answer.json()["lab_run"] if answer.is_success else answer.status_code


async def allow(bench: Bench, *rules: dict[str, Any], who: str = "red user") -> Any:
    lab = bench.world.machines["red lab"]
    path = f"/remotecis/{lab}/consent"
    known = await bench.world["super admin"].get(path)
    headers = {"If-match": known.headers["etag"]}
    answer = await bench.world[who].put(path, json={"rules": list(rules)}, headers=headers)
    return answer.json()["rules"] if answer.is_success else answer.status_code


async def answer_(bench: Bench, run: dict[str, Any], verb: str, who: str = "red user") -> Any:
    answer = await bench.world[who].post(f"/lab_runs/{run['id']}/{verb}", json={})
    return answer.json()["lab_run"] if answer.is_success else answer.status_code


async def jobs(bench: Bench) -> list[Any]:
    found: list[Any] = (await bench.world.get("super admin", "/jobs"))["jobs"]
    return found


async def test_own_team_runs_on_its_lab_and_the_agent_gets_the_definition(bench: Bench) -> None:
    run = await wish(bench, "red user", comment="after the new firmware")
    assert run["status"] == "placed" and run["name"] == "check"
    claim = await bench.claim(run["job_id"])
    assert claim["definition"]["stages"]["test"][0]["run"] == SPEC["stages"]["test"][0]["run"]
    assert {one["type"] for one in claim["components"]} == {"compose", "kernel"}
    job = await bench.job(run["job_id"])
    assert job["comment"] == "asked for by red user: after the new firmware"


async def test_parameters_of_the_one_job_win_and_the_labs_people_see_them(bench: Bench) -> None:
    await allow(bench, {"answer": "ask"})
    own = {**OWN, "parameters": {"level": 1}}
    run = await wish(bench, "epm", definition=own, parameters={"level": 3, "disk": "sdb"})
    shown = await bench.world.get("red user", f"/lab_runs/{run['id']}")
    assert shown["lab_run"]["spec"]["job_parameters"] == {"level": 3, "disk": "sdb"}
    placed = await answer_(bench, run, "allow")
    claim = await bench.claim(placed["job_id"])
    assert claim["definition"]["parameters"] == {"level": 1}
    assert "job_parameters" not in claim["definition"]
    assert claim["parameters"] == {"job": {"level": 3, "disk": "sdb"}}
    assert await wish(bench, "red user", parameters=["level=3"]) == 400


async def test_a_lab_may_ask_for_a_job_itself(bench: Bench) -> None:
    own = {**OWN, "name": "of the file"}
    run = await wish(bench, "red lab", definition=own, name="mine")
    assert run["status"] == "placed" and (await bench.job(run["job_id"]))["name"] == "mine"
    assert (await wish(bench, "red lab", definition=own))["name"] == "of the file"


async def test_nobody_else_runs_anything_where_nothing_was_allowed(bench: Bench) -> None:
    for who in ("blue user", "blue lab", "epm", "super admin", "read-only"):
        assert await wish(bench, who) == (404 if "blue" in who else 401), who
    assert await jobs(bench) == []


async def test_who_is_asked_for_waits_until_a_person_of_the_lab_allows_it(bench: Bench) -> None:
    await allow(bench, {"answer": "ask"})
    run = await wish(bench, "epm", definition=OWN)
    assert run["status"] == "asked" and await jobs(bench) == []
    for who in ("epm", "super admin", "blue user", "red lab"):  # whoever may do everything else
        assert await answer_(bench, run, "allow", who) in (401, 404), who
    placed = await answer_(bench, run, "allow")
    assert placed["status"] == "placed" and placed["answered_by"] == "red user"
    assert (await bench.claim(placed["job_id"]))["definition"]["stages"]["test"]
    assert await answer_(bench, run, "refuse") == 409
    assert len(await jobs(bench)) == 1


async def test_a_refused_wish_makes_no_job(bench: Bench) -> None:
    await allow(bench, {"answer": "ask"})
    run = await wish(bench, "epm")
    refused = await answer_(bench, run, "refuse")
    assert refused["status"] == "refused" and await answer_(bench, run, "allow") == 409
    assert await jobs(bench) == []


async def test_a_question_expires(bench: Bench) -> None:
    await allow(bench, {"answer": "ask"})
    run = await wish(bench, "epm", expires_hours=2)
    clock = bench.world.db.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(2 * 3600)
    assert await answer_(bench, run, "allow") == 409 and await jobs(bench) == []
    [seen] = (await bench.world.get("red user", "/lab_runs"))["lab_runs"]
    assert seen["status"] == "expired"


async def test_the_narrowest_rule_counts(bench: Bench) -> None:
    blue = str(bench.world.teams["blue"])
    product = str(bench.product_id)
    await allow(
        bench,
        {"answer": "never", "asker_team_id": blue},
        {"answer": "always", "asker_team_id": blue, "product_id": product},
        {"answer": "ask"},
    )
    run = await wish(bench, "blue user")
    assert run["status"] == "placed"
    assert (await wish(bench, "epm"))["status"] == "asked"
    await allow(bench, {"answer": "never", "asker_team_id": blue}, {"answer": "always"})
    assert await wish(bench, "blue user") == 404


async def test_results_stay_with_the_labs_team(bench: Bench) -> None:
    await allow(bench, {"answer": "always"})
    run = await wish(bench, "blue user")
    seen = await bench.world.get("blue user", f"/lab_runs/{run['id']}")
    assert seen["lab_run"]["job_id"] == run["job_id"]
    assert (await bench.world["blue user"].get(f"/jobs/{run['job_id']}")).status_code == 401
    assert (await bench.world["red user"].get(f"/jobs/{run['job_id']}")).status_code == 200


async def test_a_lab_gets_nothing_that_its_team_may_not_see(bench: Bench) -> None:
    await allow(bench, {"answer": "always"})
    secret = str(bench.topics["secret"])
    assert await wish(bench, "epm", topic_id=secret, definition=OWN, components_ids=[]) == 401
    theirs = [str(bench.components["compose of blue"])]
    assert await wish(bench, "epm", components_ids=theirs) == 401
    assert await wish(bench, "red user", topic_id=secret, definition=OWN) == 401
    assert await jobs(bench) == []


async def test_only_people_of_the_labs_own_team_give_its_consent(bench: Bench) -> None:
    for who in ("epm", "super admin", "blue user", "red lab"):
        assert await allow(bench, {"answer": "always"}, who=who) == 401, who
    assert await allow(bench, {"answer": "ask"}) == [
        {
            "answer": "ask", "asker_team_id": None, "asker_team_name": None,
            "product_id": None, "product_name": None,
        }
    ]  # fmt: skip
    assert await allow(bench, {"answer": "ask"}, {"answer": "never"}) == 400
    assert await allow(bench, {"answer": "sometimes"}) == 400


async def test_policies_refuse_what_was_not_allowed_without_any_service(bench: Bench) -> None:
    """A row that the blue team writes past the service is not let in."""
    blue = Tenant(scope="team", teams=frozenset({bench.world.teams["blue"]}))
    with pytest.raises(Unauthorised):
        async with bench.world.db.transaction(blue) as tx:
            await tx.execute(
                """INSERT INTO lab_runs (id, created_at, updated_at, remoteci_id, team_id,
                  topic_id, product_id, asker_team_id, asker_name, name, spec, status, expires_at)
                VALUES (gen_random_uuid(), $1, $1, $2, $3, $4, $5, $6, 'x', 'x', '{}', 'asked', $1)
                """,
                tx.now,
                bench.world.machines["red lab"],
                bench.world.teams["red"],
                bench.topics["linux"],
                bench.product_id,
                bench.world.teams["blue"],
            )


async def test_everything_is_audited_and_told(bench: Bench) -> None:
    await allow(bench, {"answer": "ask"})
    run = await wish(bench, "epm")
    await answer_(bench, run, "allow")
    noted = {*await bench.world.sql("SELECT array_agg(action) FROM audits")}
    assert {"replace_lab_consent", "ask_lab_run", "allow_lab_run"} <= noted
    assert len(await bench.world.events("lab.run_changed")) == 2


async def test_the_definition_may_be_left_out_where_there_is_one(bench: Bench) -> None:
    definition = {"name": "other", "topic_id": str(bench.topics["linux"]), "spec": SPEC}
    made = await bench.world["epm"].post("/job_definitions", json=definition)
    assert await wish(bench, "red user") == 412
    chosen = await wish(bench, "red user", definition_id=made.json()["job_definition"]["id"])
    assert chosen["name"] == "other"
    both = {"definition_id": made.json()["job_definition"]["id"], "definition": OWN}
    assert await wish(bench, "red user", **both) == 400


async def test_a_team_may_not_flood_a_lab_with_questions(bench: Bench) -> None:
    await allow(bench, {"answer": "ask"})
    for _ in range(20):
        assert (await wish(bench, "epm"))["status"] == "asked"
    assert await wish(bench, "epm") == 409


async def test_of_two_who_change_the_rules_at_once_the_second_is_told(bench: Bench) -> None:
    path = f"/remotecis/{bench.world.machines['red lab']}/consent"
    user = bench.world["red user"]
    seen = await user.get(path)
    etag = seen.headers["etag"]
    assert seen.json()["_meta"]["etag"] == etag
    first = await user.put(path, json={"rules": [{"answer": "ask"}]}, headers={"If-match": etag})
    assert first.status_code == 200 and first.headers["etag"] != etag
    second = await user.put(
        path, json={"rules": [{"answer": "always"}]}, headers={"If-match": etag}
    )
    assert second.status_code == 404
    assert [one["answer"] for one in (await user.get(path)).json()["rules"]] == ["ask"]
    assert (await user.put(path, json={"rules": []})).status_code == 412
    again = {"If-match": first.headers["etag"]}
    assert (await user.put(path, json={"rules": []}, headers=again)).status_code == 200
