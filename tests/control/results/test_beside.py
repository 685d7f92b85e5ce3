"""What cases leave behind beside their outcome: kept with the result, shown with the page."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ringtest.control import registry
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.reading import model as reading_model
from ringtest.control.results import service
from tests.control.people import count_statements
from tests.control.results.shelf import Shelf, open_shelf

FLAKY = b"""<testsuite name="ring" tests="4">
<testcase classname="c" name="wobbles" time="2"><flakyFailure message="once" type="T" time="0.5">
<stackTrace>at once</stackTrace><system-out>so</system-out></flakyFailure></testcase>
<testcase classname="c" name="falls"><failure message="first"/><rerunFailure message="again"/>
</testcase>
<testcase classname="c" name="turns" value_param="4"><properties><property name="step[passed]"
 value="open"/></properties><system-out>[[ATTACHMENT|a/b.png]]</system-out></testcase>
<testcase classname="c" name="rests"><skipped message="not here"/></testcase>
</testsuite>"""


@pytest.fixture
async def all_readers(db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(
        db, clock, tmp_path, inline=50, parsers=registry.result_parsers()
    ) as shelf:
        yield shelf


async def by_name(shelf: Shelf, job: str, **params: Any) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in (await shelf.tests(job, **params))["tests"]}


async def test_tries_steps_parameters_and_attachments_are_shown(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, FLAKY)
    cases = await by_name(shelf, job)
    assert (cases["wobbles"]["raw_outcome"], cases["wobbles"]["message"]) == ("flaky", "once")
    assert cases["wobbles"]["attempts"] == [
        {"outcome": "failed", "raw_outcome": "flakyFailure", "time": 0.5, "type": "T",
         "message": "once", "detail": "at once", "stdout": "so"}
    ]  # fmt: skip
    assert [one["message"] for one in cases["falls"]["attempts"]] == ["again"]
    assert "raw_outcome" not in cases["falls"], "it says no more than the outcome"
    assert cases["turns"]["parameters"] == [{"name": "value_param", "value": "4"}]
    assert cases["turns"]["steps"] == [
        {"name": "open", "outcome": "passed", "raw_outcome": "passed"}
    ]
    assert cases["turns"]["attachments"] == [{"name": "b.png", "reference": "a/b.png"}]
    assert cases["rests"]["message"] == "not here"
    assert not {"attempts", "steps", "parameters", "raw_outcome"} & set(cases["rests"])


async def test_the_places_of_cases_that_another_try_decided_are_kept(shelf: Shelf) -> None:
    job = await shelf.job()
    file = await shelf.upload(job, FLAKY)
    async with shelf.world.db.transaction(SYSTEM) as tx:
        retried = await tx.fetchval(
            "SELECT retried FROM test_results WHERE file_id = $1", file["id"]
        )
    assert retried == [0], "what failed each time was not decided by trying again"


async def test_noise_in_names_makes_no_other_test_and_is_shown_in_the_file(shelf: Shelf) -> None:
    jobs = [await shelf.job(), await shelf.job()]
    noise = ["6fa459ea-ee8a-3ca4-894e-db77e160355e", "16fd2706-8baf-433b-82eb-8c7fada847da"]
    files = [
        await shelf.upload(job, {f"boots[{one}]": "passed", "module7": "passed"})
        for job, one in zip(jobs, noise, strict=True)
    ]
    assert await shelf.states(jobs[1]) == {"boots[<uuid>]": "unchanged", "module7": "unchanged"}
    cases = await by_name(shelf, jobs[1])
    assert cases["boots[<uuid>]"]["raw_name"] == f"boots[{noise[1]}]"
    shown = await shelf.world.get("red user", f"/files/{files[1]['id']}/junit")
    names = [case["name"] for suite in shown["testsuites"] for case in suite["testcases"]]
    assert names == [f"boots[{noise[1]}]", "module7"]


async def test_a_page_reads_the_blocks_of_its_own_cases_alone(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_model, "_BLOCK", 200)
    job = await shelf.job()
    cases = "".join(
        f'<testcase name="n{at}"><system-out>out {at} {"x" * 50}</system-out></testcase>'
        for at in range(60)
    )
    await shelf.upload(job, f'<testsuite name="s">{cases}</testsuite>'.encode())
    opened: list[int] = []
    real = reading_model.open_block

    def watched(data: bytes) -> Any:
        found = real(data)
        opened.extend(found)
        return found

    monkeypatch.setattr("ringtest.control.results.model.open_block", watched)
    page = (await shelf.tests(job, limit=3, offset=30))["tests"]
    assert [one["stdout"] for one in page] == [f"out {at} {'x' * 50}" for at in (30, 31, 32)]
    assert set(opened) >= {30, 31, 32}
    assert len(opened) <= 9, "and not those of all sixty"
    few = count_statements()
    await shelf.tests(job, limit=3)
    many = count_statements()
    await shelf.tests(job, limit=60)
    assert many == few


async def test_the_shape_of_the_wire_format_shows_all_blocks(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_model, "_BLOCK", 50)
    job = await shelf.job()
    file = await shelf.upload(job, FLAKY)
    shown = await shelf.world.get("red user", f"/files/{file['id']}/junit")
    (suite,) = shown["testsuites"]
    messages = {case["name"]: case["message"] for case in suite["testcases"]}
    assert messages == {"wobbles": "once", "falls": "first", "turns": None, "rests": "not here"}


async def test_too_much_beside_is_cut_and_told(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_model, "_ASIDES", 300)
    job = await shelf.job()
    await shelf.upload(job, FLAKY)
    found = await shelf.tests(job)
    assert [one["code"] for one in found["_meta"]["warnings"]] == ["asides"]
    assert len(found["tests"]) == 4


async def test_declared_counts_that_differ_are_told_on_the_page(shelf: Shelf) -> None:
    job = await shelf.job()
    await shelf.upload(job, b'<testsuite name="s" tests="3"><testcase name="a"/></testsuite>')
    (told,) = (await shelf.tests(job))["_meta"]["warnings"]
    assert told["code"] == "count_mismatch"
    assert "declared counts differ from what was found" in told["message"]


TAP = b"TAP version 14\n1..2\nok 1 - turns\nnot ok 2 - falls\n"


@pytest.mark.parametrize("mime", ["text/plain", "application/octet-stream", "application/json"])
@pytest.mark.parametrize("padding", [b"", b"# " + b"x" * 9_000 + b"\n"])
async def test_results_are_recognised_by_name_and_bytes(
    all_readers: Shelf, mime: str, padding: bytes
) -> None:
    job = await all_readers.job()
    await all_readers.upload(job, TAP + padding, DCI_MIME=mime, DCI_NAME="out/ring.tap")
    cases = await by_name(all_readers, job)
    assert {name: one["outcome"] for name, one in cases.items()} == {
        "turns": "passed",
        "falls": "failed",
    }


@pytest.mark.parametrize(
    ("name", "mime", "body"),
    [
        ("ring.tap", "text/plain", b"nothing of the sort\n"),
        ("ring.log", "text/plain", TAP),
        ("ring.tap", "image/png", TAP),
        ("results.json", "application/json", b'{"results": []}'),
        ("junit.xml", "text/xml", FLAKY),
        ("run.trx", "text/xml", b"<TestRun></TestRun>"),
    ],
)
async def test_what_is_not_recognised_stays_a_file(
    all_readers: Shelf, name: str, mime: str, body: bytes
) -> None:
    job = await all_readers.job()
    await all_readers.upload(job, body, DCI_MIME=mime, DCI_NAME=name)
    assert (await all_readers.job_json(job))["tests"] is None


async def test_a_type_that_is_wrong_about_its_format_is_forgiven(all_readers: Shelf) -> None:
    job = await all_readers.job()
    await all_readers.upload(job, TAP)
    assert len(await by_name(all_readers, job)) == 2


async def test_a_recognised_file_is_recognised_when_it_is_read_again(all_readers: Shelf) -> None:
    job = await all_readers.job()
    file = await all_readers.upload(job, TAP, DCI_MIME="text/plain", DCI_NAME="ring.tap")
    done = await service.read_again(
        all_readers.world.db,
        all_readers.objects,
        registry.result_parsers(),
        file_id=file["id"],
    )
    assert done
    assert len(await by_name(all_readers, job)) == 2
