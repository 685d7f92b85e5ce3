"""Contract §4.5: jobs."""

from typing import Any

import httpx

from tests.conformance.contract.rows import REST, Call, Check, Row
from tests.conformance.contract.scene import Scene

OWN = "sa epm user lab"
OPEN = "sa epm ro user lab"
NO_LAB = "sa epm ro user other loner feeder"
JOB: dict[str, Any] = {"components": [":component"]}
NOTHING = "00000000-0000-4000-8000-000000000000"
REQUEST_VALUES = (
    "id etag created_at updated_at state status comment tags data status_reason configuration"
    " name url pipeline_id remoteci_id team_id topic_id product_id previous_job_id"
    " update_previous_job_id duration user_agent client_version"
)
LIST_EMBEDS = "results remoteci components topic team pipeline keys_values"
EMBEDS = ("results", "components", "topic", "team", "jobstates", "files", "keys_values")
RUNNING = Call("POST /jobstates", {"job_id": ":job", "status": "running"}, by="lab")


def _job(answer: httpx.Response) -> dict[str, Any]:
    job: dict[str, Any] = answer.json()["job"]
    return job


def blank_tags_are_dropped(answer: httpx.Response, _: Scene) -> None:
    assert _job(answer)["tags"] == ["daily", "a b"]


async def belongs_to_the_caller(answer: httpx.Response, scene: Scene) -> None:
    """Whatever lab and team the body names."""
    job = _job(answer)
    assert job["remoteci_id"] == str(await scene.id("lab"))
    assert job["team_id"] == str(await scene.id("team"))


def client_is_noted(answer: httpx.Response, _: Scene) -> None:
    job = _job(answer)
    assert (job["user_agent"], job["client_version"]) == ("dci-agent", "4.2.0")


def tests_only(*names: str) -> Check:
    """The job that was made tests these components."""

    async def check(answer: httpx.Response, scene: Scene) -> None:
        listed = await scene.ask("sa", f"GET /jobs/!{_job(answer)['id']}/components")
        found = {one["id"] for one in listed.json()["components"]}
        assert found == {str(await scene.id(name)) for name in names}

    return check


async def follows_the_old_one(answer: httpx.Response, scene: Scene) -> None:
    """And tests the newest component, which came after the job."""
    job, old = _job(answer), str(await scene.id("job"))
    assert (job["previous_job_id"], job["update_previous_job_id"]) == (old, old)
    assert job["id"] != old
    assert job["topic_id"] == str(await scene.id("topic"))


async def is_in_the_next_topic(answer: httpx.Response, scene: Scene) -> None:
    job = _job(answer)
    assert job["topic_id"] == str(await scene.id("next_topic"))
    assert job["previous_job_id"] == str(await scene.id("chained_job"))


async def job_is_gone_with_its_files(_: httpx.Response, scene: Scene) -> None:
    """From every read."""
    for line in ("/jobs/:job", "/files/:file", "/jobs/:job/jobstates", "/jobstates/:jobstate"):
        assert (await scene.ask("sa", f"GET {line}")).status_code == 404, line
    listed = await scene.ask("sa", "GET /jobs?where=id::job")
    assert listed.json()["_meta"]["count"] == 0
    assert await scene.column("file", "state") == "archived"


async def files_are_those_of_no_jobstate(answer: httpx.Response, scene: Scene) -> None:
    """And jobstates come without theirs."""
    job = _job(answer)
    assert [one["id"] for one in job["files"]] == [str(await scene.id("file"))]
    (state,) = job["jobstates"]
    assert "files" not in state


async def states_have_their_files(answer: httpx.Response, scene: Scene) -> None:
    (state,) = answer.json()["jobstates"]
    assert [one["id"] for one in state["files"]] == [str(await scene.id("state_file"))]


def last_state_is(*words: str) -> Check:
    """The job's jobstates, oldest first, end so, and its verdicts are listed."""

    async def check(answer: httpx.Response, scene: Scene) -> None:
        listed = await scene.ask("sa", "GET /jobs/:job/jobstates?sort=created_at")
        assert [one["status"] for one in listed.json()["jobstates"]][-len(words) :] == list(words)
        ends = await scene.ask("sa", "GET /jobs_events/!0?where=job_id::job")
        final = [word for word in words if word in ("success", "failure", "error")]
        assert [one["status"] for one in ends.json()["jobs_events"]] == final

    return check


