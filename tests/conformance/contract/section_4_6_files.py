"""Contract §4.6: files of jobs (jobstates and JUnit are in section_4_6)."""

from datetime import datetime

import httpx

from tests.conformance.contract.rows import REST, Row
from tests.conformance.contract.scene import Scene

OWN = "sa epm user lab"
OPEN = f"{OWN} ro"
CONTENT = b"what a step said"
NAMED = {"DCI-NAME": "a log.txt", "DCI-MIME": "text/plain"}
OF_JOB = {**NAMED, "DCI-JOB-ID": ":job"}


def content_is_sent(answer: httpx.Response, _: Scene) -> None:
    """The bytes with their type, as an attachment whose name has no blanks."""
    assert answer.content == CONTENT
    assert answer.headers["content-type"].startswith("text/plain")
    assert "a_log.txt" in answer.headers["content-disposition"]


async def file_is_gone(_: httpx.Response, scene: Scene) -> None:
    """An archived file is in no read."""
    for who in ("sa", "user"):
        assert (await scene.ask(who, "GET /files/:file")).status_code == 404
        listed = await scene.ask(who, "GET /jobs/:job/files")
        assert listed.json()["files"] == []


async def etag_of_the_job_changed(answer: httpx.Response, scene: Scene) -> None:
    """Whoever edits a job has to have seen its files."""
    before = answer.json()["file"]["created_at"]
    assert await scene.column("job", "updated_at") == datetime.fromisoformat(before)


ROWS = [
    Row(
        "POST /files",
        {201: OWN, 401: REST},
        CONTENT,
        headers=OF_JOB,
        gives="file no etag",
        keys="id name mime md5 size jobstate_id job_id team_id state etag",
        has={"name": "a log.txt", "size": len(CONTENT), "job_id": ":job", "team_id": ":team"},
        note="[B] only to the own team's jobs",
    ),
    Row(
        "POST /files",
        {201: "lab"},
        CONTENT,
        headers=OF_JOB,
        check=etag_of_the_job_changed,
        note="[Q] the job's etag changes",
    ),
    Row("POST /files", {400: "lab"}, CONTENT, headers={"DCI-JOB-ID": ":job"}, note="no name"),
    Row("POST /files", {400: "lab"}, CONTENT, headers=NAMED, note="of nothing"),
    Row("POST /files", {404: "lab"}, CONTENT, headers={**NAMED, "DCI-JOB-ID": ":nothing"}),
    Row(
        "POST /jobs/:job/files",
        {201: OWN, 401: REST},
        CONTENT,
        headers=NAMED,
        gives="file no etag",
        note="[B] works",
    ),
    Row(
        "GET /files/:file",
        {200: OPEN, 401: REST},
        gives="file no etag",
        keys="id name mime md5 size jobstate_id job_id team_id state etag",
        note="[B] only of jobs that the caller sees",
    ),
    Row("GET /files/:nothing", {404: OPEN}),
    Row("GET /files/:stored_file/content", {200: OPEN, 401: REST}, check=content_is_sent),
    Row(
        "POST /files/:stored_file/certifications",
        {204: OWN, 401: REST},
        {"username": "jo", "password": "of the tool", "certification_id": "4711"},
        gives="nothing",
        note="the tool takes it",
    ),
    Row("POST /files/:file/certifications", {400: "user"}, {"username": "jo"}),
    Row("DELETE /files/:file", {204: OWN, 401: REST}, gives="nothing", check=file_is_gone),
]
