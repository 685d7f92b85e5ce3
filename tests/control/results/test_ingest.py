"""What an upload of results does: numbers, comparison with the run before, failures."""

import logging
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.connectors.junit.session import JunitSession
from ringtest.control.db.pool import Database
from ringtest.control.kernel import places
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.reading import service as reading
from ringtest.control.results import service, store
from tests.control.people import count_statements
from tests.control.results.shelf import JUNIT, Shelf, junit

ALL = {"a": "passed", "b": "failed", "c": "errored", "d": "skipped", "e": "xfailed"}


async def case_of(shelf: Shelf, job: str, name: str) -> dict[str, Any]:
    """The one case of this name."""
    (found,) = [test for test in (await shelf.tests(job))["tests"] if test["name"] == name]
    case: dict[str, Any] = found
    return case


async def test_numbers_reach_the_job_and_its_results(shelf: Shelf) -> None:
    job = await shelf.job()
    file = await shelf.upload(job, ALL)
    wanted = {"total": 5, "success": 1, "failures": 1, "errors": 1, "skips": 2,
              "regressions": 0, "successfixes": 0}  # fmt: skip
    assert (await shelf.job_json(job))["tests"] == wanted
    (result,) = (await shelf.world.get("red user", f"/jobs/{job}/results"))["results"]
    assert {**result, **wanted} == result
    assert (result["filename"], result["name"], result["file_id"]) == (
        "junit.xml", "junit.xml", file["id"],
    )  # fmt: skip
    assert (result["time"], result["additions"], result["warnings"]) == (1.25, 5, [])


async def test_results_of_several_files_are_summed_and_deleted_ones_leave(shelf: Shelf) -> None:
    job = await shelf.job()
    one = await shelf.upload(job, {"a": "passed"}, DCI_NAME="one.xml")
    await shelf.upload(job, {"a": "failed", "b": "passed"}, DCI_NAME="two.xml")
    assert (await shelf.job_json(job))["tests"]["total"] == 3
    await shelf.world["red user"].delete(f"/files/{one['id']}")
    numbers = (await shelf.job_json(job))["tests"]
    assert (numbers["total"], numbers["failures"]) == (2, 1)
    found = await shelf.tests(job)
    assert found["_meta"]["count"] == 2
    assert len((await shelf.world.get("red user", f"/jobs/{job}/results"))["results"]) == 1
    await shelf.world["red user"].delete(f"/files/{found['tests'][0]['file_id']}")
    assert (await shelf.job_json(job))["tests"] is None


async def test_a_run_is_compared_with_the_one_before(shelf: Shelf) -> None:
    await shelf.upload(
        await shelf.job(),
        {"a": "passed", "b": "failed", "c": "passed", "d": "skipped", "e": "passed"},
    )
    job = await shelf.job()
    await shelf.upload(
        job, {"a": "failed", "b": "passed", "c": "passed", "d": "failed", "f": "passed"}
    )
    assert await shelf.states(job) == {
        "a": "regressed", "b": "recovered", "c": "unchanged", "d": "added", "f": "added",
        "e": "removed",
    }  # fmt: skip
    numbers = (await shelf.job_json(job))["tests"]
    assert (numbers["regressions"], numbers["successfixes"]) == (1, 1)
    (result,) = (await shelf.world.get("red user", f"/jobs/{job}/results"))["results"]
    assert (result["additions"], result["deletions"]) == (2, 1)


async def test_what_comes_after_the_end_of_a_job_counts_as_what_came_before(shelf: Shelf) -> None:
    job = await shelf.job(status="finished", result="failed", finished_at=shelf.clock.now())
    early = await shelf.upload(job, {"a": "passed"}, DCI_NAME="one.xml", Idempotency_Key="one")
    late = await shelf.upload(job, {"b": "failed"}, DCI_NAME="two.xml", Idempotency_Key="two")
    again = await shelf.upload(job, {"a": "passed"}, DCI_NAME="one.xml", Idempotency_Key="one")
    assert again["id"] == early["id"] != late["id"]
    numbers = (await shelf.job_json(job))["tests"]
    assert (numbers["total"], numbers["failures"]) == (2, 1)


