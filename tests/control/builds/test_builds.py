"""A job of a lab that is a controller: one build, its whole log, its results, its end."""

from typing import Any
from uuid import UUID

import pytest

from ringtest.control.attempts import service as attempts
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.builds.yard import Yard, outcome, step

REPORT: dict[str, object] = {
    "suites": [
        {
            "name": "ring",
            "cases": [
                {"className": "c", "name": "good", "status": "PASSED", "duration": 0.5},
                {"className": "c", "name": "bad", "status": "FAILED", "errorDetails": "no"},
                {"className": "c", "name": "later", "status": "SKIPPED"},
            ],
        }
    ]
}
JUNIT = b'<testsuite name="ring"><testcase classname="c" name="good"/></testsuite>'


async def test_build_becomes_the_jobs_log_results_files_and_end(yard: Yard) -> None:
    yard.item.outcome = outcome(
        result="UNSTABLE", report=REPORT, artifacts={"out/a.txt": b"a", "junit.xml": JUNIT}
    )
    job_id = await yard.queued(stages=step(parameters={"COLOUR": "c-${RINGTEST_ATTEMPT}"}))
    job = await yard.finished(job_id)
    assert job["result"] == "failed"
    [build] = yard.item.builds
    [shown] = await yard.builds(job_id)
    assert shown["number"] == 1 and shown["result"] == "UNSTABLE" and shown["ended_at"]
    assert build.parameters["COLOUR"] == "c-1"
    assert build.parameters["RINGTEST_COMPONENT_COMPOSE_VERSION"] == "1"
    assert await yard.log(job_id) == [
        "[ringtest] $ build team/smoke",
        "line 0",
        "line 1",
        "line 2",
        "Finished: UNSTABLE",
        "[ringtest] the build is unstable",
    ]
    assert set(await yard.files(job_id)) == {"jenkins-test-report.xml", "out/a.txt", "junit.xml"}
    tests = job["tests"]
    assert (tests["total"], tests["success"], tests["failures"], tests["skips"]) == (3, 1, 1, 1)


@pytest.mark.parametrize(
    ("result", "expected"),
    [("SUCCESS", "passed"), ("FAILURE", "failed"), ("ABORTED", "cancelled"),
     ("NOT_BUILT", "errored")],
)  # fmt: skip
async def test_result_of_the_build_is_that_of_the_job(
    yard: Yard, result: str, expected: str
) -> None:
    yard.item.outcome = outcome(result=result)
    assert (await yard.finished(await yard.queued()))["result"] == expected


async def test_only_named_artifacts_are_kept_and_read(yard: Yard) -> None:
    yard.item.outcome = outcome(artifacts={"a.xml": JUNIT, "b.log": b"b"})
    spec = [{"path": "*.xml", "mime": "application/junit"}]
    job_id = await yard.queued(artifacts=spec)
    job = await yard.finished(job_id)
    assert set(await yard.files(job_id)) == {"a.xml"}
    assert job["tests"]["total"] == 1


@pytest.mark.parametrize("verb", ["buildWithParameters", "queue/item", "api/json"])
async def test_lost_answers_build_once_and_lose_no_line(yard: Yard, verb: str) -> None:
    job_id = await yard.queued()
    method = "POST" if verb.startswith("build") else "GET"
    yard.server.fail(method, verb, "unanswered", 2)
    assert (await yard.finished(job_id))["result"] == "passed"
    assert len(yard.item.builds) == 1
    assert (await yard.log(job_id))[1:4] == ["line 0", "line 1", "line 2"]


class Killed(BaseException):
    """The process is gone: nothing after it happens."""


class Dying:
    """A connector whose process dies in one of its calls, before or after it was done."""

    kind = "jenkins"

    def __init__(self, inner: Any, at: int, *, done: bool) -> None:
        self._inner, self._left, self._done = inner, at, done
        self.died = False

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **more: Any) -> Any:
            self._left -= 1
            dies = self._left == 0
            if dies and not self._done:
                self.died = True
                raise Killed
            answer = await getattr(self._inner, name)(*args, **more)
            if dies:
                self.died = True
                raise Killed
            return answer

        return call


@pytest.mark.parametrize("done", [False, True])
async def test_process_killed_in_any_call_neither_doubles_a_build_nor_a_line(
    yard: Yard, done: bool
) -> None:
    """Each call in turn is the last one of its process; another process goes on."""
    whole = yard.shop.backends["jenkins"]
    report: dict[str, Any] = {"report": REPORT, "artifacts": {"a.txt": b"a"}}
    for at in range(1, 30):
        yard.item.outcome = outcome(**report)
        yard.item.builds.clear()
        dying = Dying(whole, at, done=done)
        yard.with_backend(dying)
        job_id = await yard.queued()
        try:
            job = await yard.finished(job_id)
        except Killed:
            yard.with_backend(whole)
            yard.later(130)  # its claim is over
            job = await yard.finished(job_id)
        assert job["result"] == "passed"
        assert len(yard.item.builds) == 1, at
        lines = [line for line in await yard.log(job_id) if line.startswith("line")]
        assert lines == ["line 0", "line 1", "line 2"], at
        assert set(await yard.files(job_id)) == {"jenkins-test-report.xml", "a.txt"}
        assert job["attempt"] == 1
        if not dying.died:
            break
    assert at > 8  # there were as many calls to die in
    assert not dying.died


