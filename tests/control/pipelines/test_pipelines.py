"""Pipelines gather jobs of a team."""

from ringtest.control.kernel.clock import VirtualClock
from tests.control.jobs.bench import Bench


async def create(bench: Bench, who: str = "red user", team: str = "red") -> str:
    body = {"name": "nightly", "team_id": str(bench.world.teams[team])}
    answer = await bench.world[who].post("/pipelines", json=body)
    assert answer.status_code == 201, answer.text
    assert "etag" not in answer.headers
    pipeline = answer.json()["pipeline"]
    assert pipeline["team"]["name"] == team
    pipeline_id: str = pipeline["id"]
    return pipeline_id


async def test_a_pipeline_lists_its_jobs_oldest_first(bench: Bench, clock: VirtualClock) -> None:
    pipeline_id = await create(bench)
    jobs = []
    for _ in range(3):
        jobs.append((await bench.created(pipeline_id=pipeline_id))["id"])
        clock.advance(1)
    await bench.created()
    body = await bench.world.get("red user", f"/pipelines/{pipeline_id}/jobs")
    assert [job["id"] for job in body["jobs"]] == jobs
    assert body["_meta"]["count"] == 3
    assert (await bench.job(jobs[0]))["pipeline"]["name"] == "nightly"


async def test_a_pipeline_lists_all_its_jobs_unless_fewer_are_asked(bench: Bench) -> None:
    pipeline_id = await create(bench)
    job_id = (await bench.created(pipeline_id=pipeline_id))["id"]
    columns = "topic_id, product_id, remoteci_id, team_id, pipeline_id"
    await bench.world.sql(
        f"INSERT INTO jobs (id, created_at, updated_at, etag, {columns}) SELECT gen_random_uuid(),"
        f" created_at + n * interval '1 s', now(), 'e', {columns}"
        " FROM jobs, generate_series(1, 1000) n WHERE id = $1 RETURNING 1",
        job_id,
    )
    path = f"/pipelines/{pipeline_id}/jobs"
    body = await bench.world.get("red user", path, fields="id")
    assert (len(body["jobs"]), body["_meta"]["count"]) == (1000, 1001)
    rest = await bench.world.get("red user", path, fields="id", after=body["_meta"]["next"])
    assert (len(rest["jobs"]), rest["_meta"]["next"]) == (1, None)
    asked = await bench.world.get("red user", path, limit=20, offset=0)
    assert len(asked["jobs"]) == 20


async def test_pipelines_belong_to_a_team(bench: Bench) -> None:
    pipeline_id = await create(bench)
    path = f"/pipelines/{pipeline_id}"
    for who, code in (("red lab", 200), ("read-only", 200), ("blue user", 401)):
        assert (await bench.world[who].get(path)).status_code == code
        assert (await bench.world[who].get(f"{path}/jobs")).status_code == code
    body = {"name": "x", "team_id": str(bench.world.teams["red"])}
    assert (await bench.world["blue user"].post("/pipelines", json=body)).status_code == 401
    assert (await bench.world.get("blue user", "/pipelines"))["pipelines"] == []
    compose = str(bench.components["compose 1"])
    foreign = {"components": [compose], "pipeline_id": pipeline_id}
    assert (await bench.world["blue lab"].post("/jobs", json=foreign)).status_code == 404


async def test_pipelines_are_renamed_and_archived(bench: Bench) -> None:
    pipeline_id = await create(bench)
    path = f"/pipelines/{pipeline_id}"
    red = bench.world["red user"]
    etag = (await red.get(path)).json()["pipeline"]["etag"]
    assert (await red.put(path, json={"name": "weekly"})).status_code == 412
    renamed = await red.put(path, json={"name": "weekly"}, headers={"If-match": etag})
    assert renamed.json()["pipeline"]["name"] == "weekly"
    assert (await red.delete(path, headers={"If-match": etag})).status_code == 404
    fresh = renamed.json()["pipeline"]["etag"]
    denied = await bench.world["read-only"].delete(path, headers={"If-match": fresh})
    assert denied.status_code == 401
    assert (await red.delete(path, headers={"If-match": fresh})).status_code == 204
    assert (await red.get(path)).status_code == 404
