"""Reading results: filters, pages, and DCI's shape of a result file."""

from typing import Any

import pytest

from ringtest.control.kernel.ids import test_id_text as text_of
from ringtest.control.results.model import id_of_test
from tests.control.people import count_statements
from tests.control.results.shelf import Shelf, junit

BEFORE = {"a": "passed", "b": "failed", "c": "passed", "gone": "failed"}
NOW = {"a": "failed", "b": "passed", "c": "passed", "d": "errored", "e": "skipped"}


@pytest.fixture
async def job(shelf: Shelf) -> str:
    """A job that was compared with another."""
    await shelf.upload(await shelf.job(), BEFORE)
    job_id = await shelf.job()
    await shelf.upload(job_id, NOW)
    return job_id


async def names(shelf: Shelf, job: str, **params: Any) -> list[str]:
    return [test["name"] for test in (await shelf.tests(job, **params))["tests"]]


@pytest.mark.parametrize(
    ("params", "wanted"),
    [({}, ["a", "b", "c", "d", "e", "gone"]), ({"outcome": "failed,errored"}, ["a", "d"]),
     ({"outcome": "skipped"}, ["e"]), ({"state": "regressed"}, ["a"]),
     ({"state": "removed"}, ["gone"]), ({"state": "recovered,added"}, ["b", "d", "e"]),
     ({"outcome": "failed", "state": "added"}, []), ({"outcome": "xpassed"}, []),
     ({"q": "GON"}, ["gone"]), ({"q": "ring"}, ["a", "b", "c", "d", "e", "gone"]),
     ({"q": "%"}, []), ({"q": "c A"}, ["a"]), ({"q": "a", "outcome": "passed"}, []),
     ({"limit": "2"}, ["a", "b"]), ({"limit": "2", "offset": "4"}, ["e", "gone"]),
     ({"limit": "9", "offset": "5"}, ["gone"]), ({"offset": "6"}, [])],
)  # fmt: skip
async def test_cases_are_found_by_outcome_state_and_name(
    shelf: Shelf, job: str, params: dict[str, str], wanted: list[str]
) -> None:
    assert await names(shelf, job, **params) == wanted


async def test_a_page_tells_how_many_fit_and_what_the_whole_is(shelf: Shelf, job: str) -> None:
    about = (await shelf.tests(job, outcome="failed,errored", limit="1"))["_meta"]
    assert about["count"] == 2
    assert {word: n for word, n in about["totals"].items() if n} == {
        "passed": 2, "failed": 1, "errored": 1, "skipped": 1,
    }  # fmt: skip
    assert (about["states"]["regressed"], about["states"]["added"]) == (1, 2)
    assert about["warnings"] == []


async def test_a_case_tells_everything_that_is_known_of_it(shelf: Shelf, job: str) -> None:
    (a,) = (await shelf.tests(job, state="regressed"))["tests"]
    file_id, since = a.pop("file_id"), a.pop("since_at")
    assert file_id and since
    assert a.pop("test_id") == text_of(id_of_test("ring", "c", "a"))
    assert a == {
        "suite": "ring", "classname": "c", "name": "a", "outcome": "failed", "state": "regressed",
        "time": 0.25, "type": "AssertionError", "message": "a broke", "detail": "at a",
        "stdout": "out of a", "stderr": None, "since_job_id": job,
    }  # fmt: skip
    (gone,) = (await shelf.tests(job, state="removed"))["tests"]
    assert (gone["outcome"], gone["message"], gone["since_job_id"]) == ("failed", None, None)


async def test_pages_of_several_files_join_without_gap_or_double(shelf: Shelf) -> None:
    before, job = await shelf.job(), await shelf.job()
    for size in (3, 1, 5):
        words = {f"{size}-{n}": "passed" for n in range(size)}
        await shelf.upload(before, {**words, f"{size}-gone": "passed"}, DCI_NAME=f"{size}.xml")
        await shelf.upload(job, words, DCI_NAME=f"{size}.xml")
    whole = await names(shelf, job)
    assert len(whole) == len(set(whole)) == 12
    for limit in (1, 2, 5):
        paged: list[str] = []
        while part := await names(shelf, job, limit=limit, offset=len(paged)):
            paged += part
        assert paged == whole


async def test_a_job_without_results_has_no_cases(shelf: Shelf) -> None:
    job = await shelf.job()
    found = await shelf.tests(job)
    assert (found["tests"], found["_meta"]["count"]) == ([], 0)
    assert await names(shelf, job, q="x") == []