async def test_lease_that_ran_out_meanwhile_is_taken_up_again(yard: Yard) -> None:
    """The server was away for long: its own rescue gives the job back before the build is seen."""
    yard.item.outcome = outcome(6)
    job_id = await yard.queued()
    await yard.until(job_id, number=1)
    yard.later(1000)
    async with yard.bench.world.db.transaction(SYSTEM) as tx:
        assert await attempts.rescue_lost(tx, job_id=UUID(job_id))
    assert (await yard.bench.job(job_id))["phase"] == "queued"
    job = await yard.finished(job_id)
    assert (job["result"], job["attempt"]) == ("passed", 1)
    assert len(yard.item.builds) == 1
    assert (await yard.log(job_id))[1:7] == [f"line {number}" for number in range(6)]


async def test_job_that_ended_without_its_build_stops_it(yard: Yard) -> None:
    yard.item.outcome = outcome(1000)
    job_id = await yard.queued(max_attempts=1)
    await yard.until(job_id, number=1)
    yard.later(1000)
    async with yard.bench.world.db.transaction(SYSTEM) as tx:
        assert await attempts.rescue_lost(tx, job_id=UUID(job_id))
    assert (await yard.bench.job(job_id))["phase"] == "finished"
    await yard.until(job_id, result=None)
    for _ in range(2):
        await yard.turn()
    assert yard.item.builds[0].stopped == "ABORTED"
    assert (await yard.builds(job_id))[0]["ended_at"]


async def test_restart_of_the_controller_is_waited_for(yard: Yard) -> None:
    yard.server.controller.queue_polls = 4
    job_id = await yard.queued()
    await yard.until(job_id, number=None)
    await yard.turn()
    yard.server.restart_takes = 5
    yard.server.restart()
    assert (await yard.finished(job_id))["result"] == "passed"
    assert len(yard.item.builds) == 1


async def test_silent_controller_keeps_its_job_and_says_why(yard: Yard) -> None:
    job_id = await yard.queued()
    yard.server.fail("GET", "", "503", 1000)
    for _ in range(8):
        await yard.turn()
    [build] = await yard.builds(job_id)
    assert "503" in build["problem"]
    assert (await yard.bench.job(job_id))["phase"] == "running"
    yard.server.faults.clear()
    assert (await yard.finished(job_id))["result"] == "passed"
    assert (await yard.builds(job_id))[0]["problem"] is None


async def test_wish_that_the_controller_lost_is_started_again(yard: Yard) -> None:
    yard.server.controller.queue_polls = 1000
    job_id = await yard.queued()
    build = await yard.until(job_id, number=None)
    while build["queue_id"] is None:
        await yard.turn()
        [build] = await yard.builds(job_id)
    yard.server.controller.queue.clear()
    yard.server.controller.queue_polls = 1
    assert (await yard.finished(job_id))["result"] == "passed"
    assert len(yard.item.builds) == 1


async def test_cancelled_job_stops_its_build(yard: Yard) -> None:
    yard.item.outcome = outcome(1000)
    job_id = await yard.queued()
    await yard.until(job_id, number=1)
    answer = await yard.bench.world["red user"].post(f"/jobs/{job_id}/cancel")
    assert answer.status_code == 202
    job = await yard.finished(job_id)
    assert job["result"] == "cancelled"
    assert yard.item.builds[0].stopped == "ABORTED"


async def test_cancelled_job_leaves_the_queue_without_a_build(yard: Yard) -> None:
    yard.server.controller.queue_polls = 1000
    job_id = await yard.queued()
    await yard.until(job_id, number=None)
    await yard.turn()
    await yard.bench.world["red user"].post(f"/jobs/{job_id}/cancel")
    assert (await yard.finished(job_id))["result"] == "cancelled"
    assert not yard.item.builds


async def test_build_aborted_on_the_controller_cancels_the_job(yard: Yard) -> None:
    yard.item.outcome = outcome(1000)
    job_id = await yard.queued()
    await yard.until(job_id, number=1)
    yard.item.builds[0].stopped = "ABORTED"
    job = await yard.finished(job_id)
    assert job["result"] == "cancelled"
    assert "aborted on its controller" in (await yard.log(job_id))[-1]


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (step(job="team/nobody"), "team/job/nobody"),
        (step(parameters={"SIZE": 1}), "no parameter SIZE"),
        (step(parameters={"COLOUR": "${NOBODY}"}), "no variable NOBODY"),
        (step(parameters={"COLOUR": ["a"]}), "with.parameters.COLOUR"),
        (step(colour="blue"), "with: colour"),
        ({**step(), "prepare": [{"run": "make"}]}, "that step alone"),
    ],
)
async def test_wrong_wish_is_an_error_of_the_job_that_says_why(
    yard: Yard, stages: dict[str, Any], said: str
) -> None:
    job_id = await yard.queued(stages=stages)
    assert (await yard.finished(job_id))["result"] == "errored"
    assert said in (await yard.log(job_id))[-1]
    assert not yard.item.builds


async def test_jobs_without_the_runner_are_left_to_agents(yard: Yard) -> None:
    job_id = await yard.bench.queued()
    assert await yard.turn() == 0
    assert (await yard.bench.job(job_id))["phase"] == "queued"


async def test_controller_that_rests_takes_no_jobs(yard: Yard) -> None:
    world = yard.bench.world
    [shown] = (await world.get("super admin", "/ci_controllers"))["ci_controllers"]
    answer = await world["super admin"].put(
        f"/ci_controllers/{shown['id']}",
        json={"state": "inactive"},
        headers={"If-match": shown["etag"]},
    )
    assert answer.status_code == 200
    job_id = await yard.queued()
    assert await yard.turn() == 0
    assert (await yard.bench.job(job_id))["phase"] == "queued"


async def test_other_teams_see_no_builds(yard: Yard) -> None:
    job_id = await yard.queued()
    await yard.turn()
    answer = await yard.bench.world["blue user"].get(f"/jobs/{job_id}/builds")
    assert answer.status_code == 401
    assert len(await yard.builds(job_id, "red lab")) == 1