async def test_the_order_of_cases_makes_no_difference(shelf: Shelf) -> None:
    words = {f"t{n}": "failed" if n % 3 else "passed" for n in range(30)}
    await shelf.upload(await shelf.job(), words)
    job = await shelf.job()
    await shelf.upload(job, dict(reversed(words.items())))
    assert set((await shelf.states(job)).values()) == {"unchanged"}


@pytest.mark.parametrize(
    "other",
    [{"lab": "blue lab"}, {"name": "weekly"}, {"name": None}, {"configuration": "tuned"},
     {"url": "https://elsewhere"}, {"state": "archived"}],
)  # fmt: skip
async def test_only_a_comparable_job_is_compared_with(shelf: Shelf, other: dict[str, Any]) -> None:
    lab = other.pop("lab", "red lab")
    state = other.pop("state", None)
    foreign = await shelf.job(lab, **other)
    await shelf.upload(foreign, {"a": "passed"}, lab)
    if state:
        await shelf.world.sql("UPDATE jobs SET state = 'archived' RETURNING id")
    job = await shelf.job()
    await shelf.upload(job, {"a": "failed"})
    assert await shelf.states(job) == {"a": "added"}


async def test_jobs_without_name_configuration_and_url_are_comparable(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(name=None), {"a": "passed"})
    job = await shelf.job(name=None)
    await shelf.upload(job, {"a": "failed"})
    assert await shelf.states(job) == {"a": "regressed"}


async def test_a_run_that_broke_before_its_tests_hides_no_regression(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(), {"a": "passed"})
    await shelf.job()
    job = await shelf.job()
    await shelf.upload(job, {"a": "failed"})
    assert await shelf.states(job) == {"a": "regressed"}


async def test_results_of_another_name_are_not_compared(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(), {"a": "passed"}, DCI_NAME="unit.xml")
    job = await shelf.job()
    await shelf.upload(job, {"a": "failed"}, DCI_NAME="system.xml")
    assert await shelf.states(job) == {"a": "added"}


async def test_two_results_of_one_name_are_compared_with_their_own_kind(shelf: Shelf) -> None:
    for now in ("passed", "failed", "passed"):
        job = await shelf.job()
        await shelf.upload(job, {"a": "passed", "b": now})
        await shelf.upload(job, {"x": now, "y": "passed"})
    assert await shelf.states(job) == {
        "a": "unchanged", "b": "recovered", "x": "recovered", "y": "unchanged"
    }  # fmt: skip
    assert (await shelf.job_json(job))["tests"]["successfixes"] == 2


async def test_the_same_test_twice_in_a_file_is_two_cases(shelf: Shelf) -> None:
    case = '<testcase classname="c" name="{}">{}</testcase>'
    failure = "<failure/>"

    def file(*inner: str) -> bytes:
        cases = "".join(case.format("a", one) for one in inner)
        return f'<testsuite name="s">{cases}</testsuite>'.encode()

    await shelf.upload(await shelf.job(), file("", failure, ""))
    job = await shelf.job()
    await shelf.upload(job, file(failure, failure))
    found = await shelf.tests(job)
    assert [test["state"] for test in found["tests"]] == ["regressed", "unchanged", "removed"]


async def test_a_known_failure_keeps_when_and_where_it_began(shelf: Shelf) -> None:
    jobs = [await shelf.job() for _ in range(5)]
    words = ["failed", "errored", "failed", "passed", "failed"]
    for number, (job, word) in enumerate(zip(jobs, words, strict=True)):
        shelf.clock.advance(10)
        # another test each time: other plans carry as well
        await shelf.upload(job, {f"new {number}": "passed", "a": word})
    found = [await case_of(shelf, job, "a") for job in jobs]
    assert [test["since_job_id"] for test in found] == [jobs[0], jobs[0], jobs[0], None, jobs[4]]
    assert found[0]["since_at"] == found[2]["since_at"] != found[4]["since_at"]


async def test_a_failure_of_the_same_plan_keeps_when_it_began(shelf: Shelf) -> None:
    jobs = [await shelf.job() for _ in range(3)]
    for job, word in zip(jobs, ("passed", "failed", "failed"), strict=True):
        await shelf.upload(job, {"a": word, "b": "failed"})
    found = {t["name"]: t["since_job_id"] for t in (await shelf.tests(jobs[2]))["tests"]}
    assert found == {"a": jobs[1], "b": jobs[0]}


