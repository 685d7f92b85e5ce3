"""What an agent may do with a job, over HTTP."""

import asyncio
from typing import Any

import pytest

from ringtest.control.kernel.clock import VirtualClock
from tests.control.jobs.bench import SPEC, Bench

PASSED = {"kind": "finish", "result": "passed"}


def stage(seq: int, name: str, status: str, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "kind": "stage", "stage": name, "status": status, **more}


async def test_a_claim_brings_everything_the_agent_needs(bench: Bench) -> None:
    job_id = await bench.queued()
    await bench.world.sql(
        "INSERT INTO component_files (id, created_at, updated_at, etag, name, mime, sha256, size,"
        " object_key, component_id) VALUES (gen_random_uuid(), now(), now(), 'e', 'a.tar',"
        " 'application/x-tar', 'beef', 7, 'k', $1) RETURNING 1",
        bench.components["compose 1"],
    )
    claim = await bench.claim(job_id)
    assert claim["attempt"] == 1
    assert (claim["lease_seconds"], claim["heartbeat_seconds"]) == (60, 15)
    assert claim["timeout_seconds"] == 900
    assert claim["definition"] == SPEC
    assert [one["type"] for one in claim["components"]] == ["compose", "kernel"]
    assert claim["components"][0]["files"][0]["sha256"] == "beef"
    assert claim["components"][0]["data"] == {"url": "https://builds.example"}
    job = claim["job"]
    assert (job["id"], job["status"], job["phase"]) == (job_id, "pre-run", "running")
    assert (await bench.job(job_id))["started_at"] == "2026-01-01T12:00:00"


async def test_a_claim_brings_the_parameters_of_each_scope(bench: Bench) -> None:
    job_id = await bench.queued()
    product_id = (await bench.job(job_id))["product_id"]
    for table, key, data in (
        ("products", product_id, '{"parameters": {"arch": "p", "os": "p"}}'),
        ("topics", str(bench.topics["linux"]), '{"parameters": {"disk": "vda", "arch": "x"}}'),
        ("remotecis", str(bench.world.machines["red lab"]), '{"parameters": {"disk": "sdb"}}'),
        ("jobs", job_id, '{"parameters": ["no mapping"], "other": 1}'),
    ):
        await bench.world.sql(
            f"UPDATE {table} SET data = $2::text::jsonb WHERE id = $1::uuid RETURNING 1", key, data
        )
    claim = await bench.claim(job_id)
    assert claim["parameters"] == {
        "product": {"arch": "p", "os": "p"},
        "topic": {"disk": "vda", "arch": "x"},
        "lab": {"disk": "sdb"},
    }
    assert (await bench.claim(job_id))["parameters"] == claim["parameters"]