async def test_unknown_parameters_and_jobs_are_refused(shelf: Shelf, job: str) -> None:
    client = shelf.world["red user"]
    assert (await client.get(f"/jobs/{job}/tests?outcome=odd")).status_code == 400
    assert (await client.get(f"/jobs/{job}/tests?where=x:y")).status_code == 400
    assert (await client.get("/jobs/nonsense/tests")).status_code == 404


async def test_reading_cases_takes_few_statements(shelf: Shelf, job: str) -> None:
    counter = count_statements()
    await names(shelf, job, q="a")
    assert counter[0] <= 10


# DCI's shape -------------------------------------------------------------------------


async def junit_of(shelf: Shelf, job: str) -> dict[str, Any]:
    files = (await shelf.world.get("red user", f"/jobs/{job}/files"))["files"]
    answer: dict[str, Any] = await shelf.world.get("red user", f"/files/{files[0]['id']}/junit")
    return answer


async def test_a_result_file_is_shown_in_the_wire_formats_shape(shelf: Shelf) -> None:
    before, job = await shelf.job(), await shelf.job()
    await shelf.upload(before, BEFORE)
    file = await shelf.upload(job, NOW)
    shown = await junit_of(shelf, job)
    (suite,) = shown.pop("testsuites")
    assert shown == {
        "id": file["id"], "name": "junit.xml", "job": {"id": job, "name": "nightly"},
        "previous_job": {"id": before, "name": "nightly"}, "warnings": [],
    }  # fmt: skip
    cases = {case["name"]: case for case in suite.pop("testcases")}
    assert suite == {
        "id": 0, "name": "ring", "tests": 5, "failures": 1, "errors": 1, "skipped": 1,
        "success": 2, "time": 1.25, "properties": [], "successfixes": 1, "regressions": 1,
        "additions": 2, "deletions": 1, "unchanged": 1,
    }  # fmt: skip
    assert list(cases) == sorted(cases)
    assert {name: (case["action"], case["state"]) for name, case in cases.items()} == {
        "a": ("failure", "REGRESSED"), "b": ("success", "RECOVERED"),
        "c": ("success", "UNCHANGED"), "d": ("error", "ADDED"), "e": ("skipped", "ADDED"),
        "gone": ("failure", "REMOVED"),
    }  # fmt: skip
    assert cases["a"] == {
        "name": "a", "classname": "c", "time": 0.25, "action": "failure", "message": "a broke",
        "type": "AssertionError", "value": "at a", "stdout": "out of a", "stderr": None,
        "properties": [], "state": "REGRESSED", "successfix": False, "regression": True,
    }  # fmt: skip


async def test_every_suite_is_one_with_counts_of_its_own_cases(shelf: Shelf) -> None:
    inner = junit({"x": "failed"}, suite="inner").decode()
    outer = f'<testsuites><testsuite name="outer"><testcase name="y"/>{inner}</testsuite>'
    second = junit({"z": "passed"}, suite="second").decode()
    job = await shelf.job()
    await shelf.upload(job, f"{outer}{second}</testsuites>".encode())
    shown = (await junit_of(shelf, job))["testsuites"]
    assert [(one["id"], one["name"], one["tests"], one["failures"]) for one in shown] == [
        (0, "outer", 1, 0), (1, "inner", 1, 1), (2, "second", 1, 0),
    ]  # fmt: skip


async def test_a_first_run_has_no_previous_job_and_adds_everything(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, BEFORE)
    shown = await junit_of(shelf, job)
    assert shown["previous_job"] is None
    assert shown["testsuites"][0]["additions"] == 4


async def test_an_error_is_no_regression_in_the_wire_formats_words(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(), {"a": "passed"})
    job = await shelf.job()
    await shelf.upload(job, {"a": "errored"})
    (suite,) = (await junit_of(shelf, job))["testsuites"]
    assert (suite["testcases"][0]["state"], suite["regressions"]) == (None, 0)
    assert await shelf.states(job) == {"a": "regressed"}, "our own words know better"


async def test_an_empty_document_has_no_suites(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, b"<testsuites/>")
    shown = await junit_of(shelf, job)
    assert shown["testsuites"] == []
    assert [one["code"] for one in shown["warnings"]] == ["empty"]


async def test_a_file_without_results_has_no_such_shape(shelf: Shelf) -> None:
    file = await shelf.upload(await shelf.job(), b"x", DCI_MIME="text/plain")
    answer = await shelf.world["red user"].get(f"/files/{file['id']}/junit")
    assert answer.status_code == 400