async def test_attempts_are_counted_apart(shelf: Shelf) -> None:
    job = await shelf.job(attempt=1)
    await shelf.upload(job, {"a": "failed"})
    await shelf.world.sql("UPDATE jobs SET attempt = 2 RETURNING id")
    late = await shelf.upload(job, {"b": "failed"}, X_Ringtest_Attempt="1", DCI_NAME="late.xml")
    assert late["attempt"] == 1
    await shelf.upload(job, {"a": "passed"}, X_Ringtest_Attempt="2")
    assert (await shelf.job_json(job))["tests"]["total"] == 1
    assert set(await shelf.states(job)) == {"a"}
    assert set(await shelf.states(job, attempt=1)) == {"a", "b"}
    results = await shelf.world.get("red user", f"/jobs/{job}/results")
    assert [one["attempt"] for one in results["results"]] == [2]
    old = await shelf.world.get("red user", f"/jobs/{job}/results", attempt="1")
    assert len(old["results"]) == 2


async def test_the_next_run_is_compared_with_the_last_attempt(shelf: Shelf) -> None:
    before = await shelf.job(attempt=1)
    await shelf.upload(before, {"a": "failed"})
    await shelf.world.sql("UPDATE jobs SET attempt = 2 RETURNING id")
    await shelf.upload(before, {"a": "passed"})
    job = await shelf.job()
    await shelf.upload(job, {"a": "failed"})
    assert await shelf.states(job) == {"a": "regressed"}


# what cannot be read -----------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"not xml", b"", b"<testsuite", b"<!DOCTYPE a><testsuite/>", b"\x00" * 100_000]
)
async def test_what_cannot_be_read_is_stored_and_refused(shelf: Shelf, body: bytes) -> None:
    job = await shelf.job()
    answer = await shelf.post(job, body)
    if body:
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Invalid XML: ")
    (file,) = (await shelf.world.get("red user", f"/jobs/{job}/files"))["files"]
    assert (file["mime"], file["size"]) == (JUNIT, len(body))
    assert (await shelf.job_json(job))["tests"] is None or not body
    assert len(await shelf.world.events("result.recorded")) == 1


async def test_other_types_are_not_parsed(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, ALL, DCI_MIME="text/xml")
    assert (await shelf.job_json(job))["tests"] is None