async def test_of_many_agents_exactly_one_gets_the_job(bench: Bench) -> None:
    job_id = await bench.queued()
    lab = bench.world["red lab"]
    answers = await asyncio.gather(
        *(lab.post(f"/jobs/{job_id}/claim", json={"agent": f"agent {n}"}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    attempts = await bench.world.get("red user", f"/jobs/{job_id}/attempts")
    assert attempts["_meta"]["count"] == 1
    assert len(await bench.world.events("job.claimed")) == 1


async def test_a_job_whose_topic_was_taken_from_the_team_is_not_claimed(bench: Bench) -> None:
    job_id = await bench.queued()
    await bench.world.sql("DELETE FROM products_teams RETURNING 1")
    answer = await bench.world["red lab"].post(f"/jobs/{job_id}/claim", json={"agent": "a"})
    assert answer.status_code == 409
    assert "may no longer see" in answer.json()["message"]
    assert (await bench.job(job_id))["phase"] == "queued"


async def test_an_agent_whose_answer_was_lost_gets_the_same_again(bench: Bench) -> None:
    job_id = await bench.queued()
    first = await bench.claim(job_id)
    again = await bench.claim(job_id)
    assert again["lease_token"] == first["lease_token"]
    assert again["attempt"] == 1
    refused = await bench.world["red lab"].post(f"/jobs/{job_id}/claim", json={"agent": "other"})
    assert refused.status_code == 409
    assert len(await bench.world.events("job.claimed")) == 1


async def test_only_the_lab_that_has_the_job_may_claim_it(bench: Bench) -> None:
    job_id = await bench.queued()
    for who, code in (("blue lab", 401), ("red user", 401), ("super admin", 401), ("nobody", 401)):
        answer = await bench.world[who].post(f"/jobs/{job_id}/claim", json={"agent": "a"})
        assert answer.status_code == code, who


async def test_a_job_without_a_definition_is_run_by_its_creator(bench: Bench) -> None:
    job = await bench.created()
    answer = await bench.world["red lab"].post(f"/jobs/{job['id']}/claim", json={"agent": "a"})
    assert answer.status_code == 409


async def test_stages_move_the_job_through_the_words_of_the_wire_format(
    bench: Bench, clock: VirtualClock
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    words = []
    for seq, name in ((1, "prepare"), (3, "test"), (5, "collect")):
        await bench.told(job_id, token, stage(seq, name, "running"))
        words.append((await bench.job(job_id))["status"])
        clock.advance(10)
        failed = {"exit_code": 2, "message": "two failed"} if name == "test" else {}
        status = "failed" if name == "test" else "passed"
        await bench.told(job_id, token, stage(seq + 1, name, status, **failed))
    await bench.told(job_id, token, {"seq": 7, "kind": "finish", "result": "failed"})
    job = await bench.job(job_id)
    assert [*words, job["status"]] == ["pre-run", "running", "post-run", "failure"]
    assert (job["phase"], job["stage"], job["result"]) == ("finished", None, "failed")
    assert [one["status"] for one in job["jobstates"]] == [*words, "failure"]
    stages = (await bench.world.get("red user", f"/jobs/{job_id}/stages"))["stages"]
    assert [(one["name"], one["status"], one["exit_code"]) for one in stages] == [
        ("prepare", "passed", None),
        ("test", "failed", 2),
        ("collect", "passed", None),
    ]
    changed = await bench.world.events("job.stage_changed")
    assert len(changed) == 6


async def test_a_journal_sent_late_keeps_its_times_within_the_attempt(
    bench: Bench, clock: VirtualClock
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    clock.advance(50)
    await bench.told(
        job_id,
        token,
        stage(1, "prepare", "running", at="2026-01-01T12:00:10Z"),
        stage(2, "prepare", "passed", at="2026-01-01T12:00:30+00:00"),
        stage(3, "test", "running", at="1999-01-01T00:00:00"),
        stage(4, "test", "passed", at="2099-01-01T00:00:00Z"),
    )
    stages = (await bench.world.get("red user", f"/jobs/{job_id}/stages"))["stages"]
    times = [(one["started_at"][-8:], one["ended_at"][-8:]) for one in stages]
    assert times == [("12:00:10", "12:00:30"), ("12:00:00", "12:00:50")]


async def test_progress_is_seen_at_once_and_is_no_edit(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    etag = (await bench.job(job_id))["etag"]
    counts = {"total": 9, "passed": 4, "failed": 1, "errored": 0, "skipped": 0}
    await bench.told(job_id, token, {"seq": 1, "kind": "progress", **counts})
    job = await bench.job(job_id)
    assert job["progress"] == counts
    assert job["etag"] == etag


async def test_a_batch_sent_twice_counts_once(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    batch = [stage(1, "prepare", "running"), {"seq": 2, "kind": "log", "data": "b25lCg=="}]
    for _ in range(2):
        assert (await bench.told(job_id, token, *batch))["applied_seq"] == 2
    more = await bench.told(job_id, token, batch[1], {"seq": 3, "kind": "log", "data": "dHdvCg=="})
    assert more["applied_seq"] == 3
    log = (await bench.world.get("red user", f"/jobs/{job_id}/log"))["log"]
    assert log["lines"] == ["one", "two"]
    assert len(await bench.world.events("job.stage_changed")) == 1


async def test_a_gap_is_refused_and_names_the_last_record_known(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    await bench.told(job_id, token, stage(1, "prepare", "running"))
    answer = await bench.tell(job_id, token, stage(3, "test", "running"))
    assert answer.status_code == 409
    assert answer.json()["payload"] == {"applied_seq": 1}
    assert (await bench.job(job_id))["stage"] == "prepare"


async def test_batches_sent_at_once_are_applied_one_after_the_other(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    batch = [{"seq": n, "kind": "log", "data": "eAo="} for n in range(1, 6)]
    answers = await asyncio.gather(*(bench.tell(job_id, token, *batch) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    log = (await bench.world.get("red user", f"/jobs/{job_id}/log"))["log"]
    assert log["total_lines"] == 5


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ('{"records": [{"seq": 1, "kind": "dance"}]}', "dance"),
        ('{"records": [{"seq": 1, "kind": "log", "data": "not base64!"}]}', "base64"),
        ('{"records": [{"kind": "log", "data": ""}]}', "seq"),
        ("no json", "JSON"),
        ('{"records": [{"seq": 1, "kind": "finish", "result": "great"}]}', "great"),
    ],
)
async def test_a_batch_that_makes_no_sense_is_refused_by_name(
    bench: Bench, records: str, said: str
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    answer = await bench.world["red lab"].post(
        f"/jobs/{job_id}/records", content=records, headers={"X-Ringtest-Lease": token}
    )
    assert answer.status_code == 400
    assert said in answer.json()["payload"]["error"]


async def test_reports_need_the_lease_of_the_attempt(bench: Bench) -> None:
    job_id = await bench.queued()
    await bench.claim(job_id)
    without = await bench.world["red lab"].post(f"/jobs/{job_id}/records", json={"records": []})
    assert without.status_code == 412
    assert (await bench.tell(job_id, "made up")).status_code == 401
    assert (await bench.tell(job_id, "made up", lab="blue lab")).status_code == 401


async def test_a_job_given_back_is_queued_until_no_attempt_is_left(bench: Bench) -> None:
    job_id = await bench.queued(max_attempts=2)
    for attempt in (1, 2):
        claim = await bench.claim(job_id, agent=f"agent {attempt}")
        assert claim["attempt"] == attempt
        told = await bench.told(
            job_id, claim["lease_token"], {"seq": 1, "kind": "release", "reason": "disk full"}
        )
        assert not told["fenced"]
    job = await bench.job(job_id)
    assert (job["result"], job["status"]) == ("errored", "error")
    assert job["status_reason"] == "given back: disk full"
    assert len(await bench.world.events("job.retried")) == 1
    assert len(await bench.world.events("job.finished")) == 1


async def test_a_stage_does_not_outlive_its_attempt(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    finish = {"seq": 2, "kind": "finish", "result": "errored", "reason": "power cut"}
    await bench.told(job_id, token, stage(1, "prepare", "running"), finish)
    (one,) = (await bench.world.get("red user", f"/jobs/{job_id}/stages"))["stages"]
    assert (one["status"], one["message"]) == ("errored", "power cut")


async def test_attempts_are_shown_without_their_tokens(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    await bench.told(job_id, token, {"seq": 1, **PASSED})
    for path in ("", "/attempts", "/stages", "/log"):
        answer = await bench.world["red user"].get(f"/jobs/{job_id}{path}")
        assert token not in answer.text
    (attempt,) = (await bench.world.get("red user", f"/jobs/{job_id}/attempts"))["attempts"]
    assert set(attempt) == {"number", "agent", "claimed_at", "ended_at", "outcome"}
    assert (attempt["agent"], attempt["outcome"]) == ("agent 1", "finished")


async def test_other_teams_see_nothing_of_a_job(bench: Bench) -> None:
    job_id = await bench.queued()
    for path in ("", "/attempts", "/stages", "/log", "/log/raw", "/log/search?q=a", "/log/stream"):
        answer = await bench.world["blue user"].get(f"/jobs/{job_id}{path}")
        assert answer.status_code == 401, path
    for verb in ("cancel", "retry"):
        answer = await bench.world["blue user"].post(f"/jobs/{job_id}/{verb}")
        assert answer.status_code == 401
        assert (await bench.world["read-only"].post(f"/jobs/{job_id}/{verb}")).status_code == 401
