"""What the pages of a job say when its results are kept no longer."""

from pathlib import Path

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.tallies import service
from tests.control.results.shelf import open_shelf


async def test_pages_of_a_job_say_that_its_results_are_kept_no_longer(
    clocked_db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    await service.ready_months(clocked_db)
    async with open_shelf(clocked_db, clock, tmp_path) as shelf:
        job, plain = await shelf.job(), await shelf.job()
        file = await shelf.upload(job, {"a": "failed", "b": "passed"})
        await shelf.upload(plain, b"a log", DCI_NAME="log", DCI_MIME="text/plain")
        before = await shelf.tests(job)
        assert before["_meta"]["retired"] is False
        clock.advance(70 * 24 * 3600)
        assert await service.retire(clocked_db, keep_months=1) == 1
        found = await shelf.tests(job)
        assert (found["tests"], found["_meta"]["retired"]) == ([], True)
        results = await shelf.world.get("red user", f"/jobs/{job}/results")
        assert (results["results"], results["_meta"]) == ([], {"count": 0, "retired": True})
        refused = await shelf.world["red user"].get(f"/files/{file['id']}/junit")
        assert (refused.status_code, refused.json()["payload"]) == (400, {"retired": True})
        assert "kept no longer" in refused.json()["message"]
        assert (await shelf.job_json(job))["tests"]["failures"] == 1
        content = await shelf.world["red user"].get(f"/files/{file['id']}/content")
        assert content.status_code == 200 and b"testcase" in content.content
        assert (await shelf.tests(plain))["_meta"]["retired"] is False