CREATE = [
    Row(
        "POST /jobs",
        {400: NO_LAB, 201: "lab", 401: "other_lab nobody"},
        {**JOB, "tags": ["daily", "", " ", "a b"]},
        gives="job",
        keys=REQUEST_VALUES,
        lacks=EMBEDS,
        has={"status": "new", "duration": 0, "topic_id": ":topic", "product_id": ":product"},
        check=blank_tags_are_dropped,
    ),
    Row(
        "POST /jobs",
        {201: "lab"},
        {
            **JOB,
            "topic_id": ":topic",
            "comment": "by hand",
            "previous_job_id": ":job",
            "update_previous_job_id": ":job",
            "state": "active",
            "tags": [],
            "data": {"a": {"b": 1}},
            "status_reason": "why",
            "configuration": "c",
            "name": "n",
            "url": "https://a.example",
            "pipeline_id": ":pipeline",
            "remoteci_id": ":other_lab",
            "team_id": ":other_team",
        },
        has={
            "comment": "by hand",
            "previous_job_id": ":job",
            "data": {"a": {"b": 1}},
            "status_reason": "why",
            "configuration": "c",
            "name": "n",
            "tags": [],
            "url": "https://a.example",
            "pipeline_id": ":pipeline",
        },
        check=belongs_to_the_caller,
        note="every value of the body",
    ),
    Row(
        "POST /jobs",
        {201: "lab"},
        JOB,
        headers={"User-Agent": "dci-agent", "Client-Version": "4.2.0"},
        check=client_is_noted,
        note="who called",
    ),
    Row("POST /jobs", {412: "lab"}, {**JOB, "topic_id": ":sleeping_topic"}, note="topic inactive"),
    Row(
        "POST /jobs",
        {401: "lab"},
        JOB,
        given=(
            Call("PUT /remotecis/:lab", {"state": "inactive"}, headers={"If-match": ":lab.etag"}),
        ),
        note="an inactive lab is nobody",
    ),
    Row(
        "POST /jobs",
        {412: "lab"},
        JOB,
        given=(
            Call("PUT /teams/:team", {"state": "inactive"}, headers={"If-match": ":team.etag"}),
        ),
        note="its team is inactive",
    ),
    Row("POST /jobs", {401: "lab"}, {**JOB, "topic_id": ":pre_release_topic"}, note="no access"),
    Row("POST /jobs", {401: "lab"}, {"components": [":hidden_component"]}, note="hidden topic"),
    Row("POST /jobs", {401: "lab"}, {"components": [":other_component"]}, note="another team's"),
    Row("POST /jobs", {404: "lab"}, {"components": [NOTHING]}, note="no such component"),
    Row("POST /jobs", {404: "lab"}, {**JOB, "topic_id": NOTHING}, note="no such topic"),
    Row("POST /jobs", {404: "lab"}, {**JOB, "pipeline_id": ":other_pipeline"}, note="pipeline"),
    Row("POST /jobs", {400: "lab"}, {**JOB, "colour": "red"}, note="unknown key"),
    Row("POST /jobs", {400: "lab"}, {"topic_id": ":topic"}, note="no components"),
    Row("POST /jobs", {400: "lab"}, {**JOB, "state": "odd"}, note="no such state"),
]
SCHEDULED: dict[str, Any] = {"topic_id": ":topic"}
SCHEDULE = [
    Row(
        "POST /jobs/schedule",
        {400: NO_LAB, 201: "lab", 401: "other_lab nobody"},
        SCHEDULED,
        given=(Call("GET /components/:component"),),
        gives="job",
        keys=REQUEST_VALUES,
        lacks=EMBEDS,
        has={"status": "new"},
        check=tests_only("component"),
    ),
    Row(
        "POST /jobs/schedule",
        {201: "lab"},
        SCHEDULED,
        given=tuple(
            Call(f"GET /components/:{name}")
            for name in ("component", "team_component", "inactive_component", "second_component")
        ),
        check=tests_only("second_component"),
        note="the newest active one that is nobody's",
    ),
    Row(
        "POST /jobs/schedule",
        {201: "lab"},
        {
            **SCHEDULED,
            "components_ids": [":component"],
            "tags": ["", "x"],
            "comment": "c",
            "previous_job_id": ":job",
            "data": {},
            "configuration": "c",
            "name": "n",
            "url": "u",
            "pipeline_id": ":pipeline",
            "state": "active",
            "remoteci_id": ":lab",
        },
        has={"tags": ["x"], "comment": "c", "previous_job_id": ":job", "name": "n"},
        check=tests_only("component"),
        note="given components, every value",
    ),
    Row("POST /jobs/schedule", {412: "lab"}, {"topic_id": ":empty_topic"}, note="a type has none"),
    Row(
        "POST /jobs/schedule",
        {412: "lab"},
        {"topic_id": ":twice_topic"},
        given=(Call("GET /components/:twice_component"),),
        note="duplicated type",
    ),
    Row("POST /jobs/schedule", {412: "lab"}, {"topic_id": ":sleeping_topic"}, note="inactive"),
    Row(
        "POST /jobs/schedule",
        {412: "lab"},
        {**SCHEDULED, "components_ids": [":component", ":second_component"]},
        note="more than types",
    ),
    *(
        Row(
            "POST /jobs/schedule",
            {404: "lab"},
            {**SCHEDULED, "components_ids": [one]},
            note=f"component {one}",
        )
        for one in (":inactive_component", ":foreign_component", NOTHING)
    ),
    Row("POST /jobs/schedule", {401: "lab"}, {"topic_id": ":pre_release_topic"}, note="no access"),
    Row("POST /jobs/schedule", {404: "lab"}, {"topic_id": NOTHING}, note="no such topic"),
    Row("POST /jobs/schedule", {400: "lab"}, {}, note="no topic"),
    Row(
        "POST /jobs/:job/update",
        {201: OWN, 401: REST},
        gives="job",
        has={"status": "new", "remoteci_id": ":lab", "team_id": ":team"},
        lacks=EMBEDS,
        check=follows_the_old_one,
    ),
    Row(
        "POST /jobs/upgrade",
        {201: OWN, 401: REST},
        {"job_id": ":chained_job"},
        gives="job",
        has={"status": "new", "remoteci_id": ":lab", "team_id": ":team"},
        check=is_in_the_next_topic,
    ),
    Row("POST /jobs/upgrade", {400: "user"}, {"job_id": ":job"}, note="no next topic"),
    Row("POST /jobs/upgrade", {404: "user"}, {"job_id": NOTHING}, note="no such job"),
    Row("POST /jobs/upgrade", {400: "user"}, {}, note="no job"),
]
READ = [
    Row(
        "GET /jobs",
        {200: "sa epm ro user other loner lab other_lab feeder", 401: REST},
        gives="jobs[]",
    ),
    Row(
        "GET /jobs?where=id::job",
        {200: OPEN},
        gives="jobs[]",
        has={"id": ":job"},
        keys=LIST_EMBEDS,
        lacks=("api_secret", "jobstates", "registry"),
        note="fixed embeds, and no secret",
    ),
    Row("GET /jobs", {200: "other loner other_lab feeder"}, hides=("job",), note="not theirs"),
    Row(
        "GET /jobs/:job",
        {200: OPEN, 401: REST},
        given=(Call("GET /files/:file"), Call("GET /files/:state_file")),
        gives="job",
        keys=f"{LIST_EMBEDS} data jobstates files",
        lacks=("api_secret", "registry"),
        check=files_are_those_of_no_jobstate,
    ),
    Row("GET /jobs/!not-an-id", {404: "user"}, note="no id"),
    Row(f"GET /jobs/!{NOTHING}", {404: "user"}, note="no such job"),
    Row(
        "GET /jobs/:job/components",
        {200: OPEN, 401: REST},
        gives="components[]",
        has={"id": ":component"},
    ),
    Row(
        "GET /jobs/:job/jobstates",
        {200: OPEN, 401: REST},
        given=(Call("GET /files/:state_file"),),
        gives="jobstates[]",
        has={"id": ":jobstate", "status": "running", "job_id": ":job"},
        check=states_have_their_files,
    ),
    Row(
        "GET /jobs/:job/files",
        {200: OPEN, 401: REST},
        given=(Call("GET /files/:state_file"),),
        gives="files[]",
        has={"id": ":file"},
        note="all of them",
    ),
    Row("GET /jobs/:job/results", {200: OPEN, 401: REST}, gives="results[]"),
]
CHANGE = [
    Row(
        "PUT /jobs/:job",
        {200: OWN, 401: REST},
        {
            "comment": "c",
            "state": "inactive",
            "tags": ["t", ""],
            "status_reason": "r",
            "configuration": "c",
            "name": "n",
            "url": "u",
            "no such key": 1,
        },
        if_match="job",
        stale=404,
        gives="job",
        has={
            "comment": "c",
            "state": "inactive",
            "tags": ["t"],
            "status_reason": "r",
            "configuration": "c",
            "name": "n",
            "url": "u",
            "status": "new",
        },
        note="unknown keys are dropped",
    ),
    Row(
        "PUT /jobs/:job",
        {200: "user"},
        {"status": "success"},
        if_match="job",
        given=(RUNNING,),
        has={"status": "success"},
        check=last_state_is("running", "success"),
        note="a changed status adds a jobstate, a final one an end",
    ),
    Row(
        "PUT /jobs/:job",
        {200: "user"},
        {"status": "running"},
        if_match="job",
        given=(RUNNING,),
        check=last_state_is("running"),
        note="the same status adds nothing",
    ),
    Row("PUT /jobs/:job", {400: "user"}, {"status": "fine"}, if_match="job", note="no such status"),
    Row(
        "DELETE /jobs/:job",
        {204: OWN, 401: REST},
        if_match="job",
        stale=404,
        given=(Call("GET /files/:file"), Call("GET /jobstates/:jobstate")),
        gives="nothing",
        check=job_is_gone_with_its_files,
    ),
    Row(
        "POST /jobs/:job/components",
        {201: OWN, 401: REST},
        {"id": ":second_component"},
        gives="nothing",
    ),
    Row("POST /jobs/:job/components", {409: "user"}, {"id": ":component"}, note="twice"),
    Row("POST /jobs/:job/components", {401: "user"}, {"id": ":other_component"}, note="not theirs"),
    Row("POST /jobs/:job/components", {404: "user"}, {"id": NOTHING}, note="no such component"),
    Row("POST /jobs/:job/components", {400: "user"}, {}, note="no component"),
    Row(
        "DELETE /jobs/:job/components/:component",
        {201: OWN, 401: REST},
        gives="nothing",
        note="201, as the wire format has it",
    ),
]
KV: dict[str, Any] = {"key": "speed", "value": 1.5}
NUMBERS = [
    Row(
        "POST /jobs/:job/kv",
        {201: OWN, 401: REST},
        KV,
        gives="kv no etag",
        has={"job_id": ":job", "key": "speed", "value": 1.5},
    ),
    Row("POST /jobs/:job/kv", {409: "user"}, KV, given=(Call("POST /jobs/:job/kv", KV),)),
    Row("POST /jobs/:job/kv", {400: "user"}, {"key": "k", "value": "fast"}, note="no number"),
    Row("POST /jobs/:job/kv", {400: "user"}, {**KV, "more": 1}, note="unknown key"),
    Row(
        "DELETE /jobs/:job/kv",
        {204: OWN, 401: REST},
        {"key": "speed"},
        given=(Call("POST /jobs/:job/kv", KV),),
        gives="nothing",
    ),
    Row("DELETE /jobs/:job/kv", {204: "user"}, {"key": "other"}, note="also if absent"),
]
ROWS = [*CREATE, *SCHEDULE, *READ, *CHANGE, *NUMBERS]