async def test_cut_and_dirty_files_count_and_are_marked(shelf: Shelf) -> None:
    job = await shelf.job()
    whole = junit({f"t{n}": "passed" for n in range(50)})
    dirty = whole.replace(b'"t3"', b'"t3 &#x1b;"')
    file = await shelf.upload(job, dirty[: len(dirty) // 2])
    found = await shelf.tests(job)
    warnings = found["_meta"]["warnings"]
    assert [(one["file"], one["code"]) for one in warnings] == [
        ("junit.xml", "control_characters"), ("junit.xml", "truncated"),
    ]  # fmt: skip
    assert 20 < found["_meta"]["count"] < 30
    shown = await shelf.world.get("red user", f"/files/{file['id']}/junit")
    assert [one["code"] for one in shown["warnings"]] == ["control_characters", "truncated"]
    (result,) = (await shelf.world.get("red user", f"/jobs/{job}/results"))["results"]
    assert len(result["warnings"]) == 2


async def test_a_mistake_of_the_reader_does_not_lose_the_file(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(JunitSession, "feed", crash)
    job = await shelf.job()
    with caplog.at_level(logging.ERROR):
        assert (await shelf.post(job, junit(ALL))).status_code == 400
    assert "a mistake" in caplog.text
    assert len((await shelf.world.get("red user", f"/jobs/{job}/files"))["files"]) == 1


async def test_large_files_are_parsed_off_the_loop_and_completely(shelf: Shelf) -> None:
    words = {f"test_{n:05}": "failed" if n % 5 == 3 else "passed" for n in range(12_000)}
    job = await shelf.job()
    await shelf.upload(job, words)
    again = await shelf.job()
    await shelf.upload(again, words)
    numbers = (await shelf.job_json(again))["tests"]
    assert (numbers["total"], numbers["failures"]) == (12_000, 2400)
    found = await shelf.tests(again, outcome="failed", limit=1000, offset=1900)
    assert [test["since_job_id"] for test in found["tests"]] == [job] * 500
    assert await shelf.world.sql("SELECT count(*) FROM test_plans") == 1
    assert await shelf.world.sql("SELECT count(*) FROM tests") == 12_000


async def test_the_same_plan_costs_the_same_statements_whatever_its_size(shelf: Shelf) -> None:
    counts = []
    for size in (1, 1900):
        words = {f"t{n}": "failed" for n in range(size)}
        for _ in range(2):
            counter = count_statements()
            await shelf.upload(await shelf.job(), words, DCI_NAME=f"{size}.xml")
        counts.append(counter[0])
    assert counts[0] == counts[1] <= 19


# for rooms above ---------------------------------------------------------------------


async def test_failures_of_a_job_are_those_of_its_last_attempt(
    shelf: Shelf, clocked_db: Database
) -> None:
    job = await shelf.job(attempt=1)
    await shelf.upload(job, {"old": "failed"})
    await shelf.world.sql("UPDATE jobs SET attempt = 2 RETURNING id")
    deleted = await shelf.upload(job, {"gone": "failed"}, DCI_NAME="gone.xml")
    await shelf.world["red user"].delete(f"/files/{deleted['id']}")
    file = await shelf.upload(job, ALL)
    async with clocked_db.transaction(SYSTEM) as tx:
        found = await service.failures_of_job(tx, job_id=UUID(job))
    assert [(one.suite, one.classname, one.name, one.outcome) for one in found] == [
        ("ring", "c", "b", TestOutcome.FAILED), ("ring", "c", "c", TestOutcome.ERRORED),
    ]  # fmt: skip
    assert [(one.exception_type, one.message, one.detail) for one in found] == [
        ("AssertionError", "b broke", "at b"), ("OSError", "OSError: no device", "c"),
    ]  # fmt: skip
    assert str(found[0].file_id) == file["id"]


async def test_long_details_are_shortened_for_rooms_above(
    shelf: Shelf, clocked_db: Database
) -> None:
    detail = "b" * 30_000 + "e" * 30_000
    body = (
        f'<testsuite name="s"><testcase name="a"><failure>{detail}</failure></testcase></testsuite>'
    )
    job = await shelf.job()
    await shelf.upload(job, body.encode())
    async with clocked_db.transaction(SYSTEM) as tx:
        (found,) = await service.failures_of_job(tx, job_id=UUID(job))
    assert found.detail == "b" * 8192 + "\n…\n" + "e" * 8192
    (test,) = (await shelf.tests(job))["tests"]
    assert test["detail"] == detail


async def test_a_file_in_many_batches_is_stored_as_one(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {f"t{n}": ("passed", "failed", "errored", "skipped")[n % 4] for n in range(40)}
    changed = {name: "passed" if word == "failed" else word for name, word in words.items()}
    changed = dict(reversed(changed.items())) | {"new": "failed"}
    plain = [await shelf.job(name="plain") for _ in range(2)]
    for job, body in zip(plain, (words, changed), strict=True):
        await shelf.upload(job, body)
    for name, value in (("_FEED", 500), ("_OPEN", 9), ("_PACKED", 4)):
        monkeypatch.setattr(reading, name, value)
    monkeypatch.setattr(store, "_SENT", 7)
    monkeypatch.setattr(places, "_AT_ONCE", 5)
    many = [await shelf.job(name="many", lab="blue lab") for _ in range(2)]
    for job, body in zip(many, (words, changed), strict=True):
        await shelf.upload(job, body, "blue lab")
    for one, other in zip(plain, many, strict=True):
        left, right = await shelf.tests(one), await shelf.tests(other, "blue user")
        own = ("file_id", "since_job_id", "since_at")
        shown = [
            [{key: test[key] for key in test if key not in own} for test in found["tests"]]
            for found in (left, right)
        ]
        assert shown[0] == shown[1]
        assert left["_meta"] == right["_meta"]
    for team in ("red", "blue"):
        found = await shelf.world.sql(
            "SELECT array_agg(cardinality(test_ids) ORDER BY cardinality(test_ids))"
            " FROM test_plans WHERE team_id = $1",
            shelf.world.teams[team],
        )
        assert found == [40, 41]
