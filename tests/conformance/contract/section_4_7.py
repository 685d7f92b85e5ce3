"""Contract §4.7: pipelines, the list of ends, stats."""

import httpx

from tests.conformance.contract.rows import REST, Call, Row
from tests.conformance.contract.scene import Scene

OWN = "sa epm user lab"
OPEN = "sa epm ro user lab"
ALL = "sa epm ro user other loner lab other_lab feeder"
NOTHING = "00000000-0000-4000-8000-000000000000"
EXTERNAL = Call("PUT /teams/:team", {"external": True}, headers={"If-match": ":team.etag"})
ENDED = Call("POST /jobstates", {"job_id": ":job", "status": "success"}, by="lab")


async def pipeline_is_gone(_: httpx.Response, scene: Scene) -> None:
    assert (await scene.ask("sa", "GET /pipelines/:pipeline")).status_code == 404
    listed = await scene.ask("sa", "GET /pipelines?where=id::pipeline")
    assert listed.json()["_meta"]["count"] == 0


async def topic_stands(answer: httpx.Response, scene: Scene) -> None:
    """One job, which succeeded."""
    topic = str(await scene.id("topic"))
    (mine,) = [one for one in answer.json()["stats"] if one["topic"]["id"] == topic]
    assert set(mine) == {
        "product", "topic", "jobs", "percentageOfSuccess", "nbOfSuccessfulJobs", "nbOfJobs",
    }  # fmt: skip
    assert mine["product"]["id"] == str(await scene.id("product"))
    (job,) = mine["jobs"]
    assert set(job) == {"id", "team_name", "remoteci_name", "status", "created_at"}
    assert (job["id"], job["status"]) == (str(await scene.id("job")), "success")
    assert mine["percentageOfSuccess"] == 100
    assert (mine["nbOfSuccessfulJobs"], mine["nbOfJobs"]) == (1, 1)


async def sequence_has_its_etag(answer: httpx.Response, _: Scene) -> None:
    sequence = answer.json()["sequence"]
    assert set(sequence) == {"sequence", "etag"}
    assert isinstance(sequence["sequence"], int)


async def event_is_gone(_: httpx.Response, scene: Scene) -> None:
    left = await scene.ask("sa", "GET /jobs_events/!0?where=job_id::job")
    assert left.json()["jobs_events"] == []


PIPELINES = [
    Row(
        "POST /pipelines",
        {201: OWN, 401: REST},
        {"name": ":pipeline.name", "team_id": ":team"},
        gives="pipeline no etag",
        has={"team_id": ":team", "state": "active"},
        note="names are not unique",
    ),
    Row("POST /pipelines", {400: "user"}, {"name": ":new"}, note="no team"),
    Row("POST /pipelines", {400: "user"}, {"name": "n", "team_id": ":team", "x": 1}, note="key"),
    Row("GET /pipelines", {200: ALL, 401: "nobody"}, gives="pipelines[]"),
    Row(
        "GET /pipelines?where=id::pipeline",
        {200: OPEN},
        gives="pipelines[]",
        has={"id": ":pipeline"},
        keys="team",
        note="with its team",
    ),
    Row("GET /pipelines", {200: "other loner other_lab feeder"}, hides=("pipeline",), note="own"),
    Row(
        "GET /pipelines/:pipeline",
        {200: OPEN, 401: REST},
        gives="pipeline no etag",
        has={"team": {"id": ":team"}},
    ),
    Row(f"GET /pipelines/!{NOTHING}", {404: "user"}, note="no such pipeline"),
    Row(
        "GET /pipelines/:pipeline/jobs",
        {200: OPEN, 401: REST},
        gives="jobs[]",
        has={"id": ":piped_job"},
        keys="results remoteci components team",
        lacks=("api_secret", "data_secret"),
    ),
    Row(
        "PUT /pipelines/:pipeline",
        {200: OWN, 401: REST},
        {"name": "renamed", "state": "inactive", "no such key": 1},
        if_match="pipeline",
        stale=404,
        gives="pipeline",
        has={"name": "renamed", "state": "inactive"},
        note="unknown keys are dropped",
    ),
    Row(
        "DELETE /pipelines/:pipeline",
        {204: OWN, 401: REST},
        if_match="pipeline",
        stale=404,
        gives="nothing",
        check=pipeline_is_gone,
    ),
]
EVENTS = [
    Row(
        "GET /jobs_events/:event",
        {200: "sa", 401: REST},
        gives="jobs_events[]",
        has={"id": ":event", "job_id": ":job", "topic_id": ":topic", "status": "success"},
        keys="id created_at job_id topic_id status",
        lacks=("team_id",),
    ),
    Row("GET /jobs_events/!abc", {404: "sa"}, note="no number"),
    Row(
        "DELETE /jobs_events/:event",
        {204: "sa", 401: REST},
        gives="nothing",
        check=event_is_gone,
    ),
    Row(
        "GET /jobs_events/sequence",
        {200: "sa", 401: REST},
        gives="sequence",
        check=sequence_has_its_etag,
    ),
    Row(
        "PUT /jobs_events/sequence",
        {204: "sa", 401: REST},
        {"sequence": 12},
        if_match="counter",
        stale=409,
        gives="nothing",
    ),
    Row("PUT /jobs_events/sequence", {400: "sa"}, {"sequence": "x"}, if_match="counter", note="x"),
    Row("PUT /jobs_events/sequence", {400: "sa"}, {}, if_match="counter", note="none"),
]
STATS = [
    Row("GET /stats", {200: ALL, 401: "nobody"}),
    Row(
        "GET /stats",
        {200: OPEN},
        given=(EXTERNAL, ENDED),
        check=topic_stands,
        note="the latest verdict per topic and lab of external teams",
    ),
    Row(
        "GET /stats",
        {200: "other loner other_lab feeder"},
        given=(EXTERNAL, ENDED),
        hides=("job",),
        note="of jobs that the caller sees",
    ),
    Row("GET /stats", {200: "sa"}, given=(ENDED,), hides=("job",), note="no internal teams"),
]
ROWS = [*PIPELINES, *EVENTS, *STATS]
