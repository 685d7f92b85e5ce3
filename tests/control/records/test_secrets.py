"""Secrets on their way from an agent: gone from the database, the objects and every answer."""

import asyncpg
import pytest

from ringtest.control.kernel.settings import Settings
from ringtest.control.logs.loop import seal
from ringtest.control.records.loop import let_out
from tests.control.jobs.bench import Bench
from tests.control.logs.printing import Printing, printing


@pytest.fixture
async def job(bench: Bench) -> Printing:
    return await printing(bench)


async def own_secret(job: Printing) -> bytes:
    """The API secret of the lab that runs the job."""
    sealed = await job.bench.world.sql(
        "SELECT secret FROM credentials WHERE holder_id = $1", job.bench.world.machines["red lab"]
    )
    return job.bench.world.secrets.open(sealed).encode()


async def test_the_key_of_the_jobs_own_lab_is_replaced(job: Printing) -> None:
    secret = await own_secret(job)
    for at in (10, 20):
        await job.prints(b"DCI says " + secret[:at])
        await job.prints(secret[at:] + b"\n")
    await job.ends()
    assert await job.raw() == b"DCI says [redacted api secret]\n" * 2
    await seal(job.bench.world.db, job.bench.objects)
    assert await job.raw() == b"DCI says [redacted api secret]\n" * 2


async def test_nothing_of_a_secret_is_shown_between_its_two_halves(job: Printing) -> None:
    await job.prints(b"a\nexport TOKEN=abcd")
    assert await job.raw() == b"a\nexport "
    assert (await job.get())["log"]["lines"] == ["a", "export "]
    assert (await job.get("/search", q="abcd"))["matches"] == []
    kept = await job.bench.world.sql("SELECT held FROM log_states")
    assert b"abcd" not in kept and b"abcd" in job.bench.world.secrets.open(kept).encode()
    await job.prints(b"ef1234\n")
    assert await job.raw() == b"a\nexport TOKEN=[redacted password]\n"


async def test_what_an_agent_left_behind_is_let_out_when_its_attempt_is_over(
    job: Printing,
) -> None:
    world = job.bench.world
    await job.prints(b"one\nlast words password=hunter22")
    answer = await world["red user"].post(f"/jobs/{job.job_id}/cancel")
    assert answer.status_code == 202
    await world.sql("UPDATE jobs SET status = 'finished', result = 'cancelled' RETURNING 1")
    await world.sql("UPDATE job_attempts SET ended_at = now() RETURNING 1")
    before = await job.raw()
    assert await let_out(world.db, Settings(), world.secrets) == 1
    assert await let_out(world.db, Settings(), world.secrets) == 0
    assert await job.raw() == b"one\nlast words password=[redacted password]"
    assert before == b"one\nlast words "
    assert (await job.get())["log"]["total_lines"] == 2


async def test_the_evidence_of_a_stage_has_no_secrets(job: Printing) -> None:
    await job.tell(kind="stage", stage="test", status="running")
    evidence = "curl -u x https://bob:s3cr3t@host/"
    await job.tell(kind="stage", stage="test", status="failed", evidence=evidence)
    body = await job.bench.world.get("red user", f"/jobs/{job.job_id}/stages")
    assert body["stages"][0]["evidence"] == "curl -u x https://bob:[redacted password]@host/"


async def test_marks_and_states_are_of_their_team_alone(job: Printing) -> None:
    await job.prints(b"[ringtest] $ make\nheld")
    for who, count in (("red user", 1), ("blue user", 0)):
        caller = job.bench.world.users[who]
        team = job.bench.world.teams[who.split()[0]]
        connection: asyncpg.Connection = await asyncpg.connect(job.bench.world.db.dsn)
        try:
            await connection.execute(
                "BEGIN; SET LOCAL ROLE ringtest_app; SET LOCAL ringtest.scope = 'team';"
                f"SET LOCAL ringtest.teams = '{team}'; SET LOCAL ringtest.user_id = '{caller}'"
            )
            for table in ("log_marks", "log_states", "log_frames"):
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") == count, table
        finally:
            await connection.close()
